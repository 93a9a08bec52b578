"""What LocalAI gives to which host: `pkg/system/capabilities.go` at 82c191afa, as pure functions.

A host reports one capability. A capability map gives it the entry of that key, else of `default`, else of `cpu`. Of the
other entries a host sees those whose name and image have no word for other hardware, wherever in them the word stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from newbackend.records import dataclass

Target = TypeVar("Target")

HOSTS: Mapping[str, str] = {
    "default": "no GPU",
    "nvidia": "NVIDIA, no CUDA directory",
    "nvidia-cuda-12": "NVIDIA, CUDA 12",
    "nvidia-cuda-13": "NVIDIA, CUDA 13",
    "nvidia-l4t": "Jetson",
    "nvidia-l4t-cuda-12": "Jetson, CUDA 12",
    "nvidia-l4t-cuda-13": "Jetson, CUDA 13",
    "amd": "AMD",
    "intel": "Intel",
    "vulkan": "Vulkan",
    "metal": "Mac, Apple silicon",
    "darwin-x86": "Mac, Intel",
}
"""Everything that a host can report -> what it is."""
FALLBACKS = ("default", "cpu")
"""The keys that hosts without a key of their own take, in this order."""


@dataclass(frozen=True)
class Hardware:
    """Words in a name or an image, and the hosts that see such an entry."""

    words: tuple[str, ...]
    hosts: frozenset[str]
    title: str


def _hosts(*beginnings: str) -> frozenset[str]:
    return frozenset(host for host in HOSTS if host.startswith(beginnings))


GROUPS = (
    Hardware(("darwin", "mlx", "metal"), _hosts("metal", "darwin"), "macOS"),
    Hardware(("l4t",), _hosts("nvidia-l4t"), "NVIDIA Jetson"),
    Hardware(("cuda", "nvidia"), _hosts("nvidia"), "NVIDIA"),
    Hardware(("rocm", "hip", "amd"), _hosts("amd"), "AMD"),
    Hardware(("sycl", "intel"), _hosts("intel"), "Intel"),
)
"""In LocalAI's order: the first one with a word in the text decides."""


def picked_key(capabilities: Mapping[str, Target], host: str) -> str | None:
    """The key of a capability map that a host gets its entry by; None when there is none for it."""
    return next((key for key in (host, *FALLBACKS) if key in capabilities), None)


def hardware_word(text: str) -> tuple[str, Hardware] | None:
    """The word that restricts a text to some hosts, and these; None when every host sees it."""
    lowered = text.lower()
    for group in GROUPS:
        for word in group.words:
            if word in lowered:
                return word, group
    return None


def is_offered(name: str, uri: str, host: str) -> bool:
    """Whether a host sees an entry with an image: `IsBackendCompatible`."""
    found = hardware_word(f"{name} {uri}")
    return found is None or host in found[1].hosts
