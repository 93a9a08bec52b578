"""`newbackend undo`: reverses the last apply, exactly for files that were not edited since."""

from __future__ import annotations

import tempfile
from pathlib import Path

from newbackend.apply import journal as j
from newbackend.apply.run import ApplyOptions, apply_plan
from newbackend.apply.state import locked, state_dir
from newbackend.checkout.git import run_outside
from newbackend.checkout.tree import Checkout, inside
from newbackend.errors import NotFoundError, UsageError
from newbackend.plan.diff import whole_file
from newbackend.plan.model import Edit, Plan, sha
from newbackend.splice.outcome import Splice


def plan_undo(root: Path) -> tuple[Plan, j.Journal]:
    """A plan that reverses the last apply, and the record that it reverses.

    An unedited file gets its old bytes. In a file that was edited since, the reverse change is merged (`git
    merge-file`). Raises NotFoundError when there is nothing to undo, UsageError when the merge has conflicts.
    """
    last = state_dir(root) / "last"
    record = j.load(last) if last.is_dir() else None
    if record is None:
        raise NotFoundError("nothing-to-undo", "newbackend has changed nothing in this checkout that could be undone")
    checkout = Checkout(root)
    edits: list[Edit] = []
    base: dict[str, str] = {}
    for number, step in enumerate(record.steps):
        inside(root, step.path)
        now = checkout.link(step.path) if step.is_link else checkout.read(step.path)
        old = j.kept_bytes(last, "old", number, step.before).decode("utf-8") if step.before else None
        if sha(now) == step.before:
            continue
        wanted = old if sha(now) == step.after else _merged(step, now, old, last, number)
        base[step.path] = sha(now)
        edits.append(_edit(step, now, wanted))
    title = f"undo {record.title}"
    return Plan(title, {}, base, tuple(edits)), record


def run_undo(root: Path, plan: Plan, record: j.Journal, options: ApplyOptions) -> None:
    """Applies an undo plan; removes the directories that the change created, and the undo record."""
    apply_plan(plan, root, options)
    state = state_dir(root)
    with locked(state):
        j.remove_dirs(root, record)
        last = state / "last"
        if last.exists():
            import shutil

            shutil.rmtree(last)


def _merged(step: j.Step, now: str | None, old: str | None, last: Path, number: int) -> str | None:
    if now is None:
        raise UsageError("undo-conflict", "was deleted since, so it cannot be taken back", where=step.path)
    if old is None or step.is_link:
        raise UsageError(
            "undo-conflict",
            "is new and was edited since; delete it by hand to undo the rest",
            where=step.path,
        )
    with tempfile.TemporaryDirectory(prefix="newbackend-undo-") as scratch:
        new = j.kept_bytes(last, "new", number, step.after).decode("utf-8")
        names = {"now": now, "old": old, "new": new}
        for name, text in names.items():
            (Path(scratch) / name).write_bytes(text.encode("utf-8"))
        done = run_outside("merge-file", "-p", "--quiet", f"{scratch}/now", f"{scratch}/new", f"{scratch}/old")
    if done.returncode != 0:
        raise UsageError(
            "undo-conflict", "was edited since in the same lines, so it cannot be taken back", where=step.path
        )
    return done.stdout.decode("utf-8")


def _edit(step: j.Step, now: str | None, wanted: str | None) -> Edit:
    reason = "as it was before"
    diff = whole_file(step.path, now, wanted, step.mode)
    if wanted is None:
        mode = step.mode if step.is_link else None
        return Edit(step.path, "delete", "undo", reason, (), "inserted", diff, mode)
    if now is None:
        return Edit(step.path, "create", "undo", reason, (), "inserted", diff, step.mode, wanted)
    whole = (Splice(0, len(now), wanted),)
    return Edit(step.path, "modify", "undo", reason, (), "inserted", diff, step.mode, None, whole)
