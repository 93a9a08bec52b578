"""What is odd about valid answers is said, and nothing that is right."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.runner import newbackend

from newbackend.answers import Answers, ImportAnswers
from newbackend.doubts import doubts, license_doubt, pipeline_doubt, tags_doubt


@pytest.mark.parametrize(
    "expression",
    [
        "", "MIT", "mit", "apache-2.0", "GPL-3.0+", "LicenseRef-lfm", "MIT OR Apache-2.0",
        "GPL-2.0-only WITH Classpath-exception-2.0", "CC-BY-NC-4.0",
    ],
)  # fmt: skip
def test_a_licence_of_the_spdx_list_is_not_doubted(expression: str) -> None:
    assert license_doubt(expression) == ""


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("apache2", "'apache2' (did you mean Apache-2.0?)"),
        ("MIT OR GPL-3", "'GPL-3' (did you mean GPL-3.0?)"),
        ("mixed", "'mixed'"),
    ],
)
def test_an_unknown_licence_is_named_with_the_nearest(expression: str, says: str) -> None:
    assert license_doubt(expression) == f"the SPDX list has no licence {says}"


@pytest.mark.parametrize("tag", ["<b>x</b>", "[x](https://x)", "`x`", "**x**", "&amp;", "# x"])
def test_markup_in_a_tag_is_named(tag: str) -> None:
    assert repr(tag) in tags_doubt(("LLM", tag))


def test_plain_tags_are_not_doubted() -> None:
    assert tags_doubt(("LLM", "c++", "text-to-speech", "a_b__c", "R&D", "<3", "3 < 4", "C#")) == ""


def test_an_unknown_pipeline_tag_is_named_with_the_nearest() -> None:
    assert pipeline_doubt(("text-to-speech", "any-to-any")) == ""
    assert "did you mean text-to-speech?" in pipeline_doubt(("text-to-speach",))


def test_every_doubt_has_the_key_of_its_answer() -> None:
    imports = ImportAnswers(kind="importer", pipeline_tags=("smelling",))
    found = doubts(Answers(license="mixed", tags=("`x`",), imports=imports))
    assert set(found) == {"license", "tags", "import.pipeline_tags"}


def test_a_change_notes_an_odd_answer_too(sample: Path) -> None:
    words = ["change", "pyecho", "--license", "apache2", "--dry-run", "--format", "json"]
    result = newbackend(*words, cwd=sample)
    assert result.status == 0
    assert "note: license: the SPDX list has no licence 'apache2'" in result.err


def test_without_questions_an_odd_answer_is_a_note_and_no_refusal(sample: Path) -> None:
    words = [
        "create",
        "new",
        "--lang",
        "rust",
        "--modality",
        "llm",
        "--set",
        "license=apache2",
        "--no-input",
        "--dry-run",
    ]
    result = newbackend(*words, cwd=sample)
    assert result.status == 0
    assert "license: the SPDX list has no licence 'apache2' (did you mean Apache-2.0?)" in result.err
