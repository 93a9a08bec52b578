"""A rule book refuses what is registered wrongly, at registration or at the first lookup."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from newbackend.findings import Finding, Fix, Rule, Severity
from newbackend.rulebook import Rulebook

Book = Rulebook[str, Iterable[Finding]]


def add(book: Book, id_: str = "REG101", name: str = "row-missing", fix: Fix = Fix.NONE) -> Rule:
    return book.rule(id_, name, Severity.ERROR, what="w", why="y", how="h", fix=fix)


def silent(_: str) -> Iterable[Finding]:
    return ()


def nothing(*_: object) -> Iterable[object]:
    return ()


@pytest.fixture
def book() -> Book:
    """An empty book that finds no modules."""
    return Rulebook("REG")


def test_a_rule_its_check_and_its_repair_are_found_by_id(book: Book) -> None:
    rule = add(book, fix=Fix.SAFE)
    book.check(rule, needs=("matrix",))(silent)
    book.repair(rule)(nothing)  # type: ignore[arg-type]

    assert dict(book.rules) == {"REG101": rule}
    assert [(check.rules, check.run, check.needs) for check in book.checks] == [((rule,), silent, ("matrix",))]
    assert dict(book.repairs) == {"REG101": nothing}


@pytest.mark.parametrize(("id_", "name"), [("REG101", "other"), ("REG102", "row-missing")])
def test_an_id_or_a_name_that_is_taken_is_refused(book: Book, id_: str, name: str) -> None:
    add(book)

    with pytest.raises(ValueError, match="registered twice"):
        add(book, id_, name)


def test_an_id_of_another_book_is_refused(book: Book) -> None:
    with pytest.raises(ValueError, match="book of REG"):
        add(book, "PKG101")


def test_a_rule_without_a_check_is_refused(book: Book) -> None:
    add(book)

    with pytest.raises(ValueError, match="REG101 has no check"):
        _ = book.rules


def test_a_second_check_of_a_rule_is_refused(book: Book) -> None:
    rule = add(book)
    book.check(rule)(silent)

    with pytest.raises(ValueError, match="REG101 has two checks"):
        book.check(rule)


def test_a_check_of_a_rule_that_is_not_in_the_book_is_refused(book: Book) -> None:
    stranger = Rule("REG101", "row-missing", Severity.ERROR, "w", "y", "h")

    with pytest.raises(ValueError, match="not registered"):
        book.check(stranger)


def test_a_fix_without_a_repair_is_refused(book: Book) -> None:
    book.check(add(book, fix=Fix.SAFE))(silent)

    with pytest.raises(ValueError, match="a fix and no repair"):
        _ = book.checks


def test_a_repair_without_a_fix_is_refused(book: Book) -> None:
    with pytest.raises(ValueError, match="declares no fix"):
        book.repair(add(book))


def test_a_second_repair_is_refused(book: Book) -> None:
    rule = add(book, fix=Fix.UNSAFE)
    book.repair(rule)(nothing)  # type: ignore[arg-type]

    with pytest.raises(ValueError, match="two repairs"):
        book.repair(rule)
