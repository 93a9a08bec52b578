"""`newbackend describe`, and its way back through `create --answers`, as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.runner import create_python, newbackend
from conftest import tree
from describe.round_trip import facts_of

from newbackend.answers import as_data
from newbackend.answers_file import load_answers
from newbackend.checkout.layout import open_checkout


def test_yaml_goes_to_stdout_and_json_says_the_same(sample: Path, tmp_path: Path) -> None:
    yaml = newbackend("describe", "goquill", "--repo", sample)
    assert (yaml.status, yaml.err) == (0, "")
    file = tmp_path / "a.yml"
    file.write_text(yaml.out)
    said = newbackend("describe", "goquill", "--format", "json", "--repo", sample)
    assert json.loads(said.out) == as_data(load_answers(file))


def test_guesses_are_notes_above_the_answers(sample: Path) -> None:
    index = sample / "backend/index.yaml"
    index.write_text(index.read_text().replace("- sound-classification", "- of-no-known-kind"))
    (sample / "core/config/backend_capabilities.go").unlink()
    server = sample / "backend/cpp/cppreed/grpc-server.cpp"
    server.write_text(server.read_text().replace("SoundDetection(", "Listen("))
    result = newbackend("describe", "cppreed", "--repo", sample)
    assert "# Note: modalities: nothing here says what it serves, llm is assumed.\n" in result.out


@pytest.mark.parametrize("name", ["pywhistle", "goquill", "cppreed", "rustlark"])
def test_what_was_removed_comes_back_by_its_answers(sample: Path, tmp_path: Path, name: str) -> None:
    before = facts_of(open_checkout(sample))
    files = {path: data for path, data in tree(sample).items() if f"/{name}/" in path}
    answers = tmp_path / "answers.yml"
    answers.write_text(newbackend("describe", name, "--repo", sample).out)

    same = newbackend("create", "--answers", answers, "--no-input", "--yes", "--repo", sample)
    assert (same.status, "nothing to do" in same.out) == (0, True), same.err

    gone = newbackend("remove", name, "--keep-files", "--yes", "--repo", sample)
    assert gone.status == 0, gone.err
    assert not [fact for fact in facts_of(open_checkout(sample)) if fact[1] == name]

    words: list[str | Path] = [
        "create",
        name,
        "--answers",
        answers,
        "--no-input",
        "--yes",
        "--allow-dirty",
        "--repo",
        sample,
    ]
    back = newbackend(*words)
    assert back.status == 0, back.err
    assert facts_of(open_checkout(sample)) == before
    assert {path: data for path, data in tree(sample).items() if f"/{name}/" in path} == files


def test_an_unknown_backend_is_exit_3(sample: Path) -> None:
    result = newbackend("describe", "nobody", "--repo", sample)
    assert result.status == 3
    assert "knows no backend 'nobody'" in result.error()


def test_like_lends_its_registration_and_refuses_another_language(sample: Path) -> None:
    words: list[str | Path] = [
        "create",
        "echo4",
        "--like",
        "pywhistle",
        "--no-input",
        "--dry-run",
        "--format",
        "json",
        "--repo",
        sample,
    ]
    result = newbackend(*words)
    assert result.status == 0, result.err
    answers = json.loads(result.out)["answers"]
    sibling = json.loads(newbackend("describe", "pywhistle", "--format", "json", "--repo", sample).out)
    assert {key: answers[key] for key in ("lang", "variants", "tags")} == {
        key: sibling[key] for key in ("lang", "variants", "tags")
    }
    other = newbackend(*words, "--lang", "go")
    assert other.status == 2
    assert "--like pywhistle is a python backend" in json.loads(other.out)["message"]


def test_remove_names_hand_edited_files_before_they_go(sample: Path) -> None:
    create_python(sample, "echo4")
    path = sample / "backend/python/echo4/engine.py"
    path.write_text(path.read_text() + "# mine\n")
    result = newbackend("remove", "echo4", "--yes", "--allow-dirty", "--repo", sample)
    assert result.status == 0, result.err
    assert "backend/python/echo4/engine.py was edited since it was generated" in result.out
    deleted = [line.split()[-1] for line in result.out.splitlines() if " delete " in line]
    assert deleted[0] == "backend/python/echo4/engine.py"
    assert not path.exists()


def test_remove_refuses_what_others_build_upon(sample: Path) -> None:
    before = tree(sample)
    result = newbackend("remove", "cppanvil", "--yes", "--repo", sample)
    assert result.status == 2
    assert "neo-cppanvil is built upon 'cppanvil'" in result.error()
    assert tree(sample) == before
