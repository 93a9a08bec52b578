"""`check_gallery`: reads a gallery, runs every rule, and says what each kind of host gets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import date

from newbackend.catalog.hosts import HOSTS
from newbackend.findings import BackendStatus, CheckResult, Finding, Report, Rule, Severity, Status, sort_findings
from newbackend.gallery.book import GALLERY, Gallery
from newbackend.gallery.table import Pick, Why, host_table
from newbackend.records import dataclass
from newbackend.suppress.comments import parse_comments
from newbackend.suppress.config import SuppressConfig
from newbackend.suppress.engine import apply_suppressions, ran_everywhere
from newbackend.suppress.model import IgnoreComment, Malformed
from newbackend.suppress.rules import SUPPRESSIONS

SCHEMA = "newbackend/gallery/1"


@dataclass(frozen=True)
class Source:
    """What was read: the gallery, what to call it, and the suppressions beside it."""

    gallery: Gallery
    label: str
    config: SuppressConfig = field(default_factory=SuppressConfig)
    official: str = ""

    def line(self, path: str, number: int) -> str | None:
        """A line of a file that findings name, or None."""
        index, around = self.gallery.index, self.gallery.around
        if index is not None and path == index.path:
            text = index.text
        else:
            text = around.text(path) if around is not None else ""
        lines = text.split("\n")
        return lines[number - 1] if text and 0 < number <= len(lines) else None


def gallery_rules() -> Mapping[str, Rule]:
    """Every rule that a gallery's report can name, by id; those of `--online` are found in its findings."""
    return {**GALLERY.rules, **SUPPRESSIONS.rules}


def check_gallery(source: Source, *, today: date | None = None) -> Report:
    """The report about a gallery. Its `layout` has the hosts, and for each meta what they get."""
    gallery = source.gallery
    findings: list[Finding] = []
    results: list[CheckResult] = []
    for check in GALLERY.checks:
        found = list(check.run(gallery))
        findings += found
        hit = {finding.rule.id for finding in found}
        results += (CheckResult(rule, Status.PASS) for rule in check.rules if rule.id not in hit)
    outcome = apply_suppressions(
        sort_findings(findings),
        _comments(gallery),
        source.config,
        rules=gallery_rules(),
        ran_rules=ran_everywhere(findings, results),
        today=today or date.today(),
    )
    kept = sort_findings((*outcome.kept, *outcome.meta_findings))
    return Report(
        SCHEMA,
        source.label,
        layout=_layout(source),
        backends=_statuses(gallery, kept),
        findings=kept,
        suppressed=outcome.suppressed,
        checked=tuple(results),
    )


def _comments(gallery: Gallery) -> Iterator[IgnoreComment | Malformed]:
    if gallery.index is not None:
        yield from parse_comments(gallery.path, gallery.index.text)
    if gallery.around is not None:
        for path in gallery.around.modes:
            if path != gallery.path:
                yield from parse_comments(path, gallery.around.text(path))


def _statuses(gallery: Gallery, findings: tuple[Finding, ...]) -> tuple[BackendStatus, ...]:
    if gallery.index is None:
        return ()
    worst = Status.FAIL if any(one.level is Severity.ERROR for one in findings) else Status.PASS
    return (BackendStatus(gallery.path, "gallery", worst),)


def _layout(source: Source) -> dict[str, object]:
    index = source.gallery.index
    return {
        "index": source.gallery.path,
        "official": source.official,
        "entries": len(index.entries) if index else 0,
        "hosts": dict(HOSTS),
        "picks": {} if index is None else picks_json(host_table(index)),
    }


def picks_json(table: Mapping[str, Mapping[str, Pick]]) -> dict[str, object]:
    """The table as plain values: meta -> host -> entry, image and key, or why there is none."""
    return {meta: {host: _pick_json(pick) for host, pick in row.items()} for meta, row in table.items()}


def _pick_json(pick: Pick) -> dict[str, str]:
    if pick.entry is None:
        return {"why": str(pick.why), "key": pick.key, "target": pick.target}
    return {"entry": pick.entry.name, "uri": pick.entry.uri, "key": pick.key, "why": str(pick.why or "")}


def reason(pick: Pick) -> str:
    """Why a host gets nothing, in words."""
    match pick.why:
        case Why.NO_KEY:
            return "its map has no key for them"
        case Why.HIDDEN:
            return f"{pick.target or 'it'} is hidden from them"
        case Why.MISSING:
            return f"{pick.target} does not exist"
        case Why.META:
            return f"{pick.target} has no image of its own"
        case _:
            return f"{pick.target or 'it'} has no image"
