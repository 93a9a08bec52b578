"""`.newbackend.toml`: what an entry may say, and where an error is reported."""

from __future__ import annotations

from datetime import date
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newbackend.errors import UsageError
from newbackend.findings import Location
from newbackend.suppress.config import SuppressConfig, parse_config
from newbackend.suppress.model import AllowEntry

GOOD = dedent(
    """\
    # why we are here

    [[allow]]
    rule = "REG501"
    backend = "demo"
    reason = "held until 1.3"
    expires = 2026-06-30

    [[allow]]
    rule = "REG201"
    subject = "*-demo"
    path = "backend/*.yaml"
    reason = "built elsewhere"
    """
)


def refused(text: str) -> UsageError:
    """The refusal of a config text."""
    with pytest.raises(UsageError) as caught:
        parse_config(text)
    return caught.value


def entry(**keys: object) -> str:
    """The text of one entry."""
    return "[[allow]]\n" + "".join(f"{key} = {value!r}\n" for key, value in keys.items())


def test_the_entries_are_read_with_their_lines() -> None:
    assert parse_config(GOOD) == SuppressConfig(
        entries=(
            AllowEntry(
                "REG501",
                "held until 1.3",
                Location(".newbackend.toml", 3),
                backend="demo",
                expires=date(2026, 6, 30),
            ),
            AllowEntry(
                "REG201",
                "built elsewhere",
                Location(".newbackend.toml", 9),
                subject="*-demo",
                path="backend/*.yaml",
            ),
        )
    )


def test_an_empty_file_suppresses_nothing() -> None:
    assert parse_config("") == parse_config("# nothing\n") == SuppressConfig()


def test_line_ends_and_a_byte_order_mark_make_no_difference() -> None:
    assert parse_config("\ufeff" + GOOD.replace("\n", "\r\n")) == parse_config(GOOD)


def test_a_date_may_be_quoted() -> None:
    (found,) = parse_config(entry(rule="REG501", backend="x", reason="r", expires="2026-01-02")).entries
    assert found.expires == date(2026, 1, 2)


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        ("[[allow]\n", ".newbackend.toml:1", "not TOML"),
        ("a = 1\na = 2\n", ".newbackend.toml:2", "not TOML"),
        ("\n[[allow]]\nrule = 'REG501'\nresaon = 'x'\n", ".newbackend.toml:4", "unknown key 'resaon'"),
        ("\n[ignore]\nx = 1\n", ".newbackend.toml:2", "unknown key 'ignore'"),
        ("\nstrict = true\n", ".newbackend.toml:2", "unknown key 'strict'"),
        ("[[allow]]\nrule = 501\n", ".newbackend.toml:2", "'rule' is not a string"),
        (
            "[[allow]]\nrule = 'REG501'\nbackend = 'x'\nreason = 'r'\nexpires = 'soon'\n",
            ".newbackend.toml:5",
            "date",
        ),
        (
            "[[allow]]\nrule='REG501'\nbackend='x'\nreason='r'\nexpires=2026-01-01T00:00:00\n",
            ".newbackend.toml:5",
            "date",
        ),
        ("[allow]\nrule = 'REG501'\n", ".newbackend.toml:1", "not an array of tables"),
        ("\nallow = 'all'\n", ".newbackend.toml:2", "not an array of tables"),
        ("\nallow = [{rule = 'REG501'}]\n", ".newbackend.toml:2", "no line of its own"),
        (
            "[[allow]]\nrule='REG501'\n\n[[allow]]\nrule='REG501'\ncolour='x'\n",
            ".newbackend.toml:6",
            "'colour'",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_file_and_line(text: str, where: str, says: str) -> None:
    error = refused(text)
    assert error.where == where
    assert says in error.message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (entry(subject="x", reason="r"), "names no rule"),
        (entry(rule="*", subject="x", reason="r"), "not a rule id"),
        (entry(rule="REG4*", subject="x", reason="r"), "not a rule id"),
        (entry(rule="REG401", reason="r"), "covers every REG401"),
        (entry(rule="REG401", subject="*", path="**/*", reason="r"), "covers every REG401"),
        (entry(rule="REG401", subject="x"), "gives no reason"),
        (entry(rule="REG401", subject="x", reason="  - "), "gives no reason"),
    ],
)
def test_an_entry_that_suppresses_nothing_sensible_is_malformed(text: str, says: str) -> None:
    config = parse_config("\n" + text)
    assert config.entries == ()
    (malformed,) = config.malformed
    assert says in malformed.problem
    assert malformed.where == Location(".newbackend.toml", 2)


def test_one_bad_entry_does_not_take_the_others_along() -> None:
    config = parse_config(entry(rule="REG401", reason="r") + GOOD)
    assert len(config.entries) == 2
    assert len(config.malformed) == 1


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        paths = {one.where.path for one in parse_config(f"[[allow]]\nrule = {text}").malformed}
    except UsageError as error:
        paths = {error.where.split(":")[0]}
    assert paths == {".newbackend.toml"}


def test_a_bomb_of_brackets_is_refused() -> None:
    assert refused("a = " + "[" * 100_000).where.startswith(".newbackend.toml")
