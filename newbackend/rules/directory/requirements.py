"""Rules about a Python backend's requirement files and the profiles that its rows select."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from newbackend.catalog.variants import variant_table
from newbackend.checklist import DIRECTORY
from newbackend.findings import Finding, Location, Severity
from newbackend.registrations.base import Fact
from newbackend.registrations.support.display_names import squeezed
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.rules.registry import Result, check, rule, skipped

LIBRARY = "backend/python/common/libbackend.sh"
_FILE = re.compile(r"requirements-([\w.]+?)(-after)?\.txt\Z")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_BASE = ("requirements-install.txt", "requirements.txt", "requirements-after.txt")
_PROFILE_AFTER = re.compile(r"\$\{?BUILD_PROFILE(?::-)?\}?-after")
_TYPE_AFTER = re.compile(r"\$\{?BUILD_TYPE(?::-)?\}?-after")
# Where the profile is the build type itself, libbackend.sh skips the `-after` file of the profile.
_WITHOUT_AFTER = ("hipblas", "intel", "mps", "vulkan")

PROFILE_MISSING = rule(
    "REG813",
    "requirements-profile-missing",
    Severity.ERROR,
    what="A row selects a build profile for which the backend has no requirement file, and the engine is installed "
    "by those files.",
    why="libbackend.sh skips a missing file without a word: the image is built and published without the engine, and "
    "every model fails to load. (A backend whose requirements.txt has the engine, or whose install.sh installs it, "
    "needs no such file.)",
    how="Add requirements-PROFILE.txt: cpu, cublas12, cublas13, l4t12, l4t13, hipblas, intel, mps.",
    incident="liquid-audio has had an intel row and no file for it since 0245b33ea (#9801), rfdetr an l4t12 row; trl "
    "got its mps file with the macOS row in a7fec9a49 (#10487).",
    bad="# .github/backend-matrix.yml: build-type 'intel'; no requirements-intel.txt",
    good="# requirements-intel.txt\n--extra-index-url https://download.pytorch.org/whl/xpu\ntorch\ndemo",
    checklist=DIRECTORY,
)


@check(PROFILE_MISSING, needs=("matrix",))
def profiles(context: Context) -> Iterable[Result]:
    """The engine is what every other profile installs and the common files do not."""
    for info, files in _python(context):
        mine = {match[1]: name for name in files if (match := _FILE.match(name)) and not match[2]}
        mine.pop("install", None)
        mine.pop("after", None)
        lacking = {key: row for key, row in _wanted(info).items() if not mine.keys() & set(key)}
        if not lacking:
            continue
        base = {distribution for name in _BASE for distribution in _names(context, info, name)}
        sets = [_names(context, info, name) for name in mine.values()]
        engine = set.intersection(*sets) - base if sets else set[str]()
        script = context.read(f"{info.directory}/install.sh") or ""
        for (kind, profile), row in lacking.items() if engine else ():
            if _by_itself(script, kind, profile):
                reason = f"install.sh installs the profile {profile} by itself"
                yield skipped(PROFILE_MISSING, info.name, reason)
                continue
            own = squeezed(info.name)
            lost = ", ".join(
                sorted(
                    engine,
                    key=lambda distribution: (
                        squeezed(distribution) not in own and own not in squeezed(distribution),
                        distribution,
                    ),
                )[:3]
            )
            message = f"nothing installs {lost} where the build profile is {profile}, and a row builds that image"
            path = f"{info.directory}/requirements-{profile}.txt"
            yield Finding(
                PROFILE_MISSING,
                profile,
                f"{info.directory}/requirements.txt",
                line=1,
                message=message,
                backend=info.name,
                expected=path,
                related=(Location(row.path, row.line),),
            )


def _python(context: Context) -> Iterator[tuple[BackendInfo, list[str]]]:
    for info in context.backends.values():
        if info.lang == "python" and info.directory:
            names = context.checkout.children(info.directory)
            yield info, [name for name in names if name.startswith("requirements")]


def _wanted(info: BackendInfo) -> dict[tuple[str, str], Fact]:
    """Build type and profile of every row, as getBuildProfile computes them, with one row of each."""
    profiles: dict[tuple[str, str], Fact] = {}
    for row in info.rows:
        kind = str(row.value.get("build-type") or "")
        profiles.setdefault((kind, variant_table().requirement_profile(row.value)), row)
    for row in info.darwin:
        profiles.setdefault(("mps", "mps"), row)
    return profiles


def _by_itself(script: str, kind: str, profile: str) -> bool:
    words = [profile, kind, *(["Darwin"] if profile == "mps" else [])]
    return "pip install" in script and any(word and word in script for word in words)


def _names(context: Context, info: BackendInfo, name: str) -> set[str]:
    """Distribution names in a requirement file, in their normal form; URLs count by their file name."""
    names = set()
    for row in _rows(context.read(f"{info.directory}/{name}") or ""):
        match = _NAME.match(row.rsplit("/", 1)[-1] if "://" in row.split("@")[0] else row)
        if match:
            names.add(re.sub(r"[-_.]+", "-", match[0]).lower())
    return names


def _rows(source: str) -> Iterator[str]:
    for row in source.split("\n"):
        stripped = row.strip()
        if stripped and not stripped.startswith(("#", "-")):
            yield stripped


AFTER_UNREAD = rule(
    "REG814",
    "requirements-after-unread",
    Severity.WARNING,
    what="A `requirements-PROFILE-after.txt` exists for a profile that has none: hipblas, intel, mps or vulkan.",
    why="libbackend.sh reads the profile's `-after` file only where the profile differs from the build type. What the "
    "file lists is never installed.",
    how="Move its lines to requirements-PROFILE.txt, or to requirements-after.txt if they are for all profiles.",
    incident="vllm's requirements-hipblas-after.txt listed vllm itself, unread: its ROCm image crashed with "
    "`No module named 'vllm'` until ef15b4bfd (#10651).",
    bad="# requirements-hipblas-after.txt\ndemo",
    good="# requirements-hipblas.txt\ndemo",
    checklist=DIRECTORY,
)


@check(AFTER_UNREAD)
def unread(context: Context) -> Iterable[Result]:
    """`-after` files of profiles that are build types themselves."""
    library = context.read(LIBRARY) or ""
    if not _PROFILE_AFTER.search(library) or _TYPE_AFTER.search(library):
        yield skipped(AFTER_UNREAD, reason=f"{LIBRARY} reads its files in another way")
        return
    for info, files in _python(context):
        for name in files:
            match = _FILE.match(name)
            if not match or not match[2] or match[1] not in _WITHOUT_AFTER:
                continue
            path = f"{info.directory}/{name}"
            rows = list(_rows(context.read(path) or ""))
            if rows:
                message = f"nothing ever reads this file: the profile {match[1]} is the build type itself"
                yield Finding(
                    AFTER_UNREAD,
                    match[1],
                    path,
                    line=1,
                    message=message,
                    backend=info.name,
                    expected="requirements-after.txt",
                )
