"""PyTorch: its packages, which come from an index of their own per accelerator, and what cannot do without it."""

from __future__ import annotations

import re
from collections.abc import Iterable

PACKAGES = ("torch", "torchaudio", "torchvision")
_BUILT_ON_IT = frozenset(
    [
        "accelerate", "bitsandbytes", "lightning", "nemo-toolkit", "openai-whisper", "peft", "pyannote-audio",
        "pytorch-lightning", "sentence-transformers", "speechbrain", "timm", "torchmetrics", "vector-quantize-pytorch",
        "vllm", "xformers",
    ]
)  # fmt: skip
_EXTRA = re.compile(r"\bextra\s*==")
_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


def torch_packages(dependencies: Iterable[str]) -> tuple[str, ...]:
    """The packages of PyTorch that requirements (PEP 508) need; those of an extra are left out."""
    names: set[str] = set()
    for line in dependencies:
        match = _NAME.match(line)
        if match and not _EXTRA.search(line):
            names.add(re.sub(r"[-_.]+", "-", match[1]).lower())
    needs = names.intersection(PACKAGES) or names & _BUILT_ON_IT
    return tuple(name for name in PACKAGES if name in names or (name == "torch" and needs))
