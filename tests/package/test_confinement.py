"""What a proof can see: the package, a read-only part of the host's system where it needs one, and loopback."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest

from newbackend.package import missing_proofs
from newbackend.package.sandbox import Sandbox, find_sandbox
from package.test_proofs import checked, failed, needs_bwrap, needs_sandbox, passed
from package.workshop import Built

LAYOUTS = ("loader", "host-libc")


def arrange(built: Built, layout: str) -> None:
    if layout == "host-libc":
        if shutil.which("bwrap") is None:
            pytest.skip("the host's libraries are shown by bubblewrap only")
        built.host_libc()


def without_bwrap(monkeypatch: pytest.MonkeyPatch) -> None:
    real = shutil.which
    monkeypatch.setattr("newbackend.package.sandbox.roots.shutil.which", lambda n: None if n == "bwrap" else real(n))
    if not isinstance(find_sandbox(), Sandbox):
        pytest.skip(f"no user namespaces: {find_sandbox()}")


@needs_sandbox
@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_file_of_the_callers_is_seen(built: Built, layout: str) -> None:
    secret = Path.home() / f".newbackend-secret-{os.getpid()}"
    arrange(built, layout)
    try:
        secret.write_text("token", "utf-8")
        report = checked(built.root, run=f"test -e {secret}")
    finally:
        secret.unlink()
    assert failed(report, "PKG702")


@needs_sandbox
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("place", ["/root", "/home", "/var", "/run", "/etc/shadow", "/etc/hostname", "/opt", "/sys"])
def test_no_place_with_private_files_is_seen(built: Built, layout: str, place: str) -> None:
    arrange(built, layout)
    assert passed(checked(built.root, run=f"! test -e {place}"), "PKG702")


@needs_bwrap
def test_the_hosts_root_by_another_name_is_no_way_around(built: Built) -> None:
    for root in ("/", "//", "/proc/self/root"):
        assert passed(checked(built.root, run_root=Path(root), run="! test -e /root && ! test -e /var"), "PKG703")


@needs_bwrap
def test_what_is_seen_of_the_host_cannot_be_written(built: Built) -> None:
    built.host_libc()
    tries = "; ".join(f"touch {d}/newbackend-evil && exit 1" for d in ("/", "/usr/bin", "/usr/lib", "/etc"))
    command = f"{tries}; mount -o remount,rw,bind /usr/bin && exit 1; true"
    assert passed(checked(built.root, run=command), "PKG702")


@needs_sandbox
@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_capability_and_no_other_process(built: Built, layout: str) -> None:
    arrange(built, layout)
    command = "grep -q 'CapEff:.*0000000000000000' /proc/self/status && ! test -e /proc/100"
    assert passed(checked(built.root, run=command), "PKG702")


@needs_sandbox
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_listener_of_the_host_is_not_reached(built: Built, layout: str) -> None:
    arrange(built, layout)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = f"exec 3<>/dev/tcp/127.0.0.1/{listener.getsockname()[1]}"
        report = checked(built.root, run=f'/bin/bash -c "{command}"' if layout == "host-libc" else command)
        listener.settimeout(0.2)
        with pytest.raises(TimeoutError):
            listener.accept()
    assert failed(report, "PKG702")


@needs_sandbox
@pytest.mark.parametrize("layout", LAYOUTS)
def test_loopback_is_the_only_network(built: Built, layout: str) -> None:
    arrange(built, layout)
    report = checked(built.root, run="grep -q lo: /proc/net/dev && ! grep -v -e lo: -e '|' /proc/net/dev")
    assert passed(report, "PKG702")


@pytest.mark.parametrize(
    "command",
    [
        "! test -e /usr/lib && ! test -e /home && ! test -e /root",
        "grep -q 'CapEff:.*0000000000000000' /proc/self/status",
        "grep -q 'NoNewPrivs:.*1' /proc/self/status",
        "grep -q lo: /proc/net/dev && ! grep -v -e lo: -e '|' /proc/net/dev",
        "! test -e /proc/100",
        "! test -w /proc/sys/kernel/core_pattern",
        "! ls /proc/1/root/usr/lib",
    ],
)
def test_without_bubblewrap_the_old_root_is_gone_too(
    built: Built, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    without_bwrap(monkeypatch)
    assert passed(checked(built.root, run=command), "PKG702")


def test_without_bubblewrap_a_package_without_a_loader_is_unknown(
    built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_bwrap(monkeypatch)
    built.host_libc()
    (finding,) = missing_proofs(checked(built.root, smoke=True))
    assert "needs bubblewrap" in finding.message


@needs_sandbox
def test_a_library_variable_of_run_sh_is_set_inside_only(built: Built, tmp_path: Path) -> None:
    sandbox = find_sandbox()
    assert isinstance(sandbox, Sandbox)
    argv = sandbox.argv([], "/", ["/x"], tmp_path, {"LD_PRELOAD": "/backend/evil.so"})
    assert "LD_PRELOAD" in argv or "LD_PRELOAD=/backend/evil.so" in argv


def test_a_short_path_hides_no_sandbox(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = find_sandbox()
    if not isinstance(before, Sandbox):
        pytest.skip(before)
    (tmp_path / Path(before.tool).name).symlink_to(before.tool)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert isinstance(find_sandbox(), Sandbox)
