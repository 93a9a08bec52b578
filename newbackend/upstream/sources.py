"""The files of a commit together with those of its submodules, by path from the top."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import PurePosixPath

from newbackend.records import dataclass
from newbackend.upstream.commit import Commit

_VENDORED = frozenset({
    "ggml", "third_party", "third-party", "thirdparty", "3rdparty", "3rd_party", "vendor", "vendored", "deps",
    "dependencies", "external", "extern", "externals", "submodules", "subprojects", "contrib", "llama.cpp",
    "cpm_modules", "_deps", "node_modules",
})  # fmt: skip
_ASIDE = frozenset({
    "example", "examples", "test", "tests", "testing", "bench", "benches", "benchmark", "benchmarks", "demo",
    "demos", "doc", "docs", "samples", "bindings", "scripts", "python", "java", "swift", "android", "ios", "wasm",
    "tools",
})  # fmt: skip
_BUILD_FILES = (
    "CMakeLists.txt", "Makefile", "makefile", "GNUmakefile", "Cargo.toml", "pyproject.toml", "setup.py", "setup.cfg",
    "go.mod", "configure.ac", "meson.build", "MODULE.bazel", "WORKSPACE", "BUILD.gn",
)  # fmt: skip
_FOLDER_DEPTH = 2
_SINGLE_FILES = re.compile(
    r"(?:stb_\w+|miniaudio|dr_(?:wav|mp3|flac)|minimp3(?:_ex)?|cjson|yyjson|linenoise|rax|sds|kiss_fftr?|httplib|json"
    r"|miniz|lodepng|xxhash|uthash|nanosvg|sqlite3|tinyexr|tiny_gltf|tinyfiledialogs|utf8proc|pocketfft(?:_hdronly)?"
    r"|nuklear|sokol_\w+|khash|jsmn|zlib|zconf)\.(?:c|cc|cpp|h|hpp)",
    re.IGNORECASE,
)
"""Libraries of one file that projects copy beside their own code."""


@dataclass(frozen=True)
class Sources:
    """One commit and the submodules of it that could be read (`path` -> commit)."""

    commit: Commit
    submodules: Mapping[str, Commit]

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Every regular file, of submodules too."""
        below = (f"{top}/{path}" for top, part in self.submodules.items() for path in part.objects)
        return (*self.commit.objects, *below)

    @cached_property
    def _known(self) -> frozenset[str]:
        folders = {str(folder) for path in self.paths for folder in PurePosixPath(path).parents}
        return frozenset(self.paths) | folders

    def exists(self, path: str) -> bool:
        """Whether a file or folder is there."""
        return path in self._known

    def text(self, path: str) -> str | None:
        """A file's text; None when there is none or it is too big."""
        part, name = self._part(path)
        return part.text(name)

    def prefetch(self, paths: Iterable[str]) -> None:
        """Read these files, one request for each commit."""
        groups: dict[int, tuple[Commit, list[str]]] = {}
        for path in paths:
            part, name = self._part(path)
            groups.setdefault(id(part), (part, []))[1].append(name)
        for part, names in groups.values():
            part.prefetch(names)

    @cached_property
    def cmake_folder(self) -> str:
        """Where the CMake project is: the top, or the one folder that has one where the top has no build file."""
        if any(path in self._known for path in _BUILD_FILES):
            return ""
        folders = [
            folder for path in self.commit.objects
            if path.endswith("/CMakeLists.txt") and not self.aside(path)
            and _VENDORED.isdisjoint((folder := path.rpartition("/")[0]).split("/")[:-1])
        ]  # fmt: skip
        highest = min((folder.count("/") for folder in folders), default=0)
        nearest = [folder for folder in folders if folder.count("/") == highest]
        return nearest[0] if len(nearest) == 1 and highest < _FOLDER_DEPTH else ""

    def vendored(self, path: str) -> bool:
        """Whether a file belongs to somebody else's project: a submodule, a folder with a name for such code, or a
        library of one file that is copied everywhere."""
        if any(path.startswith(f"{top}/") for top in self.commit.gitlinks):
            return True
        if self.cmake_folder:
            path = path.removeprefix(f"{self.cmake_folder}/")
        *folders, name = path.split("/")
        return bool(_VENDORED.intersection(folders)) or bool(_SINGLE_FILES.fullmatch(name))

    def aside(self, path: str) -> bool:
        """Whether a file belongs to examples, tests, tools or bindings, not to the library."""
        return bool(_ASIDE.intersection(path.lower().split("/")[:-1]))

    @property
    def too_big(self) -> tuple[str, ...]:
        """Files that were wanted and not read for their size."""
        below = (f"{top}/{path}" for top, part in self.submodules.items() for path in part.too_big)
        return tuple(sorted((*self.commit.too_big, *below)))

    def _part(self, path: str) -> tuple[Commit, str]:
        for top, part in self.submodules.items():
            if path.startswith(f"{top}/"):
                return part, path[len(top) + 1 :]
        return self.commit, path
