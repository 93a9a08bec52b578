"""The browser, and the map of the sample, once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from map.browsing import program

from newbackend.checkout.layout import open_checkout
from newbackend.map.gather import map_of
from newbackend.map.render import page

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = program()
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: `make test` does it")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="session")
def sample_page(_sample_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The map of the sample, with one branch of the path filter and one gallery entry taken out."""
    file = tmp_path_factory.mktemp("map") / "map.html"
    file.write_text(page(map_of(open_checkout(_sample_template))), encoding="utf-8")
    return file
