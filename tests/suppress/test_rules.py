"""The rules about suppressions, and their own examples."""

from __future__ import annotations

from newbackend.findings import Fix, Severity
from newbackend.suppress.comments import parse_comments
from newbackend.suppress.config import parse_config
from newbackend.suppress.model import IgnoreComment, Malformed
from newbackend.suppress.rules import EXPIRED, MALFORMED, SUPPRESSIONS, UNUSED


def test_the_ids_are_the_reserved_ones() -> None:
    assert list(SUPPRESSIONS.rules) == ["REG901", "REG902", "REG903"]


def test_only_what_is_surely_left_over_is_fixed_by_itself() -> None:
    assert [(rule.severity, rule.fix) for rule in (UNUSED, EXPIRED, MALFORMED)] == [
        (Severity.WARNING, Fix.SAFE),
        (Severity.WARNING, Fix.NONE),
        (Severity.ERROR, Fix.NONE),
    ]


def test_the_examples_are_what_they_say() -> None:
    assert isinstance(parse_comments("f.yml", UNUSED.bad)[0], IgnoreComment)
    assert isinstance(parse_comments("f.yml", MALFORMED.bad)[0], Malformed)
    assert isinstance(parse_comments("f.yml", MALFORMED.good)[0], IgnoreComment)
    for example in (EXPIRED.bad, EXPIRED.good):
        assert len(parse_config(example).entries) == 1
