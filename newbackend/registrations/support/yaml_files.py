"""What the three YAML places share: cached node graphs, probing, whole-item removal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import yaml

from newbackend.checkout.tree import Checkout
from newbackend.registrations.base import Probe
from newbackend.splice.outcome import Splice
from newbackend.splice.prove import ListEdit
from newbackend.splice.yaml_list import Item, YamlBroken, YamlList, compose, read_list


def document(checkout: Checkout, path: str) -> yaml.Node | YamlBroken | None:
    """The composed document, the reason it is broken, or None when the file is missing; cached."""
    key = ("yaml", path)
    if key not in checkout.memo:
        text = checkout.read(path)
        found: yaml.Node | YamlBroken | None
        try:
            found = None if text is None else compose(text)
        except YamlBroken as error:
            found = error
        checkout.memo[key] = found
    cached = checkout.memo[key]
    assert cached is None or isinstance(cached, yaml.Node | YamlBroken)
    return cached


def sequence(checkout: Checkout, path: str, keys: Sequence[str]) -> YamlList | None:
    """The block sequence at `keys` of a YAML file, or None; cached."""
    memo = ("yaml-list", path + "\x1f" + "/".join(keys))
    if memo not in checkout.memo:
        root = document(checkout, path)
        found = read_list(checkout.need(path), keys, root) if isinstance(root, yaml.Node) else None
        checkout.memo[memo] = found
    cached = checkout.memo[memo]
    assert cached is None or isinstance(cached, YamlList)
    return cached


def probe_sequence(checkout: Checkout, path: str, keys: Sequence[str]) -> Probe:
    """Whether the file is there, is YAML, and has the block sequence with at least one item."""
    root = document(checkout, path)
    if root is None:
        return Probe(absent=f"{path} is not in this checkout")
    if isinstance(root, YamlBroken):
        return Probe(unrecognised=f"is not valid YAML: {root.problem}", line=root.line)
    try:
        found = sequence(checkout, path, keys)
    except YamlBroken as error:
        return Probe(unrecognised=f"is not valid YAML: {error.problem}", line=error.line)
    where = "/".join(keys) or "the top level"
    if found is None:
        return Probe(unrecognised=f"has no block list at {where}")
    if not found.items:
        return Probe(unrecognised=f"the list at {where} has no entries to go by", line=found.line)
    return Probe()


def removal(
    found: YamlList, gone: Callable[[Item], bool], also: Sequence[int] = ()
) -> tuple[tuple[Splice, ...], ListEdit, int] | None:
    """Splices that delete the chosen items (and `also` some 0-based lines), the proof of it, and the
    first item's line (1-based); None when nothing is chosen."""
    items = [item for item in found.items if gone(item)]
    if not items:
        return None
    ranges = [(item.first, item.last) for item in items] + [(number, number) for number in also]
    removed = frozenset(item.index for item in items)
    return found.lines.cut(ranges), ListEdit(found.path, removed=removed), items[0].line
