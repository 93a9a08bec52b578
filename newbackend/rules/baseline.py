"""Compares the findings of two trees, with the terms of nixpkgs-vet.

Introduced: present now, not before. Still broken: present before and now, in a backend that the change touches. Healed:
present before, not now. Findings are the same if their fingerprints are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from newbackend.catalog.languages import languages
from newbackend.checkout.git import Git
from newbackend.checkout.revision import RevisionCheckout
from newbackend.checkout.tree import Checkout
from newbackend.child import Beside
from newbackend.findings import Finding, Report, Since, Status
from newbackend.records import dataclass
from newbackend.registrations.base import Fact
from newbackend.rules.context import Context
from newbackend.rules.run import report, resolve, run

_Facts = dict[str, set[str]]
"""Backend -> its facts as text."""


@dataclass(frozen=True)
class Change:
    """What is between the base and the work tree: the commit, the files, the backends that they concern."""

    commit: str
    files: tuple[str, ...]
    touched: frozenset[str]
    added: frozenset[str]


@dataclass(frozen=True)
class Compared:
    """Two trees, what differs, the report of the work tree as it is, and the one that compares."""

    now: Context
    before: Context
    change: Change
    whole: Report
    report: Report


def verify_change(
    checkout: Checkout, revision: str, *, names: Sequence[str] = (), strict: bool = False, today: date | None = None
) -> Report:
    """A report of what the work tree introduces, still breaks or heals since it left `revision`.

    A backend that the change adds is judged by the whole checklist; `strict` does the same with `names`.
    Raises NotFoundError when the revision is not there, and for an unknown name in `names`.
    """
    return compared(checkout, revision, names=names, strict=strict, today=today).report


def compared(
    checkout: Checkout, revision: str, *, names: Sequence[str] = (), strict: bool = False, today: date | None = None
) -> Compared:
    """The same with the trees."""
    today = today or date.today()
    git = Git(checkout.root)
    commit = git.merge_base(revision)
    files = git.changed(commit)
    now = Context(checkout)
    chosen = resolve(now, names)
    tree = RevisionCheckout(checkout.root, commit, git, now=checkout, differ=files)
    tree.prefetch_backends()
    before = Context(tree)
    now.new = frozenset({*(now.backends.keys() - before.backends.keys()), *(chosen if strict else ())})
    beside = Beside(lambda: (report(before, run(before), (), today).findings, _facts(before)))
    whole = report(now, run(now), (), today)
    ours = _facts(now)
    old, theirs = beside.result()
    change = _change(now, before, commit, files, ours, theirs)
    return Compared(now, before, change, whole, _compare(whole, old, change, frozenset(chosen)))


def _change(now: Context, before: Context, commit: str, files: Sequence[str], ours: _Facts, theirs: _Facts) -> Change:
    """The backends that a change touches: their files or any of their facts."""
    touched = _owners(files) & (now.backends.keys() | before.backends.keys())
    if any(place.path(now.checkout) in files for place in now.places.values()):
        touched |= {name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)}
    added = now.backends.keys() - before.backends.keys()
    return Change(commit, tuple(files), frozenset(touched & now.backends.keys()), frozenset(added))


def _owners(files: Iterable[str]) -> set[str]:
    """Backend names that paths belong to: below backend/<lang>/<name>/, and a Dockerfile of their own."""
    own = [
        language.dockerfile.removeprefix("./").replace("{name}", "")
        for language in languages().values()
        if language.own_dockerfile
    ]
    names = set()
    for path in files:
        parts = path.split("/")
        if len(parts) > 3 and parts[0] == "backend":
            names.add(parts[2])
        names |= {path.removeprefix(prefix) for prefix in own if path.startswith(prefix)}
    return names


def _facts(context: Context) -> _Facts:
    """Every fact of every backend as comparable text: place, key and value, not the line."""
    by_backend: dict[str, set[str]] = {}
    for place in context.places:
        for fact in context.facts(place):
            name = context.gallery_names.get(fact.backend, fact.backend)
            by_backend.setdefault(name, set()).add(_identity(place, fact))
    return by_backend


def _identity(place: str, fact: Fact) -> str:
    return f"{place}\x1f{fact.kind}\x1f{fact.key}\x1f{fact.value!r}"


def _compare(now: Report, before: Sequence[Finding], change: Change, chosen: frozenset[str]) -> Report:
    old = {finding.fingerprint for finding in before if finding.status is Status.FAIL}
    new = {finding.fingerprint for finding in now.findings} | {s.finding.fingerprint for s in now.suppressed}
    undecided = {check.rule.id for check in now.checked if check.status is Status.UNKNOWN}
    undecided |= {finding.rule.id for finding in now.findings if finding.status is Status.UNKNOWN}
    kept = []
    for finding in now.findings:
        since = Since.STILL_BROKEN if finding.fingerprint in old else Since.INTRODUCED
        mine = finding.backend in chosen if chosen else since is Since.INTRODUCED or finding.backend in change.touched
        if mine:
            kept.append(replace(finding, since=since, message=f"{since}: {finding.message}"))
    healed = tuple(
        finding
        for finding in before
        if finding.status is Status.FAIL
        and finding.fingerprint not in new
        and finding.rule.id not in undecided
        and (not chosen or finding.backend in chosen)
    )
    names = chosen or change.touched | change.added | {finding.backend for finding in kept}
    return replace(
        now,
        backends=tuple(backend for backend in now.backends if backend.name in names),
        findings=tuple(kept),
        checked=tuple(c for c in now.checked if not c.backend or c.backend in names),
        suppressed=tuple(s for s in now.suppressed if s.finding.backend in names or not s.finding.backend),
        base=change.commit,
        healed=healed,
    )


def introduced(report: Report) -> Report:
    """The report with the findings that the change itself brought, and what could not be checked."""
    kept = (f for f in report.findings if f.status is Status.UNKNOWN or f.since is Since.INTRODUCED)
    return replace(report, findings=tuple(kept))
