"""A real browser for the tests of the map: Debian's chromium, driven by playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page

NAMES = ("chromium", "chromium-browser", "google-chrome")


def program() -> str:
    """Where a Chromium is; skips the test when there is none."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no chromium is installed: as root on Debian `make system-packages` installs it")
    return found


@dataclass
class Visit:
    """A page in a browser, and all that went wrong in it: messages of the console, errors, requests."""

    page: Page
    file: Path
    trouble: list[str] = field(default_factory=list)

    def refuse(self, dialog: Dialog) -> None:
        """Closes a dialog that something opened."""
        self.trouble.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def to(self, fragment: str) -> Page:
        """Goes to a fragment of the page."""
        self.page.evaluate("fragment => { location.hash = fragment }", fragment)
        self.page.wait_for_function("() => document.querySelector('.view.on')")
        return self.page

    def count(self, selector: str) -> int:
        """How many elements fit and are seen."""
        return sum(one.is_visible() for one in self.page.locator(selector).all())


@contextmanager
def visiting(browser: Browser, file: Path, fragment: str = "", **context: Any) -> Iterator[Visit]:
    """Opens a file at a fragment. At the end nothing may have gone wrong."""
    inside = browser.new_context(**context)
    page = inside.new_page()
    visit = Visit(page, file)
    page.on("console", lambda message: visit.trouble.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: visit.trouble.append(f"error: {error}"))
    page.on("dialog", lambda dialog: visit.refuse(dialog))
    page.on("request", lambda request: _note(visit, request.url))
    page.goto(f"{file.as_uri()}#{fragment}" if fragment else file.as_uri())
    yield visit
    assert visit.trouble == []
    inside.close()


def _note(visit: Visit, url: str) -> None:
    if url.partition("#")[0] != visit.file.as_uri():
        visit.trouble.append(f"request: {url}")
