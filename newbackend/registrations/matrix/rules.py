"""Rows of the build matrix, each for itself: fields, Dockerfile, directory."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from newbackend.checklist import IMAGES, ROWS
from newbackend.checkout.layout import INDEX, MATRIX
from newbackend.findings import Confidence, Finding, Location, Severity
from newbackend.registrations.base import Fact
from newbackend.registrations.matrix.place import lang_of_row
from newbackend.registrations.matrix.rows import linux_rows, row_name, text_of
from newbackend.rules.context import Context
from newbackend.rules.registry import check, rule, unreadable

unreadable(
    "matrix",
    "REG100",
    "matrix-unreadable",
    what="`.github/backend-matrix.yml` is not YAML, or has no list `include`.",
    how="Repair the line that the message names; `yamllint -d relaxed` shows the same one.",
    bad="include:\n  - build-type: 'cublas\n    backend: demo",
    good="include:\n  - build-type: 'cublas'\n    backend: demo",
)

_NEEDED = ("backend", "dockerfile", "tag-suffix", "platforms", "runs-on", "base-image", "context", "tag-latest")
_OPTIONAL = (
    "build-type",
    "cuda-major-version",
    "cuda-minor-version",
    "platform-tag",
    "builder-base-image",
    "skip-drivers",
    "ubuntu-version",
    "amdgpu-targets",
)
_DARWIN_FIELDS = ("backend", "tag-suffix", "build-type", "lang", "runs-on", "use-pip", "go-version")

_MANY = 10
"""Rows of other backends that show what every row has."""

ROW_FIELDS = rule(
    "REG103",
    "row-field",
    Severity.ERROR,
    what="A row lacks a field that the build needs or that every row of the other backends has, or has one that "
    "nothing reads.",
    why="A missing field reaches the workflow as an empty string, not as its default, and the job fails or builds the "
    "wrong thing; a misspelt one is ignored without a word.",
    how="Copy the field from a row of the same shape.",
    bad="- build-type: 'cublas'\n  base_image: \"ubuntu:24.04\"",
    good="- build-type: 'cublas'\n  base-image: \"ubuntu:24.04\"",
    checklist=ROWS,
)


@check(ROW_FIELDS, needs=("matrix",))
def fields(context: Context) -> Iterable[Finding]:
    """Fields that a row lacks, and fields that no workflow reads."""
    known = frozenset((*_NEEDED, *_OPTIONAL))
    alike: dict[str, list[Fact]] = defaultdict(list)
    for fact in context.facts("matrix"):
        info = context.backends.get(fact.backend)
        alike["" if fact.kind == "row" else info.language.title if info else "other"].append(fact)
    usual = {kind: _usual(rows) for kind, rows in alike.items()}
    for kind, fact in ((kind, fact) for kind, rows in alike.items() for fact in rows):
        darwin = fact.kind == "darwin"
        lacking = [key for key in (("backend", "tag-suffix") if darwin else _NEEDED) if not fact.value.get(key)]
        said = [(key, f"the row {row_name(fact)} has no {key}") for key in lacking]
        for key in sorted(usual[kind][fact.backend] - fact.value.keys() - set(lacking)):
            others = f"every {kind} row of macOS" if kind else "every row"
            said.append((key, f"the row {row_name(fact)} has no {key}, as {others} of the other backends has"))
        for key, message in said:
            yield Finding(
                ROW_FIELDS,
                f"{row_name(fact)} {key}",
                MATRIX,
                line=fact.line,
                message=message,
                backend=fact.backend,
                expected=f"{key}: …",
            )
        for key in fact.value.keys() - (_DARWIN_FIELDS if darwin else known):
            message = f"the row {row_name(fact)} has a field {key!r} that no workflow reads"
            line = context.lines.field(fact, key)
            yield Finding(
                ROW_FIELDS,
                f"{row_name(fact)} {key}",
                MATRIX,
                line=line,
                message=message,
                backend=fact.backend,
                severity=Severity.WARNING,
                confidence=Confidence.LIKELY,
            )


def _usual(rows: Sequence[Fact]) -> Mapping[str, frozenset[str]]:
    """Backend -> the fields that every row of the other backends has; of many others alone."""
    total = Counter(fact.backend for fact in rows)
    having = Counter((key, fact.backend) for fact in rows for key in fact.value)
    everywhere = Counter(key for fact in rows for key in fact.value)
    return {
        backend: frozenset(
            key for key, count in everywhere.items() if count - having[key, backend] == len(rows) - own >= _MANY
        )
        for backend, own in total.items()
    }


DOCKERFILE_MISSING = rule(
    "REG105",
    "row-dockerfile",
    Severity.ERROR,
    what="A row names a Dockerfile that does not exist.",
    why="The job fails at its first step.",
    how="Correct the path; shared ones are backend/Dockerfile.python, .golang and .rust.",
    bad='dockerfile: "./backend/Dockerfile.go"',
    good='dockerfile: "./backend/Dockerfile.golang"',
    checklist=ROWS,
)

ROW_DIRECTORY = rule(
    "REG111",
    "row-directory",
    Severity.ERROR,
    what="A row builds a backend that has no directory, or one in another language than its Dockerfile.",
    why="The image build stops where it copies the sources; after a backend was removed its row fails every night.",
    how="Correct `backend` and `dockerfile`, or delete the row of a removed backend.",
    bad='backend: "demo"                            # sources in backend/go/demo\n'
    'dockerfile: "./backend/Dockerfile.python"',
    good='backend: "demo"\ndockerfile: "./backend/Dockerfile.golang"',
    checklist=ROWS,
)


@check(DOCKERFILE_MISSING, ROW_DIRECTORY, needs=("matrix",))
def dockerfiles(context: Context) -> Iterable[Finding]:
    """What a row builds from."""
    there: dict[str, bool] = {}
    for info, fact in linux_rows(context):
        dockerfile = text_of(fact, "dockerfile").removeprefix("./")
        if not dockerfile:
            continue
        if dockerfile not in there:
            there[dockerfile] = context.checkout.exists(dockerfile)
        if not there[dockerfile]:
            message = f"the row {row_name(fact)} builds from {dockerfile}, which does not exist"
            line = context.lines.field(fact, "dockerfile")
            yield Finding(DOCKERFILE_MISSING, row_name(fact), MATRIX, line=line, message=message, backend=info.name)
            continue
        if info.directory and info.lang != lang_of_row(fact.value):
            message = f"the row {row_name(fact)} builds with {dockerfile}, but the sources are in {info.directory}"
            line = context.lines.field(fact, "dockerfile")
            yield Finding(ROW_DIRECTORY, row_name(fact), MATRIX, line=line, message=message, backend=info.name)
    for info in context.backends.values():
        if info.images and not info.directory:
            first = info.images[0]
            message = (
                f"{len(info.images)} rows build {info.name}, but there is no backend/<language>/{info.name}/run.sh"
            )
            line = context.lines.field(first, "backend")
            related = tuple(Location(MATRIX, fact.line) for fact in info.images[1:])
            yield Finding(
                ROW_DIRECTORY, info.name, MATRIX, line=line, message=message, backend=info.name, related=related
            )


NO_ROWS = rule(
    "REG118",
    "never-built",
    Severity.ERROR,
    what="A backend directory has no row at all, neither Linux nor macOS.",
    why="No image of it is ever built or pushed.",
    how="Add its rows, or delete the directory of a removed backend.",
    bad="backend/go/demo/run.sh                # and no row with backend: demo",
    good="- backend: \"demo\"\n  tag-suffix: '-cpu-demo'",
    checklist=ROWS,
)


@check(NO_ROWS, needs=("matrix",))
def never_built(context: Context) -> Iterable[Finding]:
    """Directories that no row builds."""
    for info in context.backends.values():
        if info.directory and not info.images and not info.entries:  # else REG101 names what is not built
            message = f"{info.directory} has no row in {MATRIX}, so no image of it is ever built"
            line = context.last_line("matrix", "row")
            yield Finding(
                NO_ROWS,
                info.name,
                MATRIX,
                line=line,
                message=message,
                backend=info.name,
                expected=f'backend: "{info.name}"',
            )


YAML_KEY_TWICE = rule(
    "REG120",
    "yaml-key-twice",
    Severity.ERROR,
    what="A mapping in the matrix or the gallery has the same key twice.",
    why="LocalAI's and the CI's YAML readers refuse the whole file, so no backend can be listed or built; others "
    "silently take the last value.",
    how="Delete one of the two lines.",
    bad='capabilities:\n  nvidia: "cuda12-demo"\n  nvidia: "cuda13-demo"',
    good='capabilities:\n  nvidia: "cuda12-demo"\n  nvidia-cuda-13: "cuda13-demo"',
    checklist=IMAGES,
)


@check(YAML_KEY_TWICE)
def repeated_keys(context: Context) -> Iterable[Finding]:
    """Entries of the two files that have a key twice, at any depth."""
    for place, path in (("matrix", MATRIX), ("gallery-index", INDEX)):
        if not context.probe(place).usable:
            continue
        for fact, key, line in context.lines.repeated_keys(path, context.facts(place)):
            message = f"the entry {fact.value.get('name') or row_name(fact)} has {key!r} twice"
            yield Finding(YAML_KEY_TWICE, f"{fact.key} {key}", path, line=line, message=message, backend=fact.backend)
