"""Rules about importers and the list of those that are asked, `defaultImporters`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from newbackend.catalog.registries import registries
from newbackend.checklist import IMPORTABLE, SYNTAX
from newbackend.findings import CheckResult, Confidence, Finding, Location, Severity, Status
from newbackend.registrations.support import importers_dir
from newbackend.registrations.support.display_names import squeezed
from newbackend.registrations.support.go_files import composite, go_file
from newbackend.rulebook import Scope
from newbackend.rules.context import Context
from newbackend.rules.registry import UNREADABLE, Result, check, rule, skipped
from newbackend.splice.conflicts import conflict_line

_CATCH_ALL = "LlamaCPPImporter"
_COMMENT = re.compile(r"//[^\n]*")

IMPORTERS_UNREADABLE = rule(
    "REG607",
    "importers-unreadable",
    Severity.ERROR,
    what="`core/gallery/importers/importers.go` is not Go, or `defaultImporters` is not a plain list.",
    why="LocalAI does not compile, and no rule can see which backends the list names.",
    how="Repair the line that the message names; `go vet` shows the same one.",
    bad="&DemoImporter{",
    good="&DemoImporter{},",
    checklist=SYNTAX,
)

UNREADABLE["importer-registry"] = IMPORTERS_UNREADABLE

IMPORTER_UNREGISTERED = rule(
    "REG602",
    "importer-unregistered",
    Severity.ERROR,
    what="An importer is written, and `defaultImporters` does not list it.",
    why="Only what the list has is asked: the importer never sees a model, and its tests pass all the same.",
    how="Add `&DemoImporter{},` to defaultImporters, in front of the more general ones.",
    bad="type DemoImporter struct{}        // not in defaultImporters",
    good="var defaultImporters = []Importer{\n\t&DemoImporter{},",
    checklist=IMPORTABLE,
)

IMPORTER_SHADOWED = rule(
    "REG605",
    "importer-shadowed",
    Severity.ERROR,
    confidence=Confidence.LIKELY,
    what="An importer of .gguf files comes after LlamaCPPImporter in `defaultImporters`.",
    why="The first match wins, and LlamaCPPImporter takes every .gguf: the models are imported for llama-cpp, which "
    "cannot load them.",
    how="Move the importer in front of LlamaCPPImporter.",
    incident="The guide: registration order is the single most common source of bugs.",
    bad="&LlamaCPPImporter{},\n&DemoImporter{},        // looks for .gguf",
    good="&DemoImporter{},\n&LlamaCPPImporter{},",
    checklist=IMPORTABLE,
)

IMPORTER_UNDECLARED = rule(
    "REG611",
    "importer-undeclared",
    Severity.ERROR,
    what="`defaultImporters` lists an importer type that no file of core/gallery/importers declares.",
    why="LocalAI does not compile: usually the importer's file was never added to git.",
    how="Add the file that declares the type, or take the line out.",
    bad="&DemoImporter{},        // and no core/gallery/importers/demo.go",
    good="type DemoImporter struct{}",
    checklist=IMPORTABLE,
)


@check(IMPORTERS_UNREADABLE, IMPORTER_UNREGISTERED, IMPORTER_SHADOWED, IMPORTER_UNDECLARED, scope=Scope.REPO)
def importers(context: Context) -> Iterable[Result]:
    """The importers that are written against the list of those that are asked."""
    lines = registered(context)
    if lines is None:
        yield from _list_unreadable(context)
        return
    order = list(lines)
    written = importers_dir.importers(context.checkout)
    for type_name in lines.keys() - {"", *(importer.type_name for importer in written)}:
        if not importers_dir.declared_in(context.checkout, type_name):
            yield _undeclared(context, type_name, lines[type_name])
    for importer in written:
        if importer.type_name not in lines:
            yield _unregistered(context, importer, max(lines.values(), default=1))
        elif (
            _CATCH_ALL in lines
            and order.index(importer.type_name) > order.index(_CATCH_ALL)
            and importer.type_name not in registries().generic_importers
            and "gguf" in _COMMENT.sub("", context.read(importer.path) or "").lower()
        ):
            message = f"{importer.type_name} looks for .gguf files, and {_CATCH_ALL} in front of it takes them all"
            related = (Location(importers_dir.REGISTRY, lines[_CATCH_ALL]),)
            line, backend = lines[importer.type_name], context.known(importer.backend)
            path = importers_dir.REGISTRY
            yield Finding(
                IMPORTER_SHADOWED,
                importer.type_name,
                path,
                line=line,
                message=message,
                backend=backend,
                related=related,
            )


def registered(context: Context) -> dict[str, int] | None:
    """Types of `defaultImporters` in order, with their lines; None when the list cannot be read."""
    path = importers_dir.REGISTRY
    source = context.read(path)
    unreadable = source is None or importers_dir.VARIABLE not in source or conflict_line(source)
    if unreadable or go_file(context.checkout, path).broken_line:
        return None
    listed = composite(context.checkout, path, importers_dir.VARIABLE)
    return {element.type_name: element.first + 1 for element in listed.elements} if listed else None


def _list_unreadable(context: Context) -> Iterable[Result]:
    path = importers_dir.REGISTRY
    source = context.read(path)
    status = Status.SKIPPED if source is None else Status.UNKNOWN
    for undecided in (IMPORTER_UNREGISTERED, IMPORTER_SHADOWED, IMPORTER_UNDECLARED):
        yield CheckResult(undecided, status, reason=f"{path} has no readable list")
    if source is None:
        yield skipped(IMPORTERS_UNREADABLE, reason=f"{path} is not in this checkout")
        return
    line = conflict_line(source) or go_file(context.checkout, path).broken_line
    problem = "is not valid Go" if line else f"has no plain list {importers_dir.VARIABLE}"
    status = Status.FAIL if line else Status.UNKNOWN
    yield Finding(IMPORTERS_UNREADABLE, path, path, line=line or 1, message=f"{path} {problem}", status=status)


def _unregistered(context: Context, importer: importers_dir.Importer, last: int) -> Finding:
    source = context.read(importer.path) or ""
    line = source.count("\n", 0, max(source.find(f"type {importer.type_name} "), 0)) + 1
    return Finding(
        IMPORTER_UNREGISTERED,
        importer.type_name,
        importer.path,
        line=line,
        message=f"{importer.type_name} is not in {importers_dir.VARIABLE}, so it is never asked",
        backend=context.known(importer.backend),
        expected=f"&{importer.type_name}{{}},",
        related=(Location(importers_dir.REGISTRY, last),),
    )


def _undeclared(context: Context, type_name: str, line: int) -> Finding:
    stem = squeezed(type_name.removesuffix("Importer"))
    name = next((name for name in context.backends if squeezed(name) == stem), "")
    where = f"neither {importers_dir.FOLDER}/{name}.go nor another file there" if name else "no file beside the list"
    message = f"{importers_dir.VARIABLE} asks {type_name}, and {where} declares that type"
    return Finding(IMPORTER_UNDECLARED, type_name, importers_dir.REGISTRY, line=line, message=message, backend=name)
