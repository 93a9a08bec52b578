"""Shared by places in the path filter's script: its path, and probing."""

from __future__ import annotations

from newbackend.checkout.layout import FILTER_SCRIPT, layout_of
from newbackend.checkout.tree import Checkout
from newbackend.registrations.base import Place, Probe
from newbackend.splice.javascript import broken_line


class FilterScript(Place):
    """A place in `scripts/lib/backend-filter.mjs` or, before 2026-07-20, in `scripts/changed-backends.js`."""

    def path(self, checkout: Checkout) -> str:
        return layout_of(checkout).filter_path or FILTER_SCRIPT

    def shape(self, checkout: Checkout, text: str) -> Probe:
        line = broken_line(text)
        return Probe() if line is None else Probe(unrecognised="is not valid JavaScript", line=line, defect=True)
