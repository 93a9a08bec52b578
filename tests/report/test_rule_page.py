"""Rule pages: one source for the command, SARIF's help and docs/rules.md."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest

from newbackend.findings import Rule
from newbackend.report.rule_page import FAMILIES, rule_json, rule_markdown, rule_text, rules_markdown
from newbackend.suppress.rules import SUPPRESSIONS

from .sample import MISSING_LIBRARY, ROUTE, RULES

EVERY = (*RULES.values(), MISSING_LIBRARY, *SUPPRESSIONS.rules.values())


@pytest.mark.parametrize("page", [rule_text, rule_markdown])
def test_a_page_has_everything_the_rule_says(page: object) -> None:
    shown = " ".join((rule_text if page is rule_text else rule_markdown)(ROUTE).split())
    for text in (ROUTE.id, ROUTE.name, ROUTE.what, ROUTE.why, ROUTE.how, ROUTE.incident, ROUTE.checklist):
        assert text in shown
    for example in (ROUTE.bad, ROUTE.good):
        assert " ".join(example.split()) in shown


def test_an_empty_part_has_no_heading() -> None:
    bare = replace(ROUTE, incident="", bad="", good="", checklist="")
    for heading in ("Seen", "Bad", "Good", "Checklist"):
        assert heading not in rule_text(bare)
        assert heading not in rule_markdown(bare)


def test_the_text_keeps_to_its_width() -> None:
    shown = rule_text(replace(ROUTE, bad="", good=""), width=40)
    assert max(map(len, shown.split("\n"))) <= 40


def test_the_book_has_every_rule_once_under_its_family_in_order() -> None:
    lines = rules_markdown(reversed(EVERY)).split("\n")
    headings = [line for line in lines if line.startswith("#")]
    assert [h for h in headings if h.startswith("## ")] == [
        "## The checklist of a new backend",
        "## REG2xx gallery index",
        "## REG4xx path filter",
        "## REG5xx bump bot",
        "## REG6xx Go registries",
        "## REG7xx docs",
        "## REG8xx backend directory",
        "## REG9xx suppressions",
        "## PKGxxx packages",
    ]
    assert [h.split()[1] for h in headings if h.startswith("### ")] == [
        *sorted(rule.id for rule in EVERY if rule.id.startswith("REG")),
        "PKG101",
    ]


def test_the_table_links_to_headings_that_exist() -> None:
    book = rules_markdown(EVERY)
    for rule in EVERY:
        assert f"(#{rule.id.lower()}-{rule.name})" in book
        assert f"### {rule.id} {rule.name}\n" in book


def test_a_rule_of_no_family_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="ABC123 belongs to no family"):
        rules_markdown([replace(ROUTE, id="ABC123")])


def test_the_json_has_every_field_of_a_rule() -> None:
    shown = rule_json(ROUTE)
    assert set(shown) == {field.name for field in fields(Rule)} - {"blocks_release"} | {"family"}
    assert json.loads(json.dumps(shown))["family"] == "REG4xx path filter"


def test_the_families_do_not_overlap() -> None:
    prefixes = [prefix for prefix, _, _ in FAMILIES]
    assert not any(a != b and a.startswith(b) for a in prefixes for b in prefixes)
