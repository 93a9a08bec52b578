"""What was in a new user's way: each in a real terminal, at the sizes that people have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import git
from specs import SHA

from newbackend.answers_file import load_answers
from wizard.terminal import DOWN, ENTER, ERASE, SPACE, UP, Terminal

PIN = f"antirez/ds4@{SHA}"
ESCAPE, SHIFT_TAB, BACKSPACE = "\x1b", "\x1b[Z", "\x7f"
SIZES = [(100, 30), (80, 24), (40, 15)]
REST = "The other questions:"


def settings(*answers: str) -> list[str]:
    """The options that give these answers."""
    return [word for answer in answers for word in ("--set", answer)]


def pasted(text: str) -> str:
    """What a terminal sends for a paste."""
    return f"\x1b[200~{text}\x1b[201~"


def visible(terminal: Terminal, rows: int) -> str:
    """What stands on the screen, without what has scrolled off it."""
    return "\n".join(terminal.screen.splitlines()[-rows:])


def many_backends(root: Path, count: int) -> None:
    """Gives the sample so many more Python backends in its matrix that no screen has room for all."""
    file = root / ".github/backend-matrix.yml"
    text = file.read_text()
    block = next(
        block for block in re.findall(r"(?m)^  - .*\n(?:    .*\n)+", text) if re.search(r"backend: .pywhistle.", block)
    )
    copies = "".join(block.replace("pywhistle", f"pyextra{number:02d}") for number in range(count))
    file.write_text(text.replace(block, block + copies, 1))


@pytest.mark.parametrize("key", [ESCAPE, SHIFT_TAB], ids=["Esc", "Shift-Tab"])
def test_going_back_works_in_a_field_that_holds_text(sample: Path, key: str) -> None:
    terminal = Terminal("create", "--pin", PIN, cwd=sample)
    terminal.sees("Name of the backend: ds4")
    terminal.types("x", key)
    terminal.sees("! this is the first question")


def test_the_hint_below_a_field_says_how_to_go_back_where_there_is_a_question_before(sample: Path) -> None:
    terminal = Terminal("create", cwd=sample)
    terminal.answers("Upstream project:")
    assert "Esc goes back" not in terminal.screen
    terminal.types(ENTER)
    terminal.sees("Name of the backend:")
    terminal.sees("Esc goes back")


def test_less_than_is_a_character_once_something_is_typed(sample: Path) -> None:
    words = ["create", "new", "--pin", PIN, "--lang", "rust", "--modality", "llm", "--variants", "cpu"]
    words += settings("like=", "license=MIT", "tags=a", "import.kind=preference", "models=[]", "docs.page=false")
    terminal = Terminal(*words, cwd=sample)
    terminal.answers("Description: new", ERASE, "faster", " < ", "others", ENTER)
    terminal.sees("faster < others")


def test_no_menu_calls_its_hint_a_description(sample: Path) -> None:
    terminal = Terminal("create", "new", "--pin", PIN, cwd=sample)
    terminal.sees("backend/python/new/, the shared backend/Dockerfile.python")
    assert "Description" not in terminal.screen


def test_flavours_are_said_in_words(sample: Path) -> None:
    terminal = Terminal("create", "new", "--pin", PIN, "--lang", "go", "--modality", "llm", cwd=sample)
    terminal.answers(REST, ENTER)
    terminal.sees("» Pure Go, no native library")
    terminal.sees("Go over a C or C++ library, no cgo")
    terminal.types(DOWN)
    terminal.sees("its functions are bound from the header")
    terminal.types(DOWN)
    terminal.sees("a library that CMake builds and purego loads at run time")


@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_a_long_menu_leaves_its_explanation_on_the_screen(sample: Path, columns: int, rows: int) -> None:
    many_backends(sample, 40)
    words = ["create", "new", "--pin", PIN, "--lang", "python", "--modality", "llm"]
    terminal = Terminal(*words, cwd=sample, columns=columns, rows=rows)
    terminal.answers(REST, ENTER)
    terminal.sees("Most like which backend?")
    terminal.sees("» none")
    terminal.types(*[DOWN] * 30)
    terminal.sees("» pyextra")
    shown = " ".join(visible(terminal, rows).split())
    assert "Its rows are placed next to that one's, and the same platforms are proposed." in shown
    assert "serves" in shown, "the effect of the choice stays too"
    assert max(map(len, terminal.screen.splitlines())) <= columns


@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_no_question_is_higher_than_the_screen(sample: Path, columns: int, rows: int) -> None:
    terminal = Terminal("create", "--pin", PIN, cwd=sample, columns=columns, rows=rows)
    explanations = {
        "Name of the backend: ds4": "What users install it by",
        "Language:": "What the gRPC server itself is",
        "What does it serve?": "The calls that the server answers.",
        REST: "They are about the registration",
        "Most like which backend?": "Its rows are placed next to",
        "Which platforms?": "Each platform is an image that CI",
        "Description: ds4": "What users read before they install",
        "Licence:": "The licence of what is shipped",
        "Tags:": "What the gallery can be searched by",
        "Models to try it with:": "Models of the gallery that users",
        "A page in the documentation:": "get their line anyway",
        "How does the import form find it?": "When somebody imports a model",
        "Your answers:": "Choose one to change it.",
    }
    for prompt, explanation in explanations.items():
        terminal.sees(prompt)
        shown = " ".join(visible(terminal, rows).split())
        assert explanation in shown, f"{prompt} has pushed its explanation away:\n{visible(terminal, rows)}"
        terminal.answers(prompt, ENTER)


def test_a_menu_is_filtered_by_typing_and_nothing_else_is_taken_by_accident(sample: Path) -> None:
    many_backends(sample, 12)
    terminal = Terminal("create", "new", "--pin", PIN, "--lang", "python", "--modality", "llm", cwd=sample)
    terminal.answers(REST, ENTER)
    terminal.answers("Most like which backend? (arrows, Enter; type to filter)", "zzz")
    terminal.sees("! nothing here has 'zzz' in it; Backspace erases")
    terminal.types(ENTER, *[BACKSPACE] * 3, "extra07", ENTER)
    terminal.sees("Which platforms?")
    assert "Most like which backend? pyextra07" in terminal.screen


@pytest.mark.parametrize("lines", ["one\ntwo", "one\r\ntwo\r\n", "  one\n\n\ttwo"])
def test_several_pasted_lines_become_one(sample: Path, lines: str) -> None:
    words = ["create", "new", "--pin", PIN, "--lang", "rust", "--modality", "llm", "--variants", "cpu"]
    words += settings("like=", "license=MIT", "import.kind=preference", "models=[]", "docs.page=false")
    terminal = Terminal(*words, cwd=sample)
    terminal.answers("Description: new", ERASE, pasted(lines), "!", BACKSPACE, ENTER)
    terminal.answers("Tags:", ERASE, pasted(lines), ENTER)
    terminal.sees("Description one two")
    terminal.sees("Tags one, two")


def test_a_wrong_answer_is_said_right_below_the_field(sample: Path) -> None:
    terminal = Terminal("create", "--pin", PIN, cwd=sample, columns=60, rows=30)
    terminal.answers("Name of the backend: ds4", ERASE, "Cuda")
    terminal.sees("may only have lower-case")
    rows = terminal.screen.splitlines()
    field = next(at for at, row in enumerate(rows) if "Name of the backend: Cuda" in row)
    assert rows[field + 1].startswith("  ! backend name 'Cuda'")
    assert " ".join(" ".join(rows[field + 1 : field + 4]).split()).endswith("single hyphens inside"), (
        "none of it is cut"
    )


def test_a_network_failure_says_what_can_be_typed_here(sample: Path) -> None:
    terminal = Terminal("create", cwd=sample)
    terminal.answers("Upstream project:", "acme/absent", ENTER)
    seen = terminal.answers("Upstream project: acme/absent")
    assert "type the commit too, as OWNER/REPO@<40 hex digits>, or leave it empty" in " ".join(seen.split())
    assert "--pin" not in terminal.screen


def test_an_abbreviated_commit_is_asked_for_in_full(sample: Path) -> None:
    terminal = Terminal("create", cwd=sample)
    terminal.answers("Upstream project:", "acme/absent@ae302c2", ENTER)
    terminal.sees("! acme/absent@ae302c2: an abbreviated commit cannot be pinned; type all 40 digits of the commit")
    assert "--pin" not in terminal.screen


def test_an_upstream_without_a_default_branch_asks_for_one_here(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / "git/acme/empty"
    bare.mkdir(parents=True)
    git(bare, "init", "--quiet", "--bare")
    monkeypatch.setenv("NEWBACKEND_GIT_BASE", (tmp_path / "git").as_uri())
    terminal = Terminal("create", cwd=sample)
    terminal.answers("Upstream project:", "acme/empty", ENTER)
    terminal.sees("! acme/empty names no default branch; type a branch too, as OWNER/REPO@BRANCH")
    assert "--pin" not in terminal.screen


def test_going_back_to_the_upstream_keeps_what_was_typed_and_its_branch(sample: Path, upstream: str) -> None:
    terminal = Terminal("create", "new", "--lang", "rust", "--modality", "llm", cwd=sample)
    terminal.answers("Upstream project:", "acme/Fast-TTS.cpp", ENTER)
    terminal.sees(REST)
    terminal.types(ESCAPE)
    terminal.sees("Upstream project: acme/Fast-TTS.cpp")
    assert upstream not in terminal.screen
    terminal.types(ENTER)
    terminal.sees(REST)
    terminal.types(DOWN, ENTER)
    terminal.answers("Your answers:", ENTER)
    terminal.answers("files? [y/N]", "y", ENTER)
    assert terminal.ends() == 0
    pin = load_answers(sample / "backend/rust/new/.newbackend.yml").pin
    assert pin is not None
    assert (pin.sha, pin.branch) == (upstream, "trunk")


def test_a_free_name_is_offered_when_the_repositorys_is_taken_and_why(sample: Path) -> None:
    terminal = Terminal("create", "--pin", f"acme/pywhistle@{SHA}", cwd=sample)
    terminal.answers("Name of the backend: acme-pywhistle")
    assert "Not pywhistle: there is a backend 'pywhistle' already in backend/python/pywhistle." in " ".join(
        terminal.screen.split()
    )


def test_a_free_name_is_offered_when_the_repositorys_is_read_as_hardware(sample: Path) -> None:
    terminal = Terminal("create", "--pin", f"acme/voice-cuda@{SHA}", cwd=sample)
    terminal.answers("Name of the backend: voice")
    assert "Not voice-cuda: contains 'cuda', which LocalAI reads as hardware" in " ".join(terminal.screen.split())


def test_an_unknown_licence_is_questioned_once(sample: Path) -> None:
    words = ["create", "new", "--pin", PIN, "--lang", "rust", "--modality", "llm", "--variants", "cpu"]
    words += settings("like=", "description=d", "import.kind=preference", "models=[]", "docs.page=false")
    terminal = Terminal(*words, cwd=sample, columns=100)
    terminal.answers("Licence:", "apache2", ENTER)
    terminal.sees("! the SPDX list has no licence 'apache2' (did you mean Apache-2.0?). Enter again keeps it.")
    terminal.types(ENTER)
    terminal.answers("Tags: text-to-text, LLM", ", <b>x</b>", ENTER)
    terminal.sees("! the tag '<b>x</b>' has markup, which the gallery prints as text. Enter again keeps it.")
    terminal.types(ENTER)
    terminal.answers("Your answers:", ENTER)
    terminal.sees("files? [y/N]")
    assert "SPDX list" not in terminal.screen.rpartition("Your answers:")[2], "and not a second time"


def test_a_plain_terminal_is_asked_about_an_odd_answer_once_too(sample: Path) -> None:
    words = ["create", "new", "--pin", PIN, "--lang", "rust", "--modality", "llm", "--variants", "cpu"]
    words += settings("like=", "description=d", "tags=a", "import.kind=preference", "models=[]", "docs.page=false")
    terminal = Terminal(*words, cwd=sample, env={"TERM": "dumb"})
    terminal.answers("Licence:", "apache2", ENTER)
    terminal.answers("(did you mean Apache-2.0?). The same again keeps it. Licence:", "apache2", ENTER)
    terminal.sees("Your answers")


def test_the_rest_is_taken_as_proposed(sample: Path) -> None:
    terminal = Terminal("create", cwd=sample)
    terminal.answers("Upstream project:", PIN, ENTER)
    terminal.answers("Name of the backend: ds4", ENTER)
    terminal.answers("Language:", DOWN, ENTER)
    terminal.answers("What does it serve?", ENTER)
    terminal.answers(REST, DOWN, ENTER)
    seen = terminal.answers("Your answers:")
    assert "Which platforms?" not in seen, "nothing else is asked"
    terminal.sees("Which platforms? CPU")
    terminal.sees("Tags text-to-text, LLM")
    terminal.types(*[DOWN] * 2, ENTER)
    terminal.answers("Name of the backend: ds4", "x", ENTER)
    terminal.answers("Your answers:", ENTER)
    terminal.answers("files? [y/N]", "y", ENTER)
    assert terminal.ends() == 0
    assert "?? backend/go/ds4x/" in git(sample, "status", "--porcelain")


def test_going_back_from_the_short_way_asks_what_came_before_it(sample: Path) -> None:
    terminal = Terminal("create", "ds4", "--pin", PIN, "--lang", "rust", cwd=sample)
    terminal.answers("What does it serve?", ENTER)
    terminal.sees(REST)
    terminal.types(ESCAPE)
    terminal.sees("● Text generation")
    terminal.types(ENTER)
    terminal.sees(REST)


def test_what_is_not_offered_says_why_and_cannot_be_chosen(sample: Path) -> None:
    words = ["create", "new", "--pin", PIN, "--lang", "rust", "--modality", "llm", "--set", "like="]
    terminal = Terminal(*words, cwd=sample)
    terminal.answers(REST, ENTER)
    terminal.sees("- macOS on Apple Silicon (not offered)")
    terminal.types(UP)
    terminal.sees("LocalAI has no build-darwin-rust-backend make target")
    terminal.types(SPACE, ENTER)
    terminal.sees("Description:")
    assert "Which platforms? CPU\n" in terminal.screen


def test_a_reason_names_the_other_kind_as_its_menu_does(sample: Path) -> None:
    words = ["create", "new", "--lang", "go", "--modality", "llm", "--set", "like=", "--set", "flavour=pure"]
    terminal = Terminal(*words, "--pin", PIN, cwd=sample, columns=120)
    terminal.answers(REST, ENTER)
    terminal.answers("Which platforms?", "vulkan")
    terminal.sees('as its kind of backend choose "Go over a C or C++ library, no cgo"')
    assert "--set" not in terminal.screen


def test_a_narrow_menu_still_marks_what_is_not_offered(sample: Path) -> None:
    words = ["create", "new", "--lang", "cpp", "--modality", "llm"]
    terminal = Terminal(*words, cwd=sample, columns=40, rows=15)
    terminal.answers("Upstream project:", ENTER)
    terminal.answers(REST, ENTER)
    terminal.sees("- A llama.cpp fork be… (not offered)")


def test_a_plain_terminal_lists_what_is_not_offered(sample: Path) -> None:
    words = ["create", "new", "--pin", PIN, "--lang", "rust", "--modality", "llm", "--set", "like="]
    terminal = Terminal(*words, cwd=sample, env={"TERM": "dumb"})
    terminal.answers(REST.removesuffix(":"), ENTER)
    seen = terminal.answers("Which platforms?", "metal", ENTER)
    assert "macOS on Apple Silicon (not offered): LocalAI has no build-darwin" in " ".join(seen.split())
    terminal.sees("! at least one number from 1 to 1, please")


def test_hints_are_in_the_terminals_own_colour(sample: Path) -> None:
    terminal = Terminal("create", "new", "--pin", PIN, cwd=sample)
    terminal.sees("» Python")
    assert not re.search(r"\x1b\[(?:[0-9;]*;)?(?:9[0-7]|2)[;m]", terminal.raw), "neither bright black nor dim"
