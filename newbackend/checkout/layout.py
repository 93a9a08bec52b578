"""The layout of a checkout: probed features, never dates.

Each probe looks for one feature, so a checkout between two known revisions is described correctly too.
"""

from __future__ import annotations

import re
from dataclasses import field
from functools import cached_property
from pathlib import Path

from newbackend.checkout.reading import Files
from newbackend.checkout.tree import Checkout, cached
from newbackend.errors import NotFoundError, UsageError
from newbackend.records import dataclass

MATRIX = ".github/backend-matrix.yml"
INDEX = "backend/index.yaml"
MAKEFILE = "Makefile"
BUMP = ".github/workflows/bump_deps.yaml"
PROTO = "backend/backend.proto"
STANDALONE = "standalone.yml"
"""The file at the root of a backend's own repository, whose Go module has LocalAI's name."""
FILTER_MODULE = "scripts/lib/backend-filter.mjs"
FILTER_SCRIPT = "scripts/changed-backends.js"

SINCE = "2026-05-08"
"""When the build matrix moved out of the workflow into a file of its own; older checkouts are not supported."""
_MODULE = re.compile(r"^module github\.com/(?:mudler|go-skynet)/LocalAI\s*$", re.M)
_RPC = re.compile(r"^[ \t]*rpc\s+(\w+)\s*\(", re.M)
_MESSAGE = re.compile(r"^[ \t]*message\s+(\w+)\s*\{", re.M)
_FIELD = re.compile(
    r"^[ \t]*(?:repeated\s+|optional\s+)?(?:map<[^>]+>|[\w.]+)\s+(\w+)\s*=\s*\d+\s*(?:\[[^\]]*\])?;", re.M
)


@dataclass(frozen=True)
class Proto:
    """RPC names and, per message, the field names of `backend/backend.proto`."""

    rpcs: tuple[str, ...] = ()
    messages: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Proto:
        """Parses the names in a proto file; comments are ignored."""
        bare = re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.S)
        messages: dict[str, tuple[str, ...]] = {}
        for match in _MESSAGE.finditer(bare):
            body = _braces(bare, match.end())
            messages[match[1]] = tuple(_FIELD.findall(body))
        return cls(tuple(_RPC.findall(bare)), messages)


def _braces(text: str, start: int) -> str:
    depth = 1
    for at in range(start, len(text)):
        depth += (text[at] == "{") - (text[at] == "}")
        if depth == 0:
            return text[start:at]
    return text[start:]


class Layout:
    """Lazy probes over one checkout."""

    def __init__(self, checkout: Checkout) -> None:
        self._checkout = checkout

    def _text(self, path: str) -> str:
        """A file's text; "" when it is missing or not text. The code that needs the file reports that."""
        try:
            return self._checkout.read(path) or ""
        except UsageError:
            return ""

    @cached_property
    def proto(self) -> Proto:
        """The checkout's backend.proto; empty when the file is missing."""
        return Proto.parse(self._text(PROTO))

    @cached_property
    def filter_path(self) -> str | None:
        """The file that holds `inferBackendPath`: a module since 2026-07-20, before that the script."""
        for path in (FILTER_MODULE, FILTER_SCRIPT):
            if "function inferBackendPath(" in self._text(path):
                return path
        return None

    @cached_property
    def features(self) -> dict[str, bool]:
        """Feature flags that templates and rules ask for, by name."""
        have = self._checkout.exists

        def says(path: str, word: str) -> bool:
            return word in self._text(path)

        common = "backend/python/common"
        return {
            "model_identity": "ModelIdentity" in (self._text(PROTO)),
            "embedding_layout": "layout" in self.proto.messages.get("EmbeddingResult", ()),
            "system_libs_helper": have("scripts/build/package-system-libs.sh"),
            "gpu_libs_helper": have("scripts/build/package-gpu-libs.sh"),
            "apt_mirror": have(".docker/apt-mirror.sh"),
            "python_parent_watch": have(f"{common}/parent_watch.py"),
            "python_model_utils": have(f"{common}/model_utils.py"),
            "go_parent_watch": have("pkg/grpc/parentwatch.go"),
            "cpp_parent_watch": says("backend/cpp/llama-cpp/parent_watch.h", "start_parent_death_watcher("),
            "grpcerrors": have("pkg/grpc/grpcerrors"),
            "go_engine_layer": says("backend/Dockerfile.golang", "make -n engine")
            or says("backend/Dockerfile.golang", "-n engine"),
            "golang_darwin_checks_binary": says("scripts/build/golang-darwin.sh", "exec"),
            "darwin_matrix": says(MATRIX, "includeDarwin:"),
            "rust": have("backend/Dockerfile.rust"),
            "backend_capabilities": have("core/config/backend_capabilities.go"),
            "compatibility_table": have("docs/content/reference/compatibility-table.md"),
            "e2e_backend_binary": says("tests/e2e-backends/backend_test.go", "BACKEND_BINARY"),
        }

    def describe(self) -> dict[str, object]:
        """The `layout` object of JSON reports."""
        return {"path_filter": self.filter_path, **self.features}


@cached
def layout_of(checkout: Checkout) -> Layout:
    """The layout of a checkout, probed once."""
    return Layout(checkout)


def find_root(start: Path) -> Path:
    """The checkout that `start` is in: the nearest directory up that has LocalAI's registration files.

    Raises NotFoundError when there is none and UsageError for a LocalAI older than 2026-05-08, when
    the build matrix still lived inside the workflow.
    """
    start = start.resolve() if ".." in start.parts else start.absolute()  # a/../b is not below a
    for folder in (start, *start.parents):
        if (folder / MATRIX).is_file() and (folder / INDEX).is_file():
            return folder
        if (folder / STANDALONE).is_file():
            raise NotFoundError(
                "not-a-checkout",
                f"is a backend's repository of its own ({STANDALONE}), not a LocalAI checkout",
                where=str(folder),
                hint="`newbackend verify` and `newbackend gallery check` work here; pass --repo PATH for a checkout",
            )
        if _is_localai(folder):
            missing = MATRIX if not (folder / MATRIX).is_file() else INDEX
            raise UsageError(
                "unsupported-layout",
                f"this LocalAI checkout has no {missing}, so it is older than {SINCE} and cannot be read",
                where=str(folder),
                hint="check out a newer revision, such as `git checkout master`, or restore the file",
            )
    raise NotFoundError(
        "not-a-checkout",
        f"no LocalAI checkout here or above (looked for {MATRIX} beside {INDEX})",
        where=str(start),
        hint="pass --repo PATH, or try `newbackend demo`",
    )


def _is_localai(folder: Path) -> bool:
    """Whether a folder without today's registration files is LocalAI all the same, by the name of its Go module."""
    try:
        text = (Files(str(folder)).read("go.mod") or b"").decode("utf-8", "replace")
    except UsageError:
        return False
    return bool(_MODULE.search(text))


def open_checkout(start: Path) -> Checkout:
    """Finds the root from `start` and opens it."""
    return Checkout(find_root(start))
