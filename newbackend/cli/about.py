"""`newbackend --version` and `--version --verbose`: what a report of a bug needs."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import newbackend
from newbackend.errors import NewbackendError

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_EXTRA = re.compile(r"extra\s*==\s*[\"']([\w-]+)[\"']")
_DEV = "dev"


def line() -> str:
    """Version, revision, Python and platform: `newbackend 0.1.0 (revision 1a2b3c, Python 3.13.1, Linux x86_64)`."""
    here, found = os.uname(), _revision()
    python = ".".join(map(str, sys.version_info[:3]))
    parts = [*([f"revision {found}"] if found else []), f"Python {python}", f"{here.sysname} {here.machine}"]
    return f"newbackend {newbackend.__version__} ({', '.join(parts)})"


def _revision() -> str:
    """The commit that this copy was built from; "" when it was built without git."""
    try:
        return (Path(newbackend.__file__).parent / "_revision").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def about() -> str:
    """Version, Python, platform, place, checkout and dependencies, one a line."""
    import platform

    rows = [
        ("Python", f"{platform.python_version()} ({sys.executable})"),
        ("platform", platform.platform()),
        ("installed", str(Path(newbackend.__file__).parent)),
        ("checkout", _checkout()),
        *_dependencies(),
    ]
    width = max(len(name) for name, _ in rows)
    return "\n".join([line(), *(f"  {name:<{width}}  {value}" for name, value in rows)])


def _checkout() -> str:
    """The LocalAI checkout that the current directory is in, with its revision."""
    from newbackend.checkout.git import Git
    from newbackend.checkout.layout import find_root

    try:
        root = find_root(Path.cwd())
    except (NewbackendError, OSError):
        return "none here"
    try:
        return f"{root} at {Git(root).commit('HEAD')}"
    except NewbackendError:
        return f"{root}, whose revision git cannot read here"


def _dependencies() -> Iterator[tuple[str, str]]:
    """Each dependency with its version; what only development needs is left out."""
    import importlib.metadata

    try:
        required = importlib.metadata.requires("newbackend") or []
    except importlib.metadata.PackageNotFoundError:
        return
    for line in required:
        name, extra = _NAME.match(line), _EXTRA.search(line)
        if name is None or (extra and extra[1] == _DEV):
            continue
        try:
            version = importlib.metadata.version(name[0])
        except importlib.metadata.PackageNotFoundError:
            version = "not installed"
        yield name[0], f"{version} (for package check)" if extra else version
