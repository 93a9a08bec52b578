"""What was rendered last: the record in `.newbackend.yml`, and the texts in git's object store.

The record holds the git blob id of every rendered file, so a file that nobody touched is told from one
that was edited without keeping a copy, and the text that an edit started from can be asked of git by
its id: every clone whose history ever had the file unedited knows it (docs/adr/0021).
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from newbackend import __version__
from newbackend.answers import GENERATED, parse_yaml
from newbackend.catalog.languages import languages
from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.plan.model import Plan

ANSWERS_NAME = ".newbackend.yml"
REFS = "refs/newbackend"
_ID = re.compile(r"[0-9a-f]{40}\Z")


def blob_id(text: str) -> str:
    """The id that git gives a file of this text (SHA-1 object format)."""
    data = text.encode("utf-8")
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def record(texts: Mapping[str, str]) -> dict[str, Any]:
    """The answers file's `generated` section for rendered texts by path."""
    return {"newbackend": __version__, "files": {path: blob_id(text) for path, text in sorted(texts.items())}}


def recorded(answers: Any) -> dict[str, str]:
    """Path -> blob id, out of the answers in a file; empty when there is no (readable) record."""
    section = answers.get(GENERATED) if isinstance(answers, dict) else None
    files = section.get("files") if isinstance(section, dict) else None
    if not isinstance(files, dict):
        return {}
    return {str(path): str(value) for path, value in files.items() if _ID.match(str(value))}


def answers_file(checkout: Checkout, name: str) -> str:
    """Where the backend's own answers file stands, or "" when it was not generated."""
    paths = [f"{language.directory_of(name)}/{ANSWERS_NAME}" for language in languages().values()]
    return next((path for path in paths if checkout.exists(path)), "")


def edited_files(name: str, checkout: Checkout) -> list[str]:
    """The generated files that are no longer as they were rendered; empty for a backend written by hand."""
    path = answers_file(checkout, name)
    if not path:
        return []
    try:
        files = recorded(parse_yaml(checkout.need(path), path))
    except UsageError:
        return [path]
    texts = {file: checkout.read(file) for file in files}
    return [file for file, text in texts.items() if text is not None and blob_id(text) != files[file]]


def remember(root: Path, name: str, texts: Iterable[str]) -> bool:
    """Keeps rendered texts in the checkout's object store, reachable from `refs/newbackend/<name>`.

    False when there is no git to keep them; `update` then has to ask about edited files.
    """
    return _remember(root, name, texts, ())


def remember_created(root: Path, plan: Plan) -> bool:
    """`remember` for the files that a plan has created, beside those that are kept already."""
    name = str(plan.answers.get("name") or "")
    texts = [edit.content for edit in plan.made if edit.place == "scaffold" and edit.content is not None]
    if not texts or not name:
        return False
    listed = _git(root, ["ls-tree", "--name-only", f"{REFS}/{name}"], "") or ""
    return _remember(root, name, texts, [one for one in listed.split() if _ID.match(one)])


def _remember(root: Path, name: str, texts: Iterable[str], known: Iterable[str]) -> bool:
    unique = {blob_id(text): text for text in texts}
    with tempfile.TemporaryDirectory(prefix="newbackend-") as scratch:
        for number, text in enumerate(unique.values()):
            (Path(scratch) / str(number)).write_bytes(text.encode("utf-8"))
        paths = "".join(f"{scratch}/{number}\n" for number in range(len(unique)))
        made = _git(root, ["hash-object", "-w", "--no-filters", "--stdin-paths"], paths)
    if made is None:
        return False
    ids = sorted({*made.split(), *known})
    tree = _git(root, ["mktree"], "".join(f"100644 blob {one}\t{one}\n" for one in ids))
    return tree is not None and _git(root, ["update-ref", f"{REFS}/{name}", tree.strip()], "") is not None


def text_of(root: Path, blob: str) -> str | None:
    """The text that has this blob id in the checkout's object store, or None when git does not have it."""
    if not _ID.match(blob) or not (root / ".git").exists():
        return None
    return _git(root, ["cat-file", "blob", blob], "")


def _git(root: Path, words: list[str], stdin: str) -> str | None:
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", str(root), *words]
    try:
        done = subprocess.run(command, input=stdin.encode("utf-8"), capture_output=True, check=False)
    except FileNotFoundError:
        return None
    if done.returncode != 0:
        return None
    try:
        return done.stdout.decode("utf-8")
    except UnicodeDecodeError:
        return None
