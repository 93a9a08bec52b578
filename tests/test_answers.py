"""The answers file refuses what it does not know."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newbackend.answers import dump_answers, load_answers, merge, parse_set, parse_yaml
from newbackend.errors import NotFoundError, UsageError


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("nmae: ds4\n", "answers-unknown-key"),
        ("pin: {repository: a/b}\n", "answers-unknown-key"),
        ("variants: cpu\n", "answers-wrong-type"),
        ("name: [a]\n", "answers-wrong-type"),
        ("name: 4\n", "answers-wrong-type"),
        ("options: {cpu_variants: true}\n", "answers-wrong-type"),
        ("options: {bundle_libs: libnuma}\n", "answers-wrong-type"),
        ("- a\n", "answers-not-mapping"),
        ("name: !!python/object:os.system x\n", "answers-not-yaml"),
        ("name: !secret x\n", "answers-not-yaml"),
        ("name: 'unfinished\n", "answers-not-yaml"),
        ("name: a\nname: b\n", "answers-not-yaml"),
        ('description: "\\ud83d"\n', "answers-not-yaml"),
    ],
)
def test_a_bad_answers_file_is_one_sentence_with_its_place(tmp_path: Path, text: str, reference: str) -> None:
    file = tmp_path / "a.yml"
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        load_answers(file)
    assert caught.value.reference == reference
    assert str(file) in caught.value.sentence()
    assert "\n" not in caught.value.sentence()


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        load_answers(tmp_path / "none.yml")


def test_set_reaches_into_mappings_and_lists() -> None:
    found = parse_set(["pin.branch=dev", "variants=cpu,cuda12", "description=a: b # c", "options.native_march=true"])
    assert found == {
        "pin": {"branch": "dev"},
        "variants": ["cpu", "cuda12"],
        "description": "a: b # c",
        "options": {"native_march": True},
    }


@pytest.mark.parametrize("key", ["cpu_variants", "bundle_libs"])
def test_a_list_among_the_options_is_set_with_commas_or_as_yaml(key: str) -> None:
    for value in ("avx,avx2", "avx, avx2", "[avx, avx2]"):
        assert parse_set([f"options.{key}={value}"]) == {"options": {key: ["avx", "avx2"]}}


@pytest.mark.parametrize("pair", ["nothing", "=x", "colour=red", "pin.colour=red", "name.first=x"])
def test_a_set_that_cannot_be_is_refused(pair: str) -> None:
    with pytest.raises(UsageError):
        parse_set([pair])


def test_later_layers_win_and_mappings_merge() -> None:
    assert merge({"pin": {"repo": "a/b"}, "lang": "go"}, {"pin": {"sha": "1"}, "lang": None}) == {
        "pin": {"repo": "a/b", "sha": "1"},
        "lang": "go",
    }


_WORDS = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=60)


@given(_WORDS, st.lists(_WORDS, max_size=4))
def test_what_is_dumped_reads_back_the_same(description: str, tags: list[str]) -> None:
    answers = {"description": description, "tags": tags}
    assert parse_yaml(dump_answers(answers), "here") == answers
