"""Renders a language's template into memory: path -> (mode, text)."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from newbackend.answers_file import ANSWERS_NAME, dump_answers, schema_line
from newbackend.catalog.languages import Language
from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.records import dataclass
from newbackend.scaffold.context import context
from newbackend.scaffold.copying import Copy, started
from newbackend.scaffold.generated import record
from newbackend.scaffold.layers import CHECKOUT, active_layers, lay_together
from newbackend.spec import BackendSpec, to_answers

_HEADER = """\
# What this backend was generated from. `newbackend update` re-renders the directory from it,
# `newbackend create --answers` takes it back.
"""


@dataclass(frozen=True)
class RenderedFile:
    """One generated file: permission bits and text."""

    mode: int
    text: str


def answers_path(spec: BackendSpec) -> str:
    """Where a backend keeps its answers (copier's convention: beside the generated files)."""
    return f"{spec.directory}/{ANSWERS_NAME}"


def render(spec: BackendSpec, checkout: Checkout, given: Mapping[str, str] | None = None) -> dict[str, RenderedFile]:
    """Every file of a new backend by path, the answers file included; deterministic.

    `given` are texts that come from the pinned engine (`Flavour.binds`), by their path in the directory; without any
    those in the checkout stay as they are. Raises UsageError when a template cannot be rendered.
    """
    files = render_template(spec.language, context(spec, checkout))
    for name in spec.its_flavour.binds:
        path = f"{spec.directory}/{name}"
        text = given.get(name) if given else checkout.read(path)
        if text is not None:
            files[path] = RenderedFile(0o644, text)
    answers = to_answers(spec)
    answers = replace(answers, generated=record({path: file.text for path, file in files.items()}, answers))
    files[answers_path(spec)] = RenderedFile(0o644, dump_answers(answers, schema_line() + _HEADER))
    return dict(sorted(files.items()))


def render_template(language: Language, variables: Mapping[str, Any]) -> dict[str, RenderedFile]:
    """A language's template with these variables: the files by their path in the checkout.

    Copier renders into a scratch directory that is read back and deleted: only `apply` writes to the checkout.
    """
    with _AHEAD.pop(_key(language, variables), None) or _Rendering(language, variables) as rendering:
        return rendering.files()


@contextmanager
def rendered_ahead(spec: BackendSpec, checkout: Checkout) -> Iterator[None]:
    """Lets copier's child begin with the template of a spec, which `render` is asked for inside of the block."""
    if spec.keeps_files or not started():
        yield
        return
    key = _key(spec.language, variables := context(spec, checkout))
    _AHEAD[key] = _Rendering(spec.language, variables)
    try:
        yield
    finally:
        if unused := _AHEAD.pop(key, None):
            unused.drop()


class _Rendering:
    """A template with variables, on its way in a scratch folder."""

    def __init__(self, language: Language, variables: Mapping[str, Any]) -> None:
        self._language, self._directory = language.id, language.directory_of(variables["name"])
        self._scratch = tempfile.TemporaryDirectory(prefix="newbackend-")
        template, self._target = Path(self._scratch.name) / "template", Path(self._scratch.name) / "rendered"
        try:
            lay_together(active_layers(language, variables), template)
            self._copy = Copy(template, self._target, variables)
        except BaseException:
            self._scratch.cleanup()
            raise

    def __enter__(self) -> _Rendering:
        return self

    def __exit__(self, *_: object) -> None:
        self._scratch.cleanup()

    def drop(self) -> None:
        """Nobody asks for the files."""
        self._copy.stop()
        self._scratch.cleanup()

    def files(self) -> dict[str, RenderedFile]:
        """The files, when they are there. Raises UsageError."""
        if problem := self._copy.problem():
            where = f"templates/{self._language}"
            raise UsageError("template-broken", f"the template cannot be rendered: {problem}", where=where)
        return _read_back(self._target, self._directory)


_AHEAD: dict[str, _Rendering] = {}
"""What copier's child renders already."""


def _key(language: Language, variables: Mapping[str, Any]) -> str:
    return json.dumps([str(language.root), variables], sort_keys=True)


def _read_back(root: Path, directory: str) -> dict[str, RenderedFile]:
    files: dict[str, RenderedFile] = {}
    for file in sorted(root.rglob("*")):
        if file.is_file() and not file.is_symlink():
            text = file.read_text(encoding="utf-8")
            if not text.strip():
                continue  # a template that renders to nothing makes no file
            path = file.relative_to(root).as_posix()
            in_checkout = path.removeprefix(f"{CHECKOUT}/")
            mode = 0o755 if file.stat().st_mode & 0o100 else 0o644
            files[in_checkout if in_checkout != path else f"{directory}/{path}"] = RenderedFile(mode, text)
    return files
