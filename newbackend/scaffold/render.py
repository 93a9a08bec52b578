"""Renders a language's template into memory: path -> (mode, text)."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from newbackend.answers import GENERATED, dump_answers, to_answers
from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.scaffold.context import context
from newbackend.scaffold.generated import ANSWERS_NAME, record
from newbackend.scaffold.portable import portable_of
from newbackend.spec import BackendSpec

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


def render(spec: BackendSpec, checkout: Checkout) -> dict[str, RenderedFile]:
    """Every file of a new backend by path, the answers file included; deterministic.

    Copier renders into a scratch directory that is read back and deleted: only `apply` writes to the
    checkout. Raises UsageError when a template cannot be rendered.
    """
    from copier import run_copy
    from copier.errors import CopierError
    from jinja2 import TemplateError
    from plumbum import local

    data = context(spec, checkout)
    sources = [spec.language.root]
    if portable := portable_of(spec):
        data["portable"] = portable.variables
        sources.append(portable.root)
    # Copier looks for git here. The templates are plain directories and the scratch one is nobody's checkout,
    # so with git at hand it would only start it once for every file, to learn nothing.
    with tempfile.TemporaryDirectory(prefix="newbackend-") as scratch, local.env(PATH=""):
        source = spec.language.root
        try:
            for source in sources:
                run_copy(
                    str(source),
                    scratch,
                    data=data,
                    defaults=True,
                    overwrite=True,
                    quiet=True,
                    unsafe=True,
                )
        except (CopierError, TemplateError) as error:
            where = f"templates/{source.name}"
            raise UsageError("template-broken", f"the template cannot be rendered: {error}", where=where) from error
        files = _read_back(Path(scratch))
    answers = {**to_answers(spec), GENERATED: record({path: file.text for path, file in files.items()})}
    files[answers_path(spec)] = RenderedFile(0o644, dump_answers(answers, _HEADER))
    return dict(sorted(files.items()))


def _read_back(root: Path) -> dict[str, RenderedFile]:
    files: dict[str, RenderedFile] = {}
    for file in sorted(root.rglob("*")):
        if file.is_file() and not file.is_symlink():
            mode = 0o755 if file.stat().st_mode & 0o100 else 0o644
            files[file.relative_to(root).as_posix()] = RenderedFile(mode, file.read_text(encoding="utf-8"))
    return files
