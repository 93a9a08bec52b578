"""Which files the pull requests that added a backend touched to register it, and which of them `create` edits or names.

Outside of the backend's directory a file counts when a line that the commit added to it names the backend: the rest of
such a commit is another kind of change (new RPCs, the web interface). A file that the commit made is the author's own
code, but for a feature page.

`NEWBACKEND_LOCALAI=/path/to/clone python -m history.touched` (from tests/) prints the table of docs/siblings.md.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from history.replay import Addition, additions, created, git, own_texts
from newbackend.checkout.revision import RevisionCheckout
from newbackend.checkout.tree import Checkout
from newbackend.describe import describe
from newbackend.describe.facts import registered
from newbackend.errors import NewbackendError

EDITED, NAMED, MISSED = "edited", "named", "missed"
_OWN_PAGE = re.compile(r"docs/content/features/[^/]+\.md\Z")


def touched(addition: Addition, root: Path, scratch: Path) -> Iterator[tuple[str, str]]:
    """Every file that the commit touched to register the backend, and what `create` on its parent does with it."""
    git(scratch, "checkout", "--quiet", "--force", "--detach", addition.parent)
    wanted = RevisionCheckout(root, addition.commit)
    texts = own_texts(addition, root, wanted)
    before = Checkout(scratch, {path: text for path, text in texts.items() if not _OWN_PAGE.match(path)})
    found = registered(wanted, addition.name)
    plan = created(describe(wanted, addition.name).answers, before)
    done = {edit.path for edit in plan.made}
    left = {item.path for item in plan.manual}
    for path in _registering(addition, root, found.directory, names_of(wanted, addition.name)):
        if path in texts and not _OWN_PAGE.match(path):
            continue
        yield path, EDITED if path in done else NAMED if path in left else MISSED


def names_of(checkout: Checkout, name: str) -> tuple[str, ...]:
    """What a line may call a backend: its name, those of the gallery, and its engine's repository."""
    answers = describe(checkout, name).answers
    repo = answers.upstream.rpartition("/")[2]
    return tuple(word for word in {name, *registered(checkout, name).names, repo} if word)


def _registering(addition: Addition, root: Path, directory: str, names: tuple[str, ...]) -> Iterator[str]:
    """The files outside of the directory to which the commit added a line that names the backend."""
    word = re.compile("|".join(re.sub(r"[^A-Za-z0-9]+", "[^A-Za-z0-9]{0,1}", name) for name in names), re.I)
    rows = git(root, "diff", "--name-only", "-z", addition.parent, addition.commit).split("\0")
    for path in filter(None, rows):
        if path.startswith(f"{directory}/") or path.endswith(f"Dockerfile.{addition.name}"):
            continue
        diff = git(root, "diff", "--unified=0", addition.parent, addition.commit, "--", path)
        if any(word.search(row) for row in diff.splitlines() if row.startswith("+") and not row.startswith("+++")):
            yield path


def main() -> int:
    """Prints one row for each file, and the sums."""
    counts: dict[str, Counter[str]] = {}
    source = Path(os.environ["NEWBACKEND_LOCALAI"])
    with tempfile.TemporaryDirectory(prefix="newbackend-history-") as folder:
        root, scratch = Path(folder) / "clone", Path(folder) / "parent"
        git(source, "clone", "--quiet", "--shared", "--no-checkout", ".", str(root))
        git(root, "worktree", "add", "--quiet", "--no-checkout", "--detach", str(scratch), "HEAD")
        for addition in additions(root):
            try:
                rows = list(touched(addition, root, scratch))
            except NewbackendError as error:
                sys.stderr.write(f"{addition.name}: {error.sentence()}\n")
                continue
            sys.stderr.write(f"{addition.name}: {', '.join(path for path, what in rows if what == MISSED)}\n")
            for path, what in rows:
                counts.setdefault(path, Counter())[what] += 1
    for path, row in sorted(counts.items(), key=lambda pair: -pair[1].total()):
        sys.stdout.write(f"{row.total():4} {row[EDITED]:4} {row[NAMED]:4} {row[MISSED]:4}  {path}\n")
    whole = sum(counts.values(), Counter())
    sys.stdout.write(f"{whole.total():4} {whole[EDITED]:4} {whole[NAMED]:4} {whole[MISSED]:4}  together\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
