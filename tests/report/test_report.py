"""What holds for all formats, whatever is in the report."""

from __future__ import annotations

import re
import subprocess
import sys
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newbackend.errors import UsageError
from newbackend.findings import BackendStatus, CheckResult, Finding, Location, Report, Status, Suppressed
from newbackend.report import FORMATS, render

from .sample import FULL, ROUTE, RULES, context, full_with

# Anything a hostile file can hold, with undecodable bytes as Python hands them over.
HOSTILE = st.text(st.characters(min_codepoint=0, max_codepoint=0xFFFF), max_size=30)
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def hostile_report(text: str) -> Report:
    """A report whose every free text is `text`."""
    found = Finding(ROUTE, text, text, 1, text, backend=text, expected=text, related=(Location(text),))
    return Report(
        schema="newbackend/verify/1",
        root=text,
        backends=(BackendStatus(text, text, Status.FAIL),),
        findings=(found, replace(found, status=Status.UNKNOWN)),
        suppressed=(Suppressed(found, text, "external", Location(text)),),
        checked=(CheckResult(ROUTE, Status.PASS, text), CheckResult(ROUTE, Status.SKIPPED, text, text)),
    )


@pytest.mark.parametrize("name", FORMATS)
@given(text=HOSTILE)
def test_no_text_can_hide_in_any_output_or_stop_it_from_being_encoded(name: str, text: str) -> None:
    page = replace(context(colour=False, verbose=True), read_line=lambda path, line: text)
    shown = render(hostile_report(text), name, page)
    shown.encode("utf-8")
    hidden = [c for c in shown if unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\n"]
    assert not hidden
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@given(text=HOSTILE)
def test_colour_adds_escapes_and_changes_nothing_else(text: str) -> None:
    for report in (FULL, hostile_report(text)):
        plain = render(report, "text", context(colour=False, verbose=True))
        painted = render(report, "text", context(colour=True, verbose=True))
        assert painted != plain
        assert ESCAPES.sub("", painted) == plain


@pytest.mark.parametrize("name", FORMATS)
def test_every_finding_shows_in_every_format(name: str) -> None:
    shown = render(FULL, name, context())
    for found in FULL.findings:
        assert found.rule.id in shown
        assert found.path in shown


@pytest.mark.parametrize("name", ["text", "github", "markdown"])
def test_all_counts_of_findings_show_even_when_they_are_zero(name: str) -> None:
    shown = render(Report("newbackend/verify/1", "/src"), name, context())
    assert "ok: 0 errors, 0 warnings, 0 notes" in shown


def test_an_unknown_name_of_a_format_is_the_users_error() -> None:
    with pytest.raises(UsageError, match="no output format 'yaml'") as caught:
        render(FULL, "yaml", context())
    assert "sarif" in caught.value.hint


def test_a_format_is_imported_only_when_it_is_asked_for() -> None:
    program = "import sys, newbackend.report; print([m for m in sys.modules if m.startswith('newbackend.report.')])"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "['newbackend.report.context']"


def test_the_width_is_kept_except_by_what_must_not_be_broken() -> None:
    shown = render(FULL, "text", context(width=40, verbose=True))
    long = [line for line in shown.split("\n") if len(line) > 40]
    pasted = ("+", "-->", "more about a rule: ")
    assert all(line.lstrip().startswith(pasted) or "`" in line or " " not in line.strip() for line in long)


def test_a_command_in_backticks_is_on_one_line_however_long() -> None:
    command = "`make -C backend/cpp/quartz test BUILD_TYPE=cublas CUDA_MAJOR_VERSION=12`"
    finding = replace(FULL.findings[0], message=f"it says so when you run {command} there")
    assert command in render(full_with([finding]), "text", context(width=40))


def test_repeats_of_a_finding_are_one_entry_with_a_count() -> None:
    model = replace(
        FULL.findings[0], backend="agate", subject="agate cuda-12", expected='cuda-12: "a"',
        message="agate-development lacks the capability cuda-12 that agate has",
    )  # fmt: skip
    other = replace(
        model, subject="agate cuda-13", expected='cuda-13: "b"',
        message="agate-development lacks the capability cuda-13 that agate has",
    )  # fmt: skip
    apart = replace(model, backend="opal")
    shown = render(full_with([model, other, apart]), "text", context(width=100))
    assert shown.count("lacks the capability") == 2
    assert "= 1 more like it: agate cuda-13" in shown
    assert 'cuda-12: "a"' in shown
    assert 'cuda-13: "b"' in shown, "what belongs there is never left out"
    assert "3 warnings" in shown, "the counts are those of all findings"
    assert render(full_with([model, other, apart]), "concise", context()).count("\n") == 3


def test_expected_text_is_never_shortened() -> None:
    shown = render(FULL, "text", context(width=20))
    for found in FULL.findings:
        for line in found.expected.rstrip("\n").split("\n"):
            assert line in shown


def test_the_same_rule_is_explained_once() -> None:
    shown = render(FULL, "text", context(width=200))
    assert shown.count(RULES["REG201"].how) == 1


def test_a_tree_of_ten_thousand_findings_is_rendered_by_every_format() -> None:
    many = tuple(replace(FULL.findings[0], subject=str(n), line=n) for n in range(1, 10_001))
    report = full_with(many)
    for name in FORMATS:
        assert "10000 warnings" in render(report, name, context()) or name in (
            "concise",
            "json",
            "sarif",
            "junit",
        )
