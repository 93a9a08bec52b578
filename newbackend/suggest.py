""" "Did you mean": the known words that are nearest to the one that somebody typed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from newbackend.errors import NewbackendError, UsageError

LIMIT = 4
_SHORTEST = 2
_CUTOFF, _HARDLY, _NEARLY = 0.7, 0.1, 0.85
_NUMBERS = re.compile(r"[\d.-]+")
Synonyms = Mapping[str, Sequence[str]]


def nearest(word: str, known: Iterable[str], also: Synonyms | None = None) -> tuple[str, ...]:
    """The known words that `word` may mean, best first, at most `LIMIT`; none when nothing is near.

    `also` has other words for a known one (`golang` for `go`). What reads the same but for case, hyphens and spaces
    wins; then what begins like it, as a whole or in one of its parts; then what is spelled similarly.
    """
    ids = list(known)
    names = {key: [key, *(also or {}).get(key, ())] for key in ids}
    wanted = _plain(word)
    if not wanted:
        return ()
    same = [key for key in ids if any(_plain(name) == wanted for name in names[key])]
    if same:
        return tuple(same[:LIMIT])
    parts = {key: _parts(key) for key in ids}
    prefixed = [key for key in ids if len(wanted) >= _SHORTEST and _plain(key).startswith(wanted)]
    begins = [key for key in ids if wanted in parts[key]]
    begins += prefixed
    begins += [key for key in ids if len(wanted) >= _SHORTEST and any(part.startswith(wanted) for part in parts[key])]
    alike = () if prefixed else _similar(word.casefold(), names)
    return tuple(dict.fromkeys((*begins, *alike)))[:LIMIT]


def _similar(word: str, names: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """What is spelled like the word: the most similar one, and those that are hardly less so."""
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(b=word, autojunk=False)

    def likeness(spelling: str) -> float:
        matcher.set_seq1(spelling.casefold())
        return matcher.ratio() if matcher.quick_ratio() >= _CUTOFF else 0.0

    scores = {key: max(map(likeness, spellings)) for key, spellings in names.items()}
    least = max(_CUTOFF, max(scores.values(), default=0.0) - _HARDLY)
    close = sorted((key for key in names if scores[key] >= least), key=lambda key: -scores[key])
    return tuple(close[:LIMIT])


def _plain(word: str) -> str:
    return re.sub(r"[\s_./-]+", "", word.casefold())


def _parts(word: str) -> list[str]:
    return re.split(r"[\s_./-]+", word.casefold())


def misspelt(word: str, known: Iterable[str]) -> str:
    """The known word that one is misspelt for, "" when there is none: another version, or size, is no misspelling."""
    from difflib import get_close_matches

    plain = {_NUMBERS.sub("", other): other for other in known}
    bare = _NUMBERS.sub("", word)
    close = get_close_matches(bare, plain, 1, _NEARLY) if bare and bare not in plain else []
    return plain[close[0]] if close else ""


def did_you_mean(close: Sequence[str]) -> str:
    """`did you mean a, b or c?`; "" for none."""
    if not close:
        return ""
    *first, last = close
    return f"did you mean {', '.join(first)} or {last}?" if first else f"did you mean {last}?"


def unknown(
    code: str, what: str, word: str, known: Iterable[str], *, also: Synonyms | None = None, where: str = ""
) -> NewbackendError:
    """The error for a word that is none of `known`, which are its choices, the nearest first.

    Names the nearest ones in its hint, or all of them when none is near.
    """
    ids = list(known)
    close = nearest(word, ids, also)
    if close:
        message, hint = f"{what} {word!r} is unknown", did_you_mean(close)
    else:
        message, hint = f"{what} {word!r} is not one of {', '.join(ids)}", ""
    return UsageError(code, message, where=where, hint=hint, choices=dict.fromkeys((*close, *ids)))
