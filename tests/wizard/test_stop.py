"""Ctrl-C, the end of input and a closed window at every question: one sentence, exit 2, nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import tree
from specs import SHA

from wizard.terminal import CTRL_C, CTRL_D, ENTER, Terminal

# Everything but one answer, so that this one is asked first.
GIVEN: dict[str, list[str]] = {
    "name": ["ds4"],
    "pin": ["--pin", f"antirez/ds4@{SHA}"],
    "lang": ["--lang", "cpp"],
    "flavour": ["--set", "flavour=self-contained"],
    "modalities": ["--modality", "llm"],
    "like": ["--set", "like="],
    "variants": ["--variants", "cpu"],
    "description": ["--set", "description=d"],
    "license": ["--set", "license=MIT"],
    "tags": ["--set", "tags=a"],
    "import.kind": ["--set", "import.kind=preference"],
    "models": ["--set", "models=[]"],
    "docs.page": ["--set", "docs.page=false"],
}
# What a question that only some answers lead to needs instead.
INSTEAD: dict[str, list[str]] = {
    "import.of": ["--set", "import.kind=drop-in"],
    "import.extensions": ["--set", "import.kind=importer"],
    "import.pipeline_tags": ["--set", "import.kind=importer", "--set", "import.extensions=[.abc]"],
}
PROMPTS = {
    "name": "Name of the backend",
    "pin": "Upstream project",
    "lang": "Language",
    "flavour": "Kind of backend",
    "modalities": "What does it serve?",
    "like": "Most like which backend?",
    "variants": "Which platforms?",
    "description": "Description",
    "license": "Licence",
    "tags": "Tags",
    "models": "Models to try it with",
    "docs.page": "A page in the documentation",
    "import.kind": "How does the import form find it?",
    "import.of": "Whose models does it load?",
    "import.extensions": "File extensions",
    "import.pipeline_tags": "Pipeline tags",
    "apply": "files? [y/N]",
    "hunk": "Take this hunk",
    "summary": "Your answers",
}


def asking(question: str, sample: Path, term: str) -> Terminal:
    """A run that waits at a question."""
    missing = "license" if question == "summary" else question
    given = GIVEN | {"import.kind": INSTEAD.get(question, GIVEN["import.kind"])}
    words = [word for key, row in given.items() if key != missing for word in row]
    review = ["--review"] if question == "hunk" else []
    terminal = Terminal("create", *words, *review, cwd=sample, env={"TERM": term})
    if question == "summary":
        terminal.answers("Licence", ENTER)
    terminal.sees(PROMPTS[question])
    return terminal


def stopped(terminal: Terminal, sample: Path, before: dict[str, tuple[int, bytes]]) -> None:
    """The run says one sentence, ends with 2, and the checkout is as it was."""
    assert terminal.ends() == 2
    lines = [line for line in terminal.screen.splitlines() if line.startswith("newbackend: ")]
    assert len(lines) == 1, terminal.screen
    assert "stopped; nothing was changed" in lines[0]
    assert "Traceback" not in terminal.screen
    kept = list((sample / ".git/newbackend").glob("wizard*"))
    assert bool(kept) is ("your answers are kept" in terminal.screen)
    assert tree(sample) == before


@pytest.mark.parametrize("term", ["xterm", "dumb"])
@pytest.mark.parametrize("key", [CTRL_C, CTRL_D], ids=["Ctrl-C", "end of input"])
@pytest.mark.parametrize("question", PROMPTS)
def test_stopping_with_a_key(sample: Path, question: str, key: str, term: str) -> None:
    before = tree(sample)
    terminal = asking(question, sample, term)
    terminal.types(key)
    stopped(terminal, sample, before)


@pytest.mark.parametrize("question", PROMPTS)
def test_closing_the_window(sample: Path, question: str) -> None:
    before = tree(sample)
    assert asking(question, sample, "xterm").is_closed() == 2
    assert tree(sample) == before


def test_closing_a_dumb_window(sample: Path) -> None:
    before = tree(sample)
    assert asking("name", sample, "dumb").is_closed() == 2
    assert tree(sample) == before
