"""Which libraries are the host's, and what is known about those that load others."""

from __future__ import annotations

import pytest

from newbackend.package.data import read_table
from newbackend.package.libraries import dlopen_data, host_libraries, host_library, is_driver, is_glibc
from newbackend.package.options import Layout


def test_every_allowed_library_has_a_reason() -> None:
    assert all(len(row.reason) > 10 and row.layouts for row in host_libraries())
    for rows in read_table("dlopen").values():
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
