"""What the places in the path filter's script share: which file it is, and whether it can be read."""

from __future__ import annotations

from newbackend.checkout.layout import FILTER_SCRIPT, layout_of
from newbackend.checkout.tree import Checkout
from newbackend.registrations.base import Place, Probe
from newbackend.splice.javascript import broken_line


class FilterScript(Place):
    """A place in `scripts/lib/backend-filter.mjs` or, before 2026-07-20, in `scripts/changed-backends.js`."""

    def path(self, checkout: Checkout) -> str:
        return layout_of(checkout).filter_path or FILTER_SCRIPT

    def probe(self, checkout: Checkout) -> Probe:
        path = self.path(checkout)
        text = checkout.read(path)
        if text is None:
            return Probe(absent=f"{path} is not in this checkout")
        line = broken_line(text)
        if line is not None:
            return Probe(unrecognised="is not valid JavaScript", line=line)
        return self.shape(checkout, text)

    def shape(self, checkout: Checkout, text: str) -> Probe:
        """Whether the script has what this place looks for."""
        return Probe()
