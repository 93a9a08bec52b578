"""A path filter that cannot be run: every verb goes on without it, soon, and says so with file and line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.runner import Result, newbackend

SCRIPT = "scripts/lib/backend-filter.mjs"
HEAD = "export function inferBackendPath(item) {"
CREATE = ("create", "ds4", "--lang", "cpp", "--variants", "cpu", "--no-input")
BODIES = {
    "endless": ("for (;;) {}", "did not end within 2 s"),
    "recursive": ("return inferBackendPath(item);", "call stack"),
    "greedy": ("return 'x'.repeat(1 << 28).repeat(64);", "out of memory"),
    "native": ("[].reverse.call({length: 2 ** 53 - 1});", "did not end within 2 s"),
    "hostile": ("throw {toString() { for (;;) {} }};", "did not end within 2 s"),
}


# One that the time limit ends, and one that ends by itself. `verify` is asked with all of them.
OFTEN = pytest.mark.parametrize("broken", ["endless", "recursive"], indirect=True)


@pytest.fixture(params=BODIES)
def broken(request: pytest.FixtureRequest, sample: Path) -> tuple[Path, str, int]:
    """A checkout whose filter cannot be run, why, and the line of the function."""
    body, why = BODIES[request.param]
    script = sample / SCRIPT
    text = script.read_text()
    assert HEAD in text
    script.write_text(text.replace(HEAD, f"{HEAD} {body}"))
    return sample, why, text[: text.index(HEAD)].count("\n") + 1


def quick(*words: str | Path) -> Result:
    """A run that waits for the filter once. Processor time is counted, for the machine may be busy: a second
    wait of 2 s would show."""
    result = newbackend(*words)
    assert result.seconds < 4.5
    assert "internal error" not in result.err
    return result


@OFTEN
def test_create_leaves_the_branch_to_a_person(broken: tuple[Path, str, int]) -> None:
    root, why, line = broken
    result = quick(*CREATE, "--dry-run", "--format", "json", "--repo", root)
    assert result.status == 0, result.err
    manual = [item for item in json.loads(result.out)["manual"] if item["path"] == SCRIPT]
    assert [(item["line"], why in item["reason"]) for item in manual] == [(line, True)]
    assert "backend/cpp/ds4/" in manual[0]["snippet"]


def test_verify_reports_it_with_its_line(broken: tuple[Path, str, int]) -> None:
    root, why, line = broken
    result = quick("verify", "--all", "--format", "json", "--repo", root)
    findings = [finding for finding in json.loads(result.out)["findings"] if finding["path"] == SCRIPT]
    assert [(finding["rule"], finding["line"]) for finding in findings if why in finding["message"]] == [
        ("REG400", line)
    ]


@OFTEN
def test_list_answers_all_the_same(broken: tuple[Path, str, int]) -> None:
    root, _, _ = broken
    assert quick("list", "--repo", root).status == 0


LIES = {
    "no JSON": "JSON.stringify = () => 'no JSON';",
    "deep": "JSON.stringify = () => '['.repeat(100000);",
    "number": "JSON.stringify = () => '5';",
    "null": "JSON.stringify = () => 'null';",
    "empty": "JSON.stringify = () => '[]';",
    "texts": 'JSON.stringify = () => \'["a", "b"]\';',
    "object": "JSON.stringify = () => '{\"length\": 3}';",
    "far": "JSON.stringify = () => '[[[99999999], []]]';",
    "nothing": "JSON.stringify = () => undefined;",
    "filter": "filterMatrix = () => ({filtered: [null], filteredDarwin: [1]});",
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_an_answer_of_another_form_is_none(sample: Path, lie: str) -> None:
    script = sample / SCRIPT
    script.write_text(f"{script.read_text()}\n{lie}\n")
    for words in (
        ("verify", "--all"),
        ("list",),
        ("route", "Makefile"),
        (*CREATE, "--dry-run"),
        ("remove", "cppreed", "--dry-run"),
    ):
        result = newbackend(*words, "--repo", sample)
        assert "internal error" not in result.err, (words, result.err)
        assert "Traceback" not in result.err, (words, result.err)
