"""A backend that is in a LocalAI checkout, as the files of a repository of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from newbackend.answers_file import dump_answers, load_answers
from newbackend.checkout.git import Git
from newbackend.checkout.tree import Checkout
from newbackend.describe import describe
from newbackend.errors import NewbackendError, UsageError
from newbackend.registrations.support.backend_names import named
from newbackend.scaffold.generated import answers_file
from newbackend.scaffold.render import RenderedFile, answers_path
from newbackend.spec import BackendSpec, make_spec, to_answers
from newbackend.standalone.gallery import without_macos
from newbackend.standalone.vendored import vendored

_HEADER = "# What this backend is; `newbackend create --answers` takes it back into a LocalAI checkout.\n"
_UP = re.compile(r"(?:\.\./){2,}[A-Za-z][\w./-]*")
_IMPORT = re.compile(r'"github\.com/mudler/LocalAI/([\w./-]+)"')


def existing(checkout: Checkout, name: str) -> tuple[BackendSpec, dict[str, RenderedFile], list[str]]:
    """The spec of a registered backend, its files as they are, and notes on what needs a hand.

    Raises NotFoundError for an unknown name.
    """
    name = named(name, checkout)
    path = answers_file(checkout, name)
    if path:
        answers, notes = load_answers(checkout.root / path), []
    else:
        described = describe(checkout, name)
        answers, notes = described.answers, list(described.notes)
    spec, left_out = without_macos(make_spec(answers))
    notes += left_out
    files: dict[str, RenderedFile] = {}
    for file in _paths(checkout, spec):
        try:
            text = checkout.read(file)
        except UsageError as error:
            notes.append(f"{file} {error.message}; copy it by hand")
            continue
        if text is not None:
            files[file] = RenderedFile(0o755 if checkout.mode(file) & 0o100 else 0o644, text)
    files.setdefault(answers_path(spec), RenderedFile(0o644, dump_answers(to_answers(spec), _HEADER)))
    there = {*files, *vendored(spec.language, checkout)}
    notes += [f"{file} uses {what}, which stays in LocalAI's tree" for file, what in _left_behind(files, there)]
    return spec, files, notes


def _paths(checkout: Checkout, spec: BackendSpec) -> list[str]:
    """The backend's files: those that git has, else all of them."""
    try:
        words = ("ls-files", "-z", "--", spec.directory)
        listed = Git(checkout.root).run(*words).decode("utf-8", "surrogateescape").split("\0")
    except NewbackendError:
        listed = list(checkout.files_below(spec.directory))
    own = spec.language.dockerfile_of(spec.name).removeprefix("./") if spec.language.own_dockerfile else ""
    return sorted({path for path in (*listed, own) if path and checkout.exists(path)})


def _left_behind(files: Mapping[str, RenderedFile], there: set[str]) -> Iterator[tuple[str, str]]:
    """What the files name outside of the repository: paths upwards, and Go packages."""
    folders = {path.rpartition("/")[0] for path in there}
    for path, file in files.items():
        for match in _IMPORT.finditer(file.text):
            if match[1] not in folders and match[1] != "pkg/grpc/proto":
                yield path, f"the package {match[1]}"
        for match in _UP.finditer(file.text):
            rest = match[0].lstrip("./")
            if not any(known == rest or known.endswith(f"/{rest}") for known in there | folders):
                yield path, match[0]
