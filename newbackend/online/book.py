"""The book of the rules of `--online`, and what their checks get."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from newbackend.findings import CheckResult, Finding
from newbackend.records import dataclass
from newbackend.rulebook import Rulebook

if TYPE_CHECKING:
    from newbackend.online.questions import Question, Said
    from newbackend.rules.backend import BackendInfo
    from newbackend.rules.context import Context

Result = Finding | CheckResult


@dataclass(frozen=True)
class Asked:
    """A checkout, the backends that are asked about, and the answers."""

    context: Context
    names: tuple[str, ...]
    answers: Mapping[Question, Said]

    def backends(self) -> Iterator[BackendInfo]:
        """The backends that are asked about."""
        return (self.context.backends[name] for name in self.names)


ONLINE: Rulebook[Asked, Iterable[Result]] = Rulebook("REG", "online/rules.py")
