"""Licence, description, languages and model formats of an upstream."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from newbackend.records import dataclass
from newbackend.upstream.facts import Confidence
from newbackend.upstream.licences import license_of
from newbackend.upstream.prose import is_about_it, paragraphs, says_what_it_is, sentence
from newbackend.upstream.sources import Sources

_LICENCE_FILE = re.compile(
    r"(?:un)?licen[cs]e(?:[-.]\w+)?(?:\.(?:md|txt|rst))?|copying(?:\.(?:md|txt))?", re.IGNORECASE
)
_SPDX = re.compile(r"SPDX-License-Identifier:\s*([A-Za-z0-9.+-]+(?: (?:OR|AND|WITH) [A-Za-z0-9.+-]+)*)")
_LANGUAGES = {
    "C": (".c",), "C++": (".cpp", ".cc", ".cxx"), "CUDA": (".cu",), "Metal": (".metal",), "Objective-C": (".m", ".mm"),
    "Rust": (".rs",), "Go": (".go",), "Python": (".py",),
}  # fmt: skip
_MAIN = {"cmake": ("C", "C++"), "make": ("C", "C++"), "cargo": ("Rust",), "python": ("Python",), "go": ("Go",)}
_FORMATS = {
    "GGUF": re.compile(r"\bgguf\b", re.IGNORECASE),
    "safetensors": re.compile(r"\bsafetensors\b", re.IGNORECASE),
    "ggml": re.compile(r"\bggml[- ]format\b|\bggml-[\w.-]+\.bin\b", re.IGNORECASE),
    "ONNX": re.compile(r"\bonnx\b|\.onnx\b", re.IGNORECASE),
}


_WORDS = 4
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


def languages(sources: Sources, system: str) -> list[str]:
    """Languages of the project's own code: those that its build system is for first, then by number of files."""
    counts: Counter[str] = Counter()
    for path in sources.commit.objects:
        if not sources.vendored(path) and not sources.aside(path):
            counts.update(name for name, endings in _LANGUAGES.items() if path.endswith(endings))
    main = _MAIN.get(system, ())
    return sorted(counts, key=lambda name: (name not in main, -counts[name]))


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


def description(sources: Sources, declared: Iterable[Found] = (), names: Sequence[str] = ()) -> Found | None:
    """What the project is, in a sentence: the README's that says so of one of `names`, else what a manifest declares,
    else the README's first that is no news, advertisement or bar of links."""
    readme = _readme(sources)
    text = (sources.text(readme) or "") if readme else ""
    prose = [
        Found(sentence(paragraph), f"{readme}:{number}", "likely")
        for number, paragraph in paragraphs("\n".join(text.splitlines()[:_PROSE_ROWS]))
        if len(paragraph.split()) >= _WORDS and is_about_it(paragraph)
    ]
    said = (found for found in prose if says_what_it_is(found.value, names))
    curated = (found for found in declared if len(found.value.split()) >= _WORDS - 1)
    return next((found for part in (said, curated, prose) for found in part), None)


def _readme(sources: Sources) -> str | None:
    names = [path for path in sources.commit.objects if "/" not in path and path.lower().startswith("readme")]
    return min(
        names, key=lambda path: (path.lower() not in ("readme.md", "readme.rst", "readme"), len(path)), default=None
    )


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1
