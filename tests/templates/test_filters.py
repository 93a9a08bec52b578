"""The text filters: whatever somebody typed arrives as data, in every language."""

from __future__ import annotations

import ast
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from newbackend.scaffold import filters

HOSTILE = [
    "",
    "plain",
    'it\'s "quoted" `date` $(touch x) $HOME \\',
    "line one\nline two\r\n\tthird",
    "*/ int main() {} /* ??/ ??= %s {{ x }} {% y %}",
    "\N{RIGHT-TO-LEFT OVERRIDE}evil\N{ZERO WIDTH SPACE}\N{BYTE ORDER MARK}\x1b[31m\x7f\x85\N{LINE SEPARATOR}",
    "日本語 🦙 ünï",
    "x" * 10_000,
]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


def octal_literal(literal: str) -> str:
    """Reads a C literal that uses only the escapes which `cstr` writes."""
    assert literal[0] == literal[-1] == '"'
    out = bytearray()
    body = literal[1:-1].encode()
    at = 0
    while at < len(body):
        if body[at : at + 1] != b"\\":
            out += body[at : at + 1]
            at += 1
        elif body[at + 1 : at + 2].isdigit():
            out.append(int(body[at + 1 : at + 4], 8))
            at += 4
        else:
            out += {b"n": b"\n", b"t": b"\t"}.get(body[at + 1 : at + 2], body[at + 1 : at + 2])
            at += 2
    return out.decode()


@given(TEXT)
def test_a_c_literal_means_the_same_text_on_one_line_of_visible_characters(text: str) -> None:
    literal = filters.cstr(text)
    assert octal_literal(literal) == text
    assert literal.isprintable()
    assert "??" not in literal


@given(TEXT)
def test_a_python_literal_means_the_same_text(text: str) -> None:
    assert ast.literal_eval(filters.pystr(text)) == text


@given(TEXT)
def test_a_yaml_scalar_means_the_same_text_on_one_line(text: str) -> None:
    scalar = filters.yamlstr(text)
    assert yaml.safe_load(f"key: {scalar}") == {"key": text}
    assert "\n" not in scalar


@given(TEXT)
def test_a_comment_cannot_leave_its_lines(text: str) -> None:
    for line in filters.comment(text, "//").splitlines():
        assert line.startswith("//")
        assert not line.endswith("\\")
        assert "*/" not in line
        assert line.isprintable()


@given(TEXT)
def test_a_paragraph_stays_one_line_without_markup(text: str) -> None:
    paragraph = filters.md(text)
    assert "\n" not in paragraph
    unescaped = paragraph.replace("\\\\", "")
    for char in "<`[":
        assert unescaped.count(char) == unescaped.count("\\" + char)


@pytest.mark.parametrize("block", ["# title", "- item", "1. item", "> quote", "=== x", "+ plus"])
def test_a_paragraph_never_starts_another_kind_of_block(block: str) -> None:
    escaped = filters.md(block)
    assert "\\" in escaped[: escaped.index(" ")]


@pytest.mark.parametrize("text", HOSTILE)
def test_the_shell_reads_a_quoted_word_as_it_was(text: str) -> None:
    script = f"printf %s {filters.shq(text)}"
    printed = subprocess.run(["bash", "-c", script], capture_output=True, check=True)
    assert printed.stdout.decode() == text


@pytest.mark.parametrize("text", HOSTILE)
def test_rust_text_has_only_escapes_that_rust_knows(text: str) -> None:
    literal = filters.rsstr(text)
    assert literal.isprintable()
    assert ast.literal_eval(as_python(literal)) == text


def as_python(literal: str) -> str:
    """A Rust literal as a Python one: `\\u{1f}` is the only escape that differs."""
    parts = literal.split("\\u{")
    return parts[0] + "".join(f"\\U{part.split('}', 1)[0]:0>8}{part.split('}', 1)[1]}" for part in parts[1:])


@pytest.mark.build
@pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler on this machine")
def test_a_compiler_reads_the_literals_as_they_were(tmp_path: Path) -> None:
    prints = "\n".join(f"std::fwrite(t{i}, 1, sizeof t{i} - 1, stdout);" for i in range(len(HOSTILE)))
    texts = "\n".join(f"const char t{i}[] = {filters.cstr(text)};" for i, text in enumerate(HOSTILE))
    source = tmp_path / "main.cpp"
    source.write_text(f"#include <cstdio>\n{texts}\nint main() {{ {prints} }}\n", encoding="utf-8")
    subprocess.run(["g++", "-std=c++17", "-Wall", "-Wextra", "-Werror", source, "-o", tmp_path / "main"], check=True)
    printed = subprocess.run([tmp_path / "main"], capture_output=True, check=True)
    assert printed.stdout.decode() == "".join(HOSTILE)
