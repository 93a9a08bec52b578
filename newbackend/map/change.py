"""What a change does to the map: backends, images and entries that come and go, findings that it brings or heals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from newbackend.checkout.lines import SourceLines
from newbackend.checkout.tree import Checkout
from newbackend.findings import Finding, Since
from newbackend.map.gather import gathered
from newbackend.map.images import cells_of
from newbackend.map.model import Backend, Difference, Map, Shown, Touched
from newbackend.map.places import Mark
from newbackend.registrations.base import Fact
from newbackend.report.folding import folded
from newbackend.rules.backend import BackendInfo
from newbackend.rules.baseline import Compared, compared

ADDED, REMOVED, CHANGED = "added", "removed", "changed"


def change_map(checkout: Checkout, revision: str, *, follow: bool = False) -> Map:
    """The map of a checkout with what it adds, removes and breaks since it left a revision.

    A backend that the change adds is judged by the whole checklist, as `verify --base` does. Raises NotFoundError
    when the revision is not there.
    """
    trees = compared(checkout, revision)
    made = gathered(trees.now, trees.whole, follow=follow)
    backends = tuple(_marked(backend, trees) for backend in made.backends)
    return replace(made, backends=backends, change=_difference(replace(made, backends=backends), trees))


def _marked(backend: Backend, trees: Compared) -> Backend:
    """The backend with what the change does to it."""
    before = trees.before.backends.get(backend.name)
    if before is None:
        built = {key: ADDED for key, cell in backend.cells.items() if cell.images}
        return replace(backend, since=ADDED, marks=built)
    old, new = _parts(before), _parts(trees.now.backends[backend.name])
    marks = {}
    for variant in old.keys() | new.keys():
        came, went = (
            new.get(variant, set()) - old.get(variant, set()),
            old.get(variant, set()) - new.get(variant, set()),
        )
        if came or went:
            marks[variant] = CHANGED if came and went else ADDED if came else REMOVED
    touched = backend.name in trees.change.touched or bool(marks)
    return replace(backend, since=CHANGED if touched else "", marks=marks)


def _parts(info: BackendInfo) -> dict[str, set[tuple[str, str]]]:
    """Platform -> the keys of the rows and entries of its images."""
    cells = cells_of(info, (), {})
    return {
        variant: {(fact.kind, fact.key) for image in cell.images for fact in image.facts}
        for variant, cell in cells.items()
        if cell.images
    }


def _difference(made: Map, trees: Compared) -> Difference:
    report = trees.report
    lines = SourceLines(trees.now.checkout)
    old = SourceLines(trees.before.checkout)
    return Difference(
        base=report.base[:12],
        backends=tuple(_touched(made, trees)),
        introduced=_shown((f for f in report.findings if f.since is Since.INTRODUCED), lines),
        kept=_shown((f for f in report.findings if f.since is not Since.INTRODUCED), lines),
        healed=_shown(report.healed, old),
    )


def _shown(findings: Iterable[Finding], lines: SourceLines) -> tuple[Shown, ...]:
    return tuple(Shown(entry, (lines(entry.first.path, entry.first.line) or "").strip()) for entry in folded(findings))


def _touched(made: Map, trees: Compared) -> Iterable[Touched]:
    """The backends that the change adds, removes or touches: the added ones first."""
    by_name = {backend.name: backend for backend in made.backends}
    gone = sorted(trees.before.backends.keys() - by_name.keys())
    added = [name for name, backend in by_name.items() if backend.since == ADDED]
    changed = [name for name, backend in by_name.items() if backend.since == CHANGED]
    for kind, names in ((ADDED, added), (REMOVED, gone), (CHANGED, changed)):
        for name in names:
            missing = (
                tuple(
                    (column.title, cell)
                    for column, cell in zip(made.columns, by_name[name].places, strict=True)
                    if cell.mark is Mark.MISSING
                )
                if kind == ADDED
                else ()
            )
            yield Touched(
                name,
                kind,
                tuple(_lines(_facts(trees.before.backends, name), _facts(trees.now.backends, name))),
                missing,
            )


def _facts(backends: Mapping[str, BackendInfo], name: str) -> dict[tuple[str, str], Fact]:
    info = backends.get(name)
    if info is None:
        return {}
    return {(fact.kind, fact.key): fact for fact in (*info.images, *info.metas, *info.entries)}


def _lines(before: Mapping[tuple[str, str], Fact], now: Mapping[tuple[str, str], Fact]) -> Iterable[tuple[str, str]]:
    """The rows and gallery entries that come and go, and those with another value."""
    for key in dict.fromkeys((*before, *now)):
        old, new = before.get(key), now.get(key)
        if old is None and new is not None:
            yield "+", _told(new)
        elif new is None and old is not None:
            yield "-", _told(old)
        elif old is not None and new is not None and old.value != new.value:
            yield "~", _told(new)


def _told(fact: Fact) -> str:
    words = {"row": "row", "darwin": "macOS row", "meta": "gallery meta", "entry": "gallery entry"}
    name = fact.value.get("tag-suffix") if fact.kind in ("row", "darwin") else fact.value.get("name")
    where = f" {fact.value.get('platforms')}" if fact.kind == "row" and fact.value.get("platforms") else ""
    return f"{words.get(fact.kind, fact.kind)} {name}{where} ({fact.path}:{fact.line})"
