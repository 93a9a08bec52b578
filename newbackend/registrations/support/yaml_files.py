"""Shared by places in YAML files: cached node graphs and probing."""

from __future__ import annotations

import yaml

from newbackend.checkout.tree import Checkout, cached_by_file
from newbackend.registrations.base import Probe
from newbackend.splice.yaml_list import YamlList, read_list
from newbackend.splice.yaml_nodes import YamlBroken, compose


@cached_by_file
def document(checkout: Checkout, path: str) -> yaml.Node | YamlBroken | None:
    """The composed document, the reason it is broken, or None when the file is missing; cached."""
    text = checkout.read(path)
    try:
        return None if text is None else compose(text)
    except YamlBroken as error:
        return error


@cached_by_file
def sequence(checkout: Checkout, path: str, keys: tuple[str, ...]) -> YamlList | None:
    """The block sequence at `keys` of a YAML file, or None; cached."""
    root = document(checkout, path)
    return read_list(checkout.need(path), keys, root) if isinstance(root, yaml.Node) else None


def probe_sequence(checkout: Checkout, path: str, keys: tuple[str, ...]) -> Probe:
    """Whether an existing file is YAML and has the block sequence with at least one item."""
    root = document(checkout, path)
    if isinstance(root, YamlBroken):
        return Probe(unrecognised=f"is not valid YAML: {root.problem}", line=root.line, defect=True)
    try:
        rows = sequence(checkout, path, keys)
    except YamlBroken as error:
        return Probe(unrecognised=f"is not valid YAML: {error.problem}", line=error.line, defect=True)
    where = "/".join(keys) or "the top level"
    if rows is None:
        return Probe(unrecognised=f"has no block list at {where}")
    if not rows.items:
        return Probe(unrecognised=f"the list at {where} has no entries to go by", line=rows.line)
    return Probe()


def need_sequence(checkout: Checkout, path: str, keys: tuple[str, ...]) -> YamlList:
    """The block sequence at `keys`, for a place whose probe has found it."""
    items = sequence(checkout, path, keys)
    assert items is not None  # probe() has seen it
    return items
