"""Renders a language's template into memory: path -> (mode, text)."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from newbackend.answers_file import ANSWERS_NAME, dump_answers, schema_line
from newbackend.catalog.languages import Language
from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.records import dataclass
from newbackend.scaffold.context import context
from newbackend.scaffold.copying import copied
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
    with tempfile.TemporaryDirectory(prefix="newbackend-") as scratch:
        template, target = Path(scratch) / "template", Path(scratch) / "rendered"
        lay_together(active_layers(language, variables), template)
        if problem := copied(template, target, variables):
            where = f"templates/{language.id}"
            raise UsageError("template-broken", f"the template cannot be rendered: {problem}", where=where)
        return _read_back(target, language.directory_of(variables["name"]))


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
