"""Shared by places in Makefiles: whether make, and an edit, can take the file."""

from __future__ import annotations

from newbackend.checkout.tree import Checkout
from newbackend.registrations.base import Probe
from newbackend.registrations.support.text_files import lines_of
from newbackend.splice.make import reading


def probe_makefile(checkout: Checkout, path: str) -> Probe:
    """Whether an existing Makefile can be read: the first problem, if it has one."""
    for problem in reading(lines_of(checkout, path)).problems:
        return Probe(unrecognised=problem.why, line=problem.line, defect=problem.defect)
    return Probe()
