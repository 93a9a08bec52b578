"""With `--format json` an error is one JSON document on standard output, with the documented exit status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli.runner import create_python, newbackend
from conftest import git

from newbackend.catalog import variant_table
from newbackend.catalog.languages import languages
from newbackend.cli import failure
from newbackend.cli import main as cli
from newbackend.cli.verbs import VERBS
from newbackend.errors import Exit, UsageError

KEYS = ["schema", "code", "message", "where", "hint", "choices"]
CREATE = ("create", "ds4", "--lang", "cpp", "--no-input")


def refused(*words: str | Path, status: int = Exit.USAGE) -> dict[str, Any]:
    """The error of a run with `--format json`; nothing else is on either stream."""
    result = newbackend(*words)
    assert (result.status, result.err) == (status, "")
    error: dict[str, Any] = json.loads(result.out)
    assert list(error) == KEYS
    assert error["schema"] == "newbackend/error/1"
    return error


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((*CREATE, "--pin", "nonsense"), "pin-form"),
        ((*CREATE[:2], "--lang", "perl", "--no-input"), "lang-unknown"),
        ((*CREATE, "--variants", "tpu"), "variant-unknown"),
        ((*CREATE, "--variants", "intel"), "variant-impossible"),
        ((*CREATE, "--set", "colour=red"), "answers-unknown-key"),
        ((*CREATE[:2], "--no-input"), "lang-missing"),
        (CREATE, "not-confirmed"),
        (("verify", "--fail-on", "often"), "fail-on-unknown"),
    ],
)
def test_an_error_is_json_with_its_code(sample: Path, words: tuple[str, ...], code: str) -> None:
    assert refused(*words, "--repo", sample, "--format", "json")["code"] == code


def test_what_is_not_found_is_status_three(tmp_path: Path, sample: Path) -> None:
    error = refused("list", "--repo", tmp_path / "none", "--format=json", status=Exit.NOT_FOUND)
    assert (error["code"], error["where"]) == ("repo-missing", str(tmp_path / "none"))
    unknown = refused("describe", "nobody", "--repo", sample, "--format", "json", status=Exit.NOT_FOUND)
    assert unknown["hint"] == "`newbackend list` names them all"


def test_known_values_are_choices(sample: Path) -> None:
    def choices(*words: str) -> Any:
        return refused(*words, "--repo", sample, "--format", "json")["choices"]

    assert choices("create", "ds4", "--lang", "perl", "--no-input") == list(languages())
    assert choices(*CREATE, "--variants", "tpu") == list(variant_table().variants)
    assert "llm" in choices(*CREATE, "--modality", "smell")
    assert "name" in choices(*CREATE, "--set", "colour=red")
    assert choices("verify", "--fail-on", "often") == ["error", "warning", "never"]
    assert choices(*CREATE, "--pin", "nonsense") == []


@pytest.mark.parametrize(
    ("words", "nearest"),
    [
        ((*CREATE[:2], "--lang", "golang", "--no-input"), "go"),
        ((*CREATE, "--variants", "cuda-12"), "cuda12"),
        ((*CREATE, "--modality", "text-to-speech"), "tts"),
        ((*CREATE, "--set", "licence=MIT"), "license"),
        (("create", "my_engine", "--lang", "go", "--no-input"), "my-engine"),
        (("verify", "--format", "json", "--fail-on", "errors"), "error"),
    ],
)
def test_what_was_meant_is_the_first_choice_and_in_the_hint(sample: Path, words: tuple[str, ...], nearest: str) -> None:
    error = refused(*words, "--repo", sample, "--format", "json")
    assert error["choices"][0] == nearest
    assert nearest in error["hint"]


def test_a_shallow_clone_is_only_blamed_when_it_is_one(sample: Path, tmp_path: Path) -> None:
    git(sample, "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-q", "--allow-empty", "-m", "second")
    git(sample, "clone", "-q", "--depth", "1", f"file://{sample}", str(tmp_path / "shallow"))
    shallow = newbackend("verify", "--base", "HEAD~1", "--repo", tmp_path / "shallow")
    assert (shallow.status, "shallow clone" in shallow.error()) == (Exit.NOT_FOUND, True)
    full = newbackend("verify", "--base", "main~1", "--repo", sample)
    assert full.status == Exit.NOT_FOUND
    assert "shallow" not in full.error()
    assert "did you mean master~1?" in full.error()


@pytest.mark.parametrize(
    "words", [("no-such-verb",), ("create", "--no-such-option"), ("describe",)], ids=["verb", "option", "argument"]
)
def test_a_line_that_cannot_be_parsed_is_json_too(words: tuple[str, ...]) -> None:
    for form in (("--format", "json"), ("--format=json",)):
        error = refused(*words, *form)
        assert error["code"] == "usage"
        assert error["hint"].startswith("see `newbackend")
    assert refused("no-such-verb", "--format=json")["choices"] == list(VERBS)


def test_a_format_that_there_is_not_is_text() -> None:
    result = newbackend("list", "--format", "xml")
    assert result.out == ""
    assert result.error() == "newbackend: error: --format 'xml' is not one of text, json"


def test_text_stays_one_sentence_on_standard_error(sample: Path) -> None:
    result = newbackend("create", "--no-such-option", "--repo", sample)
    assert result.out == ""
    assert result.error() == "newbackend: error: No such option: --no-such-option (see `newbackend create --help`)"


def test_a_change_that_cannot_be_written_leaves_one_document(sample: Path) -> None:
    """The plan is printed after it is written: what fails on the way takes its place."""
    create_python(sample, "pynew")
    makefile = sample / "Makefile"
    makefile.write_text(makefile.read_text() + "# edited\n")
    words = ("create", "pyother", "--lang", "python", "--no-input", "--yes", "--repo", sample, "--format", "json")
    assert "uncommitted" in refused(*words)["message"]
    assert refused("remove", "pynew", "--repo", sample, "--format", "json")["code"] == "not-confirmed"


@pytest.mark.parametrize(
    ("words", "json_"),
    [
        (["list", "--format", "json"], True),
        (["list", "--format=json"], True),
        (["list", "--format", "text"], False),
        (["list"], False),
        (["route", "--", "--format", "json"], False),
        (["--format"], False),
    ],
)
def test_the_format_is_told_from_the_words(words: list[str], json_: bool) -> None:
    assert failure.wants_json(words) is json_


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (KeyboardInterrupt(), "stopped", Exit.USAGE),
        (ZeroDivisionError("division by zero"), "internal", Exit.USAGE),
        (OSError(28, "No space left on device", "/full"), "no-room", Exit.USAGE),
        (UsageError("some-code", "will not do"), "some-code", Exit.USAGE),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
def test_whatever_stops_a_run_is_json(
    error: BaseException, code: str, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_: list[str]) -> None:
        raise error

    monkeypatch.delenv(failure.DEBUG, raising=False)
    monkeypatch.setattr(cli, "run", broken)
    with pytest.raises(SystemExit) as stopped:
        cli.main(["list", "--format", "json"])
    assert stopped.value.code == status
    out, err = capsys.readouterr()
    assert (json.loads(out)["code"], err) == (code, "")
