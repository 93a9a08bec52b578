"""Shell completion: what is offered, in three real shells, and how fast."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest
from cli.runner import newbackend

from newbackend.catalog import variant_table
from newbackend.catalog.languages import flavour_titles, languages
from newbackend.checkout.layout import open_checkout
from newbackend.cli.completion import rule_ids
from newbackend.cli.verbs import VERBS
from newbackend.registrations.matrix.place import Matrix
from newbackend.rulebooks import all_rules

BUDGET_RATIO = 2.0


def offered(*words: str, cwd: Path) -> list[str]:
    """What bash would offer for the last of the words."""
    env = {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1), "_NEWBACKEND_COMPLETE": "complete_bash"}
    result = newbackend(cwd=cwd, env=env)
    assert result.status == 0, result.err
    return result.out.split()


def test_verbs_and_their_options_are_offered(sample: Path) -> None:
    assert offered("newbackend", "", cwd=sample) == list(VERBS)
    assert offered("newbackend", "re", cwd=sample) == [verb for verb in VERBS if verb.startswith("re")]
    assert "--version" in offered("newbackend", "--", cwd=sample)
    create = offered("newbackend", "create", "--", cwd=sample)
    assert {"--lang", "--pin", "--like", "--review", "--repo"} <= set(create)
    assert "--install-completion" not in create
    assert "--install-completion" not in newbackend("create", "--help").out


def test_backend_names_come_from_the_checkout(sample: Path, tmp_path: Path) -> None:
    known = {fact.backend for fact in Matrix().observe(open_checkout(sample))}
    assert set(offered("newbackend", "verify", "--repo", str(sample), "", cwd=tmp_path)) == known
    assert offered("newbackend", "verify", "cppa", cwd=sample / "backend") == ["cppanvil"]
    assert offered("newbackend", "create", "--like", "gotid", cwd=sample) == ["gotide"]
    assert offered("newbackend", "remove", "--repo", str(sample), "cppr", cwd=tmp_path) == ["cppreed"]
    assert offered("newbackend", "verify", "", cwd=tmp_path) == [], "outside of a checkout there are none"
    assert offered("newbackend", "create", "cpp", cwd=sample) == [], "a new name is nobody's"


def test_lists_with_commas_go_on(sample: Path) -> None:
    assert offered("newbackend", "create", "--variants", "", cwd=sample) == list(variant_table().variants)
    assert offered("newbackend", "create", "--variants", "cuda12,cu", cwd=sample) == ["cuda12,cuda13"]
    assert offered("newbackend", "create", "--modality", "llm,to", cwd=sample) == [
        "llm,tokenize",
        "llm,token-classification",
    ]


def test_words_that_an_option_names_are_its_values(sample: Path) -> None:
    assert offered("newbackend", "create", "--lang", "", cwd=sample) == ["python", "go", "cpp", "rust"]
    assert offered("newbackend", "verify", "--format", "s", cwd=sample) == ["sarif"]
    assert offered("newbackend", "create", "--format", "", cwd=sample) == ["text", "json"]


def test_answers_are_offered_for_their_options(sample: Path) -> None:
    assert offered("newbackend", "create", "--lang", "go", "--flavour", "", cwd=sample) == ["pure", "capi", "purego"]
    assert "Apache-2.0" in offered("newbackend", "create", "--license", "A", cwd=sample)
    assert offered("newbackend", "create", "--tags", "TTS,text-to-s", cwd=sample) == ["TTS,text-to-speech"]
    assert offered("newbackend", "create", "--import", "", cwd=sample) == [
        "preference",
        "importer",
        "drop-in",
        "none",
    ]
    assert offered("newbackend", "create", "--import-of", "gotid", cwd=sample) == ["gotide"]


def test_flavours_are_those_of_the_languages() -> None:
    for key, language in languages().items():
        assert flavour_titles(key) == {id_: flavour.title for id_, flavour in language.flavours.items()}


def test_rules_are_those_of_the_registry() -> None:
    assert dict(rule_ids()) == {rule.id: rule.name for rule in all_rules().values()}


def test_a_path_is_left_to_the_shell(sample: Path) -> None:
    assert offered("newbackend", "create", "--answers", "", cwd=sample) == []


@pytest.mark.parametrize(
    "words",
    [("",), ("verify", "cpp"), ("create", "--variants", "c"), ("create", "--flavour", "p"), ("rule", "REG4")],
    ids=" ".join,
)
def test_an_answer_takes_less_than_a_blink(sample: Path, words: tuple[str, ...]) -> None:
    """The processor's time, the best of five, by that of Typer's import: a test machine has other things to do."""
    path = os.pathsep.join(entry for entry in sys.path if entry)
    env = {
        **os.environ,
        "PYTHONPATH": path,
        "COMP_WORDS": " ".join(("newbackend", *words)),
        "COMP_CWORD": str(len(words)),
        "_NEWBACKEND_COMPLETE": "complete_bash",
    }
    spent: dict[str, list[float]] = {"answer": [], "typer": []}
    for _ in range(5):
        for what, command in (("answer", ("-m", "newbackend")), ("typer", ("-c", "import typer.main"))):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, *command], env=env, cwd=sample, check=True, stdout=subprocess.DEVNULL)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent[what].append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(spent["answer"]) <= BUDGET_RATIO * min(spent["typer"]), spent


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_named_shell_gets_its_own_script(shell: str) -> None:
    result = newbackend("--show-completion", shell)
    assert result.status == 0
    marks = {"bash": "complete -o default", "zsh": "#compdef newbackend", "fish": "complete --command newbackend"}
    assert [name for name, mark in marks.items() if mark in result.out] == [shell]


def test_a_shell_without_completion_is_exit_2() -> None:
    result = newbackend("--show-completion", "tcsh")
    assert result.status == 2
    assert "only for bash, zsh, fish" in result.error()


@pytest.mark.parametrize(
    ("shell", "file"),
    [
        ("bash", ".bash_completions/newbackend.sh"),
        ("zsh", ".zfunc/_newbackend"),
        ("fish", ".config/fish/completions/newbackend.fish"),
    ],
)
def test_installing_writes_the_script_where_the_shell_looks(tmp_path: Path, shell: str, file: str) -> None:
    result = newbackend("--install-completion", shell, env={"HOME": str(tmp_path)})
    assert result.status == 0, result.err
    assert str(tmp_path / file) in result.err
    assert (tmp_path / file).read_text().strip() == newbackend("--show-completion", shell).out.strip()


def test_a_home_that_cannot_be_written_is_exit_2(tmp_path: Path) -> None:
    (tmp_path / ".bash_completions").write_text("a file")
    result = newbackend("--install-completion", "bash", env={"HOME": str(tmp_path)})
    assert result.status == 2
    assert "cannot be written" in result.error()


@pytest.fixture
def with_program(tmp_path: Path) -> dict[str, str]:
    """An environment in which `newbackend` is a command."""
    folder = tmp_path / "bin"
    folder.mkdir()
    path = os.pathsep.join(entry for entry in sys.path if entry)
    program = folder / "newbackend"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{path}" exec "{sys.executable}" -m newbackend "$@"\n')
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "TERM": "xterm"}


def needs(shell: str) -> str:
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"{shell} is not installed")
    return found


def test_in_bash(sample: Path, with_program: dict[str, str]) -> None:
    code = (
        'eval "$(newbackend --show-completion bash)"; COMP_WORDS=(newbackend verify cppa); COMP_CWORD=2; '
        '_newbackend_completion newbackend; echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        [needs("bash"), "--norc", "-c", code], env=with_program, cwd=sample, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["cppanvil"]


def test_in_fish(sample: Path, with_program: dict[str, str]) -> None:
    code = (
        'newbackend --show-completion fish | source; complete -C "newbackend verify cppa"; complete -C "newbackend und"'
    )
    done = subprocess.run(
        [needs("fish"), "--no-config", "-c", code],
        env=with_program,
        cwd=sample,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["cppanvil", "undo\tTake back the last apply."]


def test_in_zsh(sample: Path, with_program: dict[str, str]) -> None:
    child = pexpect.spawn(
        needs("zsh"), ["-f"], env={**with_program, "PS1": "% "}, cwd=str(sample), encoding="utf-8", timeout=30
    )
    child.sendline('autoload -Uz compinit; compinit -u -D; eval "$(newbackend --show-completion zsh)"; echo REA""DY')
    child.expect("READY")
    child.send("newbackend verify cppa\t")
    child.expect("cppanvil")
    child.send("\x15newbackend und\t")
    child.expect("undo")
    child.close(force=True)


def test_the_shell_is_found_out(sample: Path, with_program: dict[str, str]) -> None:
    done = subprocess.run(
        [needs("bash"), "--norc", "-c", "newbackend --show-completion; true"],
        env=with_program,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "_newbackend_completion" in done.stdout
