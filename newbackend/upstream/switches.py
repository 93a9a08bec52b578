"""Which CMake options build an engine for LocalAI's build types.

An option of the project's own goes before ggml's: where `SD_CUDA` turns `GGML_CUDA` on, passing `GGML_CUDA` alone
leaves out what the project does besides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from newbackend.upstream.cmake_declarations import Project
from newbackend.upstream.facts import Confidence, Gap, Gate, Option, Switch

_FILLERS = frozenset({"ENABLE", "ENABLED", "USE", "WITH", "BUILD", "SUPPORT", "BACKEND", "ON", "GPU", "HAVE"})
_GENERIC = frozenset({"GPU"})
_TESTS = (
    "TEST",
    "EXAMPLE",
    "BENCH",
    "TOOL",
    "SERVER",
    "DOC",
    "BINAR",
    "DEMO",
    "SAMPLE",
    "PYTHON",
    "JNI",
    "WASM",
    "WEB",
)


_ACCELERATORS: dict[str, tuple[str, ...]] = {
    "cublas": ("CUDA", "CUBLAS"),
    "hipblas": ("HIP", "HIPBLAS", "ROCM"),
    "vulkan": ("VULKAN",),
    "sycl_f16": ("SYCL",),
    "sycl_f32": ("SYCL",),
    "metal": ("METAL",),
}
"""BUILD_TYPE -> what the accelerator is called in names of options; the first is ggml's present name."""


def accelerator_of(text: str) -> str:
    """The build type whose accelerator a text names, by whole words; "" when it names none."""
    words = set(re.split(r"[^A-Z0-9]+", text.upper().replace("_", " ")))
    return next((kind for kind, names in _ACCELERATORS.items() if words.intersection(names)), "")


def build_types() -> tuple[str, ...]:
    """LocalAI's BUILD_TYPE values that ask for an accelerator."""
    return tuple(_ACCELERATORS)


def switches(project: Project, unread: Iterable[str] = ()) -> tuple[list[Switch], list[Gap]]:
    """A switch for each build type that the project can build, and a gap for each that it cannot.

    `unread` are submodules that could not be read: where ggml is one of them, its present names are a guess.
    """
    ggml = next((path for path in unread if path.rpartition("/")[2] == "ggml"), "")
    found: list[Switch] = []
    gaps: list[Gap] = []
    for build_type in build_types():
        switch = _switch(project, build_type, ggml) or (_guessed(project, ggml, build_type) if ggml else None)
        if switch is None:
            gaps.append(Gap("CMakeLists.txt", f"no option for BUILD_TYPE={build_type} was found"))
        else:
            found.append(switch)
    return found, gaps


def native_option(project: Project) -> Option | None:
    """The option that optimises for the build machine and must be off in an image."""
    options = [option for option in project.options.values() if option.name.split("_")[-1] == "NATIVE"]
    return min(options, key=lambda option: option.vendored, default=None)


def side_options(project: Project) -> list[Option]:
    """Options of the project's own that build tests, examples, tools and servers."""
    own = (option for option in project.options.values() if not option.vendored and option.kind == "BOOL")
    return [option for option in own if any(word in option.name for word in _TESTS) and _about_building(option)]


def _about_building(option: Option) -> bool:
    return bool({"BUILD", "ENABLE", "WITH"}.intersection(option.name.split("_"))) and "SYSTEM" not in option.name


def _switch(project: Project, build_type: str, ggml: str) -> Switch | None:
    words = _ACCELERATORS[build_type]
    extra = _precision(project, ggml) if build_type == "sycl_f16" else ()
    for gate in _gates(project, words):
        reason = f"turns {gate.sets} on"
        return Switch(build_type, (f"-D{gate.option}=ON", *extra), gate.where, "certain", reason)
    own = [option for option in project.options.values() if not option.vendored]
    for option in (*own, *(option for option in project.options.values() if option.vendored)):
        if _names(option.name, words):
            reason = f"is {'ggml' if option.name.startswith('GGML_') else 'the project'}'s option: {option.description}"
            confidence: Confidence = "certain" if option.name.startswith("GGML_") else "likely"
            return Switch(build_type, (f"-D{option.name}=ON", *extra), option.where, confidence, reason)
    if build_type == "cublas":
        return _generic(own)
    return None


def _guessed(project: Project, ggml: str, build_type: str) -> Switch | None:
    where = project.subfolders.get(ggml)
    if where is None:
        return None
    extra = _precision(project, ggml) if build_type == "sycl_f16" else ()
    reason = f"the submodule {ggml} could not be read; ggml's option has this name"
    options = (f"-DGGML_{_ACCELERATORS[build_type][0]}=ON", *extra)
    return Switch(build_type, options, where.partition(" ")[0], "guess", reason)


def _generic(own: list[Option]) -> Switch | None:
    """An option for "GPU" alone means NVIDIA's in the engines that LocalAI has (sherpa-onnx)."""
    for option in own:
        tokens = [token for token in option.name.split("_") if token not in _FILLERS - _GENERIC]
        if tokens[-1:] == ["GPU"]:
            reason = f"is the only option for a GPU: {option.description}"
            return Switch("cublas", (f"-D{option.name}=ON",), option.where, "guess", reason)
    return None


def _gates(project: Project, words: tuple[str, ...]) -> Iterator[Gate]:
    for gate in project.gates:
        option = project.options.get(gate.option)
        if option and not option.vendored and _names(gate.sets, words) and not _names_other(gate.option, words):
            yield gate


def _names_other(name: str, words: tuple[str, ...]) -> bool:
    """Whether an option's name is about another accelerator."""
    others = {word for known in _ACCELERATORS.values() for word in known} - set(words)
    return bool(others.intersection(name.split("_")))


def _names(name: str, words: tuple[str, ...]) -> bool:
    """Whether a name is the accelerator's alone: `SD_CUDA`, `CUDA_BACKEND`, and not `GGML_CUDA_GRAPHS`."""
    tokens = name.upper().split("_")
    while tokens and tokens[-1] in _FILLERS:
        tokens.pop()
    return (
        bool(tokens)
        and tokens[-1] in words
        and not {"NO", "DISABLE", "FORCE", "WITHOUT", "SYSTEM"}.intersection(tokens)
    )


def _precision(project: Project, ggml: str) -> tuple[str, ...]:
    """The option for half precision with SYCL: ggml's where ggml could not be read."""
    names = [option.name for option in project.options.values() if option.name.endswith("SYCL_F16")]
    names += ["GGML_SYCL_F16"] if ggml else []
    return tuple(f"-D{name}=ON" for name in names[:1])
