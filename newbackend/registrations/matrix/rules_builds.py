"""What a row builds: architecture, base images, build type."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from newbackend.catalog.variants import hardware_of, variant_table
from newbackend.checklist import ROWS, SUFFIX
from newbackend.checkout.layout import MATRIX
from newbackend.findings import Confidence, Finding, Severity
from newbackend.registrations.base import Fact
from newbackend.registrations.matrix.place import variant_of
from newbackend.registrations.matrix.rows import linux_rows, other_release, row_name, text_of
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.rules.registry import check, rule

BASE_IMAGES = ".github/workflows/base-images.yml"

ARCH_MISMATCH = rule(
    "REG107",
    "row-architecture",
    Severity.ERROR,
    what="A row's platforms, platform-tag and runner are not of the same architecture.",
    why="The job builds under emulation for hours or not at all, or an image is merged under the other "
    "architecture's name.",
    how="amd64: 'linux/amd64' on 'ubuntu-latest'; arm64: 'linux/arm64' on 'ubuntu-24.04-arm'. Two architectures are "
    "two rows, never one list.",
    incident="Rows with 'linux/amd64,linux/arm64' were split per architecture in May 2026.",
    bad="platforms: 'linux/arm64'\nplatform-tag: 'amd64'\nruns-on: 'ubuntu-latest'",
    good="platforms: 'linux/arm64'\nplatform-tag: 'arm64'\nruns-on: 'ubuntu-24.04-arm'",
    checklist=ROWS,
)


@check(ARCH_MISMATCH, needs=("matrix",))
def architecture(context: Context) -> Iterable[Finding]:
    """Platform, platform tag and runner of each row."""
    for info, fact in linux_rows(context):
        platforms, tag, runner = (text_of(fact, key) for key in ("platforms", "platform-tag", "runs-on"))
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
        yield Finding(
            ARCH_MISMATCH,
            row_name(fact),
            MATRIX,
            line=context.lines.field(fact, key),
            message=message,
            backend=info.name,
        )


BUILDER_BASE = rule(
    "REG110",
    "builder-base-image",
    Severity.ERROR,
    what="A row's builder-base-image is missing where its siblings have one, is of the other architecture, or is "
    "built by no workflow.",
    why="The job starts from an image that does not exist or cannot run there; without one it compiles gRPC first, "
    "half an hour of every build.",
    how="Take the base-grpc image of the row's build type and architecture; .github/workflows/base-images.yml lists "
    "them.",
    bad="platforms: 'linux/arm64'\nbuilder-base-image: \"quay.io/go-skynet/ci-cache:base-grpc-amd64\"",
    good="platforms: 'linux/arm64'\nbuilder-base-image: \"quay.io/go-skynet/ci-cache:base-grpc-arm64\"",
    checklist=ROWS,
)


@check(BUILDER_BASE, needs=("matrix",))
def builder_bases(context: Context) -> Iterable[Finding]:
    """The builder that a row starts from, beside those of the same Dockerfile."""
    by_dockerfile: dict[str, list[tuple[BackendInfo, Fact]]] = defaultdict(list)
    for info, fact in linux_rows(context):
        by_dockerfile[text_of(fact, "dockerfile")].append((info, fact))
    built = context.read(BASE_IMAGES)
    for dockerfile, rows in by_dockerfile.items():
        if not any(text_of(fact, "builder-base-image") for _, fact in rows):
            continue
        for info, fact in rows:
            base = text_of(fact, "builder-base-image")
            subject = row_name(fact)
            line = context.lines.field(fact, "builder-base-image")
            if not base:
                message = f"the row {subject} has no builder-base-image, unlike the other rows of {dockerfile}"
                yield Finding(
                    BUILDER_BASE,
                    subject,
                    MATRIX,
                    line=line,
                    message=message,
                    backend=info.name,
                    severity=Severity.WARNING,
                )
                continue
            tag, arch = base.rpartition(":")[2], text_of(fact, "platforms").removeprefix("linux/")
            if tag.endswith(("-amd64", "-arm64")) and not tag.endswith(f"-{arch}"):
                message = f"the row {subject} builds {arch} on the builder {tag}"
                yield Finding(BUILDER_BASE, subject, MATRIX, line=line, message=message, backend=info.name)
            elif built is not None and "ci-cache:" in base and not re.search(rf"['\"\s]{re.escape(tag)}['\"\s]", built):
                message = f"the row {subject} starts from {tag}, which {BASE_IMAGES} does not build"
                yield Finding(BUILDER_BASE, subject, MATRIX, line=line, message=message, backend=info.name)


BASE_MISMATCH = rule(
    "REG112",
    "base-image-release",
    Severity.ERROR,
    what="A row's base-image is of another Ubuntu release than its ubuntu-version.",
    why="Vendor repositories of the wrong release are added, and libraries land in the image that the runtime "
    "image's glibc cannot load.",
    how="Make them agree: '2404' with 24.04 images, '2204' with 22.04 and JetPack r36.",
    incident="#11143, #11059: images built on one release need a newer glibc than the other has.",
    bad="base-image: \"ubuntu:22.04\"\nubuntu-version: '2404'",
    good="base-image: \"ubuntu:24.04\"\nubuntu-version: '2404'",
    checklist=ROWS,
)


@check(BASE_MISMATCH, needs=("matrix",))
def releases(context: Context) -> Iterable[Finding]:
    """The Ubuntu release of the base image and the one that the row names."""
    for info, fact in linux_rows(context):
        release = other_release(fact)
        if release:
            base, version = text_of(fact, "base-image"), text_of(fact, "ubuntu-version")
            message = f"the row {row_name(fact)} builds on {base} with ubuntu-version {version!r}"
            line = context.lines.field(fact, "ubuntu-version")
            expected = f"ubuntu-version: '{release}'"
            yield Finding(
                BASE_MISMATCH, row_name(fact), MATRIX, line=line, message=message, backend=info.name, expected=expected
            )


SUFFIX_MEANING = rule(
    "REG114",
    "suffix-meaning",
    Severity.ERROR,
    what="A row's tag-suffix promises other hardware than its build-type and CUDA version build.",
    why="Users of that hardware get an image for another one.",
    how="Correct whichever of the two was copied: suffix, build-type or cuda-major-version.",
    bad="tag-suffix: '-gpu-nvidia-cuda-13-demo'\nbuild-type: 'cublas'\ncuda-major-version: \"12\"",
    good="tag-suffix: '-gpu-nvidia-cuda-13-demo'\nbuild-type: 'cublas'\ncuda-major-version: \"13\"",
    checklist=SUFFIX,
)

BUILD_TYPE = rule(
    "REG115",
    "build-type-unknown",
    Severity.ERROR,
    confidence=Confidence.LIKELY,
    what="A row's build-type is one that no other row and no build script knows, or lacks the CUDA version it needs.",
    why="Makefiles compare BUILD_TYPE with fixed words; an unknown one builds for the CPU without a word.",
    how="One of '', cublas, l4t, hipblas, intel, sycl_f16, sycl_f32, vulkan; for macOS metal or mps.",
    bad="build-type: 'cuda'",
    good="build-type: 'cublas'",
    checklist=ROWS,
)


@check(SUFFIX_MEANING, BUILD_TYPE, needs=("matrix",))
def meanings(context: Context) -> Iterable[Finding]:
    """What is built, and what the tag says."""
    table = variant_table()
    build_types, versioned = table.build_types, table.versioned_build_types
    for info in context.backends.values():
        for fact in info.images:
            build, suffix = text_of(fact, "build-type"), text_of(fact, "tag-suffix")
            line = context.lines.field(fact, "build-type")
            if build not in build_types:
                message = f"the row {row_name(fact)} has the build-type {build!r}, which nothing knows"
                yield Finding(BUILD_TYPE, row_name(fact), MATRIX, line=line, message=message, backend=info.name)
                continue
            if build in versioned and not text_of(fact, "cuda-major-version"):
                message = f"the row {row_name(fact)} has build-type {build!r} and no cuda-major-version"
                yield Finding(BUILD_TYPE, row_name(fact), MATRIX, line=line, message=message, backend=info.name)
                continue
            says = hardware_of(suffix, info.name)
            does = variant_of(fact) or f"{build} {text_of(fact, 'cuda-major-version')}".strip()
            if suffix and says != does and not (says == table.plain and f"-{says}" not in suffix):
                message = f"the tag suffix {suffix} says {says}, but the row builds {does}"
                line = context.lines.field(fact, "tag-suffix")
                yield Finding(SUFFIX_MEANING, row_name(fact), MATRIX, line=line, message=message, backend=info.name)
