"""Licence, description, languages and model formats of an upstream."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from newbackend.upstream.facts import Confidence
from newbackend.upstream.sources import Sources

_LICENCE_FILE = re.compile(
    r"(?:un)?licen[cs]e(?:[-.]\w+)?(?:\.(?:md|txt|rst))?|copying(?:\.(?:md|txt))?", re.IGNORECASE
)
_SPDX = re.compile(r"SPDX-License-Identifier:\s*([A-Za-z0-9.+-]+(?: (?:OR|AND|WITH) [A-Za-z0-9.+-]+)*)")
_LICENCES: tuple[tuple[str, str], ...] = (
    ("apache license version 2.0", "Apache-2.0"),
    ("gnu affero general public license version 3", "AGPL-3.0"),
    ("gnu lesser general public license version 3", "LGPL-3.0"),
    ("gnu lesser general public license version 2.1", "LGPL-2.1"),
    ("gnu general public license version 3", "GPL-3.0"),
    ("gnu general public license version 2", "GPL-2.0"),
    ("mozilla public license version 2.0", "MPL-2.0"),
    ("boost software license - version 1.0", "BSL-1.0"),
    ("this is free and unencumbered software released into the public domain", "Unlicense"),
    ("permission to use, copy, modify, and/or distribute this software for any purpose", "ISC"),
    ("permission is hereby granted, free of charge, to any person obtaining a copy", "MIT"),
    ("neither the name of", "BSD-3-Clause"),
    ("redistribution and use in source and binary forms", "BSD-2-Clause"),
)
"""A phrase of each text, the narrower ones first (https://spdx.org/licenses/)."""
_LANGUAGES = {
    "C": (".c",), "C++": (".cpp", ".cc", ".cxx"), "CUDA": (".cu",), "Metal": (".metal",), "Objective-C": (".m", ".mm"),
    "Rust": (".rs",), "Go": (".go",), "Python": (".py",),
}  # fmt: skip
_FORMATS = {
    "GGUF": re.compile(r"\bgguf\b", re.IGNORECASE),
    "safetensors": re.compile(r"\bsafetensors\b", re.IGNORECASE),
    "ggml": re.compile(r"\bggml[- ]format\b|\bggml-[\w.-]+\.bin\b", re.IGNORECASE),
    "ONNX": re.compile(r"\bonnx\b|\.onnx\b", re.IGNORECASE),
}


_NO_PROSE = ("```", "#", "<", "!", "[!", "[![", "|", "-", "*", ">", "=", "1.", "+", ".. ")
_PROSE_ROWS = 40
"""What says what a project is stands at the top; further down a sentence is about something else."""


@dataclass(frozen=True)
class Found:
    """A value with the place that it was read from."""

    value: str
    where: str
    confidence: Confidence


def licence(sources: Sources) -> Found | None:
    """The SPDX identifier of the licence file at the top; None when there is none or it is not known."""
    names = [path for path in sources.commit.objects if "/" not in path and _LICENCE_FILE.fullmatch(path)]
    sources.prefetch(names)
    for name in sorted(names, key=lambda path: (len(path), path)):
        text = sources.text(name) or ""
        if match := _SPDX.search(text):
            return Found(match[1], f"{name}:{_line(text, match.start())}", "certain")
        plain = " ".join(re.sub(r"[,*#]", " ", text).lower().split())
        for phrase, spdx in _LICENCES:
            if re.sub(r"[,*#]", " ", phrase).split() and " ".join(re.sub(r"[,*#]", " ", phrase).split()) in plain:
                return Found(spdx, f"{name}:1", "certain")
    return None


def languages(sources: Sources) -> list[str]:
    """Languages of the project's own code, by number of files, the most frequent first."""
    counts: Counter[str] = Counter()
    for path in sources.commit.objects:
        if not sources.vendored(path) and not sources.aside(path):
            counts.update(name for name, endings in _LANGUAGES.items() if path.endswith(endings))
    return [name for name, _ in counts.most_common()]


def model_formats(sources: Sources) -> list[Found]:
    """File formats of models that the README names, or that files of the project are called after."""
    found: list[Found] = []
    readme = _readme(sources)
    text = (sources.text(readme) or "") if readme else ""
    own = [path for path in sources.commit.objects if not sources.vendored(path) and not sources.aside(path)]
    for name, pattern in _FORMATS.items():
        match = pattern.search(text)
        file = next((path for path in own if pattern.search(path.rpartition("/")[2].replace("_", " "))), "")
        if file:
            found.append(Found(name, f"{file}:1", "certain" if match else "likely"))
        elif match:
            found.append(Found(name, f"{readme}:{_line(text, match.start())}", "likely"))
    return found


def description(sources: Sources) -> Found | None:
    """The first sentence of the README that is prose."""
    readme = _readme(sources)
    text = (sources.text(readme) or "") if readme else ""
    for number, paragraph in _paragraphs(text.splitlines()[:_PROSE_ROWS]):
        plain = _unmarked(paragraph)
        if len(plain.split()) >= 4 and plain[0].isalnum():
            return Found(_sentence(plain), f"{readme}:{number}", "likely")
    return None


def _paragraphs(rows: list[str]) -> Iterator[tuple[int, str]]:
    """Paragraphs of prose with the number of their first row: no headings, lists, tables, HTML, badges or code."""
    fenced = False
    first, words = 0, ""
    for number, row in enumerate([*rows, ""], 1):
        line = row.strip()
        fenced ^= line.startswith("```")
        if line and not fenced and not line.startswith(_NO_PROSE):
            first, words = first or number, f"{words} {line}".strip()
        elif words:
            yield first, words
            first, words = 0, ""


def _readme(sources: Sources) -> str | None:
    names = [path for path in sources.commit.objects if "/" not in path and path.lower().startswith("readme")]
    return min(
        names, key=lambda path: (path.lower() not in ("readme.md", "readme.rst", "readme"), len(path)), default=None
    )


def _unmarked(line: str) -> str:
    line = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", line)
    line = re.sub(r"<[^>]*>", "", line)
    return " ".join(re.sub(r"[*_`]{1,3}", "", line).split())


def _sentence(text: str) -> str:
    match = re.match(r".{10,200}?[.!?](?=\s|$)", text)
    return (match[0] if match else text[:200]).rstrip(" .:")


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1
