"""Lists of backends on the pages of `docs/content/features/`, found by their content.

`- **[whisper.cpp](https://…)**: text` is an item about the backend `whisper`. Of a page's lists the one that names the
most backends counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from newbackend.catalog import modalities
from newbackend.catalog.modalities import Modality
from newbackend.checkout.tree import Checkout, cached, cached_by_file
from newbackend.errors import NewbackendError
from newbackend.registrations.support.display_names import backend_of, squeezed
from newbackend.registrations.support.served_calls import served_modalities
from newbackend.registrations.support.siblings import languages_of
from newbackend.registrations.support.text_files import lines_of

FOLDER = "docs/content/features"
_ITEM = re.compile(
    r"(?P<bullet>[-*] )(?P<bold>\*\*)?"
    r"(?:\[(?P<text>[^\]\n]+)\]\((?P<link>[^)\s]*)\)|`(?P<code>[^`\n]+)`|(?P<plain>\w[\w .-]*?))"
    r"(?:\*\*)?(?P<separator>(?: \([^)\n]*\))?(?:: | - | – | — ))"
)
_TITLE = re.compile(r"^(?:title = [\"'](.*)[\"']|#+ (.*?))\r?$", re.M)


@dataclass(frozen=True)
class Item:
    """An item about something: its backend ("" for none that the checkout has), its lines (0-based) and its form."""

    backend: str
    shown: str
    link: str
    first: int
    last: int
    bullet: str
    bold: bool
    separator: str


@dataclass(frozen=True)
class Page:
    """A page with a list of backends: the items of that list."""

    path: str
    title: str
    items: tuple[Item, ...]

    @property
    def named(self) -> tuple[Item, ...]:
        """The items about backends of the checkout."""
        return tuple(item for item in self.items if item.backend)


@cached
def pages(checkout: Checkout) -> tuple[Page, ...]:
    """Every page about a modality that has a list of backends; of two that name as many nobody knows which is meant."""
    found = []
    for name in checkout.children(FOLDER):
        path = f"{FOLDER}/{name}"
        try:
            lists = _lists(checkout, path) if name.endswith(".md") and name != "backends.md" else ()
        except NewbackendError:
            continue  # not text
        named = [tuple(_resolved(checkout, item) for item in items) for items in lists]
        counts = [sum(bool(item.backend) for item in items) for items in named]
        if max(counts, default=0) and counts.count(max(counts)) == 1:
            page = Page(path, _title(checkout.need(path)), named[counts.index(max(counts))])
            found += [page] if any(_about(page, modality) for modality in modalities().values()) else []
    return tuple(found)


def page_of(checkout: Checkout, modality: Modality) -> Page | None:
    """The page about a modality: by its title, and by what most of the backends on its list serve."""
    for page in pages(checkout):
        if _about(page, modality):
            serving = [item for item in page.named if modality.id in _served(checkout, item.backend)]
            if len(serving) * 2 > len(page.named):
                return page
    return None


def _about(page: Page, modality: Modality) -> bool:
    """Whether the title has a word for the modality. The page of an engine lists what else is called like a backend."""
    title = squeezed(page.title)
    words = (squeezed(word) for word in (modality.id, *modality.other_words))
    return any(len(word) > 2 and word in title for word in words)


def _title(text: str) -> str:
    match = _TITLE.search(text)
    return (match[1] or match[2]) if match else ""


def _served(checkout: Checkout, backend: str) -> tuple[str, ...]:
    return served_modalities(checkout, backend, languages_of(checkout).get(backend, ""))


def _resolved(checkout: Checkout, item: Item) -> Item:
    backend = backend_of(checkout, item.shown, item.link)
    return Item(backend, item.shown, item.link, item.first, item.last, item.bullet, item.bold, item.separator)


@cached_by_file
def _lists(checkout: Checkout, path: str) -> tuple[tuple[Item, ...], ...]:
    """Runs of items of one page; a line that is indented goes on with the item above."""
    lines = lines_of(checkout, path)
    runs: list[list[Item]] = [[]]
    for number in range(len(lines)):
        row = lines[number]
        match = _ITEM.match(row)
        if match:
            shown = match["text"] or match["code"] or match["plain"]
            form = (match["bullet"], bool(match["bold"]), match["separator"])
            runs[-1].append(Item("", shown, match["link"] or "", number, number, *form))
        elif runs[-1] and row.startswith("  ") and row.strip():
            last = runs[-1].pop()
            runs[-1].append(Item("", last.shown, last.link, last.first, number, last.bullet, last.bold, last.separator))
        elif not row.startswith(("- ", "* ")):
            runs.append([])
    return tuple(tuple(run) for run in runs if run)


def bullet(page: Page, text: str, link: str, description: str) -> str:
    """A new item in the form of the last one about a backend."""
    form = page.named[-1]
    shown = f"[{text}]({link})" if link and form.link else f"`{text}`" if not form.bold and not form.link else text
    separator = re.sub(r" \([^)]*\)", "", form.separator)
    return f"{form.bullet}{'**' if form.bold else ''}{shown}{'**' if form.bold else ''}{separator}{description}"
