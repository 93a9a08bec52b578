"""Checks of the build matrix alone: every row for itself, and rows against one another."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from newbackend.checkout.layout import FILTER_SCRIPT, MAKEFILE, MATRIX
from newbackend.findings import CheckResult, Confidence, Finding, Location, Severity, Status
from newbackend.registrations.base import Fact
from newbackend.registrations.matrix.place import lang_of_dockerfile, variant_of_row
from newbackend.rules.base import Check, Result, Scope
from newbackend.rules.context import BackendInfo, Context
from newbackend.rules.texts import matrix as text
from newbackend.rules.tokens import hardware_of

BASE_IMAGES = ".github/workflows/base-images.yml"
JOBS_PER_MATRIX = 256
"""GitHub's limit; the checkout's own script names it too, and refuses a shard that reaches it."""

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
_BUILD_TYPES = frozenset(("", "cublas", "l4t", "hipblas", "intel", "sycl_f16", "sycl_f32", "vulkan", "metal", "mps"))
_RELEASE = re.compile(r"ubuntu[-:]?(\d\d)\.?(\d\d)")
_SHARDS = re.compile(r"^const SINGLEARCH_SHARDS\s*=\s*(\d+)", re.M)
_LIMIT = re.compile(r"^const GHA_MATRIX_LIMIT\s*=\s*(\d+)", re.M)


def _value(fact: Fact, key: str) -> str:
    return str(fact.value.get(key) or "")


def _at(context: Context, fact: Fact, key: str) -> int:
    return context.field_line(fact, key)


def row_name(fact: Fact) -> str:
    """How a row is spoken of: its tag suffix, and its architecture where that tells legs apart."""
    leg = _value(fact, "platform-tag")
    suffix = _value(fact, "tag-suffix") or "(no tag-suffix)"
    return f"{suffix} ({leg})" if leg else suffix


def _rows(context: Context) -> Iterator[tuple[BackendInfo, Fact]]:
    for info in context.backends.values():
        for fact in info.rows:
            yield info, fact


def fields(context: Context) -> Iterable[Finding]:
    """REG103."""
    known = frozenset((*_NEEDED, *_OPTIONAL))
    for fact in context.facts("matrix"):
        darwin = fact.kind == "darwin"
        for key in ("backend", "tag-suffix") if darwin else _NEEDED:
            if not fact.value.get(key):
                message = f"the row {row_name(fact)} has no {key}"
                yield Finding(
                    text.ROW_FIELDS,
                    f"{row_name(fact)} {key}",
                    MATRIX,
                    fact.line,
                    message,
                    fact.backend,
                    expected=f"{key}: …",
                )
        for key in fact.value.keys() - (_DARWIN_FIELDS if darwin else known):
            message = f"the row {row_name(fact)} has a field {key!r} that no workflow reads"
            line = _at(context, fact, key)
            yield Finding(
                text.ROW_FIELDS,
                f"{row_name(fact)} {key}",
                MATRIX,
                line,
                message,
                fact.backend,
                severity=Severity.WARNING,
                confidence=Confidence.LIKELY,
            )


def dockerfiles(context: Context) -> Iterable[Finding]:
    """REG105 and REG111: what a row builds from."""
    there: dict[str, bool] = {}
    for info, fact in _rows(context):
        dockerfile = _value(fact, "dockerfile").removeprefix("./")
        if not dockerfile:
            continue
        if dockerfile not in there:
            there[dockerfile] = context.checkout.exists(dockerfile)
        if not there[dockerfile]:
            message = f"the row {row_name(fact)} builds from {dockerfile}, which does not exist"
            line = _at(context, fact, "dockerfile")
            yield Finding(text.DOCKERFILE_MISSING, row_name(fact), MATRIX, line, message, info.name)
            continue
        lang = lang_of_dockerfile(dockerfile)
        if info.directory and info.lang != lang and f"backend/{lang}/{info.name}" != info.directory:
            message = f"the row {row_name(fact)} builds with {dockerfile}, but the sources are in {info.directory}"
            line = _at(context, fact, "dockerfile")
            yield Finding(text.ROW_DIRECTORY, row_name(fact), MATRIX, line, message, info.name)
    for info in context.backends.values():
        if info.images and not info.directory:
            first = info.images[0]
            message = (
                f"{len(info.images)} rows build {info.name}, but there is no backend/<language>/{info.name}/run.sh"
            )
            line = _at(context, first, "backend")
            related = tuple(Location(MATRIX, fact.line) for fact in info.images[1:])
            yield Finding(text.ROW_DIRECTORY, info.name, MATRIX, line, message, info.name, related=related)


def never_built(context: Context) -> Iterable[Finding]:
    """REG118."""
    for info in context.backends.values():
        if info.directory and not info.images and not info.entries:  # else REG101 names what is not built
            message = f"{info.directory} has no row in {MATRIX}, so no image of it is ever built"
            line = _last_row_line(context)
            yield Finding(text.NO_ROWS, info.name, MATRIX, line, message, info.name, expected=f'backend: "{info.name}"')


def _last_row_line(context: Context) -> int:
    rows = [fact.line for fact in context.facts("matrix") if fact.kind == "row"]
    return max(rows, default=1)


def architecture(context: Context) -> Iterable[Finding]:
    """REG107."""
    for info, fact in _rows(context):
        platforms, tag, runner = (_value(fact, key) for key in ("platforms", "platform-tag", "runs-on"))
        if not platforms:
            continue
        arch = platforms.removeprefix("linux/")
        if arch not in ("amd64", "arm64"):
            message = f"the row {row_name(fact)} builds for {platforms!r}; every architecture needs a row of its own"
            key = "platforms"
        elif tag and tag != arch:
            message, key = f"the row {row_name(fact)} builds {platforms} under platform-tag {tag!r}", "platform-tag"
        elif runner and ("arm" in runner) != (arch == "arm64") and runner.startswith("ubuntu"):
            message, key = f"the row {row_name(fact)} builds {platforms} on the runner {runner!r}", "runs-on"
        else:
            continue
        yield Finding(text.ARCH_MISMATCH, row_name(fact), MATRIX, _at(context, fact, key), message, info.name)


def builder_bases(context: Context) -> Iterable[Finding]:
    """REG110."""
    by_dockerfile: dict[str, list[tuple[BackendInfo, Fact]]] = defaultdict(list)
    for info, fact in _rows(context):
        by_dockerfile[_value(fact, "dockerfile")].append((info, fact))
    built = context.read(BASE_IMAGES)
    for dockerfile, rows in by_dockerfile.items():
        if not any(_value(fact, "builder-base-image") for _, fact in rows):
            continue
        for info, fact in rows:
            base = _value(fact, "builder-base-image")
            subject = row_name(fact)
            line = _at(context, fact, "builder-base-image")
            if not base:
                message = f"the row {subject} has no builder-base-image, unlike the other rows of {dockerfile}"
                yield Finding(text.BUILDER_BASE, subject, MATRIX, line, message, info.name, severity=Severity.WARNING)
                continue
            tag, arch = base.rpartition(":")[2], _value(fact, "platforms").removeprefix("linux/")
            if tag.endswith(("-amd64", "-arm64")) and not tag.endswith(f"-{arch}"):
                message = f"the row {subject} builds {arch} on the builder {tag}"
                yield Finding(text.BUILDER_BASE, subject, MATRIX, line, message, info.name)
            elif built is not None and "ci-cache:" in base and not re.search(rf"['\"\s]{re.escape(tag)}['\"\s]", built):
                message = f"the row {subject} starts from {tag}, which {BASE_IMAGES} does not build"
                yield Finding(text.BUILDER_BASE, subject, MATRIX, line, message, info.name)


def releases(context: Context) -> Iterable[Finding]:
    """REG112."""
    for info, fact in _rows(context):
        base, version = _value(fact, "base-image"), _value(fact, "ubuntu-version")
        match = _RELEASE.search(base)
        release = match[1] + match[2] if match else "2204" if "l4t-jetpack:r36" in base else ""
        if release and version and release != version:
            message = f"the row {row_name(fact)} builds on {base} with ubuntu-version {version!r}"
            line = _at(context, fact, "ubuntu-version")
            expected = f"ubuntu-version: '{release}'"
            yield Finding(text.BASE_MISMATCH, row_name(fact), MATRIX, line, message, info.name, expected=expected)


def meanings(context: Context) -> Iterable[Finding]:
    """REG114 and REG115: what is built, and what the tag says."""
    for info in context.backends.values():
        for fact in info.images:
            build, suffix = _value(fact, "build-type"), _value(fact, "tag-suffix")
            line = _at(context, fact, "build-type")
            if build not in _BUILD_TYPES:
                message = f"the row {row_name(fact)} has the build-type {build!r}, which nothing knows"
                yield Finding(text.BUILD_TYPE, row_name(fact), MATRIX, line, message, info.name)
                continue
            if build in ("cublas", "l4t") and not _value(fact, "cuda-major-version"):
                message = f"the row {row_name(fact)} has build-type {build!r} and no cuda-major-version"
                yield Finding(text.BUILD_TYPE, row_name(fact), MATRIX, line, message, info.name)
                continue
            says = hardware_of(suffix, info.name)
            does = "metal" if fact.kind == "darwin" else variant_of_row(fact.value)
            if suffix and says != does and not (says == "cpu" and "-cpu" not in suffix):
                message = f"the tag suffix {suffix} says {says}, but the row builds {does}"
                line = _at(context, fact, "tag-suffix")
                yield Finding(text.SUFFIX_MEANING, row_name(fact), MATRIX, line, message, info.name)


def darwin(context: Context) -> Iterable[Result]:
    """REG116 and REG117."""
    makefile = context.read(MAKEFILE) or ""
    for info in context.backends.values():
        for fact in info.darwin:
            lang = _value(fact, "lang") or "python"
            line = _at(context, fact, "lang")
            if f"\nbuild-darwin-{lang}-backend:" not in makefile:
                message = f"the macOS row of {info.name} has lang {lang!r}, but there is no build-darwin-{lang}-backend"
                yield Finding(text.DARWIN_LANG, info.name, MATRIX, line, message, info.name)
            elif info.lang and (lang == "python") != (info.lang == "python"):
                message = f"the macOS row of {info.name} builds it as {lang}, but the sources are in {info.directory}"
                yield Finding(text.DARWIN_LANG, info.name, MATRIX, line, message, info.name)
        if info.lang == "rust" and "\nbuild-darwin-rust-backend:" not in makefile:
            yield CheckResult(text.LINUX_ONLY, Status.SKIPPED, info.name, "this checkout builds no Rust for macOS")
            continue
        plain = [fact for fact in info.rows if variant_of_row(fact.value) == "cpu"]
        offered = any("-metal-darwin" in str(entry.value.get("uri")) for entry in info.entries)
        if plain and not info.darwin and not offered and context.layout.features["darwin_matrix"]:
            message = f"{info.name} has a CPU image for Linux and no row in includeDarwin"
            yield Finding(text.LINUX_ONLY, info.name, MATRIX, plain[0].line, message, info.name)


def job_limit(context: Context) -> Iterable[Finding]:
    """REG113: rows per matrix job, by the checkout's own way of cutting them up."""
    rows = [fact for fact in context.facts("matrix") if fact.kind == "row"]
    single = [fact for fact in rows if not _value(fact, "platform-tag")]
    script = context.read(FILTER_SCRIPT) or ""
    match, named = _SHARDS.search(script), _LIMIT.search(script)
    shards = max(int(match[1]), 1) if match else 1
    top = min(int(named[1]), JOBS_PER_MATRIX) if named else JOBS_PER_MATRIX
    limit = top - 1 if match else top
    jobs = {
        "single-arch": -(-len(single) // shards),
        "multi-arch": len(rows) - len(single),
        "macOS": len(context.facts("matrix")) - len(rows),
    }
    for job, count in jobs.items():
        if count > (limit if job == "single-arch" else top):
            message = f"the {job} job would get {count} rows; the limit of one matrix is {top}, above it none starts"
            yield Finding(text.JOB_LIMIT, job, MATRIX, _last_row_line(context), message)


def repeated_keys(context: Context) -> Iterable[Finding]:
    """REG120."""
    for place in ("matrix", "gallery-index"):
        for fact, key, line in context.repeated_keys(place):
            path: Any = fact.path
            message = f"the entry {fact.value.get('name') or row_name(fact)} has {key!r} twice"
            yield Finding(text.YAML_KEY_TWICE, f"{fact.key} {key}", path, line, message, fact.backend)


_MATRIX = ("matrix",)
CHECKS = (
    Check((text.ROW_FIELDS,), fields, needs=_MATRIX),
    Check((text.DOCKERFILE_MISSING, text.ROW_DIRECTORY), dockerfiles, needs=_MATRIX),
    Check((text.NO_ROWS,), never_built, needs=_MATRIX),
    Check((text.ARCH_MISMATCH,), architecture, needs=_MATRIX),
    Check((text.BUILDER_BASE,), builder_bases, needs=_MATRIX),
    Check((text.BASE_MISMATCH,), releases, needs=_MATRIX),
    Check((text.SUFFIX_MEANING, text.BUILD_TYPE), meanings, needs=_MATRIX),
    Check((text.DARWIN_LANG, text.LINUX_ONLY), darwin, needs=_MATRIX),
    Check((text.JOB_LIMIT,), job_limit, needs=_MATRIX, scope=Scope.REPO),
    Check((text.YAML_KEY_TWICE,), repeated_keys),
)
