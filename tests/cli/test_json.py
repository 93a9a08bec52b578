"""Every verb prints JSON: one document on standard output, of the shape that `newbackend schema` says."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
from cli.json_runs import RUNS, JsonRun
from conftest import git
from jsonschema import Draft202012Validator

from newbackend.cli.main import main
from newbackend.cli.verbs import VERBS
from newbackend.schema.registry import SCHEMAS, schema

HEADER = "int engine_open(const char *path);\nconst char *engine_version(void);\n"


def commands() -> Iterator[tuple[str, Any]]:
    """Every command with its words: `verify`, `package check`."""
    for name, verb in VERBS.items():
        command = typer.main.get_command(import_module(f"newbackend.cli.{verb.module}").app)
        inner = getattr(command, "commands", None)
        if inner is None:
            yield name, command
        else:
            yield from ((f"{name} {word}", one) for word, one in inner.items())


COMMANDS = dict(commands())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_verb_takes_the_format_json(name: str) -> None:
    formats = [option for option in COMMANDS[name].params if "--format" in option.opts]
    assert formats, f"`newbackend {name}` has no --format: every verb prints JSON for agents (cli/common.FormatOption)"
    assert "json" in str(formats[0].metavar).split("|")


def test_every_verb_is_in_the_table() -> None:
    missing = sorted(COMMANDS.keys() - RUNS.keys())
    assert not missing, f"add a run with --format json to tests/cli/json_runs.py for {', '.join(missing)}"
    assert RUNS.keys() <= COMMANDS.keys()


@pytest.fixture
def files(tmp_path: Path, sample: Path) -> Path:
    """What the runs need beside a checkout: a plan, a package, an engine's repository."""
    folder = tmp_path / "files"
    engine = folder / "engine"
    engine.mkdir(parents=True)
    (engine / "engine.h").write_text(HEADER)
    git(engine, "init", "-q")
    git(engine, "add", ".")
    git(engine, "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "engine")
    git(folder, "init", "-q", "--bare", "fork.git")
    git(sample, "remote", "add", "fork", str(folder / "fork.git"))
    shutil.copytree(sample / "backend", folder / "gallery", ignore=lambda _, names: set(names) - {"index.yaml"})
    (folder / "package").mkdir()
    (folder / "package" / "run.sh").write_text("#!/bin/sh\nexec ./server\n")
    return folder


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, files: Path) -> Run:
    """Runs the command in this process, outside of any checkout: exit status, standard output, standard error."""

    def call(*words: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stopped:
            main([str(word) for word in words])
        said = capsys.readouterr()
        return int(stopped.value.code or 0), said.out, said.err

    monkeypatch.chdir(files)
    monkeypatch.setattr("newbackend.proposal.propose.find_gh", lambda *_: None)
    return call


CASES = [(name, case) for name, cases in RUNS.items() for case in cases]


@pytest.mark.parametrize(("name", "case"), CASES, ids=[case.words for _, case in CASES])
def test_a_run_prints_one_document_of_its_shape(name: str, case: JsonRun, sample: Path, files: Path, run: Run) -> None:
    repo = ["--repo", sample] if any("--repo" in option.opts for option in COMMANDS[name].params) else []
    if name == "apply":
        words = ["create", "oak", "--lang", "go", "--no-input", "--dry-run", "--plan-out", files / "plan.json"]
        assert run(*words, *repo)[0] == 0
    status, out, err = run(*case.words.format(files=files).split(), *repo, "--format", "json")
    assert status == case.status, out + err
    assert "{" not in err, "JSON belongs on standard output"
    document = json.loads(out)
    if case.schema != "answers":
        assert document["schema"].startswith("newbackend/")
    if case.schema:
        Draft202012Validator(closed(schema(case.schema))).validate(document)


def closed(shape: Any) -> Any:
    """The schema, with a key that it does not declare as an error."""
    if isinstance(shape, list):
        return [closed(part) for part in shape]
    if not isinstance(shape, dict):
        return shape
    inside = {key: closed(value) for key, value in shape.items()}
    if isinstance(shape.get("properties"), dict) and "additionalProperties" not in shape and "required" in shape:
        return {**inside, "additionalProperties": False}
    return inside


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one_of_the_draft_and_the_verb_prints_it(name: str, run: Run) -> None:
    printed = json.loads(run("schema", name)[1])
    assert printed == schema(name)
    Draft202012Validator.check_schema(printed)
    assert {case.schema for _, case in CASES} >= {name}, f"no run in tests/cli/json_runs.py proves the schema {name}"


def test_the_schemas_in_the_docs_are_those_of_the_types() -> None:
    from newbackend.schema.registry import schema_text

    folder = Path(__file__).resolve().parents[2] / "docs" / "schema"
    written = {file.stem: file.read_text(encoding="utf-8") for file in folder.glob("*.json")}
    assert written == {name: schema_text(name) for name in SCHEMAS}, "run `make docs`"


def test_the_schemas_are_in_the_wheel() -> None:
    import newbackend as installed

    folder = Path(installed.__file__).parent / "_schema"
    assert {file.stem for file in folder.glob("*.json")} == set(SCHEMAS)
