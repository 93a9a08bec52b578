"""Which object files a plain Makefile links for its engine, for each of LocalAI's build types.

A Makefile that builds programs lists the objects that all of them share in a variable: `CORE_OBJS = ds4.o ds4_cuda.o`.
That list is the engine. It is known by the object of the C API's own source; for which hardware it is, by what its
objects and its variable are called.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator

from newbackend.records import dataclass
from newbackend.upstream.facts import Confidence, Target
from newbackend.upstream.makefile import SOURCES, Makefile
from newbackend.upstream.switches import accelerator_of

CPU = "cpu"
"""The key of what is built without a BUILD_TYPE."""
_LIBRARY = re.compile(r"(?<!\S)-l([A-Za-z0-9_+.-]+)")
_NATIVE = re.compile(r"-m(?:arch|cpu|tune)=native")
_CUDA = frozenset(["cudart", "cublas", "cublasLt", "cufft", "curand", "cusparse", "cusolver", "nvrtc"])
_FRAMEWORK = re.compile(r"-framework (\w+)")
_DARWIN = re.compile(r"\bDarwin\b|\bmacos", re.IGNORECASE)


@dataclass(frozen=True)
class MakeEngine:
    """`objects` and `libraries` by build type (`cpu` is none); `native` is the variable that asks for the build
    machine's processor, empty without one. `native_everywhere`: it is asked for, and by no variable of its own."""

    objects: dict[str, tuple[str, ...]]
    libraries: dict[str, tuple[str, ...]]
    native: str
    native_everywhere: bool
    where: str
    confidence: Confidence


def make_engine(makefile: Makefile, header: str) -> MakeEngine | None:
    """The engine whose C API is `header`; None when no list of objects has the object of its source."""
    stem = posixpath.splitext(posixpath.basename(header))[0]
    own = {
        target.name: target.where
        for target in makefile.targets
        if target.kind == "object" and any(_is_source(source, stem) for source in target.sources)
    }
    own |= {name: where for name, (source, where) in makefile.derived.items() if _is_source(source, stem)}
    found: dict[str, tuple[str, ...]] = {}
    for name, words, when in makefile.lists():
        value = tuple(word for word in words if word not in makefile.programs)
        if own.keys() & set(value):
            found.setdefault(_build_type(name, value, when), value)
    if not found:
        for build_type, objects in _of_libraries(makefile, own.keys()):
            found.setdefault(build_type, objects)
    where = next(iter(own.values()), "")
    if not found:
        for target, objects in _at_once(makefile, stem):
            where = where or target.where
            found.setdefault(_build_type(target.name, objects, target.when), objects)
    if not found:
        return None
    native, everywhere = _native(makefile)
    return MakeEngine(
        objects=found,
        libraries={key: _libraries(makefile, key) for key in found},
        native=native,
        native_everywhere=everywhere,
        where=where,
        confidence="likely" if CPU in found and own else "guess",
    )


def _of_libraries(makefile: Makefile, own: Collection[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The objects of a rule for a library, where no variable lists them: `libfoo.so: foo.o util.o`."""
    for target in makefile.targets:
        objects = tuple(source for source in target.sources if source.endswith(".o"))
        if target.kind in ("shared", "static") and set(own) & set(objects):
            yield _build_type(target.name, objects, target.when), objects


def _at_once(makefile: Makefile, stem: str) -> list[tuple[Target, tuple[str, ...]]]:
    """The objects that make itself compiles of what a rule compiles in one step, those of libraries first:
    `libfoo.so: foo.c util.c`. What the recipe alone passes to the compiler is lost."""
    rules = []
    for target, made in makefile.at_once():
        objects = tuple(name for name in made if name not in makefile.programs)
        if any(_is_source(made[name], stem) for name in objects):
            rules.append((target, objects))
    return sorted(rules, key=lambda rule: rule[0].kind == "executable")


def _is_source(path: str, stem: str) -> bool:
    base, ending = posixpath.splitext(posixpath.basename(path))
    return base == stem and ending in SOURCES


def _build_type(name: str, objects: tuple[str, ...], when: str) -> str:
    words = " ".join([name, *objects])
    if found := accelerator_of(words):
        return found
    return "metal" if _on_darwin(when) and "cpu" not in words.lower() else CPU


def _on_darwin(when: str) -> bool:
    """Whether a condition of the Makefile, as it is written, holds on macOS alone."""
    about = [part for part in when.split(" AND ") if _DARWIN.search(part)]
    return any(part.startswith("ifneq") == part.endswith(" else") for part in about)


def _libraries(makefile: Makefile, build_type: str) -> tuple[str, ...]:
    """What variables called LDLIBS or LIBS link for a build type, and for all."""
    found: dict[str, None] = {}
    for name, values in makefile.variables.items():
        if not name.upper().endswith(("LDLIBS", "LIBS", "LDFLAGS")):
            continue
        kind = accelerator_of(name)
        if kind not in ("", build_type) or (kind and build_type == CPU):
            continue
        for value, when in values:
            if build_type != "metal" and _on_darwin(when):
                continue
            names = [word for word in _LIBRARY.findall(value) if word != "pthread"]  # the server links it anyway
            found.update((f"CUDA::{word}" if word in _CUDA else word, None) for word in names)
            if build_type == "metal":
                found.update((f"-framework {word}", None) for word in _FRAMEWORK.findall(value))
    return tuple(found)


def _native(makefile: Makefile) -> tuple[str, bool]:
    """The variable that is nothing but `-march=native`, and whether another one has it too."""
    alone, elsewhere = "", False
    for name, values in makefile.variables.items():
        for value, _ in values:
            if _NATIVE.fullmatch(value.strip()):
                alone = alone or name
            elsewhere |= bool(_NATIVE.search(value)) and not _NATIVE.fullmatch(value.strip())
    return alone, elsewhere and not alone
