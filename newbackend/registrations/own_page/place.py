"""`docs/content/features/<name>.md`: a page about one backend, for those that have one's worth to say.

It is written on request (`docs.page`). A page belongs to the backend that it is called like when it says how to
install or to name that backend; the page about a modality never does (docs/adr/0110).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from newbackend.checkout.tree import Checkout, cached
from newbackend.errors import UsageError
from newbackend.records import dataclass
from newbackend.registrations.base import Change, ExpectedFact, Fact, NewFile, Place, Probe
from newbackend.registrations.feature_pages.pages import is_about_a_modality
from newbackend.registrations.gallery_index.place import GalleryIndex
from newbackend.registrations.manual import Manual
from newbackend.registrations.matrix.place import Matrix
from newbackend.registrations.own_page.menu import weight_of
from newbackend.registrations.own_page.page import page_text
from newbackend.registrations.support.own_pages import FEATURES, page_path, page_title, see_page
from newbackend.registrations.support.text_files import text_or_none
from newbackend.spec import BackendSpec, to_answers

TABLE = "docs/content/reference/compatibility-table.md"
_LINK = re.compile(r"\{\{[%<]\s{0,9}(?:rel)?ref \"/?features/([^\"#\s]+)|\]\(/features/([^)#\s/]+)")


class OwnPage(Place):
    """One fact for each page about a backend."""

    id = "own-page"
    title = "own feature page"
    order = 196
    file = FEATURES

    def probe(self, checkout: Checkout) -> Probe:
        return Probe() if checkout.is_dir(FEATURES) else Probe(absent=f"{FEATURES} is not in this checkout")

    def concerns(self, spec: BackendSpec) -> bool:
        return bool(spec.docs.page)

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        return [Fact("page", f"page:{name}", name, "", page_path(name), 1) for name in _owners(checkout)]

    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        if not spec.docs.page:
            return ()
        return [ExpectedFact("page", f"page:{spec.name}", "", _reason(spec), (), page_path(spec.name))]

    def same(self, wanted: Any, observed: Any) -> bool:
        """A page is there to be written on: only that there is one has to agree."""
        return True

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        return ()  # it is a file of its own

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        return ()

    def files(self, checkout: Checkout, spec: BackendSpec) -> Mapping[str, NewFile]:
        if not self.wanted(spec, checkout):
            return {}
        text = page_text(spec, checkout, weight_of(spec, checkout))
        return {page_path(spec.name): NewFile(0o644, text, _reason(spec), (), needed=False)}

    def own_files(self, checkout: Checkout, name: str) -> Sequence[str]:
        return [fact.path for fact in self.observe(checkout) if fact.backend == name]

    def tasks(self, checkout: Checkout, spec: BackendSpec) -> Iterable[Manual]:
        """A sentence that leads to the page, where no page has one."""
        if spec.docs.page and not any(link.name == spec.name for link in links(checkout)):
            reason = f"no page leads to {page_path(spec.name)}: say so where {spec.name} is mentioned"
            yield Manual(TABLE, 1, see_page(spec), reason, self.id, needed=False)

    def text(self, wanted: ExpectedFact) -> list[str]:
        return [wanted.group]


def check_page(spec: BackendSpec, checkout: Checkout) -> None:
    """Raises UsageError for a page that cannot be written: there is nothing to say, or its place is taken."""
    path = page_path(spec.name)
    if not spec.docs.page or _is_about(checkout, spec.name):
        return
    taken = [name for name in checkout.children(FEATURES) if name.lower() == path.rpartition("/")[2].lower()]
    if taken:
        raise UsageError("page-taken", "is a page about something else", where=f"{FEATURES}/{taken[0]}")
    if spec.description in ("", to_answers(spec).plain_description):
        raise UsageError(
            "page-description", "a page of its own needs a description of the engine", hint="pass --description TEXT"
        )


@dataclass(frozen=True)
class Link:
    """A link to the feature page `name`, from a line of another page. `resolved`: Hugo builds no site without it."""

    name: str
    resolved: bool
    path: str
    line: int


@cached
def links(checkout: Checkout) -> tuple[Link, ...]:
    """Every link from a feature page, or from the table of backends, to another feature page."""
    return tuple(link for path in (*_pages(checkout), TABLE) for link in _links(checkout, path))


def _links(checkout: Checkout, path: str) -> Iterator[Link]:
    text = text_or_none(checkout, path)
    for match in _LINK.finditer(text) if "features/" in text else ():
        name = (match[1] or match[2]).removesuffix("/").removesuffix(".md")
        if path != page_path(name):
            line = text.count("\n", 0, match.start()) + 1
            yield Link(name, bool(match[1]), path, line)


def _pages(checkout: Checkout) -> list[str]:
    return [f"{FEATURES}/{name}" for name in checkout.children(FEATURES) if name.endswith(".md")]


@cached
def _owners(checkout: Checkout) -> tuple[str, ...]:
    """The backends that have a page."""
    known = {fact.backend for place in (Matrix(), GalleryIndex()) for fact in place.observe(checkout)}
    names = (path.rpartition("/")[2].removesuffix(".md") for path in _pages(checkout))
    return tuple(name for name in names if name in known and _is_about(checkout, name))


def _is_about(checkout: Checkout, name: str) -> bool:
    path = page_path(name)
    text = text_or_none(checkout, path).replace("\r\n", "\n")
    marks = (f"`{name}` backend", f"backends install {name}\n", f"\nbackend: {name}\n")
    return any(mark in text for mark in marks) and not is_about_a_modality(checkout, path)


def _reason(spec: BackendSpec) -> str:
    return f"a page about the {page_title(spec)}"


PLACE = OwnPage()
