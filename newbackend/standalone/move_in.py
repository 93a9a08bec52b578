"""A backend of a repository of its own on its way into a LocalAI checkout: what people wrote comes along.

The checkout's own rendering is taken for every file that nobody edited, because another checkout may want another one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from newbackend.answers_file import ANSWERS_NAME, parse_answers
from newbackend.checkout.git import Git
from newbackend.checkout.tree import Checkout
from newbackend.errors import NewbackendError
from newbackend.gallery.record import find_standalone, read_record
from newbackend.scaffold.generated import file_id, generated_files, recorded
from newbackend.scaffold.render import RenderedFile
from newbackend.spec import BackendSpec

Scaffold = Callable[[BackendSpec, Checkout], Mapping[str, RenderedFile]]


def with_edits(scaffold: Scaffold, answers: Path) -> Scaffold:
    """The scaffold with the files that were edited or added beside an answers file, when that is the one of a backend's
    own repository, and the backend keeps its name. Raises UsageError for such a file that is no text."""
    root = find_standalone(answers.parent)
    if root is None:
        return scaffold
    directory, here = read_record(root).directory, Checkout(root)
    if answers.resolve() != root / directory / ANSWERS_NAME:
        return scaffold

    def edited(spec: BackendSpec, checkout: Checkout) -> Mapping[str, RenderedFile]:
        files = scaffold(spec, checkout)
        return {**files, **_edited(here, directory)} if spec.directory == directory else files

    return edited


def _edited(here: Checkout, directory: str) -> dict[str, RenderedFile]:
    path = f"{directory}/{ANSWERS_NAME}"
    answers = parse_answers(here.need(path), path)
    ids = recorded(answers, generated_files(directory.rpartition("/")[2], here))
    found: dict[str, RenderedFile] = {}
    for file in _files(here, directory, ids):
        text = here.read(file) if file != path else None
        if text is not None and file_id(text) != ids.get(file):
            found[file] = RenderedFile(0o755 if here.mode(file) & 0o100 else 0o644, text)
    return found


def _files(here: Checkout, directory: str, known: Mapping[str, str]) -> list[str]:
    """The backend's files without what is built there; without git only those that were rendered."""
    words = ("ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", directory)
    try:
        listed = Git(here.root).run(*words).decode("utf-8", "surrogateescape").split("\0")
    except NewbackendError:
        return list(known)
    return sorted({*known, *(path for path in listed if path)})
