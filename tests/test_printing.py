"""Nothing that a checkout or a package says reaches the terminal as it is: every verb, every format."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
from pathlib import Path

import pytest
from cli.runner import create_python
from conftest import git, tree
from fuzz import hostile
from fuzz.hostile import CONTROL, FORMAT, HOSTILE, hidden_in, plant_filter, plant_value, value_plants
from package.archives import files, member, tar

from newbackend.answers import read_answers
from newbackend.answers_file import dump_answers, parse_answers
from newbackend.checkout.layout import FILTER_MODULE, INDEX, MAKEFILE
from newbackend.cli.common import REPORT_FORMATS
from newbackend.cli.main import main
from newbackend.sanitize import json_text, printable

CODE = Path(__file__).resolve().parents[1] / "newbackend"
NEW = ("create", "zz", "--lang", "cpp", "--variants", "cpu", "--no-input")
READING = (
    *(("verify", "--all", "--format", name) for name in REPORT_FORMATS),
    ("verify", "--all", "--verbose"),
    ("verify", "--base", "HEAD"),
    ("verify", "--fix", "--unsafe-fixes", "--diff"),
    *((*words, "--format", name) for name in ("text", "json") for words in (
        ("list",),
        ("describe", "pyecho"),
        ("describe", "cppreed"),
        ("pr", "pyecho"),
        ("pr", "cppreed"),
        ("route", "backend/python/pyecho/backend.py", HOSTILE),
        ("remove", "cppreed", "--dry-run"),
        ("update", "cppreed", "--dry-run"),
        ("change", "cppreed", "--set", "description=other", "--dry-run"),
        ("trace", "pyecho"),
        (*NEW, "--dry-run"),
        ("create", "zz", "--like", "pyecho", "--no-input", "--dry-run"),
        ("verify", HOSTILE),
        ("describe", HOSTILE),
        ("create", HOSTILE, "--no-input"),
        ("undo",),
    )),
)  # fmt: skip
FEW = (("verify", "--all"), ("list",), ("describe", "pyecho"), ("pr", "cppreed"), (*NEW, "--dry-run"))


def output(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], root: Path) -> str:
    """What a command prints on both streams, whatever its exit status."""
    with pytest.raises(SystemExit) as ended:
        main([*words, "--repo", str(root)])
    assert ended.value.code in (0, 1, 2, 3)
    out, err = capsys.readouterr()
    if words[-2:] == ("--format", "json"):
        json.loads(out)
    return out + err


def assert_clean(capsys: pytest.CaptureFixture[str], verbs: tuple[tuple[str, ...], ...], root: Path) -> None:
    said = 0
    for words in verbs:
        text = output(capsys, words, root)
        assert hidden_in(text, colour="FORCE_COLOR" in os.environ) == [], (words, text)
        said += "owned" in text or "\\u" in text
    assert said, "nothing of the planted text was printed, so nothing was shown"


def test_every_verb_in_every_format(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hostile.plant_everywhere(sample)
    assert_clean(capsys, READING, sample)


def test_with_colours_only_ours(
    sample: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("FORCE_COLOR", "1")
    hostile.plant_everywhere(sample)
    assert_clean(capsys, READING, sample)


@pytest.mark.parametrize(("path", "key"), value_plants())
def test_every_value_of_the_registrations(
    sample: Path, capsys: pytest.CaptureFixture[str], path: str, key: str
) -> None:
    hostile.in_file(sample, path, lambda text: plant_value(text, key))
    for words in FEW:
        assert hidden_in(output(capsys, words, sample)) == [], words


@pytest.mark.parametrize(
    "body",
    [
        f"throw new Error({json.dumps(HOSTILE)});",
        f"throw {json.dumps(HOSTILE)};",
        f"inferBackendPath = () => {json.dumps(HOSTILE)};",
        f"const {FORMAT} = 1;",
        f"inferBackendPath = () => {{ throw new Error({json.dumps(HOSTILE)}) }};",
    ],
)
def test_what_the_path_filter_says(sample: Path, capsys: pytest.CaptureFixture[str], body: str) -> None:
    plant_filter(sample, body)
    for words in (*FEW, ("route", "Makefile"), (*NEW, "--yes")):
        assert hidden_in(output(capsys, words, sample)) == [], words


@pytest.mark.parametrize("path", [*hostile.VALUE_KEYS, MAKEFILE, FILTER_MODULE])
@pytest.mark.parametrize("text", [FORMAT, CONTROL])
def test_what_a_broken_file_quotes(sample: Path, capsys: pytest.CaptureFixture[str], path: str, text: str) -> None:
    hostile.in_file(sample, path, lambda old: f"{old}\n{text}: [{text}\n  - {text}: *{text}\n")
    for words in FEW:
        assert hidden_in(output(capsys, words, sample)) == [], words


def test_what_the_git_directory_says(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hostile.plant_state(sample)
    assert_clean(capsys, (*READING, (*NEW, "--yes")), sample)


def test_kept_answers_of_the_backend_itself(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    create_python(sample, "zz")
    hostile.in_file(
        sample, "backend/python/zz/.newbackend.yml", lambda text: f"{text}description: {json.dumps(HOSTILE)}\n"
    )
    hostile.in_file(sample, "backend/python/zz/backend.py", lambda text: f"{text}# {HOSTILE}\n")
    for words in (("pr", "zz"), ("update", "zz", "--dry-run"), ("remove", "zz", "--dry-run"), ("verify", "zz")):
        assert hidden_in(output(capsys, words, sample)) == [], words


def test_a_plan_file(sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = tmp_path / "plan.json"
    output(capsys, (*NEW, "--dry-run", "--plan-out", str(plan)), sample)
    data = json.loads(plan.read_text())
    data["edits"][0] |= {"reason": HOSTILE, "diff": f"--- a/x\n+++ b/x\n@@ -1 +1 @@\n+{HOSTILE}\n"}
    data["title"] = HOSTILE
    for part in ("edits", "manual", "title", "base"):
        data[part] = [*data[part], HOSTILE] if isinstance(data[part], list) else data[part]
        plan.write_text(json.dumps(data))
        assert hidden_in(output(capsys, ("apply", str(plan)), sample)) == []


@pytest.mark.parametrize("name", REPORT_FORMATS)
def test_a_package(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    legal = HOSTILE.replace("\x00", "").replace("/", "")
    script = f"#!/bin/bash\nexport {legal}\nexec $CURDIR/{legal} # newbackend: allow PKG101 {legal}\n".encode()
    members = [
        member("run.sh", script, mode=0o755),
        member(f"lib/{legal}.so", b"\x7fELF" + legal.encode()),
        member(f"link{legal}", kind=b"2", link=f"../../{legal}"),
        member(f"{legal}/{legal}"),
    ]
    for data in (tar(*members), files({f"{legal}.json": b"{}"}), files({"manifest.json": legal.encode()})):
        archive = tmp_path / f"{legal}.tar"
        archive.write_bytes(data)
        for words in (["check", str(archive), "--format", name, "-v"], ["floor", str(archive)]):
            with pytest.raises(SystemExit):
                main(["package", *words])
            out, err = capsys.readouterr()
            assert hidden_in(out + err) == [], words


def test_in_a_workflow_no_line_is_a_command_of_somebody_elses(
    sample: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    command = "::error::owned ##[add-mask]owned\\n  ::stop-commands::owned"
    hostile.in_file(sample, INDEX, lambda text: plant_value(text, "uri", f" {command} " * 3))
    plant_filter(sample, f'throw new Error("{command}")')
    said = ""
    for words in (*READING, ("describe", command), ("verify", f"x\n{command}")):
        text = output(capsys, words, sample)
        said += text
        if "github" not in words:
            assert not re.search(r"^\s*::|##\[", text, re.M), words
        else:
            assert re.search(r"^::error ", text, re.M)
            assert not re.search(r"^\s*::(?!error |warning |notice )", text, re.M)
    assert ":error::owned" in said


def test_json_stays_exact() -> None:
    value = {"text": HOSTILE + "é😀", HOSTILE: [HOSTILE, 1]}
    assert json.loads(json_text(value)) == value
    assert hidden_in(json_text(value)) == []
    assert "é😀" in json_text(value)


@pytest.mark.parametrize("text", [FORMAT, f"two\nlines {FORMAT}", f"'{FORMAT}\"", f"a: {FORMAT} # b"])
def test_answers_in_yaml_stay_exact(text: str) -> None:
    answers = read_answers({"name": "zz", "description": text, "os_excluded": {"darwin": text}}, "test")
    dumped = dump_answers(answers, f"# {FORMAT}\n")
    assert hidden_in(dumped) == []
    assert parse_answers(dumped, "test") == answers


def test_a_patch_file_stays_exact(sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A checkout with CRLF and a form feed: the patch applies, and gives what create gives."""
    makefile = sample / "Makefile"
    text = makefile.read_text().replace("\n", "\r\n").replace("# ", "# \f\x1b[31m", 3)
    makefile.write_text(text, newline="")
    other = Path(shutil.copytree(sample, tmp_path / "other", symlinks=True))
    patch = tmp_path / "out.patch"
    assert hidden_in(output(capsys, (*NEW, "--dry-run", "--diff-out", str(patch)), sample)) == []
    git(sample, "apply", str(patch))
    output(capsys, (*NEW, "--yes", "--allow-dirty"), other)
    assert tree(sample) == tree(other)
    assert makefile.read_bytes().count(b"\r\n") > text.count("\n")


def test_what_is_hidden_is_spelled_and_nothing_else() -> None:
    assert printable("plain é 😀\t\n ❤️") == "plain é 😀\t\n ❤️"
    assert printable("a\u200bb\x1b\U000e0041") == r"a\u200bb\x1b\U000e0041"


PRINTING = re.compile(
    r"std(?:out|err)\.(?:buffer\.)?write\(|(?<![\w.])print\(|\b(?:typer|click)\.echo\(|ensure_ascii=False|print_formatted"
)
PRINTERS = {
    "sanitize.py": "the one way to print JSON with other letters than ASCII",
    "cli/output/progress.py": "moves the cursor; its labels are ours",
    "wizard/menu_prompts.py": "draws with a library what `asked` made printable",
    "wizard/menu_keys.py": "moves the cursor",
    "splice/golang.py": "a Go string, into a file",
    "upstream/by_pointer.py": "C code, into a file",
    "upstream/bindings_check.py": "C code, into a file",
    "upstream/bindings_native.py": "C code, into a file",
    "package/proofs/_health.py": "a child process, whose output is read",
}


def test_no_module_prints_by_itself() -> None:
    found = {
        file.relative_to(CODE).as_posix()
        for file in CODE.rglob("*.py")
        if "sample/tree" not in file.as_posix() and PRINTING.search(_code(file))
    }
    assert found == set(PRINTERS)


def _code(file: Path) -> str:
    """A module without its docstrings and comments."""
    return ast.unparse(ast.parse(file.read_text(encoding="utf-8")))
