"""Selects the layers of a template and copies them together for copier.

A template is `templates/<lang>/` over `templates/shared/`, and both are folders of layers: `common`, and below
`flavours`, `modalities`, `variants`, `options` and `helpers` one folder per id. Only active layers are copied: copier
renders the path of every file that it finds, excluded or not, and that takes longer than copying the active layers
first (docs/adr/0026).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newbackend.catalog.languages import Language, templates_root
from newbackend.errors import UsageError
from newbackend.records import dataclass

if TYPE_CHECKING:
    from jinja2.environment import TemplateExpression

# Files of a layer below this folder are paths in the checkout; all others are paths in the backend's directory.
CHECKOUT = "checkout"
# Parts of files, assembled with `{% include %}`; never rendered by themselves.
PARTS = "parts"
_SUFFIX = ".jinja"


@dataclass(frozen=True)
class Layer:
    """One folder of templates, such as `modalities/tts` of Go."""

    root: Path
    id: str

    @property
    def title(self) -> str:
        """`go/modalities/tts`."""
        return f"{self.root.name}/{self.id}"

    def path_of(self, path: str) -> str:
        """Where a file of the layer is on disk."""
        return f"{self.root}/{self.id}/{path}"

    def files(self, folder: str = "") -> Iterator[str]:
        """The path of each file, in the layer."""
        for entry in os.scandir(self.path_of(folder)):
            if entry.is_dir():
                yield from self.files(f"{folder}{entry.name}/")
            else:
                yield f"{folder}{entry.name}"


def shared_root() -> Path:
    """The layers that all languages have."""
    return templates_root() / "shared"


@cache
def shared_table() -> Mapping[str, Any]:
    import yaml

    table: Mapping[str, Any] = yaml.safe_load((shared_root() / "layers.yml").read_text(encoding="utf-8"))
    return table


def active_layers(language: Language, variables: Mapping[str, Any]) -> tuple[Layer, ...]:
    """The layers of one backend, in the order in which parts are put together.

    Helpers come before the modalities that need them, unless the language's `order` says otherwise. Layers without a
    folder are skipped: not every language needs files for every modality or variant.
    """
    tables = (shared_table(), language.layers)
    options = [key for table in tables for key, test in table.get("options", {}).items() if _holds(test, variables)]
    # A flavour without a placeholder serves its modalities with the upstream's server, so nothing is assembled.
    modalities = variables["modalities"] if language.flavours[variables["flavour"]].placeholder else ()
    chosen = {variables["flavour"], *modalities, *variables["variants"], *options}
    needed_by = {key: needs for table in tables for key, needs in table.get("helpers", {}).items()}
    order: list[str] = [key for table in tables for key in table.get("order", ())]
    shared = [
        (order.index(key) if key in order else -1, f"helpers/{key}")
        for key, needs in needed_by.items()
        if chosen & set(needs)
    ]
    own = [(order.index(key) if key in order else len(order), f"modalities/{key}") for key in modalities]
    ids = (
        "common",
        f"flavours/{variables['flavour']}",
        *(key for _, key in sorted(shared + own, key=itemgetter(0))),
        *(f"variants/{key}" for key in variables["variants"]),
        *(f"options/{key}" for key in options),
    )
    layers = (Layer(root, key) for key in ids for root in (shared_root(), language.root))
    return tuple(layer for layer in layers if (layer.root / layer.id).is_dir())


def _holds(expression: str, variables: Mapping[str, Any]) -> bool:
    """Whether a Jinja expression over the template's variables is true."""
    return bool(_compiled(expression)(**variables))


@cache
def _compiled(expression: str) -> TemplateExpression:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    return SandboxedEnvironment(undefined=StrictUndefined).compile_expression(expression)


def lay_together(layers: Iterable[Layer], target: Path) -> None:
    """Makes one template of the layers: the files in `files/`; in `parts/`, parts of the same name one after another.

    So one `{% include %}` takes what all layers add to a file, and Jinja compiles it once. Raises UsageError when
    two layers have the same file.
    """
    copies: dict[str, tuple[Layer, str]] = {}
    parts: dict[str, list[str]] = {}
    for layer in layers:
        for path in layer.files():
            if path.startswith(f"{PARTS}/"):
                parts.setdefault(path, []).append(layer.path_of(path))
                continue
            key = path.removesuffix(_SUFFIX)
            if key in copies:
                message = f"{copies[key][0].title} and {layer.title} both have the file {key}"
                raise UsageError("template-layers-collide", message, where=f"templates/{layer.title}/{path}")
            copies[key] = (layer, path)
    for folder in {(target / path).parent for path in (*parts, *(f"files/{path}" for _, path in copies.values()))}:
        folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(shared_root() / "copier.yml", target / "copier.yml")
    for layer, path in copies.values():
        shutil.copy(layer.path_of(path), target / "files" / path)
    for path, sources in parts.items():
        (target / path).write_bytes(b"".join(Path(source).read_bytes() for source in sources))
