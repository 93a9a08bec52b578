"""The last rendering: a record in `.newbackend.yml`, and the texts in git's object store.

The record is one line, in which each rendered file has a hash of its path and the start of its git blob id. So edited
files are detected without a copy, and git has the text that was edited: every clone whose history has the unedited file
knows the blob (docs/adr/0021).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from newbackend import __version__
from newbackend.answers import Answers, Generated
from newbackend.answers_file import ANSWERS_NAME, dump_answers, parse_answers
from newbackend.catalog.languages import languages
from newbackend.checkout.git import Git
from newbackend.checkout.gitlink import has_index
from newbackend.checkout.tree import Checkout
from newbackend.errors import NotFoundError, UsageError

REFS = "refs/newbackend"
_ID = re.compile(r"[0-9a-f]{12,40}\Z")
ID_LENGTH = 12
"""Digits of a file's id in the record."""
_PATH_BYTES = 3
"""With the id's six these make twelve characters of base64, without padding."""


def blob_id(text: str) -> str:
    """The id that git gives a file of this text (SHA-1 object format)."""
    data = text.encode("utf-8")
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def file_id(text: str) -> str:
    """The id that the record has of a file of this text: the first twelve digits of its blob id."""
    return blob_id(text)[:ID_LENGTH]


def record(texts: Mapping[str, str], answers: Answers | None = None) -> Generated:
    """The answers file's `generated` section for rendered texts by path, and for the answers of that moment."""
    known = blob_id(answers_text(answers)) if answers else None
    rows = sorted(_path_key(path) + bytes.fromhex(file_id(text)) for path, text in texts.items())
    return Generated(__version__, known, base64.urlsafe_b64encode(b"".join(rows)).decode() or None)


def _path_key(path: str) -> bytes:
    return hashlib.sha1(path.encode("utf-8", "surrogateescape"), usedforsecurity=False).digest()[:_PATH_BYTES]


def answers_text(answers: Answers) -> str:
    """The canonical text of answers, whose blob id is recorded: the base of the next change of the registration."""
    return dump_answers(replace(answers, generated=None, like=None))


def recorded(answers: Answers, paths: Iterable[str]) -> dict[str, str]:
    """Path -> id (`file_id`), of those paths that the record of an answers file has; empty when there is no record."""
    made, wanted = answers.generated or Generated(), sorted(set(paths))
    if made.files:  # as newbackend wrote it at first
        return {path: made.files[path][:ID_LENGTH] for path in wanted if path in made.files}
    try:
        packed = base64.b64decode(made.digest or "", b"-_", validate=True)
    except (binascii.Error, ValueError):
        return {}
    size = _PATH_BYTES + ID_LENGTH // 2
    rows = [packed[start : start + size] for start in range(0, len(packed) - size + 1, size)]
    ids = {row[:_PATH_BYTES]: row[_PATH_BYTES:].hex() for row in rows}
    return {path: ids[key] for path in wanted if (key := _path_key(path)) in ids}


def generated_files(name: str, checkout: Checkout) -> list[str]:
    """The files of a backend that can be generated: its directory, and what its language has elsewhere."""
    found: list[str] = []
    for language in languages().values():
        paths = list(checkout.files_below(language.directory_of(name)))
        extra = [path.replace("{name}", name) for path in language.extra_files]
        found += paths + [path for path in extra if paths and checkout.exists(path)]
    return found


def answers_file(checkout: Checkout, name: str) -> str:
    """The path of the backend's answers file, or "" when it was not generated."""
    paths = [f"{language.directory_of(name)}/{ANSWERS_NAME}" for language in languages().values()]
    return next((path for path in paths if checkout.exists(path)), "")


def edited_files(name: str, checkout: Checkout) -> list[str]:
    """The generated files that were edited since; empty for a backend written by hand."""
    path = answers_file(checkout, name)
    if not path:
        return []
    try:
        answers = parse_answers(checkout.need(path), path)
    except UsageError:
        return [path]
    files = recorded(answers, generated_files(name, checkout))
    texts = {file: checkout.read(file) for file in files}
    return [file for file, text in texts.items() if text is not None and file_id(text) != files[file]]


def remember(root: Path, name: str, texts: Iterable[str]) -> bool:
    """Keeps rendered texts in the checkout's object store, reachable from `refs/newbackend/<name>`.

    Returns False without git; `update` then leaves edited files alone.
    """
    return _remember(root, name, texts, ())


def remember_more(root: Path, name: str, texts: Iterable[str]) -> bool:
    """Like `remember`, in addition to the texts that are kept already."""
    listed = _git(root, ["ls-tree", "--name-only", f"{REFS}/{name}"], "") or ""
    return _remember(root, name, texts, [blob for blob in listed.split() if _ID.match(blob)])


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
    tree = _git(root, ["mktree"], "".join(f"100644 blob {blob}\t{blob}\n" for blob in ids))
    return tree is not None and _git(root, ["update-ref", f"{REFS}/{name}", tree.strip()], "") is not None


def text_of(root: Path, blob: str) -> str | None:
    """The text that has this blob id in the checkout's object store, or None when git does not have it."""
    if not _ID.match(blob) or not has_index(root):
        return None
    return _git(root, ["cat-file", "blob", blob], "")


def committed(root: Path, path: str) -> str | None:
    """The text of a file in the last commit, or None."""
    return _git(root, ["cat-file", "blob", f"HEAD:{path}"], "")


def _git(root: Path, words: list[str], stdin: str) -> str | None:
    if not has_index(root):
        return None
    try:
        return Git(root).run(*words, data=stdin.encode("utf-8")).decode("utf-8")
    except (NotFoundError, UsageError, UnicodeDecodeError):
        return None
