"""One start in many spellings: a good package has no finding, and a removed library is seen, with a sandbox or without.

spellings.txt holds them: `=== name`, run.sh, and for some `--- path` with a second file. Each of them works.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from newbackend.findings import Finding, Report, Status
from newbackend.package import PackageOptions, check_package, missing_proofs
from newbackend.package.sandbox import Sandbox, find_sandbox
from package.workshop import Built

needs_sandbox = pytest.mark.skipif(not isinstance(find_sandbox(), Sandbox), reason="no sandbox here")
SPELLINGS = dict(
    block.split("\n", 1) for block in Path(__file__).with_name("spellings.txt").read_text("utf-8").split("=== ")[1:]
)
MODES = [pytest.param(False, id="sandbox", marks=needs_sandbox), pytest.param(True, id="text")]


def write(built: Built, name: str) -> None:
    script, *more = SPELLINGS[name].split("--- ")
    built.script(script)
    for path, text in (each.split("\n", 1) for each in more):
        place = built.root / path
        place.parent.mkdir(exist_ok=True)
        place.write_text(text, "utf-8")
        place.chmod(0o755)


def checked(built: Built, *, no_run: bool) -> Report:
    return check_package(built.root, options=PackageOptions(no_run=no_run))


def failed(report: Report) -> list[Finding]:
    return [f for f in report.findings if f.status is Status.FAIL]


@pytest.mark.parametrize("no_run", MODES)
@pytest.mark.parametrize("name", SPELLINGS)
def test_a_good_package_has_no_finding(built: Built, name: str, no_run: bool) -> None:
    write(built, name)
    report = checked(built, no_run=no_run)
    assert [f.message for f in failed(report)] == []
    assert (report.layout["kind"], report.layout["loader"]) == ("loader", "lib/ld.so")
    assert missing_proofs(report) == ()
    start = report.layout["start"]
    assert isinstance(start, dict)
    if no_run:
        assert start["how"] in ("text", "unknown")
        assert [f.rule.id for f in report.findings] == (["PKG111"] if start["how"] == "unknown" else [])
    else:
        assert start["how"] == "sandbox"
        assert report.layout["library_path"] == ["lib"]
        assert report.layout["roots"] == ["server"]


@pytest.mark.parametrize("no_run", MODES)
@pytest.mark.parametrize("name", SPELLINGS)
def test_a_removed_library_is_seen(built: Built, name: str, no_run: bool) -> None:
    write(built, name)
    built.foo.unlink()
    assert [(f.rule.id, f.subject) for f in failed(checked(built, no_run=no_run))] == [("PKG101", "libfoo.so.1")]


@pytest.mark.parametrize("no_run", MODES)
@pytest.mark.parametrize("name", ["plain", "exec env", "eval", "helper script"])
def test_a_removed_part_of_glibc_is_seen(built: Built, name: str, no_run: bool) -> None:
    write(built, name)
    (built.lib / "libc.so.6").unlink()
    report = checked(built, no_run=no_run)
    assert "PKG103" in {f.rule.id for f in failed(report)}
