"""Rows that share a tag suffix: legs of one image, repeats and strangers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from newbackend.catalog.variants import variant_table
from newbackend.checklist import PATTERN, ROWS, SUFFIX
from newbackend.checkout.layout import MATRIX
from newbackend.findings import Confidence, Finding, Location, Severity
from newbackend.registrations.base import Fact
from newbackend.registrations.matrix.place import variant_of
from newbackend.registrations.matrix.rows import arm_alone, row_name, text_of
from newbackend.rules.context import Context
from newbackend.rules.registry import check, rule

_SAME_IN_LEGS = ("tag-latest", "build-type", "dockerfile", "cuda-major-version", "cuda-minor-version")

ROW_DUPLICATE = rule(
    "REG102",
    "row-duplicate",
    Severity.ERROR,
    what="Two rows have the same tag-suffix and platform-tag.",
    why="Both push the same image; whichever job ends last wins, and the path filter, which tells rows apart by "
    "these two fields, sees only one of them.",
    how="Give one of them its own tag-suffix, or delete the copy.",
    incident="The repository's own filter keys rows by tag-suffix and platform-tag (scripts/lib/backend-filter.mjs).",
    bad="- tag-suffix: '-cpu-demo'\n  backend: \"demo\"\n- tag-suffix: '-cpu-demo'\n  backend: \"other\"",
    good="- tag-suffix: '-cpu-demo'\n  backend: \"demo\"\n- tag-suffix: '-cpu-other'\n  backend: \"other\"",
    checklist=ROWS,
)

SUFFIX_SHARED = rule(
    "REG109",
    "suffix-shared",
    Severity.ERROR,
    what="Rows of one tag-suffix are partly with and partly without platform-tag.",
    why="The multi-arch job and the single-arch job both publish that tag; the later one overwrites the earlier.",
    how="Give every row of that image a platform-tag, or the single one its own suffix.",
    bad="- tag-suffix: '-cpu-demo'\n  platform-tag: 'amd64'\n- tag-suffix: '-cpu-demo'",
    good="- tag-suffix: '-cpu-demo'\n  platform-tag: 'amd64'\n- tag-suffix: '-cpu-demo'\n  platform-tag: 'arm64'",
    checklist=SUFFIX,
)

SUFFIX_UNIQUE_IMAGE = rule(
    "REG119",
    "suffix-foreign",
    Severity.ERROR,
    what="Rows of two backends share one tag-suffix.",
    why="They are merged into one image tag; half of the users get the other backend.",
    how="Give each backend its own suffix; it ends in the backend's name.",
    bad="- tag-suffix: '-cpu-demo'\n  platform-tag: 'amd64'\n  backend: \"demo\"\n"
    "- tag-suffix: '-cpu-demo'\n  platform-tag: 'arm64'\n  backend: \"other\"",
    good="- tag-suffix: '-cpu-demo'\n  platform-tag: 'amd64'\n  backend: \"demo\"\n"
    "- tag-suffix: '-cpu-other'\n  platform-tag: 'arm64'\n  backend: \"other\"",
    checklist=SUFFIX,
)

LEG_ALONE = rule(
    "REG106",
    "platform-leg-alone",
    Severity.NOTE,
    confidence=Confidence.POSSIBLE,
    what="A row has a platform-tag but no twin of the other architecture; a warning for a new backend where such "
    "images have both.",
    why="It works, as an image of one architecture. If the twin was forgotten, hosts of the other architecture "
    "are told there is no image for them.",
    how="Add the twin with the same tag-suffix, or drop platform-tag from the lone row.",
    incident="-gpu-vulkan-privacy-filter and -cpu-liquid-audio are built for amd64 only.",
    bad="- platform-tag: 'amd64'\n  tag-suffix: '-cpu-demo'",
    good="- platform-tag: 'amd64'\n  tag-suffix: '-cpu-demo'\n- platform-tag: 'arm64'\n  tag-suffix: '-cpu-demo'",
    checklist=PATTERN,
)

LEGS_DISAGREE = rule(
    "REG108",
    "legs-disagree",
    Severity.ERROR,
    what="The amd64 and arm64 rows of one image differ in a field that must be the same.",
    why="They are merged into one tag: it would be :latest by the first leg's word only, or hold another backend "
    "or build type on one architecture.",
    how="Make the fields equal.",
    incident="computeMergeMatrix only warns in the log and takes the first leg's value.",
    bad="- platform-tag: 'amd64'\n  tag-latest: 'auto'\n- platform-tag: 'arm64'\n  tag-latest: 'false'",
    good="- platform-tag: 'amd64'\n  tag-latest: 'auto'\n- platform-tag: 'arm64'\n  tag-latest: 'auto'",
    checklist=ROWS,
)


@check(ROW_DUPLICATE, SUFFIX_SHARED, SUFFIX_UNIQUE_IMAGE, LEG_ALONE, LEGS_DISAGREE, needs=("matrix",))
def duplicates(context: Context) -> Iterable[Finding]:
    """Rows that share a tag suffix."""
    for suffix, facts in context.rows_by_suffix.items():
        if not suffix:
            continue
        legs: dict[str, list[Fact]] = defaultdict(list)
        for fact in facts:
            legs[text_of(fact, "platform-tag")].append(fact)
        for tag, same in legs.items():
            for fact in same[1:]:
                message = f"the row {row_name(fact)} is there twice"
                related = (Location(MATRIX, same[0].line),)
                subject = f"{suffix}|{tag}"
                yield Finding(
                    ROW_DUPLICATE,
                    subject,
                    MATRIX,
                    line=fact.line,
                    message=message,
                    backend=fact.backend,
                    related=related,
                )
        yield from _legs(context, suffix, {tag: same[0] for tag, same in legs.items()})


def _legs(context: Context, suffix: str, legs: Mapping[str, Fact]) -> Iterable[Finding]:
    first, *others = legs.values()
    related = (Location(MATRIX, first.line),)
    if not others:
        tag = text_of(first, "platform-tag")
        if tag and not arm_alone([first]):  # REG130 tells of those
            other = "arm64" if tag == "amd64" else "amd64"
            message = f"the row {row_name(first)} has no {other} twin"
            level = Severity.WARNING if first.backend in context.new and _usually_both(first) else None
            yield Finding(
                LEG_ALONE, suffix, MATRIX, line=first.line, message=message, backend=first.backend, severity=level
            )
        return
    if "" in legs:
        message = f"rows of {suffix} are partly with and partly without platform-tag"
        line = legs[""].line
        yield Finding(SUFFIX_SHARED, suffix, MATRIX, line=line, message=message, backend=first.backend, related=related)
    for leg in others:
        if leg.backend != first.backend:
            message = f"{suffix} is the suffix of {first.backend} and of {leg.backend}"
            line = context.lines.field(leg, "tag-suffix")
            yield Finding(
                SUFFIX_UNIQUE_IMAGE, suffix, MATRIX, line=line, message=message, backend=leg.backend, related=related
            )
            continue
        for key in _SAME_IN_LEGS:
            if first.value.get(key) != leg.value.get(key):
                message = f"the legs of {suffix} disagree on {key}: {first.value.get(key)!r} and {leg.value.get(key)!r}"
                line = context.lines.field(leg, key)
                subject = f"{suffix} {key}"
                yield Finding(
                    LEGS_DISAGREE, subject, MATRIX, line=line, message=message, backend=leg.backend, related=related
                )


def _usually_both(row: Fact) -> bool:
    """Whether the images of the row's variant are built for both architectures, as a rule."""
    variant = variant_table().variants.get(variant_of(row))
    rows = [rows for rows in variant.rows.values() if rows] if variant else []
    return 2 * sum(len({row.get("platforms") for row in one}) > 1 for one in rows) > len(rows)
