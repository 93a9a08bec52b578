"""The page for agents works as it stands: its commands, in every language, and the links of llms.txt."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from newbackend.catalog.languages import language_ids
from newbackend.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/agents.md").read_text(encoding="utf-8")
FIVE = PAGE.partition("## The five commands")[2].partition("`LANG` is")[0]
Run = Callable[[str], tuple[int, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, sample: Path) -> Run:
    """Runs a command line in the sample: exit status and standard output."""
    monkeypatch.chdir(sample)

    def call(line: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as stopped:
            main(line.split()[1:])
        return int(stopped.value.code or 0), capsys.readouterr().out

    return call


def the_five() -> list[str]:
    """The commands of the page, without comments."""
    text = re.sub(r"\\\n\s*", "", FIVE)
    rows = [row.partition("#")[0].strip() for row in text.splitlines()]
    return [row for row in rows if row.startswith("newbackend")]


@pytest.mark.parametrize("lang", language_ids())
def test_the_five_commands_make_a_backend(lang: str, run: Run) -> None:
    options, create, again, verify, pr = the_five()
    status, out = run(options.replace("LANG", lang))
    assert status == 0
    (language,) = json.loads(out)["languages"]
    flavour = next(row for row in language["flavours"] if row["default"])
    words = {"NAME": "oak", "LANG": lang, "--flavour F": f"--flavour {flavour['id']}"}
    words |= {" M ": f" {language['modalities'][0]} ", "V,V": flavour["variants"][0]}
    words |= {" --pin OWNER/REPO@REF": "", " --model URI": ""}
    create = filled(create, words)
    assert run(create)[0] == 0
    again = again.replace("create …the same…", create.partition("newbackend ")[2].partition(" --dry-run")[0])
    assert run(again)[0] == 0
    status, out = run(filled(verify, words))
    assert status in (0, 1)
    found = json.loads(out)
    assert found["schema"] == "newbackend/verify/1/summary"
    assert found["summary"]["error"] == 0
    marks = [file for file in Path("backend").rglob("*") if "oak" in file.parts and file.is_file() and marked(file)]
    assert marks, "the page says how to find the placeholder"
    assert run(filled(pr, words))[0] == 0


def filled(line: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        line = line.replace(word, value)
    return line


def marked(file: Path) -> bool:
    return b"NEWBACKEND-PLACEHOLDER" in file.read_bytes()


def test_what_llms_txt_names_is_there() -> None:
    links = re.findall(r"\]\(([^)]+)\)", (ROOT / "llms.txt").read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []
    assert "docs/agents.md" in links
