"""What a pinned repository says about itself: a description, a licence, keywords, its language.

Only defaults come from here, and only when the commit can be fetched: every failure is silent, because
a person answers the question either way. No file of the repository is executed or checked out.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from newbackend.catalog.languages import languages
from newbackend.checkout.git import run_outside
from newbackend.errors import UsageError
from newbackend.pin import allowed_protocols, base_url

SECONDS = 10.0
_LIMIT = 200_000
_LENGTH = 200
_NAMES = re.compile(r"(?i)(?:(?P<license>licen[cs]e|copying)(?:[.-].*)?|(?P<readme>readme)(?:\.(?:md|rst|txt))?)\Z")
_MARKUP = re.compile(r"<[^>]*>|!\[[^\]]*\]\([^)]*\)|\[!\[.*?\]\(.*?\)\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True)
class Upstream:
    """Fields are empty if the repository does not have them; `lang` is a language id."""

    description: str = ""
    license: str = ""
    keywords: tuple[str, ...] = ()
    lang: str = ""


def read_upstream(repo: str, sha: str, *, seconds: float = SECONDS) -> Upstream:
    """Fetches one commit without file contents, then the two or three files that are read.

    The base URL is `NEWBACKEND_GIT_BASE`, else GitHub. Gives an empty value when that fails or takes
    longer than `seconds` in all.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="newbackend-upstream-") as folder:
            return _read(_Git(Path(folder), time.monotonic() + seconds), f"{base_url()}/{repo}", sha)
    except (OSError, subprocess.SubprocessError, ValueError, UsageError):
        return Upstream()


@dataclass(frozen=True)
class _Git:
    """A bare repository with a deadline; never prompts for a password, runs no hooks."""

    folder: Path
    deadline: float

    def run(self, *words: str) -> str:
        env = {
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_NO_LAZY_FETCH": "0",
            "GIT_ALLOW_PROTOCOL": allowed_protocols(base_url()),
        }
        seconds = max(0.1, self.deadline - time.monotonic())
        done = run_outside("-C", str(self.folder), *words, timeout=seconds, env=env)
        done.check_returncode()
        return done.stdout[:_LIMIT].decode("utf-8", "replace")


def _read(git: _Git, url: str, sha: str) -> Upstream:
    git.run("init", "--quiet", "--bare")
    git.run("remote", "add", "origin", url)
    git.run("config", "remote.origin.promisor", "true")
    git.run("config", "remote.origin.partialclonefilter", "blob:none")
    git.run("fetch", "--quiet", "--depth=1", "--no-tags", "--filter=blob:none", "origin", sha)
    names = git.run("ls-tree", "--name-only", "-z", sha).split("\0")
    files = {kind: name for name in names if (match := _NAMES.match(name)) for kind in (match.lastgroup or "",)}
    texts = {kind: git.run("cat-file", "blob", f"{sha}:{name}") for kind, name in files.items()}
    manifest = next((name for name in ("pyproject.toml", "Cargo.toml") if name in names), "")
    about = _manifest(git.run("cat-file", "blob", f"{sha}:{manifest}")) if manifest else {}
    return Upstream(
        description=_plain(str(about.get("description") or "")) or first_paragraph(texts.get("readme", "")),
        license=license_of(texts.get("license", "")),
        keywords=_keywords(about),
        lang=_language(names),
    )


def _language(names: Collection[str]) -> str:
    """The language of the build files; the best rank when there are several."""
    ranked = sorted(languages().values(), key=lambda language: language.upstream_rank)
    return next((language.id for language in ranked if any(name in names for name in language.upstream_files)), "")


def _manifest(text: str) -> Mapping[str, object]:
    import tomllib

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}
    table = data.get("project") or data.get("package") or {}
    return table if isinstance(table, dict) else {}


def _keywords(about: Mapping[str, object]) -> tuple[str, ...]:
    given = about.get("keywords")
    words = [_plain(word) for word in given if isinstance(word, str)] if isinstance(given, list) else []
    return tuple(dict.fromkeys(word for word in words if 0 < len(word) <= 32))[:8]


def first_paragraph(readme: str) -> str:
    """The first prose of a README, one line, without markup, badges and headings; "" when there is none."""
    lines: list[str] = []
    fenced = False
    for raw in readme.splitlines():
        fenced ^= raw.lstrip().startswith("```")
        line = _plain(raw)
        prose = not fenced and line[:1].isalnum() and not set(raw.strip()) <= set("=-~*#")
        heading = raw.lstrip().startswith(("#", "|", ">", "```"))
        if prose and not heading:
            lines.append(line)
        elif lines and set(raw.strip()) <= set("=-~") and raw.strip():
            lines.clear()  # the line before was a heading, underlined
        elif lines:
            break
    text = " ".join(lines)
    if len(text) <= _LENGTH:
        return text
    return text[:_LENGTH].rsplit(" ", 1)[0].rstrip(",;:. ") + " …"


def _plain(line: str) -> str:
    """One line without HTML, images, link targets, emphasis and control characters."""
    text = _LINK.sub(r"\1", _MARKUP.sub("", line)).replace("**", "").replace("`", "")
    return " ".join("".join(ch if ch.isprintable() else " " for ch in text).split())


def license_of(text: str) -> str:
    """The SPDX id of a licence text, or "" for one that is not in `licenses.json`."""
    flat = " ".join(text.split()).lower()
    for row in _licenses():
        if all(phrase.lower() in flat for phrase in row["phrases"]):
            return str(row["id"])
    return ""


def known_licenses() -> tuple[str, ...]:
    """The SPDX ids of `licenses.json`."""
    return tuple(dict.fromkeys(str(row["id"]) for row in _licenses()))


@cache
def _licenses() -> list[dict[str, list[str]]]:
    data = json.loads((Path(__file__).parent / "licenses.json").read_text(encoding="utf-8"))
    rows = data["licenses"]
    assert isinstance(rows, list)
    return rows
