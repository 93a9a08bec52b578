"""The files of a backend that are generated from its engine's C API, and the answers about its build: one reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

from newbackend.errors import NotFoundError
from newbackend.records import dataclass
from newbackend.sanitize import one_line
from newbackend.upstream.api import lifetimes
from newbackend.upstream.bindings_go import Bindings, bindings
from newbackend.upstream.bindings_native import native_c
from newbackend.upstream.c_types import Types
from newbackend.upstream.go_model import model_go
from newbackend.upstream.header_choice import HeaderText, chosen_header
from newbackend.upstream.inspect import Inspection, inspection
from newbackend.upstream.loading import Loader, chosen, loaders
from newbackend.upstream.purego import STRUCTS_SINCE
from newbackend.upstream.sources import Sources

GO, NATIVE, MODEL = "bindings.go", "cpp/bindings.c", "bindings_model.go"


@dataclass(frozen=True)
class Bound:
    """What the files need to know of the backend: the header to bind (the best if empty), the table's name in C, what
    it serves, and purego's version in the checkout."""

    header: str
    table: str
    modalities: tuple[str, ...] = ()
    purego: tuple[int, ...] = STRUCTS_SINCE


@dataclass(frozen=True)
class EngineReading:
    """What one commit says. `files` are texts by their path in the backend's directory; `bound` counts functions that
    Go can call, `refused` those that it cannot. `loader` is what `bindings_model.go` calls."""

    found: Inspection
    files: Mapping[str, str] = field(default_factory=dict)
    bound: int = 0
    refused: int = 0
    why_not: str = ""
    loader: Loader | None = None


def read_engine(sources: Sources, unread: Mapping[str, str], *, bound: Bound | None, wanted: str = "") -> EngineReading:
    """An inspection, with bindings where they are wanted and the engine has a C API. `wanted` is the header to take."""
    found = inspection(sources, dict(unread), header=wanted)
    if bound is None:
        return EngineReading(found)
    try:
        header = chosen_header(sources, bound.header, moved=True)
    except NotFoundError as error:
        return EngineReading(found, why_not=error.message)
    made = _bindings(sources, header, bound)
    types = Types(header.api, header.included)
    files = {GO: made.text + _lifetimes(header, made), NATIVE: native_c(types, made, bound.table)}
    loader = chosen(types, loaders(types), bound.modalities)
    origin = f"{sources.commit.repo}@{sources.commit.sha}"
    model = model_go(types, made, loader, origin) if loader else ""
    files |= {MODEL: model} if model else {}
    return EngineReading(found, files, len(made.functions), len(made.refused), loader=loader if model else None)


def _bindings(sources: Sources, header: HeaderText, bound: Bound) -> Bindings:
    commit = sources.commit
    return bindings(
        header.api,
        header.text,
        package="main",
        library=commit.repo.rpartition("/")[2],
        included=header.included,
        purego=bound.purego,
        by_pointer=True,
        origin=f"{commit.repo}@{commit.sha}",
    )


def _lifetimes(header: HeaderText, made: Bindings) -> str:
    """Comments at the end: which functions give something out, and which take it back."""
    names = dict(made.functions)
    rows: Sequence[str] = [
        f"//   - {names[one.gives]} gives {one_line(one.type)}: "
        + (f"{names[one.freed_by]} frees it ({one.confidence})" if one.freed_by in names else one_line(one.reason))
        for one in lifetimes(header.api)
        if one.gives in names
    ]
    return "\n".join(["", "// Who frees what:", "//", *rows, ""]) if rows else ""
