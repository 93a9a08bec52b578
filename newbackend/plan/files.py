"""The files of a changed backend: rendered again, and merged with what people changed since.

Each file has three texts: the last rendering (found by its id, see `scaffold.generated`), the current text, and
the new rendering. An unedited file is replaced. An edited one is merged by `git merge-file`. What cannot be merged is
shown and left to be done by hand: a conflict, unless its markers are asked for; an edited file whose last rendering
git no longer has; and a placeholder that an engine has replaced, because merged code would call what is gone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from newbackend.checkout.git import run_outside
from newbackend.checkout.tree import Checkout
from newbackend.errors import NotFoundError, UsageError
from newbackend.overrides import SCAFFOLD
from newbackend.plan.diff import whole_file
from newbackend.plan.model import Edit
from newbackend.records import dataclass
from newbackend.registrations.manual import Manual
from newbackend.scaffold.generated import file_id
from newbackend.scaffold.render import RenderedFile
from newbackend.splice.outcome import Splice

BaseOf = Callable[[str], str | None]
_LABELS = ("edited here", "as generated before", "as generated now")
_RULES = ("REG801",)
_PLACEHOLDER = "NEWBACKEND-PLACEHOLDER"


@dataclass(frozen=True)
class Step:
    """The update of one file; `conflict`: its edit leaves conflict markers."""

    edit: Edit | None = None
    manual: Manual | None = None
    conflict: bool = False


@dataclass(frozen=True)
class Merging:
    """How edited files are merged: `base_of` gives the text of an id, None when it is not known; `markers`: a
    conflict is written between git's markers."""

    base_of: BaseOf
    markers: bool = False


def file_steps(
    checkout: Checkout, old: Mapping[str, str], new: Mapping[str, RenderedFile], merging: Merging
) -> list[Step]:
    """The steps from the ids (`file_id`) of the last rendering to a new one."""
    return [_step(checkout, path, old.get(path, ""), new.get(path), merging) for path in sorted({*old, *new})]


def modify(path: str, now: str, text: str, reason: str, mode: int | None) -> Edit:
    """An edit that replaces a whole file."""
    diff = whole_file(path, now, text)
    whole = (Splice(0, len(now), text),)
    return Edit(path, "modify", SCAFFOLD, reason, _RULES, "inserted", diff, mode, None, whole)


def create(path: str, file: RenderedFile, reason: str) -> Edit:
    """An edit that makes a new file."""
    diff = whole_file(path, None, file.text, file.mode)
    return Edit(path, "create", SCAFFOLD, reason, _RULES, "inserted", diff, file.mode, file.text)


def _step(checkout: Checkout, path: str, old: str, file: RenderedFile | None, merging: Merging) -> Step:
    now = checkout.read(path)
    if now is not None and _unresolved(now):
        raise UsageError("update-unresolved", "still has conflict markers; resolve them first", where=path)
    if file is None:
        return _dropped(path, old, now)
    if now is None:
        return _absent(path, old, file)
    if now == file.text or file_id(file.text) == old:
        return Step()
    if file_id(now) == old:
        return Step(modify(path, now, file.text, "rendered again", file.mode))
    base = merging.base_of(old) if old else None
    if base is None:
        why = "was edited, and the text it was generated from is not in git any more; it is kept"
        return Step(manual=Manual(path, 1, whole_file(path, now, file.text), why, SCAFFOLD, _RULES))
    if _PLACEHOLDER in base and _PLACEHOLDER not in now:
        why = "the placeholder was replaced; this is what the template has new, for your engine to offer"
        return Step(manual=Manual(path, 1, whole_file(path, base, file.text), why, SCAFFOLD, _RULES))
    return _merged(path, now, base, file, merging)


def _merged(path: str, now: str, base: str, file: RenderedFile, merging: Merging) -> Step:
    text, conflict = merge(now, base, file.text)
    if conflict and not merging.markers:
        why = "conflicts with the edits here; --conflicts leaves both between git's markers"
        shown = "\n".join(_conflicts(text))
        return Step(manual=Manual(path, _first_marker(text), shown, why, SCAFFOLD, _RULES))
    if text == now:
        return Step()
    reason = "rendered again, conflicts with the edits here" if conflict else "rendered again, merged with the edits"
    return Step(modify(path, now, text, reason, None), conflict=conflict)


def _dropped(path: str, old: str, now: str | None) -> Step:
    """A file that is no longer part of the template."""
    if now is None:
        return Step()
    if file_id(now) == old:
        reason = "no longer generated"
        return Step(Edit(path, "delete", SCAFFOLD, reason, (), "inserted", whole_file(path, now, None)))
    why = "is no longer generated, but was edited; it is kept"
    return Step(manual=Manual(path, 1, "", why, SCAFFOLD, _RULES))


def _absent(path: str, old: str, file: RenderedFile) -> Step:
    """A file that does not exist: new in the template, or deleted on purpose."""
    if old and file_id(file.text) == old:
        return Step()
    if old:
        why = "was deleted here, and is generated otherwise now; it is not brought back"
        return Step(manual=Manual(path, 1, file.text, why, SCAFFOLD, _RULES))
    return Step(create(path, file, "new in the template"))


def _unresolved(text: str) -> bool:
    markers = (f"<<<<<<< {_LABELS[0]}", f">>>>>>> {_LABELS[2]}")
    return any(line.startswith(markers) for line in text.splitlines())


def _first_marker(text: str) -> int:
    rows = text.splitlines()
    return next((number for number, row in enumerate(rows, 1) if row.startswith(f"<<<<<<< {_LABELS[0]}")), 1)


def _conflicts(text: str) -> list[str]:
    """The lines between and with the markers of each conflict."""
    shown, inside = [], False
    for row in text.splitlines():
        inside = inside or row.startswith(f"<<<<<<< {_LABELS[0]}")
        if inside:
            shown.append(row)
        inside = inside and not row.startswith(f">>>>>>> {_LABELS[2]}")
    return shown


def merge(now: str, base: str, new: str) -> tuple[str, bool]:
    """`git merge-file --diff3`: the merged text, and whether it has conflicts. Raises NotFoundError without git."""
    with tempfile.TemporaryDirectory(prefix="newbackend-update-") as scratch:
        paths = [Path(scratch) / name for name in ("now", "base", "new")]
        for path, text in zip(paths, (now, base, new), strict=True):
            path.write_bytes(text.encode("utf-8"))
        labels = [word for label in _LABELS for word in ("-L", label)]
        try:
            done = run_outside("merge-file", "-p", "--quiet", "--diff3", *labels, *map(str, paths))
        except UsageError as error:
            raise NotFoundError("git-missing", "git is not installed, so edited files cannot be merged") from error
    if done.returncode < 0 or done.returncode > 127:
        raise UsageError("merge-failed", f"git merge-file failed: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode("utf-8"), done.returncode > 0
