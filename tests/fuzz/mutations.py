"""What a stranger may do to the files of a checkout."""

from __future__ import annotations

import os
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from fuzz.hostile import CONTROL, FORMAT, HOSTILE, quoted
from newbackend.checkout.layout import BUMP, FILTER_MODULE, INDEX, MAKEFILE, MATRIX, PROTO

REGISTRATIONS = (MATRIX, INDEX, BUMP, MAKEFILE, FILTER_MODULE, PROTO, ".github/workflows/test-extra.yml")
OTHERS = (
    "README.md", ".dockerignore", ".gitmodules", ".newbackend.toml", "core/config/backend_capabilities.go",
    "scripts/changed-backends.js", ".github/workflows/backend_build_darwin.yml", "backend/Dockerfile.python",
    "backend/python/pyecho/Makefile", "backend/python/pyecho/requirements.txt", "backend/cpp/cppreed/run.sh",
    "backend/cpp/cppreed/package.sh", "backend/go/goquill/Makefile", "backend/python/pyecho/.newbackend.yml",
)  # fmt: skip
SPECIAL = ("/dev/zero", "/proc/self/environ", "/etc/passwd", "../outside", ".git/config", ".", "no/where", "Makefile")
LINES = (
    "<<<<<<< HEAD\n=======\n>>>>>>> theirs\n", "\r", "\x00", "\ufeff", "\t", "%YAML 9.9\n---\n", "---\n", "...\n",
    "&a [*a]\n", "x: &x [*x]\n", "- <<: *nowhere\n", "- !!python/object:os.system ls\n", "? [a, b]\n: c\n", "- - - -\n",
    "}}}", "{{{", "'", '"', "`", "$(", "define X\n", "endef\n", "endif\n", "ifeq (a,\n", "\\\n", "include /dev/zero\n",
    "all: ; $(shell touch owned)\n", "export const x = ", "/*", "throw 1\n", "=======\n", "\u2028", "\x85", "\xa0",
    "include:\n", "backends:\n", "- name: [\n", "- name: \"a\\", "a: |\n", "a: >-\n      x\n  y\n", "é" * 300 + "\n",
)  # fmt: skip


def mutate_checkout(root: Path, dice: random.Random, note: Callable[[str], None]) -> None:
    """One change of one file."""
    path = dice.choice(REGISTRATIONS if dice.random() < 0.75 else OTHERS)
    file = root / path
    kind = dice.choice(list(KINDS)) if dice.random() < 0.5 else dice.choice(list(TEXTS))
    note(f"{kind} in {path}")
    file.parent.mkdir(parents=True, exist_ok=True)
    if kind in KINDS:
        _remove(file)
        KINDS[kind](file, dice)
    elif file.is_file() and file.stat().st_size < 1 << 22:
        data = file.read_bytes().decode("utf-8", "surrogateescape")
        _remove(file)
        file.write_bytes(TEXTS[kind](data, dice).encode("utf-8", "surrogatepass"))


def _remove(file: Path) -> None:
    if file.is_dir() and not file.is_symlink():
        shutil.rmtree(file)
    else:
        file.unlink(missing_ok=True)


def _sparse(file: Path, dice: random.Random) -> None:
    with file.open("wb") as sink:
        sink.truncate(dice.choice((33 << 20, 200_000_000)))


def _random(file: Path, dice: random.Random) -> None:
    file.write_bytes(dice.randbytes(dice.choice((1, 50, 5000))))


def _deep(file: Path, dice: random.Random) -> None:
    opening = dice.choice(("[", "{a: ", "- ", "(", "{", "a:\n "))
    file.write_text(opening * dice.choice((70, 3000, 200_000)))


def _long(file: Path, dice: random.Random) -> None:
    row = dice.choice(
        ("- a\n", "a,", "x: y\n", ".PHONY: a\n", "backends/a: a\n", "//\n", "#" * 500 + "\n", "a: &a b\n")
    )
    file.write_text(row * (dice.choice((100_000, 3_000_000)) // len(row)))


def _bomb(file: Path, dice: random.Random) -> None:
    rows = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 24)]
    file.write_text("\n".join(rows) + "\n")


KINDS: dict[str, Callable[[Path, random.Random], object]] = {
    "nothing": lambda file, dice: None,
    "empty file": lambda file, dice: file.write_bytes(b""),
    "directory": lambda file, dice: file.mkdir(),
    "link": lambda file, dice: file.symlink_to(dice.choice(SPECIAL)),
    "fifo": lambda file, dice: os.mkfifo(file),
    "sparse": _sparse,
    "random bytes": _random,
    "deep": _deep,
    "long": _long,
    "bomb": _bomb,
}


def _rows(text: str, dice: random.Random, change: Callable[[list[str], int], None]) -> str:
    rows = text.splitlines(keepends=True) or [""]
    for _ in range(dice.randint(1, 4)):
        if rows:
            change(rows, dice.randrange(len(rows)))
    return "".join(rows)


def _swap(dice: random.Random) -> Callable[[list[str], int], None]:
    def change(rows: list[str], at: int) -> None:
        other = dice.randrange(len(rows))
        rows[at], rows[other] = rows[other], rows[at]

    return change


def _indented(dice: random.Random) -> Callable[[list[str], int], None]:
    def change(rows: list[str], at: int) -> None:
        rows[at] = dice.choice((" ", "  ", "\t", "")) + (rows[at] if dice.random() < 0.5 else rows[at].lstrip())

    return change


def _inserted(dice: random.Random) -> Callable[[list[str], int], None]:
    def change(rows: list[str], at: int) -> None:
        rows.insert(at, dice.choice(LINES))

    return change


def _value(text: str, dice: random.Random) -> str:
    """A value, anywhere, becomes a hostile one."""
    new = dice.choice(
        (quoted(HOSTILE), f'"{FORMAT}"', "[]", "{}", "null", "1", "''", "*x", "../../x", "a|b", "a)b", "x" * 5000)
    )
    found = list(re.finditer(r"(?<=: )\S.*$|(?<== )\S.*$", text, re.M))
    if not found:
        return text
    match = dice.choice(found)
    return text[: match.start()] + new + text[match.end() :]


def _name(text: str, dice: random.Random) -> str:
    """A word, everywhere in the file, becomes another."""
    words = sorted(set(re.findall(r"[A-Za-z][\w.-]{2,}", text)))
    if not words:
        return text
    new = dice.choice((*words[:50], "a", FORMAT, "__proto__", "constructor", "é", "-", "..", "0", "a b", "$(x)"))
    return text.replace(dice.choice(words), new)


def _byte(text: str, dice: random.Random) -> str:
    data = bytearray(text.encode("utf-8", "surrogateescape"))
    for _ in range(dice.randint(1, 6)):
        if data:
            data[dice.randrange(len(data))] = dice.choice((0, 9, 10, 13, 32, 34, 39, 58, 92, 0x7F, 0xC3, 0xFF))
    return data.decode("utf-8", "surrogateescape").encode("utf-8", "replace").decode()


TEXTS: dict[str, Callable[[str, random.Random], str]] = {
    "CR": lambda text, dice: text.replace("\n", "\r"),
    "CRLF": lambda text, dice: text.replace("\n", "\r\n"),
    "some CR": lambda text, dice: "".join(c if c != "\n" or dice.random() < 0.9 else "\r" for c in text),
    "no last newline": lambda text, dice: text.rstrip("\n"),
    "byte order mark": lambda text, dice: "\ufeff" + text,
    "cut": lambda text, dice: text[: dice.randrange(len(text) + 1)],
    "doubled": lambda text, dice: text + text,
    "rows gone": lambda text, dice: _rows(text, dice, lambda rows, at: rows.__delitem__(at)),
    "rows twice": lambda text, dice: _rows(text, dice, lambda rows, at: rows.insert(at, rows[at])),
    "rows swapped": lambda text, dice: _rows(text, dice, _swap(dice)),
    "indented": lambda text, dice: _rows(text, dice, _indented(dice)),
    "inserted": lambda text, dice: _rows(text, dice, _inserted(dice)),
    "control text": lambda text, dice: _rows(text, dice, lambda rows, at: rows.insert(at, f"# {CONTROL}\n")),
    "hidden text": lambda text, dice: _rows(text, dice, lambda rows, at: rows.insert(at, f"# {FORMAT}\n")),
    "value": _value,
    "name": _name,
    "bytes": _byte,
}
