"""Fields of gallery entries for the rules: image, channel, capability map."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from newbackend.records import dataclass
from newbackend.registrations.base import Fact
from newbackend.registrations.gallery_index.entries import DEV

CHANNELS = {"latest": "", "master": DEV}
"""Channel of an image tag -> how the names of its entries end."""
_TAG = re.compile(r":(latest|master)(-[^:/@]*)?\Z")


@dataclass(frozen=True)
class Image:
    """A parsed image reference: `channel` is latest or master, `suffix` the row's tag suffix."""

    channel: str
    suffix: str


def image_of(uri: Any) -> Image | None:
    """The channel and tag suffix of a gallery uri, or None for one of another form."""
    return _image(uri) if isinstance(uri, str) else None


@lru_cache(maxsize=16384)
def _image(uri: str) -> Image | None:
    match = _TAG.search(uri)
    return Image(match[1], match[2] or "") if match else None


def suffix_of(entry: Fact) -> str:
    """The tag suffix of an entry's image, "" when its uri has none."""
    image = image_of(entry.value.get("uri"))
    return image.suffix if image else ""


def capabilities_of(meta: Fact) -> Mapping[str, Any]:
    """The capability map of a meta; empty when it is not a map."""
    capabilities = meta.value.get("capabilities")
    return capabilities if isinstance(capabilities, dict) else {}
