"""Replays how real backends were added: `describe` at the commit, `create` at its parent, then compare.

For every backend that LocalAI's history has added since the first supported layout, the answers are read
from the commit that added it and given to `create` on the commit before. Each registration fact that the
maintainers wrote is then either there (same), or missing with a reason; and what they forgot and had to
repair later is counted as better where `create` would have added it by itself.

Run it alone for the report: `NEWBACKEND_LOCALAI=/path/to/clone python -m history.replay` (from tests/).
"""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from newbackend.answers import Answers, as_data, read_answers
from newbackend.answers_file import dump_answers, parse_answers
from newbackend.checkout.layout import MATRIX
from newbackend.checkout.revision import RevisionCheckout
from newbackend.checkout.tree import Checkout
from newbackend.describe import describe
from newbackend.describe.facts import registered
from newbackend.errors import NewbackendError
from newbackend.plan.build import plan_create, planned
from newbackend.plan.model import Plan
from newbackend.registrations import places
from newbackend.registrations.matrix.place import Matrix
from newbackend.registrations.remaining import remaining
from newbackend.spec import make_spec

SINCE = "2026-05-08"
Key = tuple[str, str]


@dataclass(frozen=True)
class Addition:
    """A backend and the commit that added it."""

    commit: str
    parent: str
    date: str
    name: str


@dataclass(frozen=True)
class Missing:
    """A fact that the commit has and the replay has not, or has otherwise, and why.

    `kind` is "by hand" when the plan says what to paste, "to do" when it names the page as left to a person, "not
    described" when `describe` says that it cannot put it into answers, "not here" when the parent has no such place,
    and "missing" otherwise.
    """

    place: str
    key: str
    kind: str
    reason: str


@dataclass(frozen=True)
class Replay:
    """What came of one addition. `better` are facts that the maintainers added in a later commit."""

    addition: Addition
    lang: str
    facts: int
    missing: tuple[Missing, ...] = ()
    better: tuple[Key, ...] = ()
    notes: tuple[str, ...] = ()
    failed: str = ""

    @property
    def verdict(self) -> str:
        """same, better, missing or failed."""
        if self.failed:
            return "failed"
        lost = any(one.kind == "missing" for one in self.missing)
        return "missing" if lost else "better" if self.better else "same"

    def line(self) -> str:
        """The report's one line."""
        one = self.addition
        head = f"{one.commit[:9]} {one.date} {one.name} ({self.lang}): {self.verdict}, {self.facts} facts"
        details = [f"{m.kind}: {m.place} {m.key}: {m.reason}" for m in self.missing]
        details += [f"has {place} {key}, which came later" for place, key in self.better]
        return head + "".join(f"\n    {detail}" for detail in ([self.failed] if self.failed else details))


def git(root: Path, *words: str) -> str:
    """Output of a git command."""
    return subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True).stdout


def additions(root: Path, head: str = "HEAD", since: str = SINCE) -> Iterator[Addition]:
    """Every backend whose first matrix row came with a commit since then, oldest first."""
    rows = git(root, "log", "--reverse", f"--since={since}", "--format=%H %P %cs", head, "--", MATRIX)
    for row in rows.splitlines():
        commit, parent, *_, date = row.split()
        after, before = (_backends(root, revision) for revision in (commit, parent))
        if before:
            yield from (Addition(commit, parent, date, name) for name in sorted(after - before))


def _backends(root: Path, revision: str) -> set[str]:
    checkout = RevisionCheckout(root, revision)
    return {fact.backend for fact in Matrix().observe(checkout)} if checkout.exists(MATRIX) else set()


def replay(addition: Addition, root: Path, scratch: Path, head: str = "HEAD") -> Replay:
    """One addition, replayed in the work tree `scratch` of the clone `root`."""
    git(scratch, "checkout", "--quiet", "--force", "--detach", addition.parent)
    wanted = RevisionCheckout(root, addition.commit)
    before = Checkout(scratch, own_texts(addition, root, wanted))
    lang = "?"
    try:
        found = registered(wanted, addition.name)
        lang = found.lang
        described = describe(wanted, addition.name)
        plan = created(described.answers, before)
        have = _facts(_after(before, plan), found.names)
        complete = _facts(_after(before, created(_without_omissions(described.answers), before)), found.names)
    except NewbackendError as error:
        return Replay(addition, lang, 0, failed=error.sentence())
    want = _facts(wanted, found.names)
    missing = tuple(_missing(key, want, have, plan, described.notes) for key in want if have.get(key) != want[key])
    later = _facts(RevisionCheckout(root, git(root, "rev-parse", head).strip()), found.names)
    better = tuple(key for key in complete if key not in want and key in later)
    return Replay(addition, lang, len(want), missing, better, described.notes)


def own_texts(addition: Addition, root: Path, wanted: Checkout) -> dict[str, str | None]:
    """Text of every file that the commit added: the backend's own files, which `create` only registers."""
    rows = git(root, "diff", "--name-only", "--diff-filter=A", "-z", addition.parent, addition.commit).split("\0")
    texts_by_path: dict[str, str | None] = {}
    for path in filter(None, rows):
        try:
            texts_by_path[path] = wanted.read(path)
        except NewbackendError:
            continue  # a binary file: nothing registers by its content
    return texts_by_path


def created(answers: Answers, before: Checkout) -> Plan:
    """The plan of `create`, with what it names as left to a person."""
    return plan_create(make_spec(parse_answers(dump_answers(answers), "answers.yml")), before, remaining=remaining)


def _without_omissions(answers: Answers) -> Answers:
    """The answers as somebody would give them who forgets nothing that `create` adds by itself."""
    full = copy.deepcopy(as_data(answers))
    for said in (full.get("overrides") or {}).get("places", {}).values():
        if isinstance(said, dict):
            said.pop("omit", None)
    if (full.get("import") or {}).get("kind") == "none":
        del full["import"]
    return read_answers(full, "answers.yml")


def _after(checkout: Checkout, plan: Plan) -> Checkout:
    return planned(plan, checkout)


def _facts(checkout: Checkout, names: tuple[str, ...]) -> dict[Key, str]:
    """Every fact of a backend by place and key. What is prose or a job's steps only counts as there."""
    found: dict[Key, str] = {}
    for place in places():
        for fact in place.observe(checkout):
            if fact.backend in names:
                value = json.dumps(fact.value, sort_keys=True, default=str) if place.takes_facts else ""
                found[(place.id, fact.key)] = value
    return found


def _missing(key: Key, want: Mapping[Key, str], have: Mapping[Key, str], plan: Plan, notes: tuple[str, ...]) -> Missing:
    place, name = key
    said = [("by hand", one.reason) for one in plan.by_hand if one.place == place]
    said += [("to do", one.reason) for one in plan.to_do if one.place == place and one.path in name]
    said += [("not here", reason) for skipped, reason in plan.skipped if skipped == place]
    said += [("not described", note) for note in notes if name in note]
    if key in have:
        said = [("missing", f"is {have[key][:160]}, was {want[key][:160]}")]
    return Missing(place, name, *(said[0] if said else ("missing", "not implied by the answers")))


def report(source: Path) -> list[Replay]:
    """Replays everything in the history of a clone, in a scratch work tree of its own."""
    with tempfile.TemporaryDirectory(prefix="newbackend-history-") as folder:
        root = Path(folder) / "clone"
        git(source, "clone", "--quiet", "--shared", "--no-checkout", ".", str(root))
        scratch = Path(folder) / "parent"
        git(root, "worktree", "add", "--quiet", "--no-checkout", "--detach", str(scratch), "HEAD")
        found = []
        for addition in additions(root):
            found.append(replay(addition, root, scratch))
            sys.stderr.write(f"{found[-1].line()}\n")
        return found


def main() -> int:
    """Prints the report; status 1 when something failed or is missing."""
    found = report(Path(os.environ["NEWBACKEND_LOCALAI"]))
    for one in found:
        sys.stdout.write(f"{one.line()}\n")
    counts = {word: sum(one.verdict == word for one in found) for word in ("same", "better", "missing", "failed")}
    sys.stdout.write(", ".join(f"{count} {word}" for word, count in counts.items()) + "\n")
    return 1 if counts["missing"] or counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
