"""The CMake commands that declare something: options, targets, headers, packages, and the variables between them."""

from __future__ import annotations

import posixpath
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import field
from fnmatch import fnmatchcase

from newbackend.records import dataclass
from newbackend.upstream.facts import Gap, Gate, Option, Target
from newbackend.upstream.sources import Sources

TOP = "/upstream"
"""What the source folder is called while reading: paths below it are paths of the repository."""
_BUILD = "/build"
_VALUES_LIMIT = 8
LENGTH_LIMIT = 10_000
"""Characters of one variable's value."""
_GLOB_LIMIT = 200
"""Files that one pattern brings: the sources of a library, of which one is enough to know it."""
_OFF = ("OFF", "0", "FALSE", "NO")
_WILD = re.compile(r"[*?\[]")
_REFERENCE = re.compile(r"\$\{([A-Za-z0-9_./+-]+)\}")
_KINDS = {"SHARED": "shared", "STATIC": "static", "MODULE": "module", "OBJECT": "object", "INTERFACE": "interface"}


@dataclass
class Project:
    """Everything that was found, in the order of the files."""

    minimum: str = ""
    minimum_where: str = ""
    name: str = ""
    description: str = ""
    description_where: str = ""
    languages: tuple[str, ...] = ()
    options: dict[str, Option] = field(default_factory=dict)
    targets: list[Target] = field(default_factory=list)
    gates: list[Gate] = field(default_factory=list)
    forced_off: dict[str, str] = field(default_factory=dict)
    """Options that the project's own files turn off whatever is passed -> where."""
    outputs: dict[str, str] = field(default_factory=dict)
    """What a target's file is called where that is not the target's name."""
    subfolders: dict[str, str] = field(default_factory=dict)
    """Folders that are built too, with the condition."""
    headers: dict[str, str] = field(default_factory=dict)
    """Headers that are installed or set as a target's public ones: path -> where."""
    packages: dict[str, str] = field(default_factory=dict)
    """`find_package` names -> where, with the condition."""
    links: dict[str, list[str]] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)


@dataclass(frozen=True)
class Scope:
    """Where a command stands."""

    folder: str
    file: str
    when: tuple[str, ...] = ()
    gate: str = ""
    depth: int = 0


class Declarations(ABC):
    """What the commands change. A command NAME is handled by `do_name`; whoever walks the files calls it."""

    def __init__(self, sources: Sources) -> None:
        self.project = Project()
        self._sources = sources
        top = posixpath.join(TOP, sources.cmake_folder).rstrip("/")
        self._variables: dict[str, list[str]] = {
            "CMAKE_SOURCE_DIR": [top], "CMAKE_BINARY_DIR": [_BUILD], "CMAKE_SYSTEM_NAME": ["Linux"],
            "CMAKE_HOST_SYSTEM_NAME": ["Linux"], "PROJECT_SOURCE_DIR": [top], "CMAKE_CURRENT_SOURCE_DIR": [top],
        }  # fmt: skip

    @abstractmethod
    def file(self, path: str, scope: Scope) -> None:
        """Follows one file of commands."""

    # What conditions ask (cmake_conditions.Known).

    def values(self, name: str) -> Sequence[str]:
        return self._variables.get(name, ())

    def is_settable(self, name: str) -> bool:
        return name in self.project.options

    def exists(self, path: str) -> bool:
        inside = self._inside(path, "")
        return inside is not None and self._sources.exists(inside)

    def has_target(self, name: str) -> bool:
        return any(target.name == name for target in self.project.targets)

    def expand(self, text: str) -> str:
        for _ in range(8):
            wider = _REFERENCE.sub(self._value, text)
            if wider == text or len(wider) > LENGTH_LIMIT:
                return text
            text = wider
        return text

    def _value(self, match: re.Match[str]) -> str:
        values = self._variables.get(match[1])
        return values[0] if values else match[0]

    # The commands that say something.

    def do_cmake_minimum_required(self, words: list[str], where: str, _scope: Scope) -> None:
        if "VERSION" in words[:-1] and not self.project.minimum:
            self.project.minimum = words[words.index("VERSION") + 1].partition("...")[0]
            self.project.minimum_where = where

    def do_project(self, words: list[str], where: str, scope: Scope) -> None:
        if not words:
            return
        here = posixpath.join(TOP, scope.folder).rstrip("/")
        self._variables |= {"PROJECT_NAME": [words[0]], "PROJECT_SOURCE_DIR": [here], f"{words[0]}_SOURCE_DIR": [here]}
        if not self.project.name and scope.folder == self._sources.cmake_folder:
            self.project.name = words[0]
            self._variables["CMAKE_PROJECT_NAME"] = [words[0]]
            rest = words[1:]
            if "DESCRIPTION" in rest[:-1]:
                self.project.description = rest[rest.index("DESCRIPTION") + 1]
                self.project.description_where = where
            if "LANGUAGES" in rest:
                rest = rest[rest.index("LANGUAGES") + 1 :]
            self.project.languages = tuple(word for word in rest if word in ("C", "CXX", "CUDA", "OBJC", "ASM", "HIP"))

    def do_enable_language(self, words: list[str], where: str, scope: Scope) -> None:
        for word in words[:1]:
            self.project.packages.setdefault(f"language {word}", about(where, scope))

    def do_option(self, words: list[str], where: str, scope: Scope) -> None:
        if words:
            self._option(words[0], "BOOL", words[2] if len(words) > 2 else "OFF", (words[1:2] or [""])[0], where, scope)

    def do_cmake_dependent_option(self, words: list[str], where: str, scope: Scope) -> None:
        if len(words) > 2:
            self._option(words[0], "BOOL", words[2], words[1], where, scope)

    def _option(self, name: str, kind: str, default: str, about: str, where: str, scope: Scope) -> None:
        path = where.rpartition(":")[0]
        fact = Option(name, kind, default, about, where, " AND ".join(scope.when), self._sources.vendored(path))
        self.project.options.setdefault(name, fact)

    def do_set(self, words: list[str], where: str, scope: Scope) -> None:
        if not words:
            return
        name, *rest = words
        if "CACHE" in rest:
            at = rest.index("CACHE")
            kind, about = [*rest[at + 1 :], "", ""][:2]
            if kind not in ("INTERNAL", "") and "FORCE" not in rest[at:]:
                self._option(name, kind, ";".join(rest[:at]), about, where, scope)
            rest = rest[:at]
        value = ";".join(word for word in rest if word != "PARENT_SCOPE")
        self._gates(name, value, where, scope)
        forced = "CACHE" not in words or "FORCE" in words
        if forced and not scope.when and value.upper() in _OFF and not self._sources.vendored(scope.file):
            self.project.forced_off.setdefault(name, where)
        values = self._variables.get(name, []) if scope.when else []
        if value not in values and len(values) < _VALUES_LIMIT:
            self._variables[name] = [*values, value[:LENGTH_LIMIT]]

    def _gates(self, name: str, value: str, where: str, scope: Scope) -> None:
        """`if(OPTION) set(NAME ON)`, and `set(NAME ${OPTION})`, whose value is not known before it is passed."""
        if scope.gate and value.upper() in ("ON", "1", "TRUE") and name != scope.gate:
            self.project.gates.append(Gate(scope.gate, name, where))
        passed = _REFERENCE.fullmatch(value)
        if passed and self.is_settable(passed[1]) and name != passed[1]:
            self.project.gates.append(Gate(passed[1], name, where))

    def do_file(self, words: list[str], _where: str, scope: Scope) -> None:
        """`file(GLOB NAME PATTERN...)`: the files of the commit that match."""
        if words[:1] not in (["GLOB"], ["GLOB_RECURSE"]) or len(words) < 3:
            return
        matching = [self._matching(pattern, words[0], scope) for pattern in words[2:]]
        paths = dict.fromkeys(f"{TOP}/{path}" for found in matching for path in found)
        self._variables[words[1]] = [";".join(paths)[:LENGTH_LIMIT]]

    def _matching(self, pattern: str, kind: str, scope: Scope) -> list[str]:
        """Files that a pattern of GLOB or GLOB_RECURSE matches; a word that is no pattern matches nothing."""
        wanted = self._inside(pattern, scope.folder)
        if not wanted or not _WILD.search(wanted):
            return []
        folder, _, name = wanted.rpartition("/")
        if kind == "GLOB":
            found = (path for path in self._sources.paths if posixpath.dirname(path).count("/") == folder.count("/"))
            return sorted(path for path in found if fnmatchcase(path, wanted))[:_GLOB_LIMIT]
        below = (path for path in self._sources.paths if path.startswith(f"{folder}/" if folder else ""))
        return sorted(path for path in below if fnmatchcase(posixpath.basename(path), name))[:_GLOB_LIMIT]

    def do_unset(self, words: list[str], _where: str, scope: Scope) -> None:
        if words and not scope.when:
            self._variables.pop(words[0], None)

    def do_list(self, words: list[str], _where: str, _scope: Scope) -> None:
        if len(words) > 2 and words[0] in ("APPEND", "PREPEND"):
            before = (self._variables.get(words[1]) or [""])[0]
            joined = ";".join(part for part in (before, *words[2:]) if part)
            if len(joined) <= LENGTH_LIMIT:
                self._variables[words[1]] = [joined]
        elif len(words) > 2 and words[0] == "REMOVE_ITEM":
            kept = (self._variables.get(words[1]) or [""])[0].split(";")
            self._variables[words[1]] = [";".join(word for word in kept if word not in words[2:])]

    def do_add_subdirectory(self, words: list[str], where: str, scope: Scope) -> None:
        folder = self._inside(words[0], scope.folder) if words else None
        if folder is None or folder in self.project.subfolders:
            return
        self.project.subfolders[folder] = about(where, scope)
        path = posixpath.join(folder, "CMakeLists.txt")
        if not self._sources.exists(path):
            if folder not in self._sources.commit.gitlinks:
                self._gap(where, f"adds the folder {folder}, which has no CMakeLists.txt in this commit")
            return
        self.file(path, Scope(folder, path, scope.when, scope.gate, scope.depth + 1))

    def do_include(self, words: list[str], _where: str, scope: Scope) -> None:
        modules = (self._variables.get("CMAKE_MODULE_PATH") or [""])[0].split(";")
        for candidate in (*words[:1], *(f"{folder}/{words[0]}.cmake" for folder in modules if words)):
            path = self._inside(candidate, scope.folder)
            if path and path.endswith(".cmake") and self._sources.exists(path):
                self.file(path, Scope(scope.folder, path, scope.when, scope.gate, scope.depth + 1))
                return

    def do_add_library(self, words: list[str], where: str, scope: Scope) -> None:
        if len(words) > 1 and not {"ALIAS", "IMPORTED"}.intersection(words[1:3]):
            kind = _KINDS.get(words[1], "library")
            self._target(words[0], kind, words[1 if kind == "library" else 2 :], where, scope)

    def do_add_executable(self, words: list[str], where: str, scope: Scope) -> None:
        if words and not {"ALIAS", "IMPORTED"}.intersection(words[1:2]):
            self._target(words[0], "executable", words[1:], where, scope)

    def _target(self, name: str, kind: str, sources: list[str], where: str, scope: Scope) -> None:
        path = where.rpartition(":")[0]
        if "${" in name:
            self._gap(where, f"defines a target whose name {name} could not be resolved")
            return
        inside = (self._inside(source, scope.folder) for source in sources if "${" not in source)
        listed = tuple(source for source in inside if source and self._sources.exists(source))
        when = " AND ".join(scope.when)
        aside = self._sources.aside(path)
        vendored = self._sources.vendored(path) or (bool(listed) and all(map(self._sources.vendored, listed)))
        links = self.project.links.setdefault(name, [])
        self.project.targets.append(Target(name, kind, where, listed, tuple(links), when, vendored, aside))

    def do_target_link_libraries(self, words: list[str], _where: str, _scope: Scope) -> None:
        for word in words[1:]:
            if word not in ("PUBLIC", "PRIVATE", "INTERFACE") and word not in self.project.links.setdefault(
                words[0], []
            ):
                self.project.links[words[0]].append(word)

    def do_find_package(self, words: list[str], where: str, scope: Scope) -> None:
        for word in words[:1]:
            required = " REQUIRED" if "REQUIRED" in words else ""
            self.project.packages.setdefault(word, about(where, scope) + required)

    def do_install(self, words: list[str], where: str, scope: Scope) -> None:
        if words[:1] == ["FILES"]:
            self._headers(words[1:], where, scope)

    def do_set_target_properties(self, words: list[str], where: str, scope: Scope) -> None:
        if "PUBLIC_HEADER" in words:
            self._headers(words[words.index("PUBLIC_HEADER") + 1 :], where, scope)
        if "OUTPUT_NAME" in words[1:-1]:
            self.project.outputs.setdefault(words[0], words[words.index("OUTPUT_NAME") + 1])

    def do_target_sources(self, words: list[str], where: str, scope: Scope) -> None:
        if "HEADERS" in words or "FILE_SET" in words:
            self._headers(words[1:], where, scope)

    def _headers(self, words: list[str], where: str, scope: Scope) -> None:
        for word in words:
            path = self._inside(word, scope.folder)
            if path and path.endswith((".h", ".hpp")) and self._sources.exists(path):
                self.project.headers.setdefault(path, where)

    def _inside(self, path: str, folder: str) -> str | None:
        """A path of the repository; None for one outside, in the build folder, or not resolved."""
        if "${" in path or "$<" in path:
            return None
        absolute = posixpath.normpath(posixpath.join(TOP, folder, path))
        if absolute == TOP:
            return ""
        return absolute[len(TOP) + 1 :] if absolute.startswith(f"{TOP}/") else None

    def _gap(self, where: str, text: str) -> None:
        self.project.gaps.append(Gap(where, text))


def about(where: str, scope: Scope) -> str:
    return f"{where} if {' AND '.join(scope.when)}" if scope.when else where
