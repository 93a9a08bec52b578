"""The page of each modality in `docs/content/features/`: an item, a section or a row, as other backends have it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from newbackend.catalog import modalities
from newbackend.catalog.modalities import Modality
from newbackend.checkout.tree import Checkout
from newbackend.registrations.base import Altered, Change, ExpectedFact, Fact, Place, Probe, rules_of
from newbackend.registrations.compatibility_table.place import linked
from newbackend.registrations.feature_pages.pages import Page, page_called, page_of, pages, runs_of
from newbackend.registrations.manual import Manual
from newbackend.registrations.support.display_names import speaking_of
from newbackend.registrations.support.import_choice import one_line
from newbackend.registrations.support.own_pages import FEATURES
from newbackend.registrations.support.text_files import holds_name, lines_of, text_or_none
from newbackend.spec import BackendSpec
from newbackend.splice.lines import Lines
from newbackend.splice.operation import Operation, add_lines
from newbackend.splice.outcome import AlreadyPresent, Inserted
from newbackend.splice.yaml_fields import replace_lines


class FeaturePages(Place):
    """One entry for each modality whose page lists backends in a form that can be followed."""

    id = "feature-pages"
    title = "feature pages"
    order = 195
    file = FEATURES

    def probe(self, checkout: Checkout) -> Probe:
        """There is no file that has to have a list, so there is nothing that could be broken."""
        return Probe() if pages(checkout) else Probe(absent=f"no page in {FEATURES} lists backends")

    def concerns(self, spec: BackendSpec) -> bool:
        return False

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        return [
            Fact(page.run.kind, _key(page, entry.backend or entry.shown), entry.backend, "", page.path, entry.first + 1)
            for page in pages(checkout)
            for entry in page.run.entries
        ]

    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        facts: dict[str, ExpectedFact] = {}
        for key in spec.modalities:
            page = page_of(checkout, modalities()[key])
            if page is not None and _writable(checkout, page, spec):
                reason = f"{spec.name} on the page about {modalities()[key].title.lower()}"
                text = "\n".join(page.run.rows(spec))
                facts[page.path] = ExpectedFact(page.run.kind, _key(page, spec.name), text, reason, (), page.path)
        return list(facts.values())

    def same(self, wanted: Any, observed: Any) -> bool:
        return True

    def there(self, checkout: Checkout, wanted: ExpectedFact, fact: Fact) -> Change:
        return _change(self.id, wanted, Operation(AlreadyPresent(fact.line)))

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        for wanted in missing:
            page = next(page for page in pages(checkout) if page.path == wanted.group)
            yield _change(self.id, wanted, _added(checkout, page, self.text(wanted)))

    def alter(self, checkout: Checkout, spec: BackendSpec, altered: Sequence[Altered]) -> Iterable[Change]:
        """An entry that nobody has touched says what it would say now."""
        for fact in altered:
            page = next(page for page in pages(checkout) if page.path == fact.there.path)
            entry = next(entry for entry in page.run.entries if entry.first + 1 == fact.there.line)
            lines = lines_of(checkout, page.path)
            old, new = (_said(self.text(one)) for one in (fact.old, fact.new))
            if _said([lines[number] for number in range(entry.first, entry.last + 1)]) == old:
                splices = tuple(replace_lines(lines, entry.first, entry.first + len(old) - 1, new))
                yield _change(self.id, fact.new, Operation(Inserted(splices, fact.there.line)))

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        for page in pages(checkout):
            rows = [(entry, entry.shown, entry.link) for entry in page.run.entries]
            for entry in speaking_of(checkout, name, rows):
                gone = page.run.drop(lines_of(checkout, page.path), entry)
                yield Change(self.id, page.path, gone.outcome, f"{name} on its feature page", ())

    def tasks(self, checkout: Checkout, spec: BackendSpec) -> Iterable[Manual]:
        """The pages that have no entry of the backend, and none that could be written."""
        seen = set()
        for key in spec.modalities:
            for task in self._task(checkout, spec, modalities()[key]):
                if task.path not in seen and not holds_name(text_or_none(checkout, task.path), spec.name):
                    seen.add(task.path)
                    yield task

    def _task(self, checkout: Checkout, spec: BackendSpec, modality: Modality) -> Iterator[Manual]:
        about, page = modality.title.lower(), page_of(checkout, modality)
        if page is not None and not _writable(checkout, page, spec):
            line, text = page.run.named[-1].last + 1, "\n".join(page.run.rows(spec)).strip("\n")
            why = "cannot be read again" if page.run.complete(spec) else "does not say everything that the others say"
            reason = f"{spec.name} on the page about {about}: a {page.run.kind} that could be written {why}"
            yield Manual(page.path, line, text, reason, self.id, needed=False)
        path = page_called(checkout, modality) if page is None else None
        if path is not None:
            line = len(lines_of(checkout, path))
            text = f"{linked(spec)} (`{spec.name}` backend): {one_line(spec.description) or '…'}"
            reason = f"the page about {about} lists no backends in one form: say there what {spec.name} does"
            yield Manual(path, line, text, reason, self.id, needed=False)

    def text(self, wanted: ExpectedFact) -> list[str]:
        return str(wanted.value).split("\n")


def _said(rows: Sequence[str]) -> list[str]:
    """The rows of an entry without the blank ones around it."""
    return "\n".join(rows).replace("\r", "").strip("\n").split("\n")


def _added(checkout: Checkout, page: Page, rows: Sequence[str]) -> Operation:
    return add_lines(lines_of(checkout, page.path), page.run.named[-1].last, rows)


def _writable(checkout: Checkout, page: Page, spec: BackendSpec) -> bool:
    """Whether all is known that an entry says, and it is an entry where it would stand: not so inside of a code block
    that nobody has closed."""
    rows = page.run.rows(spec)
    if not page.run.complete(spec) or not isinstance(_added(checkout, page, rows).outcome, Inserted):
        return False
    if any(entry.backend == spec.name for entry in page.run.entries):
        return True
    lines = lines_of(checkout, page.path)
    above = [lines[number] for number in range(page.run.alone_from, page.run.named[-1].last + 1)]
    part = Lines("\n".join([*above, *rows]))
    return any(entry.shown == spec.name for run in runs_of(part, [page.run.kind]) for entry in run.entries)


def _key(page: Page, name: str) -> str:
    return f"{page.run.kind}:{page.path}:{name}"


def _change(place: str, wanted: ExpectedFact, operation: Operation) -> Change:
    rules, snippet = rules_of([wanted]), str(wanted.value)
    return Change(place, wanted.group, operation.outcome, wanted.reason, rules, snippet, operation.proofs)


PLACE = FeaturePages()
