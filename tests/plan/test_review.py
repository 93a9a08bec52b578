"""Hunks, what needs what, and the walk over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from specs import spec

from newbackend.checkout.layout import INDEX, MAKEFILE, open_checkout
from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.plan.build import plan_create, planned
from newbackend.plan.model import Edit, Op, Plan
from newbackend.plan.review import Hunk, Letter, Turn, hunks, new_findings, prove_reviewed, reduced, review

WANTED = spec(variants=["cpu", "cuda13", "metal"])


@pytest.fixture(scope="module")
def checkout(_sample_template: Path) -> Checkout:
    """The sample, opened once: nothing here writes."""
    return open_checkout(_sample_template)


@pytest.fixture(scope="module")
def plan(checkout: Checkout) -> Plan:
    return plan_create(WANTED, checkout)


def of_rule(plan: Plan, rule: str) -> Hunk:
    return next(hunk for hunk in hunks(plan) if rule in hunk.rules)


def declining(*rules: str) -> Callable[[Turn], Letter]:
    """Takes every hunk but those of some rules."""
    return lambda turn: "n" if set(rules) & set(turn.hunk.rules) else "y"


def all_but(hunk: Hunk) -> Callable[[Turn], Letter]:
    """Takes every hunk but one."""
    return lambda turn: "n" if turn.hunk == hunk else "y"


def scripted(letters: Iterable[Letter]) -> tuple[Callable[[Turn], Letter], list[str]]:
    """An `ask` that gives these letters, then y, and the list of titles that were asked about."""
    left, asked = list(letters), list[str]()

    def ask(turn: Turn) -> Letter:
        asked.append(turn.hunk.title)
        return left.pop(0) if left else "y"

    return ask, asked


def rules_in(plan: Plan) -> set[str]:
    return {rule for edit in plan.made for rule in edit.rules}


def result(plan: Plan, checkout: Checkout) -> Checkout:
    return planned(plan, checkout)


def test_taking_everything_is_the_plan_itself(plan: Plan) -> None:
    assert review(plan, lambda _: "y") == plan


def test_every_edit_stands_in_exactly_one_hunk_and_in_order(plan: Plan) -> None:
    inside = [id(edit) for hunk in hunks(plan) for edit in hunk.edits]
    assert len(inside) == len(set(inside)) == len(plan.made)
    assert [hunk.number for hunk in hunks(plan)] == list(range(len(hunks(plan))))


def test_the_files_of_the_backend_are_one_hunk_that_everything_else_needs(plan: Plan) -> None:
    first, *others = hunks(plan)
    assert {edit.op for edit in first.edits} == {"create"}
    assert all(first.number in hunk.needs for hunk in others)
    assert review(plan, declining("REG801")).empty


def test_files_that_are_partly_there_are_needed_by_nothing(sample: Path, plan: Plan) -> None:
    directory = sample / WANTED.directory
    directory.mkdir(parents=True)
    (directory / "Makefile").write_text("mine\n")
    (directory / ".newbackend.yml").write_text("name: ds4\n")
    partly = plan_create(WANTED, open_checkout(sample))
    assert rules_in(review(partly, declining("REG801"))) == rules_in(partly) - {"REG801"}


def test_a_make_definition_goes_with_its_call(plan: Plan) -> None:
    assert of_rule(plan, "REG304") == of_rule(plan, "REG305")


@pytest.mark.parametrize(
    ("declined", "gone"),
    [
        ("REG202", {"REG202"}),
        ("REG201", {"REG201", "REG202", "REG203", "REG204"}),
        ("REG203", {"REG203", "REG204"}),
        ("REG304", {"REG304", "REG305", "REG306", "REG309", "REG312"}),
        ("REG306", {"REG306"}),
        ("REG301", {"REG301"}),
        ("REG401", {"REG401"}),
        ("REG501", {"REG501"}),
        ("REG121", {"REG121", "REG122"}),
        ("REG122", {"REG122"}),
    ],
)
def test_what_needs_a_declined_hunk_goes_with_it_and_is_not_asked_about(
    plan: Plan, checkout: Checkout, declined: str, gone: set[str]
) -> None:
    asked: list[str] = []

    def ask(turn: Turn) -> Letter:
        asked.extend(turn.hunk.rules)
        return declining(declined)(turn)

    smaller = review(plan, ask)
    assert rules_in(plan) - rules_in(smaller) == gone
    dragged = gone - set(of_rule(plan, declined).rules)
    assert not dragged & set(asked)
    assert prove_reviewed(smaller, checkout, WANTED) is smaller


def test_a_hunk_says_what_goes_with_it(plan: Plan) -> None:
    turns: dict[str, Turn] = {}

    def ask(turn: Turn) -> Letter:
        turns[turn.hunk.rules[0]] = turn
        return "y"

    review(plan, ask)
    assert {rule for one in turns["REG201"].dependents for rule in one.rules} == {"REG202", "REG203", "REG204"}
    assert turns["REG501"].dependents == ()
    assert (turns["REG801"].at, turns["REG801"].total) == (1, len(hunks(plan)))


def test_every_hunk_alone_can_be_left_out_and_the_rest_still_passes_the_proofs(plan: Plan, checkout: Checkout) -> None:
    for hunk in hunks(plan)[1:]:
        smaller = review(plan, all_but(hunk))
        prove_reviewed(smaller, checkout, WANTED)
        assert set(smaller.base) == {edit.path for edit in smaller.made}
        assert f"left out: {hunk.title} [{' '.join(hunk.rules)}]" in smaller.notes


def test_a_and_d_decide_the_rest_of_the_file(plan: Plan) -> None:
    asked: list[str] = []

    def ask(turn: Turn) -> Letter:
        asked.append(turn.hunk.path)
        return {INDEX: "a", MAKEFILE: "d"}.get(turn.hunk.path, "y")  # type: ignore[return-value]

    smaller = review(plan, ask)
    assert (asked.count(INDEX), asked.count(MAKEFILE)) == (1, 1)
    assert INDEX in smaller.base
    assert MAKEFILE not in smaller.base


def test_q_leaves_out_this_and_all_that_follow(plan: Plan) -> None:
    ask, asked = scripted(["y", "y", "q"])
    smaller = review(plan, ask)
    assert len(asked) == 3
    assert smaller.made == tuple(edit for hunk in hunks(plan)[:2] for edit in hunk.edits)


def test_k_goes_back_one_hunk_and_forgets_its_decision(plan: Plan) -> None:
    ask, asked = scripted(["y", "n", "k", "y", "q"])
    smaller = review(plan, ask)
    assert asked[1] == asked[3]
    assert smaller.made == tuple(edit for hunk in hunks(plan)[:2] for edit in hunk.edits)


def test_k_at_the_first_hunk_stays_there(plan: Plan) -> None:
    ask, asked = scripted(["k", "k"])
    assert review(plan, ask) == plan
    assert asked[0] == asked[1] == asked[2]


def test_k_takes_back_what_was_dragged_along(plan: Plan) -> None:
    seen: list[tuple[str, ...]] = []

    def ask(turn: Turn) -> Letter:
        seen.append(turn.hunk.rules)
        if "REG201" in turn.hunk.rules:
            return "n" if seen.count(turn.hunk.rules) == 1 else "y"
        if "REG301" in turn.hunk.rules and seen.count(turn.hunk.rules) == 1:
            return "k"
        return "y"

    assert review(plan, ask) == plan


def test_needing_a_later_hunk_counts_too() -> None:
    early = Edit("a", "modify", "darwin-workflow", "early", ("REG122",), "inserted", "--- a/a\n+++ b/a\n")
    late = Edit("b", "modify", "darwin-workflow", "late", ("REG121",), "inserted", "--- a/b\n+++ b/b\n")
    smaller = review(Plan("create x", {}, {"a": "", "b": ""}, (early, late)), declining("REG121"))
    assert smaller.empty
    assert len(smaller.notes) == 2


def test_new_files_of_a_place_are_one_hunk_that_its_edits_need() -> None:
    def edit(path: str, op: Op, place: str) -> Edit:
        return Edit(path, op, place, f"{op} {path}", ("REG602",), "inserted", f"--- a/{path}\n+++ b/{path}\n")

    importer, tests = edit("x.go", "create", "importer"), edit("x_test.go", "create", "importer")
    listed, other = edit("importers.go", "modify", "importer"), edit("other.go", "modify", "other")
    edits = (importer, tests, listed, other)
    made = Plan("create x", {}, {one.path: "" for one in edits}, edits)
    files, line, alone = hunks(made)
    assert files.edits == (importer, tests)
    assert (line.needs, alone.needs) == (frozenset({files.number}), frozenset())
    assert review(made, lambda turn: "n" if turn.hunk == files else "y").made == (other,)


@pytest.mark.parametrize(
    ("rule", "red"),
    [
        ("REG202", "REG202"),
        ("REG203", "REG203"),
        ("REG301", "REG301"),
        ("REG306", "REG306"),
        ("REG401", "REG401"),
        ("REG501", "REG501"),
        ("REG104", "REG104"),
        ("REG601", "REG601"),
    ],
)
def test_verify_names_exactly_what_was_left_out(plan: Plan, checkout: Checkout, rule: str, red: str) -> None:
    smaller = review(plan, declining(rule))
    assert {finding.rule.id for finding in new_findings(plan, smaller, checkout, "ds4")} == {red}


def test_nothing_is_red_for_what_was_taken(plan: Plan, checkout: Checkout) -> None:
    assert new_findings(plan, review(plan, lambda _: "y"), checkout, "ds4") == ()


def test_a_gallery_entry_without_its_meta_would_not_pass_the_proofs(plan: Plan, checkout: Checkout) -> None:
    """Why the meta is needed: without the walk's care the YAML alias would point nowhere."""
    with pytest.raises(UsageError, match="the edit was dropped"):
        prove_reviewed(reduced(plan, [of_rule(plan, "REG201")]), checkout, WANTED)


def test_the_reviewed_result_has_what_was_taken_and_nothing_else(plan: Plan, checkout: Checkout) -> None:
    after = result(review(plan, declining("REG202")), checkout)
    text = after.need(INDEX)
    assert "- &ds4\n" in text
    assert 'name: "ds4-development"' not in text
    assert after.need(MAKEFILE) == result(plan, checkout).need(MAKEFILE)
