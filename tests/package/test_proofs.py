"""Proofs run the package for real; what cannot run is unknown, never passed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from newbackend.errors import UsageError
from newbackend.findings import CheckResult, Finding, Report, Status
from newbackend.package import PackageOptions, check_package, missing_proofs
from newbackend.package.proofs.cpu import emulator
from newbackend.package.sandbox import Sandbox, find_sandbox
from package.defects import DEFECTS
from package.test_spellings import SPELLINGS, write
from package.workshop import SERVER, Built, gcc

SANDBOX = find_sandbox()
needs_sandbox = pytest.mark.skipif(not isinstance(SANDBOX, Sandbox), reason=f"no sandbox: {SANDBOX}")
needs_bwrap = pytest.mark.skipif(
    not (isinstance(SANDBOX, Sandbox) and SANDBOX.kind == "bwrap"), reason="bubblewrap does not work here"
)
needs_qemu = pytest.mark.skipif(emulator() is None, reason="no static qemu-user is installed")


def checked(root: Path, **options: object) -> Report:
    return check_package(root, options=PackageOptions(**options))  # type: ignore[arg-type]


def passed(report: Report, rule: str) -> list[CheckResult]:
    return [c for c in report.checked if c.rule.id == rule and c.status is Status.PASS]


def failed(report: Report, rule: str) -> list[Finding]:
    return [f for f in report.findings if f.rule.id == rule and f.status is Status.FAIL]


def break_by(name: str, built: Built) -> None:
    next(d for d in DEFECTS if d.name.startswith(name)).break_it(built)


@needs_sandbox
def test_a_good_package_starts_in_an_empty_root_and_answers_health(built: Built) -> None:
    pytest.importorskip("grpc", reason="Health is called with grpcio")
    report = checked(built.root, smoke=True)
    (run,) = passed(report, "PKG702")
    assert "Health answered" in run.reason
    assert "/backend/run.sh --addr 127.0.0.1:" in run.reason
    assert "empty root" in run.reason
    assert passed(report, "PKG701")
    assert report.findings == ()
    assert missing_proofs(report) == ()


@needs_sandbox
def test_a_package_in_an_archive_is_written_out_for_the_proof(built: Built, tmp_path: Path) -> None:
    pytest.importorskip("grpc", reason="Health is called with grpcio")
    archive = Path(shutil.make_archive(str(tmp_path / "p"), "gztar", built.root))
    assert passed(checked(archive, smoke=True), "PKG702")


@needs_sandbox
def test_the_loaders_own_list_names_what_is_missing(built: Built) -> None:
    built.foo.unlink()
    (finding,) = failed(checked(built.root, smoke=True), "PKG701")
    assert "libfoo.so.1 not found" in finding.message


@needs_sandbox
def test_without_grpcio_the_proof_is_unknown_although_the_port_opened(
    built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "grpc", None)
    report = checked(built.root, smoke=True)
    (finding,) = missing_proofs(report)
    assert finding.rule.id == "PKG702"
    assert "install newbackend[smoke]" in finding.message


@needs_sandbox
def test_a_server_that_never_listens_fails_with_its_last_words(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newbackend.package.proofs.server.START_TIMEOUT", 0.5)
    monkeypatch.setattr("newbackend.package.script.recorder.SECONDS", 0.5)
    built.script("#!/bin/bash\necho still thinking\nsleep 60\n")
    (finding,) = failed(checked(built.root, smoke=True), "PKG702")
    assert "no port after" in finding.message
    assert "still thinking" in finding.message


@needs_sandbox
def test_a_server_that_is_no_grpc_server_fails(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("grpc", reason="Health is called with grpcio")
    monkeypatch.setattr("newbackend.package.proofs.server.HEALTH_TIMEOUT", 1.0)
    mute = SERVER.read_text("utf-8").replace("close(fd)) serve(fd);", "close(fd)) sleep(0);")
    gcc(built.server, mute, libraries=[built.foo])
    (finding,) = failed(checked(built.root, smoke=True), "PKG702")
    assert "Health failed" in finding.message


@needs_sandbox
def test_a_missing_driver_is_unknown_because_the_empty_root_has_none(built: Built) -> None:
    break_by("driver needed", built)
    report = checked(built.root, smoke=True)
    assert [f.rule.id for f in missing_proofs(report)] == ["PKG702"]
    assert "libcuda.so.1" in missing_proofs(report)[0].message
    assert passed(report, "PKG701")


@needs_sandbox
@pytest.mark.parametrize(("command", "passes"), [("test -f lib/libfoo.so.1", True), ("test -f nothing", False)])
def test_a_command_of_the_caller_runs_in_the_package_directory(built: Built, command: str, passes: bool) -> None:
    report = checked(built.root, run=command)
    assert bool(passed(report, "PKG702")) == passes
    assert bool(failed(report, "PKG702")) != passes


@needs_sandbox
def test_the_hosts_files_are_not_visible_in_the_empty_root(built: Built) -> None:
    report = checked(built.root, run="test ! -e /usr/lib && test ! -e /lib && test ! -e /lib64 && test ! -e /etc")
    assert passed(report, "PKG702")


@needs_sandbox
def test_the_package_cannot_be_written_by_what_runs_in_it(built: Built) -> None:
    before = sorted(p.name for p in built.root.iterdir())
    checked(built.root, run="touch /backend/evil; true")
    assert sorted(p.name for p in built.root.iterdir()) == before


def test_where_the_host_forbids_sandboxes_every_proof_is_unknown(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newbackend.package.sandbox.roots._works", lambda argv: False)
    report = checked(built.root, smoke=True, cpu_run="nehalem")
    assert {f.rule.id for f in missing_proofs(report)} == {"PKG702", "PKG704"}
    assert all(f.status is Status.UNKNOWN for f in report.findings)
    assert report.backends[0].status is Status.UNKNOWN


def test_nothing_runs_where_it_is_forbidden(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden() -> Sandbox:
        raise AssertionError("a sandbox was looked for")

    monkeypatch.setattr("newbackend.package.proofs.run.find_sandbox", forbidden)
    monkeypatch.setattr("newbackend.package.script.recorder.find_sandbox", forbidden)
    report = checked(built.root, no_run=True)
    reasons = {c.rule.id: c.reason for c in report.checked if c.rule.id.startswith("PKG7")}
    assert reasons == dict.fromkeys(("PKG701", "PKG702", "PKG703", "PKG704"), "not asked for")


def test_chroot_in_a_user_namespace_serves_where_bubblewrap_is_missing(
    built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("grpc", reason="Health is called with grpcio")
    real = shutil.which
    monkeypatch.setattr("newbackend.package.sandbox.roots.shutil.which", lambda n: None if n == "bwrap" else real(n))
    if not isinstance(find_sandbox(), Sandbox):
        pytest.skip(f"no user namespaces: {find_sandbox()}")
    (run,) = passed(checked(built.root, smoke=True), "PKG702")
    assert "chroot in a user namespace" in run.reason


@needs_sandbox
def test_run_sh_is_started_by_the_kernel_and_so_is_what_it_starts(built: Built) -> None:
    pytest.importorskip("grpc", reason="Health is called with grpcio")
    built.script(SPELLINGS["exec env"].replace("#!/bin/bash", "#!/usr/bin/env bash"))
    assert passed(checked(built.root, smoke=True), "PKG702")


@needs_sandbox
def test_a_missing_bit_on_run_sh_is_repaired_as_localai_does_it(built: Built) -> None:
    pytest.importorskip("grpc", reason="Health is called with grpcio")
    built.run.chmod(0o644)
    assert passed(checked(built.root, smoke=True), "PKG702")
    assert built.run.stat().st_mode & 0o111 == 0


@needs_sandbox
def test_a_run_sh_without_an_interpreter_is_not_helped_by_a_shell(built: Built) -> None:
    built.script(built.run.read_text("utf-8").replace("#!/bin/bash\n", ""))
    (finding,) = failed(checked(built.root, smoke=True), "PKG702")
    assert "exec format error" in finding.message


@needs_sandbox
@pytest.mark.parametrize("name", ["exec env", "helper script"])
def test_a_start_in_disguise_is_no_start_in_the_hosts_root(built: Built, name: str) -> None:
    write(built, name)
    (built.lib / "libm.so.6").unlink()
    (built.lib / "libc.so.6").unlink()
    assert failed(checked(built.root, smoke=True), "PKG702")


@needs_bwrap
def test_a_host_libc_package_runs_on_a_copy_in_the_hosts_root(built: Built) -> None:
    pytest.importorskip("grpc", reason="Health is called with grpcio")
    built.host_libc()
    (run,) = passed(checked(built.root, smoke=True), "PKG702")
    assert "root /, package at /tmp/backend" in run.reason


@needs_bwrap
def test_a_run_root_is_used_and_named(built: Built) -> None:
    pytest.importorskip("grpc", reason="Health is called with grpcio")
    built.host_libc()
    (run,) = passed(checked(built.root, run_root=Path("/")), "PKG703")
    assert "root /" in run.reason


@needs_bwrap
def test_a_run_root_that_is_none_is_unknown(built: Built, tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    (tmp_path / "proc").symlink_to("/proc")  # as `debootstrap --foreign` leaves it
    (finding,) = missing_proofs(checked(built.root, run_root=tmp_path))
    assert (finding.rule.id, "no root file system" in finding.message) == ("PKG703", True)


@needs_sandbox
@needs_qemu
def test_a_baseline_build_starts_on_an_old_cpu(built: Built) -> None:
    pytest.importorskip("grpc", reason="Health is called with grpcio")
    (run,) = passed(checked(built.root, cpu_run="nehalem"), "PKG704")
    assert "-cpu Nehalem-v1" in run.reason


@needs_sandbox
@needs_qemu
def test_avx2_without_dispatch_ends_with_an_illegal_instruction_on_an_old_cpu(built: Built) -> None:
    break_by("AVX2 without dispatch", built)
    (finding,) = failed(checked(built.root, cpu_run="nehalem"), "PKG704")
    assert "illegal instruction" in finding.message
    if passed(checked(built.root, cpu_run="haswell"), "PKG704") == []:
        pytest.fail("the same package does not start on Haswell either")


@needs_sandbox
@pytest.mark.parametrize("model", ["x86-64-v4", "Skylake-avx512"])
def test_a_cpu_that_cannot_be_emulated_is_unknown(built: Built, model: str) -> None:
    (finding,) = missing_proofs(checked(built.root, cpu_run=model))
    assert "no AVX-512" in finding.message


def test_a_cpu_that_nobody_knows_is_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no CPU model 'pentium'") as caught:
        checked(tmp_path / "nothing is read", cpu_run="pentium")
    assert "nehalem" in caught.value.hint


@pytest.fixture(scope="session")
def old_root() -> Path:
    """The root of an old distribution: the one that NEWBACKEND_OLD_ROOT names, else Debian 11 made by
    debootstrap, kept in .cache for the next run. Skips where neither is to be had."""
    given = os.environ.get("NEWBACKEND_OLD_ROOT")
    if given:
        return Path(given)
    if shutil.which("debootstrap") is None or os.geteuid() != 0:
        pytest.skip("an old root needs debootstrap and root")
    root = Path(__file__).parents[2] / ".cache/bullseye"
    if (root / "made").exists():
        return root
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    command = ["debootstrap", "--foreign", "--variant=minbase", "bullseye", str(root)]  # unpacked is enough
    try:
        made = subprocess.run(command, capture_output=True, text=True, timeout=420, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("debootstrap did not finish within seven minutes")
    if made.returncode != 0:
        pytest.skip(f"debootstrap failed: {(made.stdout + made.stderr).strip().splitlines()[-1:]}")
    if (root / "proc").is_symlink():
        (root / "proc").unlink()
        (root / "proc").mkdir()
    (root / "made").touch()
    return root


@needs_bwrap
def test_an_old_distribution_decides_about_a_host_libc_package(built: Built, old_root: Path) -> None:
    break_by("newer glibc than the target", built)
    (finding,) = failed(checked(built.root, run_root=old_root), "PKG703")
    assert "GLIBC_2.36' not found" in finding.message
