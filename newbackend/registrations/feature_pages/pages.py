"""Pages of `docs/content/features/` about a modality, found by their content.

A page counts when its title has a word for a modality and it lists backends in one form (`runs.py`). Of a page's runs
the one that names the most backends counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache

from newbackend.catalog import modalities
from newbackend.catalog.modalities import Modality
from newbackend.checkout.tree import Checkout, cached, cached_by_file
from newbackend.errors import NewbackendError
from newbackend.records import dataclass
from newbackend.registrations.feature_pages.items import item_runs
from newbackend.registrations.feature_pages.runs import Run, best
from newbackend.registrations.feature_pages.sections import section_runs
from newbackend.registrations.feature_pages.table_rows import row_runs
from newbackend.registrations.support.display_names import squeezed
from newbackend.registrations.support.own_pages import FEATURES
from newbackend.registrations.support.served_calls import served_modalities
from newbackend.registrations.support.siblings import languages_of
from newbackend.registrations.support.text_files import lines_of, text_or_none
from newbackend.splice.lines import Lines

_TITLE = re.compile(r"^(?:title ?[=:] ?[\"'](.*)[\"']|#+ (.*?))\r?$", re.M)
_PARENTHESES = re.compile(r"\(([^)]*)\)")


@dataclass(frozen=True)
class Page:
    """A page that lists backends, and how."""

    path: str
    title: str
    run: Run


@cached
def pages(checkout: Checkout) -> tuple[Page, ...]:
    """Every page about a modality that lists backends in a form that is known."""
    found = []
    for path in _paths(checkout):
        title = _title_of(checkout, path)
        if not any(_about(title, modality) for modality in modalities().values()):
            continue
        runs = [run.resolved(checkout) for run in _runs(checkout, path)]
        run = best([run for run in runs if run.lists_backends])
        found += [] if run is None else [Page(path, title, run)]
    return tuple(found)


def page_of(checkout: Checkout, modality: Modality) -> Page | None:
    """The page about a modality: by its title, and by what most of the backends that it lists serve."""
    for page in pages(checkout):
        if _about(page.title, modality):
            serving = [entry for entry in page.run.named if modality.id in _served(checkout, entry.backend)]
            if len(serving) * 2 > len(page.run.named):
                return page
    return None


def page_called(checkout: Checkout, modality: Modality) -> str | None:
    """The page whose title is a word for the modality, whatever it has; None when there is not exactly one."""
    found = [path for path in _paths(checkout) if _words(modality) & _names(checkout, path)]
    return found[0] if len(found) == 1 else None


def guide_to(checkout: Checkout, modality: Modality) -> str:
    """The path of the page about a modality, with a list of backends or without; "" when there is none."""
    page = page_of(checkout, modality)
    return page.path if page else page_called(checkout, modality) or ""


def is_about_a_modality(checkout: Checkout, path: str) -> bool:
    """Whether a page's title is a word for some modality."""
    return any(_words(modality) & _names(checkout, path) for modality in modalities().values())


def _names(checkout: Checkout, path: str) -> set[str]:
    """What the title of a page calls it, with and without what is in brackets."""
    title = _title_of(checkout, path)
    return {squeezed(name) for name in (title, _PARENTHESES.sub("", title), *_PARENTHESES.findall(title))}


def _paths(checkout: Checkout) -> list[str]:
    names = (name for name in checkout.children(FEATURES) if name.endswith(".md") and name != "backends.md")
    return [f"{FEATURES}/{name}" for name in names]


def _about(title: str, modality: Modality) -> bool:
    """Whether the title has a word for the modality. The page of an engine lists what else is called like a backend."""
    short = squeezed(title)
    return any(len(word) > 2 and word in short for word in _words(modality))


@cache
def _words(modality: Modality) -> frozenset[str]:
    return frozenset(squeezed(word) for word in (modality.id, *modality.other_words))


@cached_by_file
def _title_of(checkout: Checkout, path: str) -> str:
    match = _TITLE.search(text_or_none(checkout, path))
    return (match[1] or match[2]) if match else ""


def _served(checkout: Checkout, backend: str) -> tuple[str, ...]:
    return served_modalities(checkout, backend, languages_of(checkout).get(backend, ""))


@cached_by_file
def _runs(checkout: Checkout, path: str) -> tuple[Run, ...]:
    try:
        return runs_of(lines_of(checkout, path))
    except NewbackendError:
        return ()  # not text


_FORMS: Mapping[str, Callable[[Lines], Sequence[Run]]] = {"item": item_runs, "section": section_runs, "row": row_runs}


def runs_of(lines: Lines, kinds: Iterable[str] = tuple(_FORMS)) -> tuple[Run, ...]:
    """All runs of a page, by form; of some kinds only, where `kinds` says which."""
    return tuple(run for kind in kinds for run in _FORMS[kind](lines))
