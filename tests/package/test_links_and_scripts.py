"""PKG107 and PKG003: which link of a chain is to blame, and which scripts nobody starts."""

from __future__ import annotations

from pathlib import Path

from newbackend.findings import Finding
from newbackend.package import Layout, PackageOptions, check_package
from package.workshop import Built, library


def findings(root: Path, rule: str, layout: Layout = Layout.HOST_LIBC) -> list[Finding]:
    report = check_package(root, options=PackageOptions(layout=layout))
    return [finding for finding in report.findings if finding.rule.id == rule]


def checked(built: Built) -> tuple[Finding, ...]:
    return check_package(built.root, options=PackageOptions()).findings


def package(root: Path) -> Path:
    (root / "venv/bin").mkdir(parents=True)
    run = root / "run.sh"
    run.write_text("#!/bin/bash\nsource $(dirname $0)/common/libbackend.sh\nstartBackend $@\n")
    run.chmod(0o755)
    return root


def test_only_the_last_link_of_a_chain_is_to_blame(tmp_path: Path) -> None:
    tools = package(tmp_path) / "venv/bin"
    (tools / "python").symlink_to("python3")
    (tools / "python3").symlink_to("python3.11")
    (tools / "python3.11").symlink_to("/usr/local/bin/python3.11")
    assert [f.path for f in findings(tmp_path, "PKG107")] == ["venv/bin/python3.11"]


def test_a_chain_that_ends_nowhere_is_reported_once(tmp_path: Path) -> None:
    tools = package(tmp_path) / "venv/bin"
    (tools / "libx.so").symlink_to("libx.so.1")
    (tools / "libx.so.1").symlink_to("libx.so.1.2")
    assert [f.path for f in findings(tmp_path, "PKG107")] == ["venv/bin/libx.so.1"]


def test_links_that_lead_to_one_another_are_each_reported(tmp_path: Path) -> None:
    tools = package(tmp_path) / "venv/bin"
    (tools / "a.so").symlink_to("b.so")
    (tools / "b.so").symlink_to("a.so")
    (tools / "c.so").symlink_to("c.so")
    assert {f.path for f in findings(tmp_path, "PKG107")} == {"venv/bin/a.so", "venv/bin/b.so", "venv/bin/c.so"}


def test_modules_of_python_are_imported_and_may_name_any_interpreter(tmp_path: Path) -> None:
    package(tmp_path)
    for place in ("python/lib/python3.12/cgi.py", "venv/bin/tool"):
        file = tmp_path / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("#! /usr/local/bin/python\n")
        file.chmod(0o755)
    assert [f.path for f in findings(tmp_path, "PKG003")] == ["venv/bin/tool"]


def test_one_runpath_in_many_files_is_one_finding(built: Built) -> None:
    for number in range(5):
        library(built.lib / f"libx{number}.so", "int x;", "", "-Wl,-rpath,/home/ci/build/lib")
    found = [f for f in checked(built) if f.rule.id == "PKG108"]
    assert [f.message for f in found] == [
        "lib/libx0.so and 4 more files have RUNPATH /home/ci/build/lib, which is not relative to the file ($ORIGIN)"
    ]


def test_a_library_in_a_directory_that_is_not_searched_is_another_sentence(built: Built) -> None:
    (built.root / "more").mkdir()
    built.foo.rename(built.root / "more" / "libfoo.so.1.2")
    (built.root / "more" / "libfoo.so.1").symlink_to("libfoo.so.1.2")
    (found,) = checked(built)
    assert (found.rule.id, found.message) == (
        "PKG101",
        "server needs libfoo.so.1; more/libfoo.so.1 is not on its search path (lib)",
    )


def test_a_part_of_glibc_is_no_other_name_of_musls_libc(built: Built) -> None:
    stub = library(built.root.parent / "libc.so", "int musl_only;", "libc.so")
    source = "extern int musl_only; int *x = &musl_only;"
    library(built.lib / "libm.musl.so", source, "", "-nostdlib", libraries=[stub])
    assert {(f.rule.id, f.subject) for f in checked(built)} == {("PKG101", "libc.so")}
