"""A Go package of nothing but bindings and the tests that are generated with them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import newbackend
from newbackend.upstream.bindings_check import layout_c, layout_go, symbols_go
from newbackend.upstream.bindings_go import Bindings

MODULE = Path(newbackend.__file__).parent / "sample" / "tree"
SUITE = """package main

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestSuite(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "bindings")
}
"""


def need(*tools: str) -> None:
    gone = [tool for tool in tools if shutil.which(tool) is None]
    if gone:
        pytest.skip(f"needs {', '.join(gone)}")


def go_package(folder: Path, found: Bindings, include: str) -> None:
    """The bindings with their tests, in a module with LocalAI's requirements."""
    (folder / "testdata").mkdir(parents=True)
    for name in ("go.mod", "go.sum"):
        shutil.copy(MODULE / name, folder / name)
    (folder / "bindings.go").write_text(found.text, encoding="utf-8")
    (folder / "main.go").write_text("package main\n\nfunc main() {}\n", encoding="utf-8")
    (folder / "testdata/layout.c").write_text(layout_c(found, include), encoding="utf-8")
    (folder / "layout_test.go").write_text(layout_go(found, "main"), encoding="utf-8")
    (folder / "symbols_test.go").write_text(symbols_go("main", "TONE_LIBRARY"), encoding="utf-8")
    (folder / "suite_test.go").write_text(SUITE, encoding="utf-8")
