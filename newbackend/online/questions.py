"""What can be asked, and the answers."""

from __future__ import annotations

from enum import StrEnum

from newbackend.records import dataclass


class Kind(StrEnum):
    """IMAGE: an image reference. SIGNATURE: the same, whether each of its platforms is signed. BRANCH: `OWNER/REPO
    BRANCH`. COMMIT: `OWNER/REPO SHA`. MODEL: `OWNER/REPO`.
    """

    IMAGE = "image"
    SIGNATURE = "signature"
    BRANCH = "branch"
    COMMIT = "commit"
    MODEL = "model"


class State(StrEnum):
    """UNKNOWN is no answer, and never a pass."""

    THERE = "there"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Question:
    """One thing to ask, once."""

    kind: Kind
    subject: str


@dataclass(frozen=True)
class Said:
    """An answer: `platforms` of an image (`linux/amd64`); `why` it is absent or unknown."""

    state: State
    platforms: tuple[str, ...] = ()
    why: str = ""
