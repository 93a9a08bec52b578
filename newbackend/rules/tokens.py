"""Which hardware a tag suffix or an entry name speaks of: the words that upstream builds names from.

Source: contract 13 (suffixes and entry names per variant) and pkg/system/capabilities.go (tokens).
"""

from __future__ import annotations

from functools import lru_cache

_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("metal", ("metal", "darwin")),
    ("l4t", ("l4t",)),
    ("cuda12", ("cuda-12", "cuda12")),
    ("cuda13", ("cuda-13", "cuda13")),
    ("rocm", ("rocm", "hipblas")),
    ("sycl-f16", ("sycl-f16",)),
    ("sycl-f32", ("sycl-f32",)),
    ("intel", ("intel",)),
    ("vulkan", ("vulkan",)),
)


@lru_cache(maxsize=16384)
def hardware_of(text: str, backend: str = "") -> str:
    """Variant id of a suffix or name, the backend's own name aside: `-gpu-rocm-hipblas-ced` is rocm.

    `l4t` splits by CUDA version where one is named (JetPack 6 is CUDA 12); nothing named is `cpu`.
    """
    bare = text.replace(backend, "") if backend else text
    for variant, words in _WORDS:
        if any(word in bare for word in words):
            if variant == "l4t":
                return "l4t-cuda13" if "cuda-13" in bare or "cuda13" in bare else "l4t-cuda12"
            return variant
    return "cpu"
