"""Architectures of an image that are missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from newbackend.catalog.variants import variant_table
from newbackend.checklist import PATTERN, ROWS
from newbackend.checkout.layout import MATRIX
from newbackend.findings import Confidence, Finding, Severity
from newbackend.registrations.base import Fact
from newbackend.registrations.matrix.place import variant_of
from newbackend.registrations.matrix.rows import AMD, arm_alone, row_name, text_of
from newbackend.rules.context import Context
from newbackend.rules.registry import Result, check, rule

ARM_ALONE = rule(
    "REG130",
    "arm64-alone",
    Severity.ERROR,
    what="An image that is not for Jetson is built for arm64 and for no other architecture.",
    why="The gallery gives its tag to every host, and one with an amd64 processor is told that there is no image for "
    "its platform.",
    how="Put the amd64 row back, with the same tag-suffix and platform-tag 'amd64'.",
    bad="- platforms: 'linux/arm64'\n  tag-suffix: '-cpu-demo'",
    good="- platforms: 'linux/amd64'\n  platform-tag: 'amd64'\n  tag-suffix: '-cpu-demo'\n"
    "- platforms: 'linux/arm64'\n  platform-tag: 'arm64'\n  tag-suffix: '-cpu-demo'",
    checklist=ROWS,
)

SINGLE_ARCHITECTURE = rule(
    "REG131",
    "single-architecture",
    Severity.NOTE,
    confidence=Confidence.POSSIBLE,
    what="The CPU image is built for amd64 alone, and most CPU images of the same language are built for arm64 too; a "
    "warning for a new backend.",
    why="Hosts with an arm64 processor (Graviton, Ampere, a Raspberry Pi) are told that there is no image for them.",
    how="Add the arm64 row, and a platform-tag to both.",
    bad="- platforms: 'linux/amd64'\n  tag-suffix: '-cpu-demo'",
    good="- platforms: 'linux/amd64'\n  platform-tag: 'amd64'\n  tag-suffix: '-cpu-demo'\n"
    "- platforms: 'linux/arm64'\n  platform-tag: 'arm64'\n  tag-suffix: '-cpu-demo'",
    checklist=PATTERN,
    when_new=Severity.WARNING,
)


@check(ARM_ALONE, SINGLE_ARCHITECTURE, needs=("matrix",))
def architectures(context: Context) -> Iterable[Result]:
    """The rows of each tag suffix together."""
    table = variant_table()
    plain: dict[str, list[Sequence[Fact]]] = defaultdict(list)
    for suffix, rows in context.rows_by_suffix.items():
        first = rows[0]
        if not suffix or first.kind != "row" or first.backend not in context.backends:
            continue
        if arm_alone(rows):
            message = f"the image {suffix} is built for arm64 only, so amd64 hosts find none"
            yield Finding(ARM_ALONE, suffix, MATRIX, line=first.line, message=message, backend=first.backend)
        if variant_of(first) == table.plain:
            plain[context.backends[first.backend].lang].append(rows)
    for images in plain.values():
        yield from _single(context, images)


def _single(context: Context, images: Sequence[Sequence[Fact]]) -> Iterator[Finding]:
    """Images of one architecture where three quarters of the others have both; half of them, for a new backend."""
    both = sum(len(rows) > 1 for rows in images)
    for rows in images:
        first = rows[0]
        alone = len(rows) == 1 and text_of(first, "platforms") == AMD and not text_of(first, "platform-tag")
        share, least = (0.5, 1) if first.backend in context.new else (0.75, 4)
        if alone and both >= max(least, share * (len(images) - 1)):
            title = context.backends[first.backend].language.title
            message = f"{row_name(first)} is built for amd64 only; {both} of {len(images)} {title} CPU images have both"
            yield Finding(
                SINGLE_ARCHITECTURE,
                text_of(first, "tag-suffix"),
                MATRIX,
                line=first.line,
                message=message,
                backend=first.backend,
            )
