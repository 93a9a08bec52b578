"""From what an upstream says to the answers about its engine."""

from __future__ import annotations

import re

from newbackend.answers import EngineAnswers
from newbackend.errors import UsageError
from newbackend.upstream.api import version_function
from newbackend.upstream.fact_rows import place
from newbackend.upstream.go_names import is_c_identifier
from newbackend.upstream.inspect import Inspection
from newbackend.upstream.library import Primary
from newbackend.upstream.loading import of_modalities
from newbackend.upstream.make_objects import CPU, make_engine
from newbackend.upstream.makefile import Makefile
from newbackend.upstream.modality_words import MOST

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
PLACEHOLDER_HINT = "leave the platform out, or pass --engine placeholder to build the engine by hand later"


def engine_answers(
    found: Inspection, *, objects: bool, modalities: tuple[str, ...] = ()
) -> tuple[EngineAnswers | None, str]:
    """The answers and a note for the reader; None when nothing can be built from here, with why.

    `modalities` are those of the backend.
    A template can add an upstream that CMake builds and that has a library of its own; with `objects` also one whose
    plain Makefile builds the objects to link.
    """
    if found.cmake is None and objects and found.makefile and "make" in found.systems:
        return _of_makefile(found, found.makefile, modalities)
    if found.cmake is None:
        no_cmake = f"builds with {', '.join(found.systems)}, not with CMake"
        why = no_cmake if found.systems else "has no build system that is known"
        return None, f"{found.repo} {why}: only the placeholder is built, add the engine by hand"
    if found.linked is None:
        return None, f"no library was found in {found.repo}'s CMakeLists.txt: only the placeholder is built"
    header = found.headers[0].api if found.headers else None
    version = version_function(header) if header else None
    answers = EngineAnswers(
        target=found.linked.target.name,
        shared=found.linked.target.kind == "shared" or None,
        folder=found.cmake_folder or None,
        header=header.path if header else None,
        version=version.name if version and version.result == "const char *" else None,
        calls=calls(found, modalities) or None,
        native=found.native.name if found.native else None,
        on=_needed_for(found.linked),
        off=tuple(option.name for option in found.side if option.default.upper() not in ("OFF", "0", "FALSE")) or None,
        packages=_required(found) or None,
        switches={switch.build_type: " ".join(switch.options) for switch in found.switches} or None,
    )
    target = found.linked
    guessed = sorted(switch.build_type for switch in found.switches if switch.confidence == "guess")
    sure = f"; not sure of {', '.join(guessed)}" if guessed else ""
    if target.target.kind == "shared":
        sure += "; it is a shared library, which package.sh puts into the package"
    return answers, f"the build links {target.target.name} of {found.repo} ({target.target.where}){sure}"


def _needed_for(library: Primary) -> tuple[str, ...] | None:
    """The option of the project's own that a shared library is built with, where there is no other library."""
    option = library.shared_by.removeprefix("-D").removesuffix("=ON")
    return (option,) if library.target.kind == "shared" and option else None


def _required(found: Inspection) -> tuple[str, ...]:
    """The packages that the build cannot do without, whatever its options are. A name that CMake has yet to make up is
    none."""
    packages = found.cmake.packages.items() if found.cmake else ()
    needed = (name for name, where in packages if where.endswith(" REQUIRED") and " if " not in where)
    return tuple(name for name in needed if _NAME.fullmatch(name))


def ggml_processor(found: Inspection) -> str:
    """What ggml's own defaults ask of an x86-64 processor, and where they are; "" without ggml."""
    ggml = found.cmake.options.get("GGML_AVX2") if found.cmake else None
    return f"ggml is built for processors with AVX2, FMA and F16C ({ggml.where})" if ggml else ""


def calls(found: Inspection, modalities: tuple[str, ...]) -> dict[str, str]:
    """What may be called to `load` a model and for each modality: names with their lines in the best header."""
    rows = {"load": [one.function for one in of_modalities(found.loaders, modalities)][:MOST]}
    rows |= {key: [one.function for one in found.calls.get(key, ())] for key in modalities}
    path = found.headers[0].api.path if found.headers else ""
    words = {
        key: " ".join(
            f"{one.name}:{place(one.where)[1]}"
            for one in functions
            if place(one.where)[0] == path and is_c_identifier(one.name)
        )
        for key, functions in rows.items()
    }
    return {key: text for key, text in words.items() if text}


def _of_makefile(
    found: Inspection, makefile: Makefile, modalities: tuple[str, ...]
) -> tuple[EngineAnswers | None, str]:
    header = found.headers[0].api if found.headers else None
    engine = make_engine(makefile, header.path) if header else None
    if header is None or engine is None:
        missing = "has no C API" if header is None else f"lists no objects that have {header.path}'s source among them"
        return None, f"{found.repo}'s {makefile.path} {missing}: only the placeholder is built, add the engine by hand"
    version = version_function(header)
    answers = EngineAnswers(
        header=header.path,
        version=version.name if version and version.result == "const char *" else None,
        calls=calls(found, modalities) or None,
        native=engine.native or None,
        objects={key: " ".join(names) for key, names in engine.objects.items()},
        libraries={key: " ".join(names) for key, names in engine.libraries.items() if names} or None,
    )
    built = " ".join(engine.objects.get(CPU) or next(iter(engine.objects.values())))
    warning = "; its objects are for the processor of the machine that builds" if engine.native_everywhere else ""
    return answers, f"the build links {built} of {found.repo} ({engine.confidence}, {engine.where}){warning}"


def refuse_impossible(found: Inspection, answers: EngineAnswers, build_types: set[str]) -> None:
    """Raises UsageError when the upstream has no option for a platform: its image would be a CPU build again."""
    known = set(answers.switches or answers.objects or {})
    if answers.objects and CPU not in known and "" in build_types:
        message = f"{found.repo}'s Makefile lists no objects for the CPU alone"
        raise UsageError("engine-no-cpu", message, hint=PLACEHOLDER_HINT)
    missing = sorted(kind for kind in build_types if kind and kind != "l4t" and kind not in known)
    if missing:
        what = "objects" if answers.objects else "CMake option"
        raise UsageError(
            "engine-no-switch",
            f"{found.repo} has no {what} for {', '.join(missing)}, so that image would be the CPU build again",
            hint=PLACEHOLDER_HINT,
        )


def reasons(found: Inspection, answers: EngineAnswers, build_types: set[str]) -> list[str]:
    """A line for each answer about the build, with where it was read and why it was taken.

    `build_types` are those of the chosen platforms; options of others are not what the reader asked about.
    """
    wanted = {"cublas" if kind == "l4t" else kind for kind in build_types}
    rows = [
        f"BUILD_TYPE={switch.build_type}: {' '.join(switch.options)} "
        f"({switch.confidence}, {switch.where}: {switch.reason})"
        for switch in found.switches
        if answers.switches and switch.build_type in wanted
    ]
    objects = answers.objects or {}
    rows += [f"BUILD_TYPE={kind}: {objects[kind]}" for kind in sorted(wanted & objects.keys())]
    if found.native and answers.native == found.native.name:
        rows.append(f"{found.native.name} is off in an image: it is for the machine that builds ({found.native.where})")
    off = [option for option in found.side if option.name in (answers.off or ())]
    if off:
        rows.append(f"off: {', '.join(option.name for option in off)}, which build no library ({off[0].where})")
    return rows
