"""A backend's directory is complete with what its language needs."""

from __future__ import annotations

from pathlib import Path

from rules.found import found

from newbackend.checkout.tree import Checkout


def test_a_fork_without_sources_of_its_own_is_complete(sample: Path) -> None:
    assert not (sample / "backend/cpp/neo-cppanvil/CMakeLists.txt").exists()
    (sample / "backend/cpp/cppreed/CMakeLists.txt").unlink()
    assert {(f.backend, f.subject) for f in found(Checkout(sample), "REG801")} == {("cppreed", "CMakeLists.txt")}


def test_a_planned_file_has_no_mode_yet(sample: Path) -> None:
    file = sample / "backend/go/gotide/run.sh"
    text = file.read_text(encoding="utf-8")
    file.unlink()
    assert found(Checkout(sample, {"backend/go/gotide/run.sh": text}), "REG810") == []
