"""`trace --run` and `trace --diff`: GNU make as the judge, and two rows side by side."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from newbackend.checkout.layout import open_checkout
from newbackend.checkout.tree import Checkout
from newbackend.package.sandbox import find_sandbox
from newbackend.rules.context import Context
from newbackend.style import Style
from newbackend.trace.compare import as_text, compare
from newbackend.trace.proof import prove
from newbackend.trace.rowtrace import RowTrace, trace

needs_make = pytest.mark.skipif(
    not shutil.which("make") or isinstance(find_sandbox(), str) or os.uname().machine != "x86_64",
    reason="needs GNU make, a sandbox and the processor of the rows",
)


def row(checkout: Checkout, name: str, variant: str) -> RowTrace:
    """The first row of a variant."""
    return trace(Context(checkout), name, variant)[0]


@needs_make
@pytest.mark.parametrize(("name", "variant"), [("goquill", "rocm"), ("cppanvil", "cuda12"), ("pyecho", "cpu")])
def test_gnu_make_says_the_same(name: str, variant: str, checkout: Checkout) -> None:
    proof = prove(checkout, row(checkout, name, variant))
    assert (proof.status, proof.differences) == ("same", ())
    assert proof.lines > 0


@needs_make
def test_what_the_host_decides_otherwise_is_a_difference(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    makefile = sample / "backend/go/goquill/Makefile"
    text = makefile.read_text().replace(
        "goquill: main.go", "ifneq ($(wildcard /usr/bin),)\nX=1\nendif\ngoquill: main.go"
    )
    makefile.write_text(text.replace("\tbash package.sh", "\t@echo $(X) $(shell ls /usr/bin/make)\n\tbash package.sh"))
    checkout = open_checkout(sample)
    entry = row(checkout, "goquill", "cpu")
    assert prove(checkout, entry).status == "same"  # both stay open in the reading, so make may say anything
    wrong = entry.calls[0]
    changed = replace(entry, calls=(replace(wrong, printed=("echo something else", *wrong.printed[1:])),))
    monkeypatch.setattr("newbackend.trace.proof._without_effects", lambda *_: ["echo something else"])
    proof = prove(checkout, changed)
    assert proof.status == "differs"
    assert proof.differences[0][0] == "echo something else"


@needs_make
def test_the_sandbox_has_neither_network_nor_the_git_directory(sample: Path) -> None:
    makefile = sample / "backend/go/goquill/Makefile"
    probe = "$(shell ls -d ../../../.git /etc/passwd /sys/class/net 2>/dev/null; touch here 2>/dev/null && echo wrote)"
    makefile.write_text(makefile.read_text().replace("\tbash package.sh", f"\t@echo [{probe}]\n\tbash package.sh"))
    checkout = open_checkout(sample)
    entry = row(checkout, "goquill", "cpu")
    own = "[]"
    printed = tuple(f"echo {own}" if text.startswith("echo [") else text for text in entry.calls[-1].printed)
    proof = prove(checkout, replace(entry, calls=(replace(entry.calls[-1], printed=printed),)))
    assert proof.differences == ()
    assert not (sample / "backend/go/goquill/here").exists()


def test_a_row_for_another_machine_is_unknown(checkout: Checkout) -> None:
    proof = prove(checkout, row(checkout, "cppanvil", "metal"))
    assert (proof.status, proof.lines) == ("unknown", 0)
    assert "macOS" in proof.message


def test_two_variants_side_by_side_show_only_what_differs(checkout: Checkout) -> None:
    found = compare(row(checkout, "goquill", "cpu"), row(checkout, "goquill", "rocm"))
    text = as_text(found, Style(colour=False, width=80))
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "-DQUILL_HIP=ON" in text
    assert "lines alike" in text
    assert not any("sh package.sh" in line for entry in found.differences for line in entry.first)


def test_a_row_is_like_itself(checkout: Checkout) -> None:
    entry = row(checkout, "goquill", "cpu")
    assert compare(entry, entry).differences == ()
    assert "alike in every part" in as_text(compare(entry, entry), Style(colour=False, width=80))
