"""`create --review` in a real terminal and without one; the pager; the summary."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.runner import newbackend
from conftest import git, tree
from specs import SHA
from wizard.terminal import CTRL_C, ENTER, Terminal

from newbackend.checkout.layout import INDEX

WORDS = ["create", "ds4", "--lang", "cpp", "--pin", f"antirez/ds4@{SHA}", "--variants", "cpu,cuda13"]
for _pair in ("flavour=self-contained", "modalities=llm", "like=", "description=d", "license=MIT", "tags=a"):
    WORDS += ["--set", _pair]
WORDS += ["--set", "import.kind=preference", "--set", "models=[]", "--set", "docs.page=false"]


def walk(terminal: Terminal, declined: str) -> None:
    """Takes every hunk but the one whose text names a rule."""
    hunk = "Take this hunk [y,n,a,d,k,p,q,?]?"
    while True:
        seen = terminal.answers(hunk)
        terminal.types("n" if declined in seen else "y", ENTER)
        at, total = seen[seen.index("(") + 1 : seen.index(")")].split("/")
        if at == total:
            return


def test_one_declined_hunk_is_named_by_verify_and_by_nothing_else(sample: Path) -> None:
    terminal = Terminal(*WORDS, "--review", cwd=sample)
    walk(terminal, "REG202 development-meta-missing")
    terminal.sees("left out: the development channel of ds4 [REG202]")
    terminal.sees("left red: REG202 development-meta-missing, backend/index.yaml:")
    terminal.answers("files? [y/N]", "y", ENTER)
    terminal.sees("`newbackend undo` takes them back")
    assert terminal.ends() == 0
    assert 'name: "ds4-development"' not in (sample / INDEX).read_text()
    found = json.loads(newbackend("verify", "ds4", "--format", "json", cwd=sample).out)["findings"]
    failed = {one["rule"] for one in found if one["status"] == "fail" and one["severity"] != "note"}
    git(sample, "stash", "--quiet", "--include-untracked")
    assert newbackend(*WORDS, "--no-input", "--yes", cwd=sample).status == 0
    full = json.loads(newbackend("verify", "ds4", "--format", "json", cwd=sample).out)["findings"]
    assert failed - {one["rule"] for one in full} == {"REG202"}


def test_the_letters_that_show_something(sample: Path) -> None:
    terminal = Terminal(*WORDS, "--review", cwd=sample, columns=120, rows=60)
    terminal.sees("scaffold: 24 files")
    terminal.answers("Take this hunk", "?", ENTER)
    terminal.sees("n - leave it out, and what needs it")
    terminal.answers("Take this hunk", "p", ENTER)
    terminal.sees("+++ b/backend/Dockerfile.ds4")
    terminal.answers("Take this hunk", "nonsense", ENTER)
    terminal.sees("? - this help")
    terminal.answers("Take this hunk", "y", ENTER)
    terminal.sees("checked by: REG101 row-missing")
    terminal.answers("Take this hunk", "q", ENTER)
    terminal.sees("left out: the gallery entry users install ds4 by [REG201]")
    terminal.answers("files? [y/N]", "n", ENTER)
    terminal.sees("nothing was written")
    assert terminal.ends() == 0


def test_leaving_everything_out_writes_nothing(sample: Path) -> None:
    before = tree(sample)
    terminal = Terminal(*WORDS, "--review", cwd=sample)
    terminal.answers("Take this hunk", "q", ENTER)
    terminal.sees("every hunk was left out; nothing was written")
    assert terminal.ends() == 0
    assert tree(sample) == before


def test_a_reviewed_plan_can_be_saved_and_applied_later(sample: Path, tmp_path: Path) -> None:
    saved = tmp_path / "plan.json"
    terminal = Terminal(*WORDS, "--review", "--dry-run", "--plan-out", saved, cwd=sample)
    walk(terminal, "REG501")
    assert terminal.ends() == 0
    edits = json.loads(saved.read_text())["edits"]
    assert "REG501" not in {rule for edit in edits for rule in edit["rule"]}
    assert newbackend("apply", saved, cwd=sample).status == 0
    assert "antirez/ds4" not in (sample / ".github/workflows/bump_deps.yaml").read_text()


def test_ctrl_c_in_the_middle_of_a_review_writes_nothing(sample: Path) -> None:
    before = tree(sample)
    terminal = Terminal(*WORDS, "--review", "--yes", cwd=sample)
    terminal.answers("Take this hunk", "y", ENTER)
    terminal.answers("Take this hunk", CTRL_C)
    terminal.sees("stopped; nothing was changed")
    assert terminal.ends() == 2
    assert tree(sample) == before


@pytest.mark.parametrize("extra", [["--no-input"], ["--yes"]])
def test_without_a_terminal_a_review_is_refused(sample: Path, extra: list[str]) -> None:
    before = tree(sample)
    result = newbackend(*WORDS, "--review", *extra, cwd=sample)
    assert result.status == 2
    assert "--review asks about every hunk" in result.error()
    assert tree(sample) == before


def test_the_pager_gets_summary_and_diff_and_its_absence_is_no_error(sample: Path, tmp_path: Path) -> None:
    got = tmp_path / "got"
    pager = tmp_path / "pager"
    pager.write_text(f'#!/bin/sh\ncat > "{got}"\n')
    pager.chmod(0o755)
    terminal = Terminal(*WORDS, cwd=sample, env={"PAGER": f"{pager} --option"})
    terminal.sees("35 files, 24 new, 11 changed, +")
    terminal.answers("files? [y/N]", "n", ENTER)
    assert terminal.ends() == 0
    text = got.read_text()
    assert text.index("New files") < text.index("[REG501]") < text.index("+++ b/backend/Dockerfile.ds4")
    plain = Terminal(*WORDS, cwd=sample, env={"PAGER": "/nonexistent/pager"})
    plain.sees("+++ b/backend/Dockerfile.ds4")
    plain.sees("files? [y/N]")


def test_a_pager_that_is_left_early_is_no_error(sample: Path, tmp_path: Path) -> None:
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\nexit 0\n")
    pager.chmod(0o755)
    terminal = Terminal(*WORDS, cwd=sample, env={"PAGER": str(pager)})
    terminal.answers("files? [y/N]", "y", ENTER)
    terminal.sees("files written")
    assert terminal.ends() == 0


def test_the_summary_names_place_file_lines_reason_and_rule(sample: Path) -> None:
    said = newbackend(*WORDS, "--no-input", "--dry-run", cwd=sample).out
    summary = said[said.index("New files") :].splitlines()
    assert "  bump bot  .github/workflows/bump_deps.yaml" in summary
    assert "           +4  the nightly bump of DS4_VERSION  [REG501]" in summary
    assert "  the files of ds4  [REG801]" in summary
    assert any(line.endswith("create backend/cpp/ds4/run.sh (executable)") for line in summary)
