"""A pinned distribution of PyPI, as `--pip` takes it: PACKAGE==VERSION, with extras in brackets if it needs some."""

from __future__ import annotations

import re

from newbackend.errors import UsageError
from newbackend.records import dataclass

FORM = "PACKAGE==VERSION"
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?"
_REQUIREMENT = (
    rf"(?a)(?P<name>{_NAME})\s*(?:\[(?P<extras>\s*{_NAME}(?:\s*,\s*{_NAME})*)\s*\])?\s*==\s*"
    r"(?P<version>v?(?:\d+!)?\d+(?:\.\d+)*[A-Za-z0-9.+_-]{0,40})"
)
_ZEROS = r"(?:\.0+)+(?![0-9.])"


@dataclass(frozen=True)
class Requirement:
    """The name as it was written, the extras and the exact version."""

    name: str
    version: str
    extras: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The name as indexes compare it (https://peps.python.org/pep-0503/)."""
        return normal(self.name)

    def __str__(self) -> str:
        return self.with_extra("")

    def with_extra(self, extra: str) -> str:
        """The line of a requirement file, with one more extra; "" for none."""
        every = ",".join(dict.fromkeys((*self.extras, *([extra] if extra else []))))
        return f"{self.name}[{every}]=={self.version}" if every else f"{self.name}=={self.version}"


def parse_requirement(text: str) -> Requirement:
    """Raises UsageError for anything but one distribution at one version."""
    match = re.fullmatch(_REQUIREMENT, text.strip())
    if not match:
        problem = f"--pip {text!r} is not {FORM}"
        raise UsageError("pip-form", problem, hint="for instance faster-whisper==1.2.1 or nemo_toolkit[asr]==2.4.0")
    extras = tuple(word.strip() for word in (match["extras"] or "").split(",") if word.strip())
    return Requirement(match["name"], match["version"], extras)


def same_version(one: str, other: str) -> bool:
    """Whether two versions are the same release: `v1.2` and `1.2.0` are (https://peps.python.org/pep-0440/)."""
    return _canonical(one) == _canonical(other)


def _canonical(version: str) -> str:
    return re.sub(_ZEROS, "", version.lower().removeprefix("v"))


def normal(name: str) -> str:
    """A distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()
