"""What `--target` names, and which symbol versions such a host has."""

from __future__ import annotations

import pytest

from newbackend.errors import UsageError
from newbackend.package.targets import parse_target, target_names


@pytest.mark.parametrize(
    ("text", "glibc", "glibcxx"),
    [
        ("ubuntu24.04", "2.39", "3.4.33"),
        ("glibc=2.35", "2.35", "3.4.30"),
        ("glibc=2.36", "2.36", "3.4.30"),
        ("manylinux_2_28", "2.28", "3.4.24"),
        ("manylinux_2_28_x86_64", "2.28", "3.4.24"),
        ("glibc=2.31,glibcxx=3.4.30", "2.31", "3.4.30"),
        ("glibc=2.5", "2.5", "3.4.19"),
    ],
)
def test_targets_are_understood(text: str, glibc: str, glibcxx: str) -> None:
    target = parse_target(text)
    assert (target.glibc, target.glibcxx, target.name) == (glibc, glibcxx, text)


@pytest.mark.parametrize("text", ["", "ubuntu", "glibc=", "glibc=x", "glibcxx=3.4.30", "glibc=2.35;rm"])
def test_an_unknown_target_is_refused_and_the_known_ones_named(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_target(text)
    assert caught.value.code == "target-unknown"


def test_every_named_target_is_complete() -> None:
    for name in target_names():
        assert parse_target(name).offers("GLIBC_2.17") is True


@pytest.mark.parametrize(
    ("version", "offered"),
    [
        ("GLIBC_2.35", True), ("GLIBC_2.36", False), ("GLIBC_2.4", True), ("GLIBCXX_3.4.31", False),
        ("GLIBC_ABI_DT_RELR", False), ("GLIBC_PRIVATE", None), ("OPENSSL_3.0.0", None), ("CXXABI_1.3.13", True),
    ],
)  # fmt: skip
def test_a_target_offers_versions_by_number_not_by_text(version: str, offered: bool | None) -> None:
    assert parse_target("glibc=2.35").offers(version) is offered
