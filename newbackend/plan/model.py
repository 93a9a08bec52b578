"""Plan: an immutable value, the only input of `apply` (as in Terraform).

It lists every edit with its base, its reason and its rules; what has to be done by hand; and what was skipped because
the checkout has no such place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Literal

from newbackend.checkout.gitlink import GITLINK
from newbackend.checkout.tree import Checkout
from newbackend.records import dataclass
from newbackend.registrations.manual import Manual
from newbackend.splice.outcome import Splice, apply_splices

SCHEMA = "newbackend/plan/1"
Op = Literal["create", "modify", "delete"]


@dataclass(frozen=True)
class Edit:
    """One reviewable change of one file.

    `outcome` is `inserted` for a change that will be made; any other word means that it cannot be made, and a `Manual`
    has the text to paste. `content` is a created file's text; `splices` are offsets in the base text of a modified one.
    `mode` is None when an existing file keeps its own. With the mode of a gitlink the path is a submodule and its text
    is the commit.
    """

    path: str
    op: Op
    place: str
    reason: str
    rules: tuple[str, ...]
    outcome: str
    diff: str = ""
    mode: int | None = None
    content: str | None = None
    splices: tuple[Splice, ...] = ()

    @property
    def made(self) -> bool:
        """Whether applying the plan makes this change."""
        return self.outcome == "inserted"

    def base_text(self, checkout: Checkout) -> str | None:
        """The current text of the file or commit of the submodule; None when it does not exist."""
        return checkout.link(self.path) if self.mode == GITLINK else checkout.read(self.path)


@dataclass(frozen=True)
class Present:
    """A fact that the checkout already has."""

    path: str
    line: int
    place: str
    reason: str
    rules: tuple[str, ...]


@dataclass(frozen=True)
class FileChange:
    """What `apply` does to one file. `before` is None for a new file, `after` None for a deleted one."""

    path: str
    before: str | None
    after: str | None
    mode: int | None

    @property
    def is_link(self) -> bool:
        """Whether it is a submodule's commit in git's index, not a file."""
        return self.mode == GITLINK


@dataclass(frozen=True)
class Plan:
    """The whole change. `base` maps each touched path to the SHA-256 of its bytes, "" when absent."""

    title: str
    answers: Mapping[str, Any]
    base: Mapping[str, str]
    edits: tuple[Edit, ...] = ()
    manual: tuple[Manual, ...] = ()
    present: tuple[Present, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def made(self) -> tuple[Edit, ...]:
        """The edits that `apply` makes."""
        return tuple(edit for edit in self.edits if edit.made)

    @property
    def by_hand(self) -> tuple[Manual, ...]:
        """The edits that could not be made: without them the change is half a change."""
        return tuple(item for item in self.manual if item.needed)

    @property
    def to_do(self) -> tuple[Manual, ...]:
        """What remains to a person afterwards, and fails nothing."""
        return tuple(item for item in self.manual if not item.needed)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write."""
        return not self.made

    def texts(self, checkout: Checkout) -> dict[str, str | None]:
        """The current text of every path in `base`; None for a path that does not exist."""
        links = {edit.path: edit for edit in self.made if edit.mode == GITLINK}
        return {path: links[path].base_text(checkout) if path in links else checkout.read(path) for path in self.base}

    def changes(self, texts: Mapping[str, str | None]) -> tuple[FileChange, ...]:
        """One change per file, given the base texts (None: absent) of all paths in `base`."""
        by_path: dict[str, list[Edit]] = {}
        for edit in self.made:
            by_path.setdefault(edit.path, []).append(edit)
        result = []
        for path, edits in by_path.items():
            before = texts.get(path)
            first = edits[0]
            if first.op == "create":
                result.append(FileChange(path, before, first.content, first.mode))
            elif first.op == "delete":
                result.append(FileChange(path, before, None, first.mode))
            else:
                splices = [splice for edit in edits for splice in edit.splices]
                result.append(FileChange(path, before, apply_splices(before or "", splices), first.mode))
        return tuple(result)


def sha(text: str | None) -> str:
    """Base hash of a text; "" for an absent file."""
    return "" if text is None else hashlib.sha256(text.encode("utf-8")).hexdigest()
