"""Checks of a Python backend's requirement files against the profiles that its rows select (contract 3.4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from newbackend.findings import CheckResult, Finding, Location, Status
from newbackend.registrations.base import Fact
from newbackend.registrations.support.display_names import squeezed
from newbackend.rules.base import Check, Result
from newbackend.rules.context import BackendInfo, Context
from newbackend.rules.texts import own_requirements as text

LIBRARY = "backend/python/common/libbackend.sh"
_FILE = re.compile(r"requirements-([\w.]+?)(-after)?\.txt\Z")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_BASE = ("requirements-install.txt", "requirements.txt", "requirements-after.txt")
_PROFILE_AFTER = re.compile(r"\$\{?BUILD_PROFILE(?::-)?\}?-after")
_TYPE_AFTER = re.compile(r"\$\{?BUILD_TYPE(?::-)?\}?-after")
# Where the profile is the build type itself, libbackend.sh skips the `-after` file of the profile.
_WITHOUT_AFTER = ("hipblas", "intel", "mps", "vulkan")


def profiles(context: Context) -> Iterable[Result]:
    """REG813: the engine is what every other profile installs and the common files do not."""
    for info, files in _python(context):
        mine = {match[1]: name for name in files if (match := _FILE.match(name)) and not match[2]}
        mine.pop("install", None)
        mine.pop("after", None)
        lacking = {key: row for key, row in _wanted(info).items() if not mine.keys() & set(key)}
        if not lacking:
            continue
        base = {one for name in _BASE for one in _names(context, info, name)}
        sets = [_names(context, info, name) for name in mine.values()]
        engine = set.intersection(*sets) - base if sets else set[str]()
        script = context.read(f"{info.directory}/install.sh") or ""
        for (kind, profile), row in lacking.items() if engine else ():
            if _by_itself(script, kind, profile):
                reason = f"install.sh installs the profile {profile} by itself"
                yield CheckResult(text.PROFILE_MISSING, Status.SKIPPED, info.name, reason)
                continue
            own = squeezed(info.name)
            lost = ", ".join(
                sorted(engine, key=lambda one: (squeezed(one) not in own and own not in squeezed(one), one))[:3]
            )
            message = f"nothing installs {lost} where the build profile is {profile}, and a row builds that image"
            path = f"{info.directory}/requirements-{profile}.txt"
            yield Finding(
                text.PROFILE_MISSING,
                profile,
                f"{info.directory}/requirements.txt",
                1,
                message,
                info.name,
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
    found: dict[tuple[str, str], Fact] = {}
    for row in info.rows:
        kind = str(row.value.get("build-type") or "")
        cuda = str(row.value.get("cuda-major-version") or "")
        profile = f"{kind}{cuda}" if kind in ("cublas", "l4t") else kind or "cpu"
        found.setdefault((kind, profile), row)
    for row in info.darwin:
        found.setdefault(("mps", "mps"), row)
    return found


def _by_itself(script: str, kind: str, profile: str) -> bool:
    words = [profile, kind, *(["Darwin"] if profile == "mps" else [])]
    return "pip install" in script and any(word and word in script for word in words)


def _names(context: Context, info: BackendInfo, name: str) -> set[str]:
    """Distribution names in a requirement file, in their normal form; URLs count by their file name."""
    found = set()
    for row in _rows(context.read(f"{info.directory}/{name}") or ""):
        match = _NAME.match(row.rsplit("/", 1)[-1] if "://" in row.split("@")[0] else row)
        if match:
            found.add(re.sub(r"[-_.]+", "-", match[0]).lower())
    return found


def _rows(source: str) -> Iterator[str]:
    for row in source.split("\n"):
        stripped = row.strip()
        if stripped and not stripped.startswith(("#", "-")):
            yield stripped


def unread(context: Context) -> Iterable[Result]:
    """REG814."""
    library = context.read(LIBRARY) or ""
    if not _PROFILE_AFTER.search(library) or _TYPE_AFTER.search(library):
        yield CheckResult(text.AFTER_UNREAD, Status.SKIPPED, reason=f"{LIBRARY} reads its files in another way")
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
                    text.AFTER_UNREAD, match[1], path, 1, message, info.name, expected="requirements-after.txt"
                )


CHECKS = (
    Check((text.PROFILE_MISSING,), profiles, needs=("matrix",)),
    Check((text.AFTER_UNREAD,), unread),
)
