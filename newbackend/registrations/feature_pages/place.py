"""The page of each modality in `docs/content/features/`: an item in its list of backends.

Pages whose backends have a section each, or a row of a table with columns of its own, are written by people.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from newbackend.catalog import modalities
from newbackend.checkout.tree import Checkout
from newbackend.registrations.base import Change, ExpectedFact, Fact, Place, Probe, rules_of
from newbackend.registrations.compatibility_table.place import linked
from newbackend.registrations.feature_pages.pages import FOLDER, Page, bullet, page_of, pages
from newbackend.registrations.support.display_names import speaking_of
from newbackend.registrations.support.import_choice import one_line
from newbackend.registrations.support.text_files import lines_of
from newbackend.spec import BackendSpec
from newbackend.splice.markdown import shown
from newbackend.splice.operation import Operation, add_lines, drop_lines
from newbackend.splice.outcome import AlreadyPresent


class FeaturePages(Place):
    """One item for each modality whose page has a list of backends."""

    id = "feature-pages"
    title = "feature pages"
    order = 195
    file = FOLDER

    def probe(self, checkout: Checkout) -> Probe:
        """There is no file that has to have a list, so there is nothing that could be broken."""
        return Probe() if pages(checkout) else Probe(absent=f"no page in {FOLDER} has a list of backends")

    def concerns(self, spec: BackendSpec) -> bool:
        return False

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        return [
            Fact("item", f"item:{page.path}:{item.backend or item.shown}", item.backend, "", page.path, item.first + 1)
            for page in pages(checkout)
            for item in page.items
        ]

    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        facts = {}
        for key in spec.modalities:
            page = page_of(checkout, modalities()[key])
            if page is not None:
                name = f"item:{page.path}:{spec.name}"
                reason = f"{spec.name} on the page about {modalities()[key].title.lower()}"
                facts[page.path] = ExpectedFact("item", name, _text(page, spec), reason, (), page.path)
        return list(facts.values())

    def same(self, wanted: Any, observed: Any) -> bool:
        return True

    def there(self, checkout: Checkout, wanted: ExpectedFact, fact: Fact) -> Change:
        return _change(self.id, wanted, Operation(AlreadyPresent(fact.line)))

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        for wanted in missing:
            page = next(page for page in pages(checkout) if page.path == wanted.group)
            after = page.named[-1].last
            yield _change(self.id, wanted, add_lines(lines_of(checkout, page.path), after, self.text(wanted)))

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        for page in pages(checkout):
            rows = [(item, item.shown, item.link) for item in page.items]
            for item in speaking_of(checkout, name, rows):
                gone = drop_lines(lines_of(checkout, page.path), item.first, item.last)
                yield Change(self.id, page.path, gone.outcome, f"{name} on its feature page", ())

    def text(self, wanted: ExpectedFact) -> list[str]:
        return [str(wanted.value)]


def _text(page: Page, spec: BackendSpec) -> str:
    text, link = shown(linked(spec))
    return bullet(page, text, link, one_line(spec.description) or spec.name)


def _change(place: str, wanted: ExpectedFact, operation: Operation) -> Change:
    rules, snippet = rules_of([wanted]), str(wanted.value)
    return Change(place, wanted.group, operation.outcome, wanted.reason, rules, snippet, operation.proofs)


PLACE = FeaturePages()
