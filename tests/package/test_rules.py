"""The registry of package rules is complete, and what they say is usable."""

from __future__ import annotations

import re
import tomllib
from importlib import resources

import pytest

from newbackend.package import RULES
from newbackend.package.elf.dlopen import dlopen_data
from newbackend.package.hostlibs import host_libraries, host_library, is_driver, is_glibc
from newbackend.package.options import Layout
from newbackend.package.rules.registry import CHECKS


def test_every_rule_has_a_check_or_is_a_proof() -> None:
    checks = {c.rule.id for c in CHECKS}
    assert {r.id for r in RULES} - checks == {"PKG701", "PKG702", "PKG703", "PKG704"}
    assert len(checks) == len(CHECKS)


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.id)
def test_every_rule_explains_itself(rule: object) -> None:
    from newbackend.findings import Rule

    assert isinstance(rule, Rule)
    assert re.fullmatch(r"PKG\d{3}", rule.id)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
    for sentence in (rule.what, rule.why, rule.how):
        assert sentence.endswith(".")
    if not rule.id.startswith("PKG7"):
        assert rule.bad
        assert rule.good


def test_every_allowed_library_has_a_reason() -> None:
    assert all(len(row.reason) > 10 and row.layouts for row in host_libraries())
    text = resources.files("newbackend.package").joinpath("data/dlopen.toml").read_text("utf-8")
    for rows in tomllib.loads(text).values():
        assert all(len(row["reason"]) > 10 for row in rows)


@pytest.mark.parametrize("name", ["libcuda.so.1", "libnvidia-ml.so.1", "libnvcuvid.so.1"])
def test_drivers_are_the_hosts_in_every_dynamic_layout(name: str) -> None:
    assert is_driver(name)
    assert host_library(name, Layout.LOADER)
    assert host_library(name, Layout.HOST_LIBC)


@pytest.mark.parametrize("name", ["libcudart.so.12", "libcublas.so.12", "libnvrtc.so.12", "libnvJitLink.so.12"])
def test_the_cuda_toolkit_is_no_driver(name: str) -> None:
    assert not is_driver(name)
    assert host_library(name) is None


def test_glibc_is_the_hosts_only_in_the_host_libc_layout() -> None:
    assert is_glibc("libc.so.6")
    assert host_library("libc.so.6", Layout.HOST_LIBC)
    assert host_library("libc.so.6", Layout.LOADER) is None


def test_families_name_their_front_among_the_members() -> None:
    for family in dlopen_data().families:
        if "*" not in family.front and "loader" not in family.front:
            assert family.front in family.members
