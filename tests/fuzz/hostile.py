"""Hostile text, and where it can be planted in a checkout."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

from newbackend.checkout.layout import BUMP, FILTER_MODULE, INDEX, MAKEFILE, MATRIX
from newbackend.style import CODES

WORKFLOW = ".github/workflows/test-extra.yml"
GO_FILES = ("core/config/backend_capabilities.go", "core/gallery/importers/importers.go")

FORMAT = "\u202e\u2066\u200b\u200d\u2060\ufeff\u00ad\u200f\U000e0041\u3164"
"""Characters that show nothing or change the order of others; legal in YAML, in JSON and in file names."""
CONTROL = "\x1b]0;owned\x07\x1b[2J\x1b]8;;file:///etc\x1b\\\x9b31m\x90q\x9c\x85\u2028\u2029\x0b\x0c\r\x08\x00\x7f"
"""C0, C1 and line separators: a title, a cleared screen, a link, colours, a printed answer."""
HOSTILE = FORMAT + CONTROL + "owned"

_OUR_COLOURS = re.compile(f"\x1b\\[(?:0|{'|'.join(sorted(set(CODES.values())))})m")


def hidden_in(output: str, *, colour: bool = False) -> list[str]:
    """Names of the characters of an output that must not reach a terminal; empty when it is clean."""
    if colour:
        output = _OUR_COLOURS.sub("", output)
    allowed = {"\n", "\t"}
    found = {
        char
        for char in set(output) - allowed
        if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") or char in "\u115f\u3164\uffa0\u034f"
    }
    return sorted(f"U+{ord(char):04X}" for char in found)


def quoted(text: str) -> str:
    """A text as a double-quoted YAML scalar."""
    return json.dumps(text)


def plant_value(text: str, key: str, hostile: str = HOSTILE) -> str:
    """YAML with `hostile` at the end of every value of a key; a value of several lines is left alone."""

    def planted(match: re.Match[str]) -> str:
        return f"{match[1]}{quoted(match[3] + hostile)}"

    return re.sub(rf"^(\s*(?:- )?{re.escape(key)}: )([\"']?)([^\n\"'|>&*]+)\2$", planted, text, flags=re.M)


def in_file(root: Path, path: str, change: Callable[[str], str]) -> None:
    """Changes a file of the checkout, when it is there."""
    file = root / path
    if file.is_file():
        file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8", newline="")


VALUE_KEYS = {
    INDEX: ("name", "description", "license", "icon", "uri", "default", "nvidia", "metal"),
    MATRIX: ("backend", "tag-suffix", "build-type", "base-image", "runs-on", "dockerfile", "lang", "platforms"),
    BUMP: ("repository", "variable", "branch", "file"),
    WORKFLOW: ("name", "run", "if"),
}


def value_plants() -> list[tuple[str, str]]:
    """Every file and key in whose values something can be planted."""
    return [(path, key) for path, keys in VALUE_KEYS.items() for key in keys]


def plant_filter(root: Path, body: str) -> None:
    """Appends statements to the path filter."""
    in_file(root, FILTER_MODULE, lambda text: f"{text}\n{body}\n")


def plant_everywhere(root: Path) -> None:
    """What no parser minds, in all files at once: comments, prose, file names, a category, reasons."""
    for path in (MATRIX, INDEX, BUMP, MAKEFILE, WORKFLOW):
        in_file(root, path, lambda text: f"{text}# {FORMAT}\n")
    for path in ("README.md", "docs/content/features/backends.md", "docs/content/reference/compatibility-table.md"):
        in_file(root, path, lambda text: re.sub("^(#+ .*|\\| .*)$", f"\\1{FORMAT}\x1b[31mowned", text, flags=re.M))
    in_file(root, INDEX, lambda text: re.sub(r"^(    - https?://\S+)$", rf"\1{FORMAT}", text, flags=re.M))
    for key in ("description", "license", "icon"):
        in_file(root, INDEX, lambda text, key=key: plant_value(text, key))  # type: ignore[misc]
    name = FORMAT + CONTROL.replace("\x00", "").replace("/", "")
    for folder in ("backend/python/pyecho", "backend/python", "backend/cpp", "backend"):
        (root / folder / f"requirements-{name}.txt").write_text(f"torch{HOSTILE}\n", encoding="utf-8")
    (root / f"backend/cpp/{name}").mkdir()
    (root / f"backend/cpp/{name}/Makefile").write_text(f"X_VERSION?={HOSTILE}\n", encoding="utf-8")
    for path in ("backend/cpp/cppreed/run.sh", "backend/go/goquill/Makefile", "backend/python/pyecho/install.sh"):
        in_file(root, path, lambda text: f"{text}\nexec ./{HOSTILE} # newbackend: allow REG801 {HOSTILE}\n")
    (root / ".newbackend.toml").write_text(
        f'[[allow]]\nrule = "REG101"\nbackend = "pyecho"\nreason = {quoted(HOSTILE)}\n', encoding="utf-8"
    )


def plant_state(root: Path) -> None:
    """In the git directory: a HEAD that leads nowhere, a journal and kept answers."""
    state = root / ".git/newbackend"
    (state / "journal").mkdir(parents=True)
    (state / "journal/journal.json").write_text(json.dumps({"title": HOSTILE, "phase": HOSTILE, "steps": []}))
    answers = {"name": "zz", "lang": "cpp", "description": FORMAT, "docs": {"category": FORMAT}}
    (state / "wizard.yml").write_text(json.dumps(answers))
    (state / "wizard-zz.yml").write_text(json.dumps(answers))
    (root / ".git/HEAD").write_text(f"ref: refs/heads/{FORMAT}\x1b[31mowned\n", encoding="utf-8")
