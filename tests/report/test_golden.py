"""Every format of the sample report, byte for byte.

After a wanted change, regenerate and review the diff:

    NEWBACKEND_GOLDEN=write python -m pytest tests/report/test_golden.py
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from newbackend.findings import Report
from newbackend.report import FORMATS, RenderContext, render
from newbackend.report.rule_page import rule_markdown, rule_text, rules_markdown

from .sample import CLEAN, FULL, PACKAGE, ROUTE, RULES, context

GOLDEN = Path(__file__).parent / "golden"

_NARROW = context(width=40)
_PLAIN = context()
_LOUD = context(colour=True, verbose=True)

PAGES: dict[str, tuple[Report, str, RenderContext]] = {
    **{f"full.{name}": (FULL, name, _PLAIN) for name in FORMATS},
    **{f"clean.{name}": (CLEAN, name, _PLAIN) for name in ("text", "github", "markdown")},
    **{f"package.{name}": (PACKAGE, name, _PLAIN) for name in ("text", "json")},
    "narrow.text": (FULL, "text", _NARROW),
    "loud.text": (FULL, "text", _LOUD),
}


def same_as_golden(name: str, actual: str) -> None:
    """Compare with the golden file, or write it when asked to."""
    path = GOLDEN / name
    if os.environ.get("NEWBACKEND_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(actual, encoding="utf-8", newline="")
    assert actual == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_a_format_is_as_it_was(name: str) -> None:
    report, format_name, page = PAGES[name]
    same_as_golden(name, render(report, format_name, page))


def test_the_rule_pages_are_as_they_were() -> None:
    same_as_golden("rule.text", rule_text(ROUTE))
    same_as_golden("rule.markdown", rule_markdown(ROUTE))
    same_as_golden("rules.markdown", rules_markdown(RULES.values()))


def test_no_golden_file_is_left_over() -> None:
    expected = {*PAGES, "rule.text", "rule.markdown", "rules.markdown"}
    assert {path.name for path in GOLDEN.iterdir()} == expected


def test_rendering_twice_gives_the_same_bytes() -> None:
    for name in FORMATS:
        assert render(FULL, name, context()) == render(FULL, name, context())
