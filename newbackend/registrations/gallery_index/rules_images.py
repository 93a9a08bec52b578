"""Matrix rows against gallery entries, in both directions and both channels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field

from newbackend.catalog.variants import hardware_of, variant_table
from newbackend.checklist import CAPABILITIES, IMAGES, OS, ROWS, SUFFIX
from newbackend.checkout.layout import INDEX, MATRIX
from newbackend.findings import Finding, Fix, Location, Severity
from newbackend.records import dataclass
from newbackend.registrations.base import Change, Fact
from newbackend.registrations.gallery_index.entries import DEV
from newbackend.registrations.gallery_index.new_entries import asked_names, change_for, new_entries
from newbackend.registrations.matrix.rows import row_name
from newbackend.registrations.support.yaml_files import sequence
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.rules.gallery import CHANNELS, capabilities_of, image_of, suffix_of
from newbackend.rules.registry import check, repair, rule
from newbackend.splice.outcome import Inserted, Splice
from newbackend.splice.prove import ListEdit

REGISTRY = "local-ai-backends:"


@dataclass
class Unmatched:
    """Rows and entries of one backend that do not match by tag suffix."""

    rows: dict[str, dict[str, Fact]] = field(default_factory=dict)
    entries: dict[str, list[Fact]] = field(default_factory=dict)


def unmatched(context: Context, info: BackendInfo) -> Unmatched:
    """Rows without an entry (per channel) and entries without a row. Images of other registries are ignored."""
    left = Unmatched()
    offered: set[tuple[str, str]] = set()
    for entry in info.entries:
        image = image_of(entry.value.get("uri"))
        if image is None or REGISTRY not in str(entry.value.get("uri")):
            continue
        offered.add((image.channel, image.suffix))
        # One named for the other channel is one defect, REG215, and not a missing entry as well.
        offered.add(("master" if str(entry.value.get("name")).endswith(DEV) else "latest", image.suffix))
        if image.suffix not in context.rows_by_suffix:
            left.entries.setdefault(image.suffix, []).append(entry)
    for row in info.images:
        suffix = str(row.value.get("tag-suffix") or "")
        for channel in CHANNELS:
            if suffix and (channel, suffix) not in offered:
                left.rows.setdefault(suffix, {}).setdefault(channel, row)
    return left


ROW_MISSING = rule(
    "REG101",
    "row-missing",
    Severity.ERROR,
    what="A gallery entry points at an image that no row of the build matrix builds.",
    why="The tag does not exist in the registry (or is a stale one of years ago), so installing the backend on "
    "that hardware fails with a pull error.",
    how="Add the row to `include`, or take the entries and their capability key out of the gallery.",
    incident="rocm-turboquant stood in the gallery without a row; cuda12-trl and cuda13-trl pointed at tags that "
    "nothing built until the suffixes were aligned.",
    bad='uri: "…:latest-gpu-rocm-hipblas-demo"   # and no row with that tag-suffix',
    good="- build-type: 'hipblas'\n  tag-suffix: '-gpu-rocm-hipblas-demo'\n  backend: \"demo\"",
    checklist=ROWS,
)

DARWIN_MISSING = rule(
    "REG104",
    "darwin-row-missing",
    Severity.ERROR,
    what="A gallery entry points at a macOS image, and `includeDarwin` has no row for it.",
    why="The image is never built, so installing on a Mac fails.",
    how="Add the row to `includeDarwin`, or take the `metal` capability and its entries out.",
    incident="ds4's metal-ds4 entries were in the gallery from its first day; the row came later.",
    bad='uri: "…:latest-metal-darwin-arm64-demo"   # and no includeDarwin row',
    good='includeDarwin:\n  - backend: "demo"\n    tag-suffix: "-metal-darwin-arm64-demo"',
    checklist=OS,
)

ENTRY_MISSING = rule(
    "REG203",
    "entry-missing",
    Severity.ERROR,
    what="A row builds an image that no gallery entry offers: warning when only the development entry lacks.",
    why="CI builds and publishes it for nobody; hosts of that hardware fall back to another image, often the CPU one.",
    how="Add the `latest` and the `master` entry, and name the first in the capability map.",
    incident="sherpa-onnx is built for CUDA 13 and was never offered; whisperx and faster-whisper for L4T likewise.",
    bad="tag-suffix: '-gpu-nvidia-cuda-13-demo'      # and no entry whose uri ends so",
    good='- !!merge <<: *demo\n  name: "cuda13-demo"\n'
    '  uri: "quay.io/go-skynet/local-ai-backends:latest-gpu-nvidia-cuda-13-demo"',
    fix=Fix.SAFE,
    checklist=IMAGES,
)

SUFFIX_MISMATCH = rule(
    "REG204",
    "suffix-mismatch",
    Severity.ERROR,
    what="A gallery entry and the row of the same hardware disagree on the image's tag.",
    why="The gallery points at a tag that nothing builds, while the image that is built is offered nowhere.",
    how="Make the entry's uri and mirrors end in the row's tag-suffix, letter by letter.",
    incident="cuda12-trl pointed at -cublas-cuda12-trl; the row builds -gpu-nvidia-cuda-12-trl.",
    bad="uri: \"…:latest-cublas-cuda12-demo\"\ntag-suffix: '-gpu-nvidia-cuda-12-demo'",
    good="uri: \"…:latest-gpu-nvidia-cuda-12-demo\"\ntag-suffix: '-gpu-nvidia-cuda-12-demo'",
    fix=Fix.UNSAFE,
    checklist=SUFFIX,
)

TARGET_MISSING = rule(
    "REG205",
    "capability-target-missing",
    Severity.ERROR,
    what="A capability map names an entry that does not exist.",
    why="Installing the backend on that hardware fails with `no backend found`.",
    how="Correct the name, or add the entry that it means.",
    incident="diffusers' and kokoro's nvidia-l4t-cuda-12 pointed at entries of another spelling for months.",
    bad='capabilities:\n  nvidia: "cuda-12-demo"       # the entry is called cuda12-demo',
    good='capabilities:\n  nvidia: "cuda12-demo"',
    checklist=CAPABILITIES,
)


@check(ROW_MISSING, DARWIN_MISSING, ENTRY_MISSING, SUFFIX_MISMATCH, TARGET_MISSING, needs=("matrix", "gallery-index"))
def images(context: Context) -> Iterable[Finding]:
    """One finding per image: a row and an entry of the same hardware that miss each other are one defect."""
    names = {str(fact.value.get("name")) for fact in context.facts("gallery-index")}
    for info in context.backends.values():
        left = unmatched(context, info)
        explained: set[str] = set()
        for suffix in list(left.entries):
            row_suffix = _same_hardware(suffix, left, info)
            if row_suffix:
                yield _mismatch(context, info, suffix, left.entries.pop(suffix), left.rows.pop(row_suffix))
        for suffix, entries in left.entries.items():
            yield _no_row(context, info, suffix, entries)
        if info.metas or info.entries:
            for suffix, channels in left.rows.items():
                explained.update(asked_names(info, suffix, channels))
                yield _no_entry(context, info, suffix, channels)
        yield from _dangling(context, info, names, explained)


def _same_hardware(suffix: str, left: Unmatched, info: BackendInfo) -> str:
    wanted = hardware_of(suffix, info.name)
    same = [row for row in left.rows if hardware_of(row, info.name) == wanted]
    return same[0] if len(same) == 1 else ""


def _mismatch(context: Context, info: BackendInfo, suffix: str, entries: list[Fact], rows: dict[str, Fact]) -> Finding:
    row = next(iter(rows.values()))
    right = str(row.value["tag-suffix"])
    first = entries[0]
    image = image_of(first.value["uri"])
    names = ", ".join(str(entry.value.get("name")) for entry in entries)
    uri = str(first.value["uri"])
    related = [Location(row.path, context.lines.field(row, "tag-suffix"))]
    related += [Location(INDEX, context.lines.field(entry, "uri")) for entry in entries[1:]]
    return Finding(
        SUFFIX_MISMATCH,
        suffix,
        INDEX,
        line=context.lines.field(first, "uri"),
        message=f"{names} point at an image {suffix}, but the row for that hardware builds {right}",
        backend=info.name,
        expected=f'uri: "{uri.removesuffix(suffix)}{right}"' if image else "",
        related=tuple(related),
    )


def _no_row(context: Context, info: BackendInfo, suffix: str, entries: list[Fact]) -> Finding:
    macos = variant_table().variants[hardware_of(suffix, info.name)].darwin
    rule = DARWIN_MISSING if macos else ROW_MISSING
    own = info.darwin if macos else info.rows
    rows = own or [fact for fact in context.facts("matrix") if (fact.kind == "darwin") == macos]
    names = ", ".join(str(entry.value.get("name")) for entry in entries)
    where = f"{MATRIX} has no {'includeDarwin ' if macos else ''}row that builds it"
    return Finding(
        rule,
        suffix,
        MATRIX,
        line=rows[-1].line if rows else 1,
        message=f"{names} point at the image {suffix}; {where}",
        backend=info.name,
        expected=f'tag-suffix: "{suffix}"',
        related=tuple(Location(INDEX, context.lines.field(entry, "uri")) for entry in entries),
    )


def _no_entry(context: Context, info: BackendInfo, suffix: str, channels: dict[str, Fact]) -> Finding:
    row = next(iter(channels.values()))
    twin = next((entry for entry in info.entries if suffix_of(entry) == suffix), None)
    where = twin or (info.entries or info.metas)[-1]
    missing = " and ".join(f"{channel}{suffix}" for channel in channels)
    what = f"no gallery entry offers {missing}, which the row {row_name(row)} builds"
    asks = [Location(INDEX, meta.line) for meta in info.metas]
    new = new_entries(context, info, suffix, list(channels))
    return Finding(
        ENTRY_MISSING,
        suffix if twin is None else missing,
        INDEX,
        line=where.line,
        message=what,
        backend=info.name,
        severity=Severity.WARNING if list(channels) == ["master"] else Severity.ERROR,
        expected=new.text,
        fix=None if new.values and _complete(info, suffix, channels) else Fix.NONE,
        related=(Location(row.path, row.line), *asks[:1]),
    )


def _complete(info: BackendInfo, suffix: str, channels: dict[str, Fact]) -> bool:
    """Whether the entries are all that is missing: with them in, the maps already reach the image. Else
    putting them in would only be half of what a person has to decide."""
    variant = variant_table().variants[hardware_of(suffix, info.name)]
    asked = set(variant.capability_keys) - {"default"}
    metas = {"latest": info.meta, "master": info.dev_meta}
    return all(
        meta is not None and asked <= capabilities_of(meta).keys() for meta in (metas[channel] for channel in channels)
    )


def _dangling(context: Context, info: BackendInfo, names: set[str], explained: set[str]) -> Iterator[Finding]:
    for meta in info.metas:
        for key, target in capabilities_of(meta).items():
            if str(target) in names or str(target) in explained:
                continue
            yield Finding(
                TARGET_MISSING,
                f"{meta.value.get('name')} {key}",
                INDEX,
                line=context.lines.capability(meta, key),
                message=f"{meta.value.get('name')} maps {key} to {target}, and there is no entry of that name",
                backend=info.name,
                expected=_nearest(info, key, str(target)),
            )


def _nearest(info: BackendInfo, key: str, target: str) -> str:
    wanted = hardware_of(target, info.gallery)
    dev = target.endswith(DEV)
    same = [
        str(entry.value.get("name"))
        for entry in info.entries
        if hardware_of(suffix_of(entry), info.name) == wanted and str(entry.value.get("name")).endswith(DEV) == dev
    ]
    return f'{key}: "{same[0]}"' if len(same) == 1 else ""


@repair(ENTRY_MISSING)
def add_entries(context: Context, finding: Finding) -> Iterable[Change]:
    """Puts the missing entries of one image in, behind their twin or the backend's last entry."""
    info = context.backends[finding.backend]
    for suffix, channels in unmatched(context, info).rows.items():
        if _no_entry(context, info, suffix, channels).fingerprint == finding.fingerprint:
            yield from change_for(context, info, new_entries(context, info, suffix, list(channels)), finding.rule.id)


@repair(SUFFIX_MISMATCH)
def align_suffix(context: Context, finding: Finding) -> Iterable[Change]:
    """Writes the row's tag suffix into the uri and mirrors of the entries that miss it."""
    index = sequence(context.checkout, INDEX, ())
    wrong = finding.subject
    right = finding.expected.rpartition(f":{_channel(finding.expected)}")[2].rstrip('"')
    if index is None or not right:
        return
    for entry in context.backends[finding.backend].entries:
        item = next((item for item in index.items if item.line == entry.line), None)
        uri = str(entry.value.get("uri") or "")
        if item is None or not uri.endswith(wrong):
            continue
        splices = []
        for number in range(item.first, item.last + 1):
            row = index.lines[number]
            if row.rstrip().rstrip("\"'").endswith(wrong):
                at = index.lines.starts[number] + row.rindex(wrong)
                splices.append(Splice(at, at + len(wrong), right))
        meta = context.backends[finding.backend].meta
        base = {key: value for key, value in meta.value.items() if key not in ("&", "<<")} if meta else {}
        own = {key: value for key, value in entry.value.items() if key not in ("&", "<<")}
        own["uri"] = uri.removesuffix(wrong) + right
        mirrors = own.get("mirrors")
        if isinstance(mirrors, list):
            own["mirrors"] = [
                str(mirror).removesuffix(wrong) + right if str(mirror).endswith(wrong) else mirror for mirror in mirrors
            ]
        value = {**base, **own} if "<<" in entry.value else own
        proof = ListEdit((), ((item.index, value),), frozenset((item.index,)))
        reason = f"the tag that the row builds, in {entry.value.get('name')}"
        yield Change(
            "gallery-index", INDEX, Inserted(tuple(splices), entry.line), reason, (finding.rule.id,), "", (proof,)
        )


def _channel(expected: str) -> str:
    return "master" if ":master" in expected else "latest"
