"""Specs that tests build on."""

from __future__ import annotations

from typing import Any

from newbackend.answers import Answers, read_answers
from newbackend.spec import BackendSpec, make_spec

SHA = "ae302c2fa18cc6d9aefc021d0f27ae03c9ad2fc0"
PIN = {"repo": "antirez/ds4", "sha": SHA, "branch": "main", "variable": "DS4_VERSION"}
DS4: dict[str, Any] = {
    "name": "ds4",
    "lang": "cpp",
    "variants": ["cpu", "cuda13", "l4t-cuda13"],
    "modalities": ["llm"],
    "description": "DeepSeek V4 Flash inference engine",
    "license": "mit",
    "pin": PIN,
}


def answers(**data: Any) -> Answers:
    """Answers by the keys of the file; `import` is passed as `imports`."""
    return read_answers({"import" if key == "imports" else key: value for key, value in data.items()}, "test")


def spec(**changes: Any) -> BackendSpec:
    """The ds4 spec with some answers changed; a key set to None is left out."""
    return make_spec(answers(**{**DS4, **changes}))
