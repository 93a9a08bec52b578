"""Prints the section of a version in CHANGELOG.md, for the text of a release: `python tools/changelog.py 0.2.0`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "CHANGELOG.md"


def section(text: str, version: str) -> str:
    """The text below the heading of a version. Raises LookupError when there is none, or nothing in it."""
    found = re.search(rf"^## {re.escape(version)}(?: [^\n]*)?\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    if not found or not found[1].strip():
        raise LookupError(f"CHANGELOG.md has no section for {version}")
    return found[1].strip() + "\n"


if __name__ == "__main__":
    try:
        sys.stdout.write(section(PAGE.read_text(encoding="utf-8"), sys.argv[1].removeprefix("v")))
    except LookupError as error:
        sys.exit(str(error))
