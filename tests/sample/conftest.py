"""One materialised demo checkout for all tests of this folder that only read it."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures.old_layout import build

from newbackend.sample import materialise


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo checkout in today's layout."""
    return materialise(tmp_path_factory.mktemp("sample") / "checkout")


@pytest.fixture(scope="session")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same in the layout of 2026-05-11."""
    return build(tmp_path_factory.mktemp("sample") / "older")


@pytest.fixture(params=["checkout", "older"])
def either(request: pytest.FixtureRequest) -> Path:
    """Each layout in turn."""
    path = request.getfixturevalue(request.param)
    assert isinstance(path, Path)
    return path
