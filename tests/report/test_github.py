"""Workflow commands: what the runner reads back is what was meant."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from newbackend.findings import Severity, Status
from newbackend.report import render
from newbackend.report.github import command, escape_data, escape_property

from .sample import FULL, context, full_with

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_COMMAND = re.compile(r"::(?P<kind>\w+) (?P<properties>[^:]*)::(?P<text>[^\r\n]*)")


def unescape(text: str) -> str:
    """What the runner does (actions/runner, ActionCommand): `%25` last, so nothing is undone twice."""
    for code, plain in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, plain)
    return text


def shown(severity: Severity, count: int) -> list[str]:
    """The lines for so many findings of one severity."""
    model = FULL.findings[0]
    many = [replace(model, severity=severity, subject=str(n), line=n) for n in range(1, count + 1)]
    return render(full_with(many), "github", context()).splitlines()


@given(TEXT, TEXT)
def test_a_command_is_read_back_as_it_was_meant(title: str, text: str) -> None:
    line = command("error", {"file": "a.yml", "title": title}, text)
    match = _COMMAND.fullmatch(line)
    assert match is not None
    properties = dict(part.split("=", 1) for part in match["properties"].split(","))
    assert unescape(properties["title"]) == title
    assert unescape(match["text"]) == text


@given(TEXT)
def test_an_escaped_value_has_nothing_that_ends_it(text: str) -> None:
    assert not set("\r\n") & set(escape_data(text))
    assert not set("\r\n:,") & set(escape_property(text))


@given(TEXT)
def test_no_message_starts_a_command_of_its_own(text: str) -> None:
    report = full_with([replace(FULL.findings[0], message=f"x\n::stop-commands::{text}")])
    lines = render(report, "github", context()).split("\n")
    assert len(lines) == 3
    assert [line.split(" ")[0] for line in lines] == ["::warning", "::notice", ""]


def test_errors_come_first_and_each_kind_stops_at_ten() -> None:
    model = FULL.findings[0]
    many = [
        replace(model, severity=severity, subject=f"{severity} {n}", line=n)
        for n in range(1, 26)
        for severity in Severity
    ]
    lines = render(full_with(many), "github", context()).splitlines()
    kinds = [line.split(" ")[0] for line in lines]
    assert kinds == ["::error"] * 10 + ["::warning"] * 10 + ["::notice"] * 10


def test_the_last_line_says_what_was_left_out() -> None:
    lines = shown(Severity.ERROR, 12)
    assert lines[-1].startswith("::notice title=newbackend verify::12 errors, 0 warnings, 0 notes")
    assert lines[-1].endswith("not shown here: 2 more errors")


def test_nothing_is_said_to_be_left_out_when_nothing_is() -> None:
    assert "not shown" not in shown(Severity.ERROR, 10)[-1]
    assert "not shown" not in shown(Severity.NOTE, 9)[-1]
    assert shown(Severity.NOTE, 10)[-1].endswith("not shown here: 1 more notice")


def test_an_unknown_is_a_warning_that_says_so() -> None:
    report = full_with([replace(FULL.findings[0], status=Status.UNKNOWN)])
    line = render(report, "github", context()).splitlines()[0]
    assert line.startswith("::warning ")
    assert "Could not be checked: " in line
