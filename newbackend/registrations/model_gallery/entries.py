"""A model's entry of the gallery as text, in the form of LocalAI's newest ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from newbackend.answers import ModelAnswers
from newbackend.catalog import modalities
from newbackend.checkout.tree import Checkout
from newbackend.model_address import Address, build_of, read_address
from newbackend.registrations.gallery_index.entries import meta_tags
from newbackend.registrations.model_gallery.index import FOLDER, MODELS
from newbackend.spec import BackendSpec
from newbackend.splice.yaml_text import block_text, scalar

_BASE = f"{FOLDER}/virtual.yaml"
NO_SUM = "# no sha256: nobody has computed it yet, so a download is not checked"


def model_name(model: ModelAnswers) -> str:
    """What users install it by: the answer, else after its file."""
    return model.name or read_address(model.uri or "").stem


def entry_texts(spec: BackendSpec, checkout: Checkout) -> list[tuple[str, str]]:
    """Name and text of every model of the answers. Of several builds of one model the first names the others."""
    names = [model_name(model) for model in spec.models]
    grouped = "\n  variants:" in (checkout.read(MODELS) or "")
    firsts = {build: name for name, build in reversed([(name, build_of(name)) for name in names])}
    found = []
    for model, name in zip(spec.models, names, strict=True):
        others = [other for other in names if other != name and build_of(other) == build_of(name)]
        variants = others if grouped and firsts[build_of(name)] == name else []
        found.append((name, "\n".join(_rows(spec, checkout, model, name, variants))))
    return found


def _rows(spec: BackendSpec, checkout: Checkout, model: ModelAnswers, name: str, variants: Sequence[str]) -> list[str]:
    address = read_address(model.uri or "")
    rows = [f"- name: {_scalar(name)}"]
    if variants:
        rows += ["  variants:", *(f"    - model: {_scalar(other)}" for other in variants)]
    if checkout.exists(_BASE):
        rows.append(f"  url: github:mudler/LocalAI/{_BASE}@master")
    rows += _list("urls", _urls(spec, model, address))
    rows += _description(model.description or spec.description or f"A model for the {spec.name} backend.")
    rows += _text("license", model.license) + _text("icon", model.icon or spec.icon) + _text("size", model.size)
    rows += _list("tags", model.tags or _tags(spec, address))
    rows += ["  overrides:", *(f"    {row}" for row in _settings(spec, model))]
    if not address.path:
        return rows
    checksum = f"      sha256: {model.sha256}" if model.sha256 else f"      {NO_SUM}"
    return [
        *rows,
        "  files:",
        f"    - filename: {_scalar(_target(model))}",
        checksum,
        f"      uri: {_scalar(address.uri)}",
    ]


def configuration(spec: BackendSpec, model: ModelAnswers) -> list[str]:
    """The lines of a model's own file of configuration."""
    return [f"name: {_scalar(model_name(model))}", *_settings(spec, model)]


def _settings(spec: BackendSpec, model: ModelAnswers) -> list[str]:
    """What LocalAI loads a model by."""
    return [
        f"backend: {_scalar(spec.gallery)}",
        *_list("known_usecases", model.usecases or usecases_of(spec), ""),
        *_list("options", model.options or (), ""),
        "parameters:",
        f"  model: {_scalar(_target(model))}",
    ]


def _target(model: ModelAnswers) -> str:
    """Where the model's file is below LocalAI's models, or the repository that the backend loads by its name."""
    address = read_address(model.uri or "")
    return f"{model_name(model)}/{address.file}" if address.path else address.repo


def usecases_of(spec: BackendSpec) -> tuple[str, ...]:
    """What a model of the backend is for: the first use case of everything that it serves."""
    return tuple(use for key in spec.modalities for use in modalities()[key].usecases[:1])


def _urls(spec: BackendSpec, model: ModelAnswers, address: Address) -> list[str]:
    if model.urls:
        return list(model.urls)
    own = list(spec.urls) or ([spec.pin.url] if spec.pin else [])
    return list(dict.fromkeys([*([address.page] if address.page else []), *own]))


def _tags(spec: BackendSpec, address: Address) -> list[str]:
    form = ["gguf"] if address.file.lower().endswith(".gguf") else []
    return list(dict.fromkeys([*(tag.lower() for tag in meta_tags(spec)), spec.gallery, *form]))


def _description(text: str) -> list[str]:
    block = block_text(text.strip() + "\n", 4)
    return ["  description: |", *block] if block else [f"  description: {scalar(text, None)}"]


def _text(key: str, value: str | None) -> list[str]:
    return [f"  {key}: {_scalar(value)}"] if value else []


def _list(key: str, values: Sequence[Any], pad: str = "  ") -> list[str]:
    return [f"{pad}{key}:", *(f"{pad}  - {_scalar(str(value))}" for value in values)] if values else []


def _scalar(value: str) -> str:
    """A plain scalar where LocalAI writes one (addresses, words), else double quotes."""
    rest = value.partition("://")[2] if value.startswith(("https://", "http://", "huggingface://")) else ""
    return (
        value
        if rest
        and scalar(rest.replace("~", "").replace("=", "").replace("%", ""), None)[0] != '"'
        and ("#" not in value and ": " not in value)
        else scalar(value, None)
    )
