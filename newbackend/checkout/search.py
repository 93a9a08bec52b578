"""Which files of a checkout have some words, each as a word of its own: `faster-whisper` does not have `whisper`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from threading import Thread

from newbackend.checkout.git import Git
from newbackend.checkout.reading import LIMIT_BYTES
from newbackend.checkout.revision import RevisionCheckout
from newbackend.checkout.tree import Checkout
from newbackend.errors import NewbackendError

_WORD = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?")

_ANSWER = (
    "-I", "--threads=1", "--untracked", "--no-recurse-submodules", "--only-matching", "--null", "--full-name",
    "--no-line-number", "--no-column", "--no-heading", "--no-break", "--color=never",
)  # fmt: skip
"""Path, NUL and word, whatever the user's own configuration asks for."""

LookedAt = Callable[[str], bool]


def words_of(text: str) -> list[str]:
    """The words of a text."""
    return _WORD.findall(text)


class Search:
    """git's search for words, which goes on while the `with` block does something else."""

    def __init__(self, checkout: Checkout, words: Iterable[str], aside: Iterable[str]) -> None:
        self.words = frozenset(word for word in words if _WORD.fullmatch(word))
        self._found: dict[str, frozenset[str]] = {}
        self._thread = Thread(target=self._search, args=(checkout, tuple(aside)))

    def _search(self, checkout: Checkout, aside: Sequence[str]) -> None:
        with suppress(NewbackendError, OSError):
            self._found = _by_git(checkout, self.words, aside)

    def __enter__(self) -> Search:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()

    def of(self, words: frozenset[str]) -> dict[str, frozenset[str]]:
        """Path -> those of some of the words that the file has; empty when git cannot tell. Waits for git."""
        self._thread.join()
        return {path: mine for path, have in self._found.items() if (mine := have & words)}


def files_with(
    checkout: Checkout,
    words: Iterable[str],
    fewest: int,
    looked_at: LookedAt,
    aside: Iterable[str] = (),
    *,
    limit: int = LIMIT_BYTES,
    search: Search | None = None,
) -> Mapping[str, frozenset[str]]:
    """Path -> those of the words that the file has, at least `fewest`, for files and directories that are `looked_at`.
    git is told of what is big and not (`aside`, gitglossary(7), "pathspec"); of what is read here, a file of more than
    `limit` characters is not.

    git searches what it does not ignore, which takes a tenth of the time; without git, or a git without Perl's regular
    expressions, every file is read. Planned changes count. A file that cannot be read has nothing. A `search` that has
    started, for these words and others, with the same `aside`, is not made again.
    """
    known = frozenset(word for word in words if _WORD.fullmatch(word))
    found: dict[str, frozenset[str]] = {}
    if search is not None and known <= search.words:
        found = search.of(known)
    elif known and not isinstance(checkout, RevisionCheckout):
        with Search(checkout, known, aside) as own:
            found = own.of(known)
    planned = [path for path in checkout.planned if _seen(path, looked_at)]
    paths = (*planned, *(() if found else _files(checkout, looked_at)))
    read = dict(_by_reading(checkout, known, paths, limit))
    unchanged = {path: have for path, have in found.items() if path not in checkout.planned}
    many = {path: have for path, have in {**unchanged, **read}.items() if len(have) >= fewest}
    return {path: many[path] for path in sorted(many) if path in read or _seen(path, looked_at)}


def _seen(path: str, looked_at: LookedAt) -> bool:
    """Whether a file and every directory above it are looked at."""
    parts = path.split("/")
    return all(looked_at("/".join(parts[:depth])) for depth in range(1, len(parts) + 1))


def _by_git(checkout: Checkout, words: frozenset[str], aside: Iterable[str]) -> dict[str, frozenset[str]]:
    """Raises NewbackendError when git cannot, and when no file has any."""
    listed = "|".join(re.escape(word) for word in sorted(words))
    pattern = f"(?<![A-Za-z0-9_-])[_-]*(?:{listed})(?![A-Za-z0-9])(?![_-]+[A-Za-z0-9])"
    where = (".", *(f":(exclude,glob){path}" for path in aside))
    out = Git(checkout.root).run("grep", *_ANSWER, "--perl-regexp", "-e", pattern, "--", *where)
    found: dict[str, set[str]] = defaultdict(set)
    for row in out.decode("utf-8", "surrogateescape").split("\n"):
        path, _, word = row.partition("\0")
        if path:
            found[path].add(word.lstrip("_-"))
    return {path: frozenset(have) for path, have in found.items()}


def _by_reading(
    checkout: Checkout, words: frozenset[str], paths: Iterable[str], limit: int
) -> Iterator[tuple[str, frozenset[str]]]:
    for path in paths:
        try:
            if checkout.size(path) > limit or not checkout.holds(path, *words):
                continue
            have = words.intersection(words_of(checkout.read(path) or ""))
        except NewbackendError:
            continue  # not text, or not to be read
        if have:
            yield path, have


def _files(checkout: Checkout, looked_at: LookedAt) -> Iterator[str]:
    left = [name for name in reversed(checkout.children(".")) if looked_at(name)]
    while left:
        path = left.pop()
        if checkout.is_dir(path):
            below = (f"{path}/{name}" for name in reversed(checkout.children(path)))
            left += [child for child in below if looked_at(child)]
        else:
            yield path
