"""Reads everything that the page shows, with the functions of `list`, `verify`, `trace` and `describe`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

from yaml import Node

from newbackend.catalog.variants import variant_table
from newbackend.checkout.git import Git
from newbackend.checkout.lines import SourceLines
from newbackend.checkout.tree import Checkout
from newbackend.child import Beside
from newbackend.describe import describe
from newbackend.describe.header import header
from newbackend.errors import NewbackendError
from newbackend.findings import Finding, Report, Severity, Status
from newbackend.gallery.document import Index, index_of
from newbackend.map.answers import answers_text
from newbackend.map.hosts import Picks, tagged_modalities
from newbackend.map.images import Cell, cells_of
from newbackend.map.model import Backend, Map, Shown, Way
from newbackend.map.places import Column, PlaceCell, Verdicts, columns_of, undecided, verdicts_of
from newbackend.map.places import cells_of as place_cells
from newbackend.registrations.base import Fact
from newbackend.registrations.gallery_index.place import GalleryIndex
from newbackend.registrations.support.served_calls import served_modalities
from newbackend.registrations.support.yaml_files import document
from newbackend.report.folding import folded
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.rules.run import report, run
from newbackend.spec import make_spec
from newbackend.trace.rowtrace import RowTrace, outline_row, trace_row, with_twins
from newbackend.trace.stations import stations_of

_SHARED = 16
"""Backends that are worth a second process."""
OTHER_TITLE = "no platform that is known"


def map_of(checkout: Checkout, *, follow: bool = False) -> Map:
    """The map of a checkout. With `follow`, the makes and scripts of every row are followed, which takes ten times as
    long."""
    context = Context(checkout)
    return gathered(context, report(context, run(context), (), date.today()), follow=follow)


def gathered(context: Context, whole: Report, *, follow: bool = False) -> Map:
    """The map of a checkout whose rules have run."""
    picks = Picks(_index(context))
    reader = Reader(context, whole, trace_row if follow else outline_row, picks.hosts_by_entry())
    backends = _read(reader, tuple(context.backends.values()))
    served = {backend.name: backend.modalities for backend in backends}
    owners = _owners(context)
    return Map(
        name=context.checkout.root.resolve().name,
        revision=revision_of(context.checkout),
        platforms=_platforms(backends),
        backends=backends,
        columns=reader.columns,
        hosts=picks.hosts(lambda name: owners.get(name, ""), lambda entry: served.get(owners.get(entry.name, ""), ())),
        findings=reader.shown(finding for finding in whole.findings if not finding.backend),
        summary=whole.summary(),
        followed=follow,
    )


def _read(reader: Reader, infos: Sequence[BackendInfo]) -> tuple[Backend, ...]:
    """All backends, every second one by a fork of this process: no backend needs another one."""
    if len(infos) < _SHARED:
        return tuple(reader.backend(info) for info in infos)
    beside = Beside(lambda: [reader.backend(info) for info in infos[1::2]])
    mine = [reader.backend(info) for info in infos[::2]]
    others = beside.result()
    backends = [*mine, *others]
    backends[::2], backends[1::2] = mine, others
    return tuple(backends)


def gallery_map(index: Index, name: str) -> Map:
    """The map of a gallery without its sources: what each host gets."""
    return Map(name=name, revision="", platforms={}, hosts=Picks(index).hosts(lambda _: "", tagged_modalities))


def _index(context: Context) -> Index:
    """The gallery of a checkout; empty when it cannot be read."""
    place = context.places[GalleryIndex.id]
    empty = Index(place.file, "", (), ())
    if not context.probe(place.id).usable:
        return empty
    root = document(context.checkout, place.file)
    return index_of(place.file, context.read(place.file) or "", root) if isinstance(root, Node) else empty


def _owners(context: Context) -> dict[str, str]:
    """Name in the gallery -> backend."""
    infos = context.backends.values()
    return {str(fact.value.get("name")): info.name for info in infos for fact in (*info.metas, *info.entries)}


def revision_of(checkout: Checkout) -> str:
    """The short id and the date of the commit that is checked out; "" without git."""
    try:
        out = Git(checkout.root).run("log", "-1", "--format=%h %cs", "HEAD")
    except NewbackendError:
        return ""
    return out.decode("ascii", "replace").strip()


def _platforms(backends: Iterable[Backend]) -> dict[str, str]:
    """Platform -> title, with "" where some rows are like none."""
    titles = {key: variant.title for key, variant in variant_table().variants.items()}
    if any("" in backend.cells for backend in backends):
        titles[""] = OTHER_TITLE
    return titles


class Reader:
    """Reads one backend after the other."""

    def __init__(
        self,
        context: Context,
        whole: Report,
        trace: Callable[[Context, BackendInfo, Fact], RowTrace],
        hosts: Mapping[str, Sequence[str]],
    ) -> None:
        self.context, self._trace, self._hosts = context, trace, hosts
        self.columns: tuple[Column, ...] = columns_of(context)
        self._verdicts: Mapping[str, Verdicts] = verdicts_of(whole)
        self._lines = SourceLines(context.checkout)
        self._statuses = {backend.name: backend.status.value for backend in whole.backends}
        self._findings: dict[str, list[Finding]] = defaultdict(list)
        for finding in whole.findings:
            self._findings[finding.backend].append(finding)

    def backend(self, info: BackendInfo) -> Backend:
        """One backend."""
        findings = self._findings[info.name]
        cells: Mapping[str, Cell] = cells_of(info, findings, self._hosts)
        counts = Counter(finding.level for finding in findings if finding.status is Status.FAIL)
        places, answers, notes = self._described(info)
        return Backend(
            name=info.name,
            lang=info.lang,
            language=info.language.title,
            directory=info.directory,
            status=self._statuses[info.name],
            modalities=served_modalities(self.context.checkout, info.name, info.lang),
            cells=cells,
            places=tuple(places),
            findings=self.shown(findings),
            counts={severity: counts[severity] for severity in Severity},
            unknown=sum(finding.status is Status.UNKNOWN for finding in findings),
            ways=tuple(self._ways(info)),
            answers=answers,
            notes=notes,
        )

    def shown(self, findings: Iterable[Finding]) -> tuple[Shown, ...]:
        """Findings with their source lines, repeats folded."""
        return tuple(Shown(entry, self._source(entry.first)) for entry in folded(findings))

    def _source(self, finding: Finding) -> str:
        return (self._lines(finding.path, finding.line) or "").strip() if finding.path else ""

    def _described(self, info: BackendInfo) -> tuple[list[PlaceCell], str, tuple[str, ...]]:
        """The places, the answers file and the notes on it; why not, for a backend that cannot be described."""
        checkout = self.context.checkout
        try:
            description = describe(checkout, info.name)
            places = place_cells(self.context, make_spec(description.answers), self.columns, self._verdicts[info.name])
            return places, answers_text(description.answers, header(description)), description.notes
        except NewbackendError as error:
            why = f"it cannot be described: {error.sentence()}"
            return undecided(self.columns, why), "", (why,)

    def _ways(self, info: BackendInfo) -> Iterable[Way]:
        traces = with_twins([self._trace(self.context, info, row) for row in info.images])
        for entry in traces:
            unknown = tuple(f"{gap.where}: {gap.text}: {gap.reason}" for gap in entry.unknown)
            yield Way(entry.variant, entry.suffix, entry.platform, stations_of(entry), unknown)
