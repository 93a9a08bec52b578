"""Loader, host-libc or static: from run.sh and the files, overridable."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from newbackend.errors import UsageError
from newbackend.package import Layout, PackageOptions, check_package
from package.workshop import Built, gcc


def kind(built: Built, layout: Layout = Layout.AUTO) -> object:
    return check_package(built.root, options=PackageOptions(layout=layout)).layout["kind"]


def test_a_run_sh_that_starts_through_a_loader_is_the_loader_layout(built: Built) -> None:
    assert kind(built) == "loader"


def test_it_stays_the_loader_layout_when_the_loader_was_forgotten(built: Built) -> None:
    (built.lib / "ld.so").unlink()
    assert kind(built) == "loader"


def test_a_loader_in_the_package_root_is_found(built: Built) -> None:
    (built.lib / "ld.so").rename(built.root / "ld.so")
    built.script(built.run.read_text().replace("/lib/ld.so", "/ld.so"))
    report = check_package(built.root, options=PackageOptions())
    assert (report.layout["loader"], report.findings) == ("ld.so", ())


def test_without_a_loader_it_is_the_hosts_libc(built: Built) -> None:
    built.host_libc()
    report = check_package(built.root, options=PackageOptions())
    assert report.layout["kind"] == "host-libc"
    assert report.findings == ()


def test_a_python_backend_is_the_hosts_libc(tmp_path: Path) -> None:
    text = "#!/bin/bash\nbackend_dir=$(dirname $0)\nsource $backend_dir/common/libbackend.sh\nstartBackend $@\n"
    (tmp_path / "run.sh").write_text(text)
    (tmp_path / "run.sh").chmod(0o755)
    report = check_package(tmp_path, options=PackageOptions())
    assert (report.layout["kind"], report.findings) == ("host-libc", ())


def test_a_static_program_is_the_static_layout_and_has_no_finding(built: Built) -> None:
    root = built.root.parent / "static"
    try:
        gcc(root / "server", "int main(void) { return 0; }", "-static")
    except AssertionError:
        pytest.skip("no static libc to link against")
    script = Built(root)
    script.script('#!/bin/bash\nCURDIR=$(dirname "$(realpath "$0")")\nexec "$CURDIR"/server "$@"\n')
    report = check_package(root, options=PackageOptions())
    assert (report.layout["kind"], report.findings) == ("static", ())


def test_a_static_program_may_do_without_the_loader_that_run_sh_prefers(built: Built) -> None:
    shutil.rmtree(built.lib)
    gcc(built.server, "int main(void) { return 0; }\n", "-static")
    report = check_package(built.root, options=PackageOptions())
    assert (report.layout["kind"], report.findings) == ("static", ())


def test_a_static_program_does_not_excuse_a_loader_that_is_always_used(built: Built) -> None:
    shutil.rmtree(built.lib)
    gcc(built.server, "int main(void) { return 0; }\n", "-static")
    built.script('#!/bin/bash\nexec "$(dirname "$0")"/lib/ld.so "$(dirname "$0")"/server "$@"\n')
    assert kind(built) == "loader"


def test_the_callers_word_wins(built: Built) -> None:
    assert kind(built, Layout.HOST_LIBC) == "host-libc"


def test_a_wrong_target_is_refused_before_any_work(built: Built) -> None:
    with pytest.raises(UsageError, match="no target"):
        check_package(built.root, options=PackageOptions(target="beos"))
