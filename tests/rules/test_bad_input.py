"""Files nobody expects: one finding or one sentence each, no traceback, no hang, other rules still run."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from newbackend.checkout.layout import BUMP, INDEX, MAKEFILE, MATRIX
from newbackend.checkout.tree import Checkout
from newbackend.findings import Report, Severity, Status
from newbackend.rulebook import Rulebook
from newbackend.rules.context import Context
from newbackend.rules.registry import RULES, Result
from newbackend.rules.run import run, verify

FILTER = "scripts/lib/backend-filter.mjs"


def _break(root: Path, path: str, content: bytes) -> Report:
    (root / path).write_bytes(content)
    return verify(Checkout(root))


def _about(report: Report, path: str) -> list[tuple[str, str]]:
    return [(found.rule.id, found.status.value) for found in report.findings if found.path == path]


def _unknown(report: Report) -> set[str]:
    return {check.rule.id for check in report.checked if check.status is Status.UNKNOWN}


@pytest.mark.parametrize(
    ("path", "rule", "old", "new"),
    [
        (MATRIX, "REG100", "build-type: 'l4t'", "build-type: 'l4t"),
        (INDEX, "REG200", "- &goquill\n", "- &gotide\n"),
        (FILTER, "REG400", "return null;", "return (null;"),
        (BUMP, "REG500", 'branch: "master"', 'branch: "master'),
    ],
)
def test_a_syntax_error_is_one_finding_and_the_rules_behind_it_are_unknown(
    sample: Path, path: str, rule: str, old: str, new: str
) -> None:
    broken = (sample / path).read_text().replace(old, new, 1)

    report = _break(sample, path, broken.encode())

    assert [found for found in _about(report, path) if found[0] == rule] == _about(report, path)
    assert len(_about(report, path)) == 1
    assert _unknown(report)
    assert report.summary()["pass"] > 100, "the rules of the other places must still run"
    assert report.summary()["unknown"] > 0


def test_a_list_of_another_shape_is_unknown_and_not_a_defect(sample: Path) -> None:
    report = _break(sample, MATRIX, b"include: {}\n")

    assert ("REG100", "unknown") in _about(report, MATRIX)
    assert report.summary()["error"] == 0


@pytest.mark.parametrize("path", [MATRIX, INDEX, MAKEFILE, FILTER, BUMP])
@pytest.mark.parametrize("content", [b"\x7fELF\x02\x01\x00\xff\xfe", b"", b"\x00" * 4096, b"\xef\xbb\xbf"])
def test_a_binary_or_empty_file_is_said_once_and_stops_nothing(sample: Path, path: str, content: bytes) -> None:
    report = _break(sample, path, content)

    rule = {MATRIX: "REG100", INDEX: "REG200", MAKEFILE: "REG300", FILTER: "REG400", BUMP: "REG500"}[path]
    assert [found.status for found in report.findings if found.rule.id == rule] != []
    assert not any("itself failed" in found.message for found in report.findings)
    assert report.summary()["pass"] > 50


@pytest.mark.parametrize(
    ("path", "named"),
    [(MATRIX, MATRIX), (INDEX, INDEX), (BUMP, BUMP), (FILTER, "inferBackendPath"), (MAKEFILE, MAKEFILE)],
)
def test_a_missing_file_is_skipped_with_the_reason(sample: Path, path: str, named: str) -> None:
    (sample / path).unlink()
    report = verify(Checkout(sample))

    reasons = {check.reason for check in report.checked if check.status is not Status.PASS}
    assert any(named in reason for reason in reasons)
    assert not any("itself failed" in found.message for found in report.findings)


@pytest.mark.parametrize("path", ["backend/go/goquill/Makefile", "backend/python/pyecho/install.sh"])
def test_a_binary_file_in_a_backend_directory_is_a_sentence_and_not_a_crash(sample: Path, path: str) -> None:
    report = _break(sample, path, b"\xff\xfe\x00\x01" * 64)

    unknown = [found for found in report.findings if found.status is Status.UNKNOWN]
    assert unknown
    assert all("UTF-8" in found.message and found.path == path for found in unknown)


def test_an_alias_bomb_is_one_finding_and_no_hang(sample: Path) -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    bomb = "\n".join(levels) + "\ninclude:\n  - backend: demo\n    tag-suffix: '-cpu-demo'\n    extra: *a11\n"
    start = time.monotonic()

    report = _break(sample, MATRIX, bomb.encode())

    assert time.monotonic() - start < 20
    assert len(_about(report, MATRIX)) == 1
    assert _about(report, MATRIX)[0][0] == "REG100"


def test_five_thousand_rows_are_read_in_seconds(sample: Path) -> None:
    head = (sample / MATRIX).read_text().split("\nincludeDarwin:\n")
    row = (
        "  - build-type: ''\n    platforms: 'linux/amd64'\n    tag-latest: 'auto'\n    tag-suffix: '-cpu-many-{n}'\n"
        '    runs-on: \'ubuntu-latest\'\n    base-image: "ubuntu:24.04"\n    backend: "goquill"\n'
        '    dockerfile: "./backend/Dockerfile.golang"\n    context: "./"\n    ubuntu-version: \'2404\'\n'
    )
    many = "".join(row.replace("{n}", str(n)) for n in range(5_000))
    start = time.monotonic()

    report = _break(sample, MATRIX, (head[0] + "\n" + many + "includeDarwin:\n" + head[1]).encode())

    assert time.monotonic() - start < 60
    rules = {found.rule.id for found in report.findings if found.status is Status.FAIL}
    assert {"REG113", "REG203"} <= rules


@pytest.mark.parametrize(
    "rows",
    [
        "include:\n  - 1\n  - two\n  - null\n  - [three]\n  - backend: goquill\n",
        "include:\n  - backend: [a, b]\n    tag-suffix: {x: y}\n    dockerfile: 7\n    platforms: null\n",
        'include:\n  - backend: goquill\n    dockerfile: "./backend/Dockerfile.golang"\nincludeDarwin: 3\n',
    ],
)
def test_rows_of_a_shape_never_seen_make_findings_and_no_crash(sample: Path, rows: str) -> None:
    report = _break(sample, MATRIX, rows.encode())

    assert not any("itself failed" in found.message for found in report.findings), [
        found.message for found in report.findings if "itself failed" in found.message
    ]
    assert report.findings


@pytest.mark.parametrize(
    "entries",
    [
        '- name: "x"\n  capabilities: [a, b]\n',
        '- name: 7\n  uri: [1]\n  mirrors: "one"\n',
        '- &a\n  name: "goquill"\n  capabilities:\n    default: null\n    nvidia: {a: b}\n- !!merge <<: *a\n  uri: 3\n',
        '- just text\n- 5\n- name: "y"\n',
    ],
)
def test_gallery_entries_of_a_shape_never_seen_make_findings_and_no_crash(sample: Path, entries: str) -> None:
    report = _break(sample, INDEX, entries.encode())

    assert not any("itself failed" in found.message for found in report.findings), [
        found.message for found in report.findings if "itself failed" in found.message
    ]


def test_a_crashing_rule_is_unknown_and_the_others_go_on(sample: Path) -> None:
    book: Rulebook[Context, Iterable[Result]] = Rulebook("REG")
    rule = book.rule("REG199", "always-crashes", Severity.ERROR, what="w", why="y", how="h")

    @book.check(rule)
    def crash(_: Context) -> Iterable[Result]:
        raise RuntimeError("boom")

    results = run(Context(Checkout(sample)), [*book.checks, *RULES.checks])

    mine = [finding for finding in results.findings if finding.rule is rule]
    assert [finding.status for finding in mine] == [Status.UNKNOWN]
    assert "boom" in mine[0].message
    assert len(results.checked) > 100


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("backend/go/goquill/package.sh", "#!/bin/bash\n//a/b\ncp //x //y\n"),  # two slashes lead nowhere else
        ("backend/go/goquill/Makefile", "\n" * 60_000),
        ("backend/go/goquill/run.sh", "#!/bin/bash\n" + "\n" * 60_000),
        ("backend/Dockerfile.golang", "FROM scratch\n" + "\n" * 60_000),
        ("backend/backend.proto", "\n" * 60_000),
    ],
)
def test_what_is_hard_to_read_ends(sample: Path, path: str, content: str) -> None:
    """Paths without a parent, and lines that each pattern would begin at anew."""
    before = time.process_time()
    _break(sample, path, content.encode())
    assert time.process_time() - before < 10
