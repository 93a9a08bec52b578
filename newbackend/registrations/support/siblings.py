"""Files that name most backends of a kind, and not one of them: this is how a registration file is found that nobody
has written down yet.

A name counts as a word of its own: `faster-whisper` does not name `whisper`. Files of the backends themselves, pages
about a release, and what is too big to be written by hand are not looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from newbackend.catalog import modalities
from newbackend.catalog.languages import language_table, languages
from newbackend.checkout.search import Search, files_with, words_of
from newbackend.checkout.tree import Checkout, cached
from newbackend.errors import NewbackendError
from newbackend.records import dataclass
from newbackend.registrations.matrix.place import Matrix, lang_of_row
from newbackend.registrations.model_gallery.index import MODELS
from newbackend.registrations.support.display_names import squeezed
from newbackend.registrations.support.served_calls import served_modalities
from newbackend.registrations.support.text_files import text_or_none

FEWEST, MANY = 3, 6
"""Names that make a list; and how many others a kind needs for most of them to mean it, because three of four backends
stand together in many a file by accident."""
LIMIT = 512 * 1024
"""Characters of a file; LocalAI's biggest that names backends one by one has 0.3 million (`backend/index.yaml`)."""
_SKIPPED = frozenset((".git", ".agents", "node_modules", "vendor", "dist", "swagger", "assets", "static", "public"))
_ASIDE = ("backend/*/*/**", *(f"**/{name}/**" for name in sorted(_SKIPPED)))
"""What is not looked at, for git: the backends' own directories, and what is skipped anyway."""
_HISTORY = ("blog", "whats-new", "changelog", "news")
_SURE = 6  # letters: a shorter name would be found in the middle of any text


@dataclass(frozen=True)
class Kind:
    """Backends that have something in common, and the words for it."""

    title: str
    members: frozenset[str]
    serves: bool = False
    """Whether they serve the same: this says more than a language."""


@dataclass(frozen=True)
class Listing:
    """A file that names `names` of a kind's other backends, with the 1-based line and text of one of them."""

    path: str
    kind: Kind
    names: tuple[str, ...]
    line: int
    example: str


@cached
def kinds(checkout: Checkout) -> tuple[Kind, ...]:
    """Kinds by what they serve, by language, by macOS images, and all of them: the closest first."""
    serving: dict[str, set[str]] = defaultdict(set)
    groups: dict[str, set[str]] = defaultdict(set)
    for name, lang in languages_of(checkout).items():
        for modality in served_modalities(checkout, name, lang):
            serving[f"backends that serve {modalities()[modality].title.lower()}"].add(name)
    for name, lang in languages_of(checkout).items():
        title = languages()[lang].title if lang in languages() else lang
        groups[f"backends in {title}"].add(name)
    for fact in Matrix().observe(checkout):
        if fact.kind == "darwin":
            groups["backends with macOS images"].add(fact.backend)
    groups["backends in all"] = set(languages_of(checkout))
    close = [Kind(title, frozenset(names), serves=True) for title, names in serving.items()]
    return (*close, *(Kind(title, frozenset(names)) for title, names in groups.items()))


def kinds_of(checkout: Checkout, name: str) -> list[Kind]:
    """The kinds that a backend belongs to, itself left out, the closest first; none that is too small to say much."""
    mine = [replace(kind, members=kind.members - {name}) for kind in kinds(checkout) if name in kind.members]
    return [kind for kind in mine if len(kind.members) >= FEWEST]


@cached
def languages_of(checkout: Checkout) -> Mapping[str, str]:
    """Backend -> its language, by its rows."""
    rows = [fact for fact in Matrix().observe(checkout) if fact.kind == "row"]
    return {fact.backend: lang_of_row(fact.value) for fact in rows}


def searching(checkout: Checkout, name: str) -> Search:
    """Starts what `listings` looks for, for a backend that is not there yet."""
    return Search(checkout, (name, *languages_of(checkout)), _aside(checkout))


def listings(checkout: Checkout, name: str, mine: Sequence[Kind], search: Search | None = None) -> list[Listing]:
    """Every file that names most of the other backends of one of some kinds, of a small kind all of them, and not this
    one; each once, for the kind of which it names the greatest part. `search` is that of `searching`."""
    found = []
    names = frozenset({name}.union(*(kind.members for kind in mine)))
    for path, words in _named(checkout, names, search).items():
        if name in words:
            continue
        parts = [(len(kind.members & words) / len(kind.members), kind) for kind in mine]
        share, kind = max(parts, key=lambda part: part[0], default=(0.0, None))
        if kind is None or share <= (0.5 if len(kind.members) >= MANY else 0.99):
            continue
        text = text_or_none(checkout, path)
        if len(text) > LIMIT or _shown(name, text, words):
            continue
        shown = tuple(sorted(kind.members & words))
        line, example = _line(text, shown)
        found.append(Listing(path, kind, shown, line, example))
    return found


def _shown(name: str, text: str, words: frozenset[str]) -> bool:
    """Whether a page names a backend as people do, such as `NeMo-Speech.cpp`, and not inside of another's name."""
    plain = squeezed(name)
    if len(plain) < _SURE:
        return False
    for other in sorted(words, key=len, reverse=True):
        text = text.replace(other, "|")
    return plain in squeezed(text.replace("|", "0"))


@cached
def _named(checkout: Checkout, names: frozenset[str], search: Search | None) -> Mapping[str, frozenset[str]]:
    """Path -> named backends of every file that names some."""
    return files_with(checkout, names, FEWEST, _looked_at, _aside(checkout), limit=LIMIT, search=search)


def _aside(checkout: Checkout) -> tuple[str, ...]:
    return (*_ASIDE, MODELS) if _is_big(checkout, MODELS) else _ASIDE


def _is_big(checkout: Checkout, path: str) -> bool:
    try:
        return checkout.size(path) > LIMIT
    except NewbackendError:
        return True  # too big to be read at all


def _looked_at(path: str) -> bool:
    """Whether a file may be a list of backends, or a directory have one."""
    past = any(word in path.lower() for word in _HISTORY)
    return not past and path.rpartition("/")[2] not in _SKIPPED and not language_table().of_path(path).id


def _line(text: str, names: tuple[str, ...]) -> tuple[int, str]:
    """The line that names the most of them, the first of several."""
    wanted = frozenset(names)
    best, line, example = 0, 1, ""
    for number, row in enumerate(text.split("\n"), 1):
        count = len(wanted.intersection(words_of(row))) if any(name in row for name in names) else 0
        if count > best:
            best, line, example = count, number, row.strip()
    return line, example
