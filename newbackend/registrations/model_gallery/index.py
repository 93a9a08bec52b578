"""`gallery/index.yaml`: every model that LocalAI installs by name, read line by line.

The file has 53,417 lines and is read by every `verify`; an item is parsed only when somebody asks for its value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from newbackend.checkout.tree import Checkout, cached, cached_by_file
from newbackend.errors import NewbackendError
from newbackend.records import dataclass
from newbackend.splice.yaml_blocks import blocks, item_value
from newbackend.splice.yaml_nodes import YamlBroken

MODELS = "gallery/index.yaml"
FOLDER = "gallery"
_NAME = re.compile(r"^(?:- |  )name:[ \t]+(\S.*?)[ \t\r]*$", re.M)
_URL = re.compile(r"^(?:- |  )url:[ \t]+(\S+)", re.M)
_MERGED = re.compile(r"^(?:- |  )(?:!!merge )?<<: \*([A-Za-z0-9_.-]+)", re.M)
_ANCHORED = re.compile(r"- &([A-Za-z0-9_.-]+)[ \t\r]*(?:\n|$)")
_NEXT_KEY = re.compile(r"\n {0,2}[^\s#]")
_BACKEND = re.compile(r"^ +backend:[ \t]+([^\s&*!|>{\[]\S*)[ \t\r]*(?:#.*)?$", re.M)
_VARIANT = re.compile(r"^ *- model:[ \t]+(\S+)", re.M)
_CONFIG_FILE = re.compile(r"^config_file:", re.M)
_OF_FOLDER = re.compile(r"\bgallery/([\w.-]+\.yaml)\b")


@dataclass(frozen=True, slots=True)
class Model:
    """One item: its name, the backend that it runs on ("" when nothing says), its text and its place in the file.

    `anchor` is its own, `merges` the one that it merges; `config` the file of `gallery/` that its url names; lines are
    1-based.
    """

    index: int
    name: str
    backend: str
    text: str
    line: int
    anchor: str
    merges: str
    config: str


@cached_by_file
def _items(checkout: Checkout, path: str) -> tuple[Model, ...]:
    text = checkout.read(path) or ""
    text = text.replace("\r\n", "\n") if "\r\n" in text else text
    found = []
    for index, block in enumerate(blocks(text)):
        item = text[block.start : block.end - text.endswith("\n", block.start, block.end)]
        name, backend, kept, anchor, merges, config = _read(item)
        found.append(Model(index, name, backend, kept, block.line, anchor, merges, config))
    return tuple(found)


@lru_cache(maxsize=4096)
def _read(item: str) -> tuple[str, str, str, str, str, str]:
    """Name, backend, text, anchor, merged anchor and configuration of an item: a plan that adds one has all the others
    again."""
    name, url = _NAME.search(item), _URL.search(item)
    merged = _MERGED.search(item) if "<<" in item else None
    anchored = _ANCHORED.match(item)
    config = _OF_FOLDER.search(url[1]) if url else None
    return (
        plain(name[1]) if name else "",
        _overridden(item),
        item,
        anchored[1] if anchored else "",
        merged[1] if merged else "",
        config[1] if config else "",
    )


@cached
def models(checkout: Checkout) -> tuple[Model, ...]:
    """Every model in the order of the file, each with the backend that LocalAI will load it with: its own, that of
    what it merges, else that of the configuration that its url names."""
    own = _items(checkout, MODELS)
    anchored = {model.anchor: model for model in own if model.anchor}
    configs = config_backends(checkout)

    def resolved(model: Model, depth: int = 0) -> tuple[str, str]:
        """The backend of the overrides and the configuration, followed through merges."""
        base = anchored.get(model.merges) if depth < 8 else None
        above = resolved(base, depth + 1) if base else ("", "")
        backend = model.backend or ("" if "\n  overrides:" in model.text else above[0])
        return backend, model.config or above[1]

    found = []
    for model in own:
        if not model.backend:
            backend, config = resolved(model)
            model = replace(model, backend=backend or configs.get(config, ""), config=config)
        found.append(model)
    return tuple(found)


def variants_of(model: Model) -> list[str]:
    """The models that an item offers as other builds of itself."""
    start = model.text.find("\n  variants:\n")
    if start == -1:
        return []
    end = _NEXT_KEY.search(model.text, start + 3)
    return [plain(name) for name in _VARIANT.findall(model.text, start, end.start() if end else len(model.text))]


def _overridden(item: str) -> str:
    """`overrides.backend` of an item, else that of a configuration in the item itself."""
    for key in ("\n  overrides:", "\n  config_file:"):
        at = item.find(key)
        if at == -1:
            continue
        at += len(key)
        if not item.startswith("\n", at):  # on one line, or a text
            return _parsed_backend(item, key.strip(" \n:"))
        found = item.find("\n    backend:", at)
        if found != -1 and not _NEXT_KEY.search(item, at, found):
            match = _BACKEND.match(item, found + 1)
            return plain(match[1]) if match else _parsed_backend(item, key.strip(" \n:"))
    return ""


def _parsed_backend(item: str, key: str) -> str:
    """As `_overridden`, for what is written otherwise than LocalAI's own items are."""
    try:
        value = item_value(item)
    except YamlBroken:
        return ""
    inner = value.get(key) if isinstance(value, dict) else None
    return str(inner.get("backend") or "") if isinstance(inner, dict) else ""


def plain(text: str) -> str:
    """A scalar on one line without its quotes and the comment behind it."""
    if text[:1] in ("'", '"'):
        return text[1:].partition(text[0])[0]
    return text.partition(" #")[0].rstrip()


@cached
def config_backends(checkout: Checkout) -> Mapping[str, str]:
    """File name in `gallery/` -> the backend that its `config_file` names, "" when it names none."""
    found: dict[str, str] = {}
    for name in checkout.children(FOLDER):
        if not name.endswith(".yaml") or f"{FOLDER}/{name}" == MODELS:
            continue
        try:
            text = checkout.read(f"{FOLDER}/{name}") or ""
        except NewbackendError:
            continue  # not text: nothing in it names a backend
        start = _CONFIG_FILE.search(text)
        if start:
            match = _BACKEND.search(text, start.end())
            found[name] = plain(match[1]) if match else ""
    return found
