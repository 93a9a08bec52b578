"""One check of `newbackend doctor`, and all of them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from newbackend.records import dataclass

SCHEMA = "newbackend/doctor/1"


class State(Enum):
    """OLD works, but may disappoint. SKIPPED was not looked at."""

    OK = "ok"
    OLD = "old"
    MISSING = "missing"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Check:
    """One thing. `found` says which version or where, or why it is missing or skipped. `without` says what will not
    work when it is missing. `required`: `create` and `verify` need it."""

    id: str
    group: str
    title: str
    state: State
    found: str
    without: str = ""
    required: bool = False

    @property
    def fails(self) -> bool:
        """Whether `create` or `verify` cannot do their work because of it."""
        return self.required and self.state is State.MISSING

    def as_json(self) -> dict[str, Any]:
        """The check as plain values."""
        return {
            "id": self.id, "group": self.group, "title": self.title, "state": self.state.value, "found": self.found,
            "without": self.without, "required": self.required,
        }  # fmt: skip


@dataclass(frozen=True)
class Diagnosis:
    """All checks. `checkout` has the checkout's path, revision, age and layout; None without one."""

    checks: tuple[Check, ...]
    checkout: Mapping[str, Any] | None

    @property
    def ok(self) -> bool:
        """Whether everything is here that `create` and `verify` need."""
        return not any(check.fails for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """What `--format json` prints."""
        checks = [check.as_json() for check in self.checks]
        return {"schema": SCHEMA, "ok": self.ok, "checks": checks, "checkout": self.checkout}
