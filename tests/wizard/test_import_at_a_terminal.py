"""The three ways into the import form, by keys, at two widths: the change, and a clean verify after it."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.runner import newbackend
from conftest import git
from specs import SHA

from newbackend.answers import ImportAnswers
from newbackend.answers_file import load_answers
from wizard.terminal import BACK, CTRL_C, DOWN, ENTER, ERASE, UP, Terminal

WORDS = ["create", "ds4", "--lang", "cpp", "--pin", f"antirez/ds4@{SHA}", "--variants", "cpu", "--modality", "llm"]
for _pair in (
    "flavour=self-contained",
    "like=neo-cppanvil",
    "description=d",
    "license=MIT",
    "tags=a",
    "models=[]",
    "docs.page=false",
):
    WORDS += ["--set", _pair]
KIND = "How does the import form find it?"
FOLDER = "core/gallery/importers"


def written(terminal: Terminal, root: Path, *hunks: str) -> list[str]:
    """Agrees to everything once these lines were shown; the paths under core/ that are new or changed,
    after a clean verify."""
    terminal.answers("Your answers:", ENTER)
    for hunk in hunks:
        terminal.sees(hunk)
    terminal.answers("files? [y/N]", "y", ENTER)
    terminal.sees("`newbackend undo` takes them back")
    assert terminal.ends() == 0
    result = newbackend("verify", "ds4", "--fail-on", "warning", cwd=root)
    assert result.status == 0, result.out
    status = git(root, "status", "--porcelain", "--untracked-files=all", "core")
    return sorted(line[3:] for line in status.splitlines() if not line.endswith("backend_capabilities.go"))


@pytest.fixture(params=[80, 40])
def terminal(importers: Path, request: pytest.FixtureRequest) -> Terminal:
    """A run that asks about the import form first."""
    return Terminal(*WORDS, cwd=importers, columns=request.param)


def test_by_hand(terminal: Terminal, importers: Path) -> None:
    terminal.sees("neo-cppanvil is found with the importer of cppanvil.")
    terminal.sees("» Chosen by hand")
    terminal.answers(KIND, ENTER)
    terminal.sees("Chosen by hand")
    assert written(terminal, importers, '+{Name: "ds4", Modality: "text"') == ["core/http/endpoints/localai/backend.go"]
    assert load_answers(importers / "backend/cpp/ds4/.newbackend.yml").imports is None


def test_as_a_drop_in(terminal: Terminal, importers: Path) -> None:
    terminal.sees(KIND)
    terminal.types(DOWN)
    terminal.sees("a name in its lists in core/gallery/importers")
    terminal.types(ENTER)
    terminal.sees("as for neo-cppanvil")
    terminal.answers("Whose models does it load?", ENTER)
    terminal.sees("With another bac")
    hunks = ('+{Name: "ds4", Modality: "text"', '+return b == i.Name() || b == "neo-cppanvil" || b == "ds4"')
    assert written(terminal, importers, *hunks) == [f"{FOLDER}/cppanvil.go", f"{FOLDER}/ds4_drop_in_test.go"]
    saved = load_answers(importers / "backend/cpp/ds4/.newbackend.yml")
    assert saved.imports == ImportAnswers(kind="drop-in", of="cppanvil")


def test_with_an_importer_of_its_own(terminal: Terminal, importers: Path) -> None:
    terminal.sees(KIND)
    terminal.types(UP)
    terminal.sees("core/gallery/importers/ds4.go")
    terminal.types(ENTER)
    terminal.answers("File extensions:", "ds4")
    terminal.sees("Each starts with a dot, as .abc")
    terminal.types(ERASE, ".anvil", ENTER)
    terminal.sees("Such files are also looked for by cppanvil.")
    terminal.sees("Pipeline tags:")
    terminal.types(BACK)
    terminal.answers("File extensions: .anvil", ERASE, ".ds4", ENTER)
    terminal.answers("Pipeline tags:", "text-generation", ENTER)
    terminal.sees("File extensions")
    terminal.sees(".ds4")
    paths = [f"{FOLDER}/ds4.go", f"{FOLDER}/ds4_test.go", f"{FOLDER}/importers.go"]
    assert written(terminal, importers, "+&Ds4Importer{},", "+type Ds4Importer struct{}", "DescribeTable(") == paths
    saved = load_answers(importers / "backend/cpp/ds4/.newbackend.yml")
    signals = ImportAnswers(kind="importer", extensions=(".ds4",), pipeline_tags=("text-generation",))
    assert saved.imports == signals


def test_an_interrupted_follow_up_is_asked_again(importers: Path) -> None:
    first = Terminal(*WORDS, cwd=importers)
    first.sees(KIND)
    first.types(DOWN, ENTER)
    first.answers("Whose models does it load?", CTRL_C)
    assert first.ends() == 2
    assert load_answers(importers / ".git/newbackend/wizard-ds4.yml").imports == ImportAnswers(kind="drop-in")
    second = Terminal(*WORDS, cwd=importers)
    second.answers("Go on with them? [Y/n]", ENTER)
    second.answers("Whose models does it load?", BACK)
    second.sees("» With another backend's importer")


def test_what_was_set_for_the_first_run_is_kept_for_the_second(importers: Path) -> None:
    first = Terminal(*WORDS, "--set", "import.modality=vision", cwd=importers)
    first.answers(KIND, ENTER)
    first.answers("Your answers:", CTRL_C)
    assert first.ends() == 2
    second = Terminal(*WORDS, cwd=importers)
    second.answers("Go on with them? [Y/n]", ENTER)
    second.answers("Your answers:", ENTER)
    second.sees('{Name: "ds4", Modality: "vision"')


def test_the_summary_asks_what_another_choice_needs(importers: Path) -> None:
    terminal = Terminal(*WORDS, cwd=importers)
    terminal.answers(KIND, ENTER)
    terminal.answers("Your answers:", UP, ENTER)
    terminal.sees("» Chosen by hand")
    terminal.types(DOWN, ENTER)
    terminal.answers("Whose models does it load?", BACK)
    terminal.sees("» With another backend's importer")
    terminal.types(ENTER)
    terminal.answers("Whose models does it load?", ENTER)
    terminal.sees("Whose models does it load? cppanvil")
    terminal.answers("Your answers:")
