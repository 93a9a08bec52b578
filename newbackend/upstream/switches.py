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
_NEGATIONS = frozenset({"NO", "NOT", "DISABLE", "DISABLED", "FORCE", "WITHOUT", "SYSTEM"})
_SIDE = frozenset({
    "TOOL", "TOOLS", "SERVER", "DOC", "DOCS", "DOCUMENTATION", "BINARY", "BINARIES", "DEMO", "DEMOS", "SAMPLE",
    "SAMPLES", "PYTHON", "JNI", "JAVA", "WASM", "WEB", "WEBSOCKET", "CLI", "APP", "APPS", "FRONTEND", "FUZZERS",
    "EXECUTABLE", "EXECUTABLES", "GUI",
})  # fmt: skip
"""Words of options for what no backend needs, besides those about tests, examples and benchmarks."""
_ASIDE = ("TEST", "EXAMPLE", "BENCH")
_AFTER_NATIVE = frozenset({"ARCH", "CPU", "BUILD", "OPT", "OPTIMIZATION", "OPTIMIZATIONS", "ISA", "INSTRUCTIONS"})
_BEFORE_NATIVE = _FILLERS | {"MARCH", "ARCH", "CPU", "OPTIMIZE", "OPTIMIZED", "FOR"}
_ABOUT_CPU = re.compile(r"march|\bcpus?\b|\bhost\b|machine|processor|instruction|current system", re.IGNORECASE)


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
    """A switch for each build type that the project can build, and one gap for those that it cannot.

    `unread` are submodules that could not be read: where ggml is one of them, its present names are a guess.
    """
    ggml = _unread_ggml(project, unread)
    found: list[Switch] = []
    missing: list[str] = []
    for build_type in build_types():
        switch = _switch(project, build_type, ggml) or (_guessed(project, ggml, build_type) if ggml else None)
        if switch is None:
            missing.append(build_type)
        else:
            found.append(switch)
    text = f"no option for BUILD_TYPE={', '.join(missing)} was found"
    return found, [Gap("CMakeLists.txt", text)] if missing else []


def _unread_ggml(project: Project, unread: Iterable[str]) -> str:
    """The folder of a ggml that is built and could not be read; empty without one."""
    found = (path for path in unread if path.rpartition("/")[2] == "ggml" and path in project.subfolders)
    return next(found, "")


def native_option(project: Project, unread: Iterable[str] = ()) -> Option | None:
    """The option that optimises for the build machine and must be off in an image.

    One of the project's own that sets ggml's goes before that; ggml's is a guess where ggml could not be read.
    """
    for gate in project.gates:
        option = project.options.get(gate.option)
        if option and not option.vendored and gate.sets == "GGML_NATIVE":
            return option
    options = [option for option in project.options.values() if _is_native(option, project.name)]
    ggml = _unread_ggml(project, unread)
    if ggml and not options:
        where = project.subfolders[ggml].partition(" ")[0]
        return Option("GGML_NATIVE", "BOOL", "ON", f"{ggml} could not be read; ggml's option has this name", where)
    return min(options, key=lambda option: option.vendored, default=None)


def _is_native(option: Option, project: str) -> bool:
    """`GGML_NATIVE`, `TONE_ENABLE_NATIVE_CPU`, and not `TONE_WITHOUT_NATIVE` or one about something else."""
    words = option.name.upper().split("_")
    if "NATIVE" not in words or _NEGATIONS.intersection(words):
        return False
    at = words.index("NATIVE")
    if not _AFTER_NATIVE.issuperset(words[at + 1 :]):
        return False
    prefix = [word for word in words[:at] if word not in _BEFORE_NATIVE]
    own = "".join(prefix).lower() == re.sub(r"[^a-z0-9]", "", project.lower())
    return len(prefix) < 2 or own or bool(_ABOUT_CPU.search(option.description))


def side_options(project: Project) -> list[Option]:
    """Options of the project's own that build tests, examples, tools and servers."""
    own = (option for option in project.options.values() if not option.vendored and option.kind == "BOOL")
    return [option for option in own if _is_aside(option.name.upper().split("_"))]


def _is_aside(words: list[str]) -> bool:
    about = any(word in _SIDE or word.startswith(_ASIDE) or word.endswith("BENCH") for word in words)
    return about and bool({"BUILD", "ENABLE", "WITH"}.intersection(words)) and not _NEGATIONS.intersection(words)


def _switch(project: Project, build_type: str, ggml: str) -> Switch | None:
    words = _ACCELERATORS[build_type]
    extra = _precision(project, ggml) if build_type == "sycl_f16" else ()
    for gate in _gates(project, words):
        reason = f"turns {gate.sets} on"
        return Switch(build_type, (f"-D{gate.option}=ON", *extra), gate.where, "certain", reason)
    own = [option for option in project.options.values() if not option.vendored]
    for option in (*own, *(option for option in project.options.values() if option.vendored)):
        if _names(option.name, words) and option.name not in project.forced_off:
            ggmls = option.name.startswith("GGML_")
            reason = f"is {'ggml' if ggmls else 'the project'}'s option: {option.description}"
            confidence: Confidence = "certain" if ggmls and not _has_gates(project) else "likely"
            return Switch(build_type, (f"-D{option.name}=ON", *extra), option.where, confidence, reason)
    if build_type == "cublas":
        return _generic(own)
    return None


def _has_gates(project: Project) -> bool:
    """Whether the project has options of its own for accelerators of ggml: another one of ggml's is then untried."""
    return any(gate.sets.startswith("GGML_") and accelerator_of(gate.sets) for gate in project.gates)


def _guessed(project: Project, ggml: str, build_type: str) -> Switch | None:
    name = f"GGML_{_ACCELERATORS[build_type][0]}"
    if name in project.forced_off:
        return None
    extra = _precision(project, ggml) if build_type == "sycl_f16" else ()
    reason = f"the submodule {ggml} could not be read; ggml's option has this name"
    where = project.subfolders[ggml].partition(" ")[0]
    return Switch(build_type, (f"-D{name}=ON", *extra), where, "guess", reason)


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
    return bool(tokens) and tokens[-1] in words and not _NEGATIONS.intersection(tokens)


def _precision(project: Project, ggml: str) -> tuple[str, ...]:
    """The option for half precision with SYCL: ggml's where ggml could not be read."""
    names = [option.name for option in project.options.values() if option.name.endswith("SYCL_F16")]
    names += ["GGML_SYCL_F16"] if ggml else []
    return tuple(f"-D{name}=ON" for name in names[:1])
