"""Fields of a row that cannot be together, by what the rows of all other backends have."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable

from newbackend.checklist import ROWS
from newbackend.checkout.layout import MATRIX
from newbackend.findings import Confidence, Finding, Severity
from newbackend.records import dataclass
from newbackend.registrations.base import Fact
from newbackend.registrations.matrix.rows import row_name, text_of
from newbackend.rules.context import Context
from newbackend.rules.registry import check, rule

_CUDA_IMAGE = re.compile(r"\bcuda:(\d+)\.")
_SEEN = 2
"""How many other backends must have each of two values, before their never being together says anything."""

COMBINATION = rule(
    "REG132",
    "row-combination",
    Severity.ERROR,
    confidence=Confidence.LIKELY,
    what="A row puts together what no other backend's row does, although both halves are used elsewhere: a build type "
    "with another vendor's base image, a build type, base image or runner with another architecture, a CUDA version "
    "with a base image of another.",
    why="The compiler or the vendor's libraries are not in that image, so the build fails, or falls back to the CPU "
    "without a word.",
    how="Copy base-image, runs-on and platforms from a row of the same build type.",
    bad="build-type: 'hipblas'\nbase-image: \"intel/oneapi-basekit:2025.3.0-0-devel-ubuntu24.04\"",
    good="build-type: 'hipblas'\nbase-image: \"rocm/dev-ubuntu-24.04:7.2.1\"",
    checklist=ROWS,
)


def _repository(row: Fact) -> str:
    return text_of(row, "base-image").partition(":")[0]


def _kind(row: Fact) -> str:
    return text_of(row, "build-type").partition("_")[0]


@dataclass(frozen=True)
class _Pair:
    """Two properties of a row; `key` is the field that a finding points at."""

    key: str
    one: Callable[[Fact], str]
    other: Callable[[Fact], str]


_PAIRS = (
    _Pair("base-image", _kind, _repository),
    _Pair("platforms", _kind, lambda row: text_of(row, "platforms")),
    _Pair("platforms", _repository, lambda row: text_of(row, "platforms")),
    _Pair("runs-on", lambda row: text_of(row, "runs-on"), lambda row: text_of(row, "platforms")),
)


@check(COMBINATION, needs=("matrix",))
def combinations(context: Context) -> Iterable[Finding]:
    """Every Linux row against those of the other backends."""
    rows = [fact for fact in context.facts("matrix") if fact.kind == "row"]
    seen = [_Seen(rows, pair) for pair in _PAIRS]
    for row in rows:
        if _other_architecture(row):
            continue  # REG107
        said = _wrong_cuda(row) or next((text for table in seen if (text := table.stranger(row))), None)
        if said:
            key, what = said
            message = f"the row {row_name(row)} {what}"
            line = context.lines.field(row, key)
            yield Finding(COMBINATION, row_name(row), MATRIX, line=line, message=message, backend=row.backend)


def _other_architecture(row: Fact) -> bool:
    """Whether runner or platform tag are of another architecture than the platform."""
    arch, tag, runner = (
        text_of(row, "platforms").removeprefix("linux/"),
        text_of(row, "platform-tag"),
        text_of(row, "runs-on"),
    )
    return bool(tag and tag != arch) or (runner.startswith("ubuntu") and ("arm" in runner) != (arch == "arm64"))


def _wrong_cuda(row: Fact) -> tuple[str, str] | None:
    """A base image of another CUDA version than the row's."""
    image, major = _CUDA_IMAGE.search(text_of(row, "base-image")), text_of(row, "cuda-major-version")
    if image and major and image[1] != major:
        return "base-image", f"builds for CUDA {major} on {text_of(row, 'base-image')}"
    return None


class _Seen:
    """The pairs of values that only one backend has, although others have each of the two."""

    def __init__(self, rows: Iterable[Fact], pair: _Pair) -> None:
        self.pair = pair
        together: dict[tuple[str, str], set[str]] = defaultdict(set)
        alone: dict[tuple[int, str], set[str]] = defaultdict(set)
        for row in rows:
            one, other = pair.one(row), pair.other(row)
            together[one, other].add(row.backend)
            alone[0, one].add(row.backend)
            alone[1, other].add(row.backend)
        self.strange = {
            (one, other)
            for (one, other), own in together.items()
            if one and other and len(own) == 1 and min(len(alone[0, one] - own), len(alone[1, other] - own)) >= _SEEN
        }

    def stranger(self, row: Fact) -> tuple[str, str] | None:
        """The field, and what is said of a pair that only this backend has; None for any other."""
        if not self.strange or (both := (self.pair.one(row), self.pair.other(row))) not in self.strange:
            return None
        return self.pair.key, f"has {both[0]} with {both[1]}, which no row of another backend has"
