"""An inspection for people: one fact a row, with where it was read and how sure it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized

from newbackend.sanitize import one_line
from newbackend.style import Style
from newbackend.upstream import api
from newbackend.upstream.facts import Target
from newbackend.upstream.inspect import Inspection

_SHOWN = 12


def as_text(found: Inspection, paint: Style, *, everything: bool = False) -> str:
    """The whole report. Long lists are cut unless `everything` is asked for."""
    rows = [paint.bold(f"{one_line(found.repo)} at {found.sha}")]
    for title, lines in _sections(found, None if everything else _SHOWN):
        kept = [paint.folded("  ", one_line(text), f"  {one_line(tail)}" if tail else "") for text, tail in lines]
        if kept:
            rows += ["", paint.cyan(title), *kept]
    return "\n".join(rows)


Line = tuple[str, str]


def _sections(found: Inspection, limit: int | None) -> Iterator[tuple[str, list[Line]]]:
    yield "Project", list(_project(found))
    yield "Build", list(_build(found))
    yield (
        "Accelerators",
        [
            (f"BUILD_TYPE={switch.build_type}: {' '.join(switch.options)}", f"{switch.confidence}, {switch.where}")
            for switch in found.switches
        ],
    )
    for header in found.headers[:1]:
        yield f"C API: {header.api.path}", list(_header(header, limit))
    yield "What a backend may call", list(_calls(found))
    more = (*found.headers[1:], *found.other_headers)
    rest = [(f"{header.api.path}: {len(header.api.functions)} functions", header.why) for header in more]
    yield "Other headers with C linkage", _cut(rest, limit)
    yield "Headers for C++ alone (a shim is needed)", _cut([(path, "") for path in found.cplusplus_headers], limit)
    yield "Submodules", [(f"{part.path}: {part.url}", part.commit[:12]) for part in found.submodules]
    yield "Not known", _cut([(f"{gap.where}: {gap.text}" if gap.where else gap.text, "") for gap in found.gaps], limit)


def _project(found: Inspection) -> Iterator[Line]:
    if found.description:
        yield f"description: {found.description.value}", found.description.where
    if found.licence:
        yield f"licence: {found.licence.value}", found.licence.where
    if found.languages:
        yield f"languages: {', '.join(found.languages)}", ""
    for part in found.formats:
        yield f"models: {part.value}", f"{part.confidence}, {part.where}"


def _build(found: Inspection) -> Iterator[Line]:
    if found.systems:
        yield f"build systems: {', '.join(found.systems)}", ""
    if found.cmake:
        below = f", in the folder {found.cmake_folder}" if found.cmake_folder else ""
        yield f"CMake {found.cmake.minimum or 'of any version'} or later{below}", found.cmake.minimum_where
    if found.primary:
        target = found.primary.target
        how = f", shared with {found.primary.shared_by}" if found.primary.shared_by else ""
        reason = f"{found.primary.confidence}: {found.primary.reason}, {target.where}"
        yield f"library: {target.name} ({_kind(target)}{how})", reason
    if found.native:
        sure = "" if found.cmake and found.native.name in found.cmake.options else "guess, "
        yield f"for any CPU: -D{found.native.name}=OFF", f"{sure}{found.native.where}"
    if found.side:
        yield f"not needed: {' '.join(f'-D{option.name}=OFF' for option in found.side)}", ""
    if found.makefile and {"cmake", "cargo"}.isdisjoint(found.systems):
        yield from _make(found.makefile.targets)
    for crate in found.manifests.crates:
        features = f", features {' '.join(crate.features)}" if crate.features else ""
        yield f"crate {crate.name} ({', '.join(crate.kinds) or 'no target'}{features})", crate.path
    distribution = found.manifests.distribution
    if distribution:
        extras = f", extras {' '.join(distribution.extras)}" if distribution.extras else ""
        python = f", Python {distribution.requires_python}" if distribution.requires_python else ""
        imports = f", import {' '.join(distribution.imports)}" if distribution.imports else ""
        yield f"distribution {distribution.name}{imports}{python}{extras}", distribution.path
    if found.manifests.go:
        yield f"Go module {found.manifests.go.name}, Go {found.manifests.go.go}", found.manifests.go.path


def _make(targets: Iterable[Target]) -> Iterator[Line]:
    kinds: dict[str, dict[str, None]] = {}
    for target in targets:
        kinds.setdefault(target.kind, {})[target.name] = None
    for kind, names in kinds.items():
        yield f"make, {kind}: {' '.join(list(names)[:_SHOWN])}", ""


def _header(header: api.Header, limit: int | None) -> Iterator[Line]:
    facts = header.api
    counts: dict[str, Sized] = {
        "functions": facts.functions, "structs": facts.structs, "enumerations": facts.enums,
        "callbacks": facts.callbacks, "handles": facts.opaque,
    }  # fmt: skip
    yield ", ".join(f"{len(part)} {name}" for name, part in counts.items() if part), header.why
    version = api.version_function(facts)
    if version:
        yield f"version: {version.name}()", version.where
    yield from _cut(list(_lifetimes(api.lifetimes(facts))), limit)
    functions = [
        (f"{function.result} {function.name}({', '.join(part.type for part in function.parameters)})", function.where)
        for function in facts.functions
    ]
    yield from _cut(functions, limit)


def _calls(found: Inspection) -> Iterator[Line]:
    """Functions that load a model, then those of each modality that the names speak of."""
    for loader in found.loaders[:_SHOWN]:
        how = loader.why_not or "all that it is given is known"
        yield f"load: {loader.function.name}, freed by {loader.free}", f"{loader.function.where}; {how}"
    for modality, rows in found.spoken().items():
        for one in rows:
            yield f"{modality}: {one.function.name}", f"{one.confidence}, {one.function.where}"


def _lifetimes(lifetimes: list[api.Lifetime]) -> Iterator[Line]:
    """One row for each function that frees something, with those that give it out."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for part in lifetimes:
        by = part.freed_by or ("the caller, no function of the API does" if part.owned else "")
        if by:
            groups.setdefault((by, part.type.removeprefix("const "), part.confidence), []).append(part.gives)
    for (freed_by, kind, confidence), gives in groups.items():
        more = f" and {len(gives) - 3} more" if len(gives) > 3 else ""
        yield f"{kind} from {', '.join(gives[:3])}{more}: freed by {freed_by}", confidence


def _kind(target: Target) -> str:
    return "static or shared" if target.kind == "library" else target.kind


def _cut(lines: list[Line], limit: int | None) -> list[Line]:
    if limit is None or len(lines) <= limit:
        return lines
    return [*lines[:limit], (f"and {len(lines) - limit} more: see --all or --format json", "")]
