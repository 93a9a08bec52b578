"""The good package, built once; each test breaks a copy of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from package.workshop import Built, build_good, missing_tools


@pytest.fixture(scope="session")
def good_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good package; skips where nothing can be compiled."""
    if reason := missing_tools():
        pytest.skip(reason)
    return build_good(tmp_path_factory.mktemp("good") / "package").root


@pytest.fixture
def built(good_template: Path, tmp_path: Path) -> Built:
    """A fresh copy of the good package."""
    return Built(Path(shutil.copytree(good_template, tmp_path / "package", symlinks=True)))
