"""The checklist never ticks what was not proven, and no text can break out of its cell."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given

from newbackend.findings import CheckResult, Report, Status
from newbackend.report import render
from newbackend.report.markdown_escape import block, code, inline

from .sample import CAPABILITY, CLEAN, FULL, PIN, PROTO, RULES, context, full_with
from .test_report import HOSTILE


def line_for(report: Report, text: str) -> str:
    """The one line of the checklist that holds `text`."""
    (line,) = [line for line in render(report, "markdown", context()).split("\n") if text in line and line[0] == "-"]
    return line


def report_with(*checked: CheckResult) -> Report:
    """A report of nothing but these checks."""
    return Report("newbackend/verify/1", "/src", checked=checked)


def test_a_rule_that_ran_without_a_finding_is_ticked() -> None:
    assert line_for(report_with(CheckResult(PIN, Status.PASS)), PIN.checklist) == f"- [x] {PIN.checklist}"


def test_a_rule_that_did_not_run_is_not_ticked() -> None:
    assert line_for(report_with(), PROTO.checklist) == f"- [ ] {PROTO.checklist} (not checked: REG801)"


def test_a_rule_that_could_not_run_is_not_ticked() -> None:
    assert line_for(FULL, PIN.checklist).startswith(f"- [ ] {PIN.checklist} (could not be checked: REG501 opal")


def test_a_pass_in_one_backend_does_not_tick_what_failed_in_another() -> None:
    assert "- [ ] The path filter" in render(FULL, "markdown", context())


def test_a_suppressed_finding_is_ticked_with_its_reason() -> None:
    report = replace(FULL, findings=(), checked=())
    assert line_for(report, PIN.checklist).startswith(f"- [x] {PIN.checklist} (accepted: held until")


def test_a_place_that_is_absent_has_no_box() -> None:
    line = line_for(FULL, CAPABILITY.checklist)
    assert "[ ]" not in line
    assert "[x]" not in line
    assert line.endswith("(not applicable: this checkout has no BackendCapabilities)")


def test_an_item_with_two_rules_needs_both() -> None:
    twin = replace(PROTO, id="REG802", name="rpc-stale")
    page = replace(context(), rules={**RULES, twin.id: twin})
    shown = render(report_with(CheckResult(PROTO, Status.PASS)), "markdown", page)
    assert f"- [ ] {PROTO.checklist} (not checked: REG802)" in shown


def test_a_clean_run_ticks_everything() -> None:
    shown = render(CLEAN, "markdown", context())
    assert "[ ]" not in shown
    assert shown.count("- [x] ") == sum(bool(rule.checklist) for rule in RULES.values())


def test_each_finding_is_one_row_of_five_cells() -> None:
    rows = [line for line in render(FULL, "markdown", context()).split("\n") if line.startswith("| ") and "REG" in line]
    findings = rows[: len(FULL.findings)]
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 6 for row in findings)


def test_the_worst_stands_first_in_the_table() -> None:
    shown = render(FULL, "markdown", context())
    assert shown.index("| error |") < shown.index("| warning |") < shown.index("| note |")


@given(HOSTILE)
def test_inline_text_cannot_leave_its_cell_notify_or_open_a_tag(text: str) -> None:
    shown = inline(text)
    assert "\n" not in shown
    assert not re.search(r"(?<!\\)\|", shown)
    outside = re.sub(r"(?<!\\)(`+)(?!`).*?(?<!`)\1(?!`)", "", shown)
    assert not re.search(r"@(?!<!-- -->)", outside)
    assert "<" not in outside.replace("<!-- -->", "")


def test_code_in_a_message_stays_code_and_the_rest_is_literal() -> None:
    assert inline("use `a_b`, not *c* or [d](e)") == "use `a_b`, not \\*c\\* or \\[d\\](e)"
    assert inline("ask @somebody") == "ask @<!-- -->somebody"


def test_backticks_inside_code_do_not_end_it() -> None:
    assert code("a`b") == "``a`b``"
    assert block("```\nx\n```").startswith("````\n")


def test_the_text_fits_a_pull_request_description_and_says_what_it_left_out() -> None:
    many = [replace(FULL.findings[-1], subject=str(n), line=n, expected="x" * 200) for n in range(1, 2001)]
    shown = render(full_with(many), "markdown", context())
    assert len(shown) < 65_536
    assert "more findings: see another format" in shown
    assert "more expected texts: see another format" in shown
