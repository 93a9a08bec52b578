"""The answers file refuses what it does not know."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newbackend.answers import Answers, PinAnswers, as_data, merge, value_at, with_value
from newbackend.answers_file import dump_answers, load_answers, parse_answers, parse_set
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
        ("options: {native_march: 'no'}\n", "answers-wrong-type"),
        ("docs: {in_house: always}\n", "answers-wrong-type"),
        ("pin: {sha: [a]}\n", "answers-wrong-type"),
        ("os_excluded: {windows: never}\n", "answers-unknown-key"),
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
    assert caught.value.code == reference
    assert str(file) in caught.value.sentence()
    assert "\n" not in caught.value.sentence()


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        load_answers(tmp_path / "none.yml")


def test_set_reaches_into_mappings_and_lists() -> None:
    found = parse_set(["pin.branch=dev", "variants=cpu,cuda12", "description=a: b # c", "options.native_march=true"])
    assert as_data(found) == {
        "pin": {"branch": "dev"},
        "variants": ["cpu", "cuda12"],
        "description": "a: b # c",
        "options": {"native_march": True},
    }


@pytest.mark.parametrize("key", ["cpu_variants", "bundle_libs"])
def test_a_list_among_the_options_is_set_with_commas_or_as_yaml(key: str) -> None:
    for value in ("avx,avx2", "avx, avx2", "[avx, avx2]"):
        assert as_data(parse_set([f"options.{key}={value}"])) == {"options": {key: ["avx", "avx2"]}}
    assert as_data(parse_set([f"options.{key}="])) == {"options": {key: []}}


@pytest.mark.parametrize("pair", ["nothing", "=x", "colour=red", "pin.colour=red", "name.first=x"])
def test_a_set_that_cannot_be_is_refused(pair: str) -> None:
    with pytest.raises(UsageError):
        parse_set([pair])


def test_later_layers_win_and_mappings_merge() -> None:
    below, above = Answers(pin=PinAnswers(repo="a/b"), lang="go"), Answers(pin=PinAnswers(sha="1"))
    assert merge(below, above) == Answers(pin=PinAnswers(repo="a/b", sha="1"), lang="go")
    merged = merge(Answers(overrides={"variants": {}}), Answers(overrides={"places": {}}))
    assert merged.overrides == {"variants": {}, "places": {}}


def test_an_empty_answer_wins_and_a_missing_one_does_not() -> None:
    assert merge(Answers(license="MIT", tags=("a",)), Answers(license="", tags=())) == Answers(license="", tags=())
    assert merge(Answers(license="MIT"), Answers()) == Answers(license="MIT")


def test_a_dotted_path_reads_and_replaces_one_answer() -> None:
    answers = with_value(Answers(name="x"), "import.kind", "importer")
    assert (value_at(answers, "import.kind"), value_at(answers, "import.of"), value_at(answers, "pin")) == (
        "importer", None, None,
    )  # fmt: skip
    assert as_data(answers) == {"name": "x", "import": {"kind": "importer"}}
    assert value_at(with_value(answers, "name", None), "name") is None


_WORDS = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=60)


@given(_WORDS, st.lists(_WORDS, max_size=4))
def test_what_is_dumped_reads_back_the_same(description: str, tags: list[str]) -> None:
    answers = Answers(description=description, tags=tuple(tags))
    assert parse_answers(dump_answers(answers), "here") == answers


def _levels(first: str, row: str, count: int) -> str:
    return first + "".join(row.format(n=n, before=n - 1) for n in range(1, count))


@pytest.mark.parametrize(
    "text",
    [
        _levels("x0: &x0 [x, x, x, x]\n", "x{n}: &x{n} [*x{before}, *x{before}, *x{before}]\n", 40),
        _levels("x0: &x0 {a: 1}\n", "x{n}: &x{n} {{<<: [*x{before}, *x{before}]}}\n", 40),
        "description: &x [*x]\n",
        "[" * 100_000,
        "# " + "x" * 300_000,
    ],
    ids=["bomb", "merges", "cycle", "deep", "long"],
)
def test_an_answers_file_of_a_stranger_cannot_fill_memory_or_time(text: str) -> None:
    """A generated backend in a checkout carries one."""
    with pytest.raises(UsageError) as refused:
        parse_answers(text, "answers.yml")
    assert refused.value.code == "answers-not-yaml"


def test_an_emoji_that_json_escapes_is_one_character() -> None:
    assert parse_answers('{"description": "\\ud83d\\ude00"}', "x").description == "\U0001f600"
    with pytest.raises(UsageError, match="is not plain YAML"):
        parse_answers('{"description": "\\ud83d"}', "x")
