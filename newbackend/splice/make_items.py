"""What a Makefile says, as a flat sequence of items, and an intended change of it."""

from __future__ import annotations

from collections.abc import Sequence

from newbackend.records import dataclass
from newbackend.splice.make_reader import Kind, Statement, one_space

PlainItem = tuple[str, str, str]
"""An item as the grammar gives it: kind, subject and text, with single spaces."""


@dataclass(frozen=True)
class MakeItem:
    """One thing in a Makefile: a `rule` (its targets are the subject), a `word` or a `recipe` line of a rule, or any
    other `line`. `under` are the conditions around it."""

    kind: str
    subject: str
    text: str
    under: tuple[str, ...] = ()

    @property
    def plain(self) -> PlainItem:
        """The item as the grammar gives it."""
        return self.kind, self.subject, one_space(self.text)

    def __str__(self) -> str:
        return " ".join(part for part in (self.kind, self.subject, one_space(self.text)) if part)


@dataclass(frozen=True)
class MakeEdit:
    """Intended change of a Makefile: items that join it and items that leave it."""

    added: tuple[MakeItem, ...] = ()
    removed: tuple[MakeItem, ...] = ()


def items_of(statements: Sequence[Statement]) -> list[MakeItem]:
    """What statements say, in their order."""
    found: list[MakeItem] = []
    targets = ""
    for row in statements:
        if row.kind is Kind.RULE:
            targets = " ".join(row.targets)
            found.append(MakeItem("rule", targets, row.operator, row.under))
            found += (MakeItem("word", targets, word, row.under) for word in row.words)
            if row.recipe:
                found.append(MakeItem("recipe", targets, row.recipe, row.under))
        elif row.kind is Kind.RECIPE:
            found.append(MakeItem("recipe", targets, row.text, row.under))
        else:
            found.append(MakeItem("line", "", row.text, row.under))
    return found
