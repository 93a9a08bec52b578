"""Where a new page goes in the menu, which Hugo orders by `weight` (docs/content/features/_index.en.md says so).

The index groups the pages. A page of a backend stands behind the group of what it serves, and in front of the next.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from newbackend.catalog import modalities
from newbackend.checkout.tree import Checkout, cached, cached_by_file
from newbackend.registrations.feature_pages.pages import guide_to
from newbackend.registrations.support.own_pages import FEATURES, page_path
from newbackend.registrations.support.text_files import text_or_none
from newbackend.spec import BackendSpec

_WEIGHT = re.compile(r"^weight ?[=:] ?(\d{1,6})\s*$", re.M)
_LISTED = re.compile(r'relref "features/([\w.-]+)"')
_FIRST = 1


def weight_of(spec: BackendSpec, checkout: Checkout) -> int:
    """The page's weight: the one that it has, else the first free one behind its group, else that of its last page."""
    own = page_path(spec.name)
    there = _weight(checkout, own)
    if there is not None:
        return there
    weights = {path: weight for path, weight in _weights(checkout).items() if path != own}
    first = _page(spec, checkout)
    if first not in weights:
        return max(weights.values(), default=0) + _FIRST
    group = next((paths for paths in _groups(checkout) if first in paths), frozenset({first}))
    grouped = frozenset().union(*_groups(checkout))
    later = [weights[path] for path in grouped - group if weights.get(path, 0) > weights[first]]
    end = min(later, default=max(weights.values()) + 2)
    last = max(weights[path] for path in group if path in weights and weights[path] < end)
    free = (weight for weight in range(last + 1, end) if weight not in weights.values())
    return next(free, end - 1)


def _page(spec: BackendSpec, checkout: Checkout) -> str:
    """The page about the first thing that it serves and that has one; "" for none."""
    paths = (guide_to(checkout, modalities()[key]) for key in spec.modalities)
    return next(filter(None, paths), "")


@cached
def _weights(checkout: Checkout) -> Mapping[str, int]:
    paths = (f"{FEATURES}/{name}" for name in checkout.children(FEATURES) if name.endswith(".md"))
    known = {path: _weight(checkout, path) for path in paths if not path.rpartition("/")[2].startswith("_index")}
    return {path: weight for path, weight in known.items() if weight is not None}


@cached_by_file
def _weight(checkout: Checkout, path: str) -> int | None:
    match = _WEIGHT.search(text_or_none(checkout, path)[:2000])
    return int(match[1]) if match else None


@cached
def _groups(checkout: Checkout) -> tuple[frozenset[str], ...]:
    """The pages below each heading of the index."""
    names = [name for name in checkout.children(FEATURES) if re.fullmatch(r"_index(?:\.en)?\.md", name)]
    text = text_or_none(checkout, f"{FEATURES}/{names[0]}") if names else ""
    parts = [_LISTED.findall(part) for part in re.split(r"^#+ ", text, flags=re.M)]
    return tuple(frozenset(page_path(name) for name in part) for part in parts if part)
