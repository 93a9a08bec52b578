"""What is read from a checkout once, and for how long it is kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from newbackend.checkout.layout import find_root
from newbackend.checkout.tree import Checkout, cached, cached_by_file
from newbackend.errors import NotFoundError

RUNS: list[str] = []


@cached
def size(checkout: Checkout, unit: int) -> int:
    """Runs once per checkout and unit."""
    RUNS.append("size")
    return len(checkout.need("Makefile")) // unit


@cached_by_file
def first_line(checkout: Checkout, path: str) -> str:
    """Runs once as long as the file is the same."""
    RUNS.append(path)
    return checkout.need(path).split("\n", 1)[0]


def runs() -> list[str]:
    """What has run since this was last asked."""
    recent = list(RUNS)
    RUNS.clear()
    return recent


def test_a_value_is_made_once_per_checkout_and_arguments(checkout: Checkout) -> None:
    runs()
    assert size(checkout, 1) == size(checkout, 1)
    size(checkout, 2)
    assert runs() == ["size", "size"]
    size(checkout.with_changes({}), 1)
    assert runs() == ["size"]


def test_what_depends_on_one_file_is_kept_until_that_file_changes(checkout: Checkout) -> None:
    runs()
    old = [first_line(checkout, path) for path in ("Makefile", "README.md")]
    after = checkout.with_changes({"Makefile": "new\n"})
    assert [first_line(after, path) for path in ("Makefile", "README.md")] == ["new", old[1]]
    assert runs() == ["Makefile", "README.md", "Makefile"]
    assert first_line(checkout, "Makefile") == old[0]


@pytest.mark.parametrize("marker", [".git", "pyvenv.cfg", "CACHEDIR.TAG"])
def test_what_a_build_left_is_no_file_of_a_backend(tmp_path: Path, marker: str) -> None:
    for name in ("demo/engine.py", "demo/made/deep/click.py", f"demo/made/{marker}"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert list(Checkout(tmp_path).files_below("demo")) == ["demo/engine.py"]


def test_a_folder_beside_a_checkout_is_not_in_it(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "beside").mkdir()
    monkeypatch.chdir(sample)
    assert find_root(Path("backend/..")) == sample.resolve()
    with pytest.raises(NotFoundError):
        find_root(Path("..") / os.path.relpath(tmp_path / "beside", sample.parent))
