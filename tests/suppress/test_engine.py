"""Applying suppressions, and what is said about the ones that do nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from newbackend.findings import CheckResult, Finding, Fix, Location, Rule, Severity, Status
from newbackend.suppress.comments import parse_comments
from newbackend.suppress.config import SuppressConfig, parse_config
from newbackend.suppress.engine import EVERYWHERE, Outcome, apply_suppressions, ran_everywhere, ran_for
from newbackend.suppress.rules import SUPPRESSIONS

ROUTE = Rule("REG401", "route-missing", Severity.ERROR, "what", "why", "how")
PIN = Rule("REG501", "pin-unseen", Severity.WARNING, "what", "why", "how")
RULES = {ROUTE.id: ROUTE, PIN.id: PIN, **SUPPRESSIONS.rules}

TODAY = date(2026, 3, 1)
FOUND = Finding(ROUTE, "backend/cpp/demo/", "f.js", 2, "starts no job", backend="demo")
WHOLE_TREE = frozenset({("REG401", EVERYWHERE), ("REG501", EVERYWHERE)})


def applied(
    *findings: Finding,
    comments: str = "",
    config: str = "",
    ran: frozenset[tuple[str, str]] = WHOLE_TREE,
    shared_config: bool = False,
) -> Outcome:
    """Apply the comments of a file f.js and a config text."""
    return apply_suppressions(
        findings,
        parse_comments("f.js", comments),
        parse_config(config) if config else SuppressConfig(),
        rules=RULES,
        ran_rules=ran,
        today=TODAY,
        shared_config=shared_config,
    )


def allow(**keys: str) -> str:
    """One entry; gives a rule and a reason unless told otherwise."""
    words = {"rule": "REG401", "reason": "agreed", **keys}
    return "[[allow]]\n" + "".join(f"{key} = {value!r}\n" for key, value in words.items())


def test_nothing_written_changes_nothing() -> None:
    assert applied(FOUND) == ((FOUND,), (), ())


def test_a_comment_beside_the_thing_silences_it_with_its_reason() -> None:
    kept, suppressed, meta = applied(FOUND, comments="\nthing // newbackend: ignore[REG401] lives elsewhere\n")
    assert kept == meta == ()
    (entry,) = suppressed
    assert (entry.finding, entry.reason, entry.kind) == (FOUND, "lives elsewhere", "inSource")
    assert entry.where == Location("f.js", 2)


def test_a_comment_above_the_thing_silences_it() -> None:
    assert applied(FOUND, comments="// newbackend: ignore[REG401] elsewhere\nthing\n").kept == ()


@pytest.mark.parametrize(
    "other",
    [
        {"path": "g.js"},
        {"line": 3},
        {"rule": PIN},
        {"subject": "other"},
    ],
)
def test_a_comment_silences_only_its_rule_subject_file_and_line(other: dict[str, object]) -> None:
    elsewhere = replace(FOUND, **other)  # type: ignore[arg-type]
    comments = "// newbackend: ignore[REG401:backend/cpp/demo/] elsewhere\nthing\n"
    kept, suppressed, _ = applied(FOUND, elsewhere, comments=comments)
    assert kept == (elsewhere,)
    assert [entry.finding for entry in suppressed] == [FOUND]


@pytest.mark.parametrize(
    "keys",
    [
        {"subject": "backend/cpp/demo/"},
        {"subject": "backend/*/demo/"},
        {"path": "f.js"},
        {"path": "*.js"},
        {"backend": "demo"},
        {"backend": "demo", "subject": "*demo*", "path": "f.*"},
    ],
)
def test_an_entry_silences_what_all_its_keys_match(keys: dict[str, str]) -> None:
    kept, suppressed, meta = applied(FOUND, config=allow(**keys))
    assert kept == meta == ()
    assert (suppressed[0].kind, suppressed[0].reason) == ("external", "agreed")
    assert suppressed[0].where == Location(".newbackend.toml", 1)


@pytest.mark.parametrize(
    "keys",
    [
        {"rule": "REG501", "backend": "demo"},
        {"subject": "backend/cpp"},
        {"path": "*.go"},
        {"backend": "demo2"},
        {"backend": "dem*"},
        {"backend": "demo", "subject": "other"},
    ],
)
def test_an_entry_leaves_what_one_key_does_not_match(keys: dict[str, str]) -> None:
    kept, suppressed, meta = applied(FOUND, config=allow(**keys))
    assert kept == (FOUND,)
    assert suppressed == ()
    assert [found.rule.id for found in meta] == ["REG901"]


def test_a_message_or_a_moved_line_does_not_matter_to_an_entry() -> None:
    moved = replace(FOUND, line=99, message="in other words")
    assert applied(moved, config=allow(subject="backend/cpp/demo/")).kept == ()


def test_an_unused_comment_is_a_fixable_warning_where_it_stands() -> None:
    (unused,) = applied(comments="\n// newbackend: ignore[REG401:x] elsewhere\n").meta_findings
    assert (unused.rule.id, unused.path, unused.line) == ("REG901", "f.js", 2)
    assert (unused.level, unused.fixable, unused.subject) == (Severity.WARNING, Fix.SAFE, "REG401:x")


@pytest.mark.parametrize("ran", [frozenset[tuple[str, str]](), frozenset({("REG501", EVERYWHERE)})])
def test_a_suppression_is_not_unused_when_its_rule_did_not_run(ran: frozenset[tuple[str, str]]) -> None:
    comments = "// newbackend: ignore[REG401] elsewhere\n"
    assert applied(comments=comments, config=allow(backend="demo"), ran=ran) == ((), (), ())


def test_a_run_over_one_backend_says_nothing_of_another() -> None:
    ran = frozenset({("REG401", "other")})
    assert applied(config=allow(backend="demo"), ran=ran).meta_findings == ()
    assert applied(config=allow(path="f.js"), ran=ran).meta_findings == ()
    assert applied(comments="// newbackend: ignore[REG401] x\n", ran=ran).meta_findings == ()


def test_a_run_over_the_entrys_backend_tells_that_it_is_unused() -> None:
    ran = frozenset({("REG401", "demo")})
    (unused,) = applied(config=allow(backend="demo"), ran=ran).meta_findings
    assert (unused.rule.id, unused.backend) == ("REG901", "demo")


def test_two_suppressions_of_one_finding_are_both_in_use() -> None:
    comments = "// newbackend: ignore[REG401] beside it\nthing\n"
    kept, suppressed, meta = applied(FOUND, comments=comments, config=allow(backend="demo"))
    assert kept == meta == ()
    assert [entry.reason for entry in suppressed] == ["beside it"]


def test_an_entry_holds_through_its_last_day() -> None:
    assert applied(FOUND, config=allow(backend="demo", expires="2026-03-01")).kept == ()


def test_an_expired_entry_silences_nothing_and_says_so() -> None:
    kept, suppressed, meta = applied(FOUND, config=allow(backend="demo", expires="2026-02-28"))
    assert kept == (FOUND,)
    assert suppressed == ()
    (expired,) = meta
    assert (expired.rule.id, expired.level) == ("REG902", Severity.WARNING)
    assert "ended on 2026-02-28: agreed" in expired.message


@pytest.mark.parametrize("comment", ["ignore", "ignore[REG401]", "ignore[REG999] x", "ignore[REG901] x"])
def test_a_malformed_comment_silences_nothing_and_is_an_error(comment: str) -> None:
    kept, suppressed, meta = applied(FOUND, comments=f"// newbackend: {comment}\nthing\n")
    assert kept == (FOUND,)
    assert suppressed == ()
    assert [(found.rule.id, found.level, found.line) for found in meta] == [("REG903", Severity.ERROR, 1)]


@pytest.mark.parametrize("keys", [{}, {"rule": "REG999", "backend": "demo"}, {"backend": "demo", "reason": ""}])
def test_a_malformed_entry_silences_nothing_and_is_an_error(keys: dict[str, str]) -> None:
    kept, _, meta = applied(FOUND, config=allow(**keys))
    assert kept == (FOUND,)
    assert [(found.rule.id, found.path) for found in meta] == [("REG903", ".newbackend.toml")]


def test_an_unknown_can_be_silenced_but_stays_visible_as_suppressed() -> None:
    unknown = replace(FOUND, status=Status.UNKNOWN)
    assert applied(unknown, config=allow(backend="demo")).suppressed[0].finding is unknown


def test_a_rule_ran_where_it_came_to_a_verdict() -> None:
    checked = [CheckResult(ROUTE, Status.PASS, "a"), CheckResult(PIN, Status.SKIPPED, "a", "no such place")]
    assert ran_for([FOUND], checked) == {("REG401", "demo"), ("REG401", "a")}


def test_a_rule_that_could_not_decide_did_not_run_there_nor_everywhere() -> None:
    unknown = replace(FOUND, status=Status.UNKNOWN)
    checked = [CheckResult(ROUTE, Status.PASS, "a"), CheckResult(PIN, Status.PASS, "a")]
    assert ran_for([unknown, FOUND], checked) == {("REG401", "a"), ("REG501", "a")}
    assert ran_everywhere([unknown], checked) == {("REG401", "a"), ("REG501", "a"), ("REG501", EVERYWHERE)}


def test_ten_thousand_findings_and_a_thousand_entries_are_quick_enough_to_finish() -> None:
    many = [replace(FOUND, subject=str(n), line=n) for n in range(10_000)]
    config = "".join(allow(rule="REG501", backend=f"b{n}") for n in range(1_000)) + allow(subject="9999")
    kept, suppressed, meta = applied(*many, config=config)
    assert (len(kept), len(suppressed), len(meta)) == (9_999, 1, 1_000)


@pytest.mark.parametrize(("backend", "unused"), [("demo", 1), ("other", 0)])
def test_an_entry_of_a_shared_config_is_unused_only_if_the_run_was_about_its_backend(backend: str, unused: int) -> None:
    ran = WHOLE_TREE | {("REG401", "demo")}
    outcome = applied(config=allow(backend=backend), ran=ran, shared_config=True)
    assert [finding.rule.id for finding in outcome.meta_findings] == ["REG901"] * unused


def test_a_shared_config_excuses_no_comment() -> None:
    outcome = applied(comments="thing // newbackend: ignore[REG401] lives elsewhere", shared_config=True)
    assert [finding.rule.id for finding in outcome.meta_findings] == ["REG901"]
