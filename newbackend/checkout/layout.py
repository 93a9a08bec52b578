"""What this checkout is like: probed features, never dates (contract 12.2).

Each probe looks for one thing, so a checkout between two known revisions still gets a true answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from newbackend.checkout.tree import Checkout
from newbackend.errors import NotFoundError, UsageError

MATRIX = ".github/backend-matrix.yml"
INDEX = "backend/index.yaml"
MAKEFILE = "Makefile"
BUMP = ".github/workflows/bump_deps.yaml"
PROTO = "backend/backend.proto"
FILTER_MODULE = "scripts/lib/backend-filter.mjs"
FILTER_SCRIPT = "scripts/changed-backends.js"

_RPC = re.compile(r"^\s*rpc\s+(\w+)\s*\(", re.M)
_MESSAGE = re.compile(r"^\s*message\s+(\w+)\s*\{", re.M)
_FIELD = re.compile(r"^\s*(?:repeated\s+|optional\s+)?(?:map<[^>]+>|[\w.]+)\s+(\w+)\s*=\s*\d+\s*(?:\[[^\]]*\])?;", re.M)


@dataclass(frozen=True)
class Proto:
    """RPC names and, per message, the field names of `backend/backend.proto`."""

    rpcs: tuple[str, ...] = ()
    messages: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Proto:
        """Reads a proto file well enough to ask for names; comments are ignored."""
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
        """A file's text; "" for one that is missing or no text: whoever needs it says so itself."""
        try:
            return self._checkout.read(path) or ""
        except UsageError:
            return ""

    @cached_property
    def proto(self) -> Proto:
        """The checkout's gRPC contract; empty when the file is missing."""
        return Proto.parse(self._text(PROTO))

    @cached_property
    def filter_path(self) -> str | None:
        """The file that holds `inferBackendPath`: the module since 2026-07-20, else the script."""
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
            "base_deps": have(".docker/install-base-deps.sh"),
            "python_model_identity": have(f"{common}/model_identity.py"),
            "python_parent_watch": have(f"{common}/parent_watch.py"),
            "python_model_utils": have(f"{common}/model_utils.py"),
            "grpcerrors": have("pkg/grpc/grpcerrors"),
            "go_engine_layer": says("backend/Dockerfile.golang", "make -n engine")
            or says("backend/Dockerfile.golang", "-n engine"),
            "cpp_unit_runner": have("backend/cpp/run-unit-tests.sh"),
            "golang_darwin_checks_binary": says("scripts/build/golang-darwin.sh", "exec"),
            "darwin_matrix": says(MATRIX, "includeDarwin:"),
            "darwin_bespoke": says(self.filter_path or FILTER_SCRIPT, "DARWIN_BESPOKE_BUILDERS"),
            "shards": says(FILTER_SCRIPT, "SINGLEARCH_SHARDS"),
            "rust": have("backend/Dockerfile.rust"),
            "backend_capabilities": have("core/config/backend_capabilities.go"),
            "compatibility_table": have("docs/content/reference/compatibility-table.md"),
            "e2e_backend_binary": says("tests/e2e-backends/backend_test.go", "BACKEND_BINARY"),
        }

    def describe(self) -> dict[str, object]:
        """The `layout` object of JSON reports."""
        return {"path_filter": self.filter_path, **self.features}


def layout_of(checkout: Checkout) -> Layout:
    """The layout of a checkout, probed once."""
    key = ("layout", "")
    if key not in checkout.memo:
        checkout.memo[key] = Layout(checkout)
    found = checkout.memo[key]
    assert isinstance(found, Layout)
    return found


def find_root(start: Path) -> Path:
    """The checkout that `start` is in: the nearest directory up that has LocalAI's registration files.

    Raises NotFoundError when there is none and UsageError for a LocalAI older than 2026-05-08, when
    the build matrix still lived inside the workflow (contract 12.2).
    """
    start = start.absolute()
    for folder in (start, *start.parents):
        if (folder / MATRIX).is_file() and (folder / INDEX).is_file():
            return folder
        if (folder / INDEX).is_file() and (folder / ".github/workflows/backend.yml").is_file():
            raise UsageError(
                "unsupported-layout",
                f"this LocalAI checkout has no {MATRIX}: it is older than 2026-05-08, which is unsupported",
                where=str(folder),
                hint="check out a newer revision",
            )
    raise NotFoundError(
        "not-a-checkout",
        f"no LocalAI checkout here or above (looked for {MATRIX} beside {INDEX})",
        where=str(start),
        hint="pass --repo PATH, or try `newbackend demo`",
    )


def open_checkout(start: Path) -> Checkout:
    """Finds the root from `start` and opens it."""
    return Checkout(find_root(start))
