"""Licence, description, languages and model formats of an upstream."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from newbackend.upstream.facts import Confidence
from newbackend.upstream.licences import license_of
from newbackend.upstream.prose import paragraphs
from newbackend.upstream.sources import Sources

_LICENCE_FILE = re.compile(
    r"(?:un)?licen[cs]e(?:[-.]\w+)?(?:\.(?:md|txt|rst))?|copying(?:\.(?:md|txt))?", re.IGNORECASE
)
_SPDX = re.compile(r"SPDX-License-Identifier:\s*([A-Za-z0-9.+-]+(?: (?:OR|AND|WITH) [A-Za-z0-9.+-]+)*)")
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
        if known := license_of(text):
            return Found(known, f"{name}:1", "certain")
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
    for number, paragraph in paragraphs("\n".join(text.splitlines()[:_PROSE_ROWS])):
        if len(paragraph.split()) >= 4:
            return Found(_sentence(paragraph), f"{readme}:{number}", "likely")
    return None


def _readme(sources: Sources) -> str | None:
    names = [path for path in sources.commit.objects if "/" not in path and path.lower().startswith("readme")]
    return min(
        names, key=lambda path: (path.lower() not in ("readme.md", "readme.rst", "readme"), len(path)), default=None
    )


def _sentence(text: str) -> str:
    match = re.match(r".{10,200}?[.!?](?=\s|$)", text)
    return (match[0] if match else text[:200]).rstrip(" .:")


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1
