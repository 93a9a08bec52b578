"""YAML that a stranger's checkout may bring, through the verbs that edit it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cli.runner import newbackend
from conftest import tree

from newbackend.checkout.layout import BUMP, INDEX, MATRIX

CREATE = ("create", "reed2", "--lang", "cpp", "--variants", "cpu", "--no-input", "--yes")
CRS = "\r" * 5
VERBS = (CREATE, ("remove", "cppreed", "--yes"), ("describe", "cppreed"), ("verify", "--all"), ("list",))


def bounded(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A run that may use 700 MB of addresses."""
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (700 << 20, 700 << 20));"
        "from newbackend.__main__ import main; main()"
    )
    command = [sys.executable, "-c", code, *words, "--repo", str(root)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def bomb() -> str:
    rows = ["x0: &x0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]" for n in range(1, 8)]
    return "\n".join(rows) + "\n"


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0])
@pytest.mark.parametrize(
    ("path", "tail"),
    [
        (MATRIX, "x: &x [*x]\n"),
        (MATRIX, bomb()),
        (BUMP, "x: &x {y: *x}\n"),
        (INDEX, "- &loop\n  name: loop\n  uri: *loop\n"),
    ],
    ids=["cycle", "bomb", "cycle-bump", "cycle-index"],
)
def test_cycles_and_bombs_end_in_a_sentence(sample: Path, verb: tuple[str, ...], path: str, tail: str) -> None:
    with (sample / path).open("a") as file:
        file.write(tail)
    done = bounded(sample, *verb)
    assert done.returncode in (0, 1, 2, 3), done.stderr
    assert "Traceback" not in done.stderr
    assert "bug" not in done.stderr
    assert (sample / path).read_text().endswith(tail)
    if verb[0] == "verify":
        assert "an alias refers to the value" in " ".join(done.stdout.split()) or "it expands to" in done.stdout


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0])
@pytest.mark.parametrize("path", [MATRIX, INDEX, BUMP])
def test_a_file_with_carriage_returns_alone_is_named(sample: Path, verb: tuple[str, ...], path: str) -> None:
    text = (sample / path).read_bytes().replace(b"\n", b"\r")
    (sample / path).write_bytes(text)
    done = newbackend(*verb, "--repo", sample)
    assert "Traceback" not in done.err
    assert "bug" not in done.err
    assert "IndexError" not in done.out + done.err
    assert (sample / path).read_bytes() == text
    if verb[0] == "verify":
        assert "a line ends with U+000D, not with LF or CRLF" in " ".join(done.out.split())


def test_remove_keeps_a_comment_below_a_text_with_carriage_returns(sample: Path) -> None:
    """Five of them in a quoted text above moved every line by five."""
    before = tree(sample)
    assert newbackend(*CREATE, "--repo", sample).status == 0
    for path in (MATRIX, INDEX):
        text = (sample / path).read_text()
        head, line, rest = text.partition("include:\n" if path == MATRIX else "\n- &")
        odd = f'odd: "a{CRS}b"\n{line}  # mine\n' if path == MATRIX else f'\n- name: "od{CRS}d"\n# mine{line}'
        new = f"{head}{odd}{rest}"
        (sample / path).write_text(new, newline="")
    removed = newbackend("remove", "reed2", "--yes", "--allow-dirty", "--repo", sample)
    assert removed.status == 0, removed.err
    for path in (MATRIX, INDEX):
        after = (sample / path).read_bytes()
        assert after.count(b"# mine\n") == before[path][1].count(b"# mine\n") + 1
        assert b"reed2" not in after
