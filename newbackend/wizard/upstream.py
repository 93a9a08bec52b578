"""What a pinned repository says about itself: a description, a licence, keywords, its language.

Only defaults come from here, and only when the commit can be fetched: every failure is silent, because
a person answers the question either way. No file of the repository is executed or checked out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from newbackend.catalog.languages import languages
from newbackend.errors import NewbackendError
from newbackend.records import dataclass
from newbackend.upstream.commit import Commit, fetched
from newbackend.upstream.licences import license_of
from newbackend.upstream.prose import first_paragraph, plain

SECONDS = 10.0
_LIMIT = 200_000
_NAMES = re.compile(r"(?i)(?:(?P<license>licen[cs]e|copying)(?:[.-].*)?|(?P<readme>readme)(?:\.(?:md|rst|txt))?)\Z")


@dataclass(frozen=True)
class Upstream:
    """Fields are empty if the repository does not have them; `lang` is a language id."""

    description: str = ""
    license: str = ""
    keywords: tuple[str, ...] = ()
    lang: str = ""


def read_upstream(repo: str, sha: str, *, seconds: float = SECONDS) -> Upstream:
    """What the README, the licence and the manifest at the top of a commit say.

    Gives an empty value when the commit cannot be fetched, or not within `seconds` in all.
    """
    try:
        with fetched(repo, sha, seconds=seconds) as commit:
            return _read(commit)
    except (NewbackendError, OSError, ValueError):
        return Upstream()


def _read(commit: Commit) -> Upstream:
    names = [path for path in commit.objects if "/" not in path]
    files = {kind: name for name in names if (match := _NAMES.match(name)) for kind in (match.lastgroup or "",)}
    manifest = next((name for name in ("pyproject.toml", "Cargo.toml") if name in names), "")
    commit.prefetch([*files.values(), manifest])
    texts = {kind: (commit.text(name) or "")[:_LIMIT] for kind, name in files.items()}
    about = _manifest((commit.text(manifest) or "")[:_LIMIT]) if manifest else {}
    return Upstream(
        description=plain(str(about.get("description") or "")) or first_paragraph(texts.get("readme", "")),
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
    words = [plain(word) for word in given if isinstance(word, str)] if isinstance(given, list) else []
    return tuple(dict.fromkeys(word for word in words if 0 < len(word) <= 32))[:8]
