"""The stages of a Dockerfile with given arguments, and which of them an image is built of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field

from newbackend.records import dataclass
from newbackend.trace.docker.expand import expanded, unquoted
from newbackend.trace.docker.instructions import Instruction

PREDEFINED = frozenset(
    {
        *("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY", "ftp_proxy"),
        *("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy", "BUILDKIT_INLINE_CACHE", "SOURCE_DATE_EPOCH"),
    }
)
"""Arguments that need no ARG (https://docs.docker.com/reference/dockerfile/#predefined-args)."""


@dataclass
class Stage:
    """One stage: its name, its base as written and with the row's values, and its instructions."""

    name: str
    line: int
    source: str
    base: str = ""
    instructions: list[Instruction] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, str] = field(default_factory=dict)
    directory: str = "/"
    places: dict[str, str] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)


def needed_of(stages: list[Stage]) -> list[Stage]:
    """The last stage and all that it is made of, in their order."""
    wanted, todo = set[int](), [len(stages) - 1] if stages else []
    while todo:
        at = todo.pop()
        if at in wanted:
            continue
        wanted.add(at)
        names = [stages[at].base]
        for entry in stages[at].instructions:
            names += [flag[7:] for flag in entry.flags if flag.startswith("--from=")]
            names += re.findall(
                r"from=([\w.-]+)", " ".join(flag for flag in entry.flags if flag.startswith("--mount="))
            )
        for name in names:
            todo += [other for other in range(at) if stages[other].name.lower() == name.lower() or str(other) == name][
                -1:
            ]
    return [stage for at, stage in enumerate(stages) if at in wanted]


def stages_of(
    instructions: tuple[Instruction, ...], given: Mapping[str, str], arch: str
) -> tuple[list[Stage], dict[str, str]]:
    """The stages, and the arguments before the first one with their values."""
    general: dict[str, str] = automatic(arch)
    stages: list[Stage] = []
    for entry in instructions:
        if entry.keyword == "FROM":
            words = entry.joined.split()
            source = words[0] if words else ""
            name = words[2] if len(words) > 2 and words[1].lower() == "as" else str(len(stages))
            stages.append(Stage(name, entry.line, source, unquoted(expanded(source, general))))
        elif stages:
            stages[-1].instructions.append(entry)
        elif entry.keyword == "ARG":
            for name, default in declared(entry):
                general[name] = given[name] if name in given else expanded(default or "", general)
    return stages, general


def automatic(arch: str) -> dict[str, str]:
    """BuildKit's platform arguments."""
    short = {"x86_64": "amd64", "aarch64": "arm64"}.get(arch, arch)
    platform = {"PLATFORM": f"linux/{short}", "OS": "linux", "ARCH": short, "VARIANT": ""}
    return {f"{prefix}{key}": value for prefix in ("TARGET", "BUILD") for key, value in platform.items()}


def declared(entry: Instruction) -> list[tuple[str, str | None]]:
    """The names of an ARG with their defaults; None when there is none."""
    text = re.sub(r"\\\n", " ", entry.text)
    found: list[tuple[str, str | None]] = []
    for match in re.finditer(r"(\w+)(?:=((?:\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\s\"'])*))?(?=\s|\Z)", text):
        found.append((match[1], None if match[2] is None else unquoted(match[2])))
    return found
