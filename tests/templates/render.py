"""Renders a language template the way `create` does, without the rest of the product.

`render("cpp", name="my-engine", modalities=["llm"])` gives every file as `{path: (mode, text)}`.
`context` builds a complete set of template variables; give `checkout=` to probe a real LocalAI
checkout, or `era=` for the proto of one of the two revisions recorded under `data/`.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from newbackend.catalog.languages import languages
from newbackend.scaffold.render import render_template
from newbackend.scaffold.versions import GRPC, GRPCIO, INDEXES

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
DATA = Path(__file__).resolve().parent / "data"

NEWEST = "2026-08"
OLDEST = "2026-05"

MODALITY_RPCS: dict[str, tuple[str, ...]] = {
    "llm": ("Predict", "PredictStream"),
    "embeddings": ("Embedding",),
    "rerank": ("Rerank",),
    "tokenize": ("TokenizeString", "Detokenize"),
    "tts": ("TTS", "TTSStream"),
    "transcription": ("AudioTranscription", "AudioTranscriptionStream"),
    "vad": ("VAD",),
    "diarization": ("Diarize",),
    "image": ("GenerateImage",),
    "video": ("GenerateVideo",),
    "detection": ("Detect",),
    "depth": ("Depth",),
    "sound-classification": ("SoundDetection",),
    "token-classification": ("TokenClassify",),
    "sound-generation": ("SoundGeneration",),
    "audio-transform": ("AudioTransform", "AudioTransformStream"),
    "vector-store": ("StoresSet", "StoresGet", "StoresFind", "StoresDelete"),
}

FEATURE_PATHS = {
    "system_libs_helper": "scripts/build/package-system-libs.sh",
    "gpu_libs_helper": "scripts/build/package-gpu-libs.sh",
    "apt_mirror": ".docker/apt-mirror.sh",
    "python_model_identity": "backend/python/common/model_identity.py",
    "python_parent_watch": "backend/python/common/parent_watch.py",
    "python_model_utils": "backend/python/common/model_utils.py",
    "go_parent_watch": "pkg/grpc/parentwatch.go",
    "grpcerrors": "pkg/grpc/grpcerrors",
    "cpp_unit_runner": "backend/cpp/run-unit-tests.sh",
}
FEATURE_TEXTS = {
    "cpp_parent_watch": ("backend/cpp/llama-cpp/parent_watch.h", "start_parent_death_watcher("),
    "go_engine_layer": ("backend/Dockerfile.golang", "make -n engine"),
    "golang_darwin_checks_binary": ("scripts/build/golang-darwin.sh", "exec"),
}
IN_MAY = {"gpu_libs_helper", "apt_mirror"}

Proto = dict[str, Any]
Rendered = dict[str, tuple[int, str]]


@cache
def _recorded_proto(era: str) -> str:
    return (DATA / f"proto-{era}.json").read_text(encoding="utf-8")


def parse_proto(text: str) -> Proto:
    """The RPC names of the service and the field names of each top-level message."""
    bare = re.sub(r"//[^\n]*", "", text)
    messages: dict[str, list[str]] = {}
    for found in re.finditer(r"^message (\w+) \{(.*?)(?:^\}|(?<=\{)\}$)", bare, re.M | re.S):
        body = re.sub(r"enum \w+ \{.*?\}", "", found[2], flags=re.S)
        messages[found[1]] = re.findall(r"(\w+)\s*=\s*\d+\s*;", body)
    return {"rpcs": re.findall(r"\brpc\s+(\w+)\s*\(", bare), "messages": messages}


def _proto_features(proto: Proto) -> dict[str, bool]:
    messages = proto["messages"]
    return {
        "model_identity": "ModelIdentity" in messages["PredictOptions"],
        "embedding_layout": "layout" in messages["EmbeddingResult"],
    }


def probe(checkout: Path) -> tuple[Proto, dict[str, bool]]:
    """The proto and the feature switches of a real LocalAI checkout."""
    proto = parse_proto((checkout / "backend/backend.proto").read_text(encoding="utf-8"))
    features = _proto_features(proto)
    features |= {key: (checkout / path).exists() for key, path in FEATURE_PATHS.items()}
    for key, (path, needle) in FEATURE_TEXTS.items():
        file = checkout / path
        features[key] = file.is_file() and needle in file.read_text(encoding="utf-8")
    return proto, features


def recorded(era: str) -> tuple[Proto, dict[str, bool]]:
    """The proto and the feature switches of one of the recorded revisions."""
    proto: Proto = json.loads(_recorded_proto(era))
    names = [*FEATURE_PATHS, *FEATURE_TEXTS]
    return proto, _proto_features(proto) | {name: era == NEWEST or name in IN_MAY for name in names}


def pin(name: str = "my-engine") -> dict[str, str]:
    """A pin as `create --pin acme/<name>` derives it."""
    stem = re.sub(r"[^A-Z0-9]+", "_", name.upper())
    return {
        "repo": f"acme/{name}",
        "url": f"https://github.com/acme/{name}",
        "sha": "0123456789abcdef0123456789abcdef01234567",
        "branch": "main",
        "variable": f"{stem}_VERSION",
        "repo_variable": f"{stem}_REPO",
        "src_variable": f"{stem}_SRC",
        "dir": f"{name}-src",
    }


def language(lang: str) -> dict[str, Any]:
    """What `templates/<lang>/language.yml` says, with the modalities that have a folder."""
    data: dict[str, Any] = YAML(typ="safe").load(TEMPLATES / lang / "language.yml")
    return {**data, "modalities": list(languages()[lang].modalities)}


def context(lang: str, *, era: str = NEWEST, checkout: Path | None = None, **overrides: object) -> dict[str, object]:
    """Every template variable, with a default for each; `overrides` replace single variables."""
    proto, features = probe(checkout) if checkout else recorded(era)
    name = str(overrides.get("name", "my-engine"))
    ident = re.sub(r"[^a-z0-9]+", "_", name)
    keywords = language(lang).get("keywords", [])
    if ident[0].isdigit() or ident in keywords:
        ident = f"b_{ident}"
    wanted = overrides.get("modalities", ["llm"])
    assert isinstance(wanted, list)
    modalities = [m for m in MODALITY_RPCS if m in wanted]
    variants = overrides.get("variants", ["cpu"])
    assert isinstance(variants, list)
    values: dict[str, object] = {
        "name": name,
        "ident": ident,
        "pascal": "".join(part.capitalize() for part in ident.split("_")),
        "upper": ident.upper(),
        "lang": lang,
        "flavour": language(lang)["flavours"][0]["id"],
        "description": "An engine for tests.",
        "license": "MIT",
        "urls": [],
        "pin": None,
        "modalities": modalities,
        "rpcs": [rpc for m in modalities for rpc in MODALITY_RPCS[m] if rpc in proto["rpcs"]],
        "variants": variants,
        "build_types": [""],
        "darwin": "metal" in variants,
        "proto": proto,
        "features": features,
        "newbackend_version": "0.0.0",
        "siblings": {"grpcio": GRPCIO, "grpc": GRPC, "indexes": dict(INDEXES)},
        "portable": {},
        "engine": None,
    }
    options = overrides.pop("options", {})
    assert isinstance(options, dict)
    unset = {"bundle_libs": [], "cpu_variants": [], "glibc_floor": "", "native_march": False, "readme": False}
    values["options"] = {**unset, **options}
    return values | {key: value for key, value in overrides.items() if key != "modalities"}


def render_into(destination: Path, lang: str, values: dict[str, object]) -> None:
    """Renders a template into a directory (a scratch directory or a checkout copy)."""
    for path, file in render_template(languages()[lang], values).items():
        target = destination / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(file.text, encoding="utf-8")
        target.chmod(file.mode)


def render(lang: str, *, era: str = NEWEST, checkout: Path | None = None, **overrides: object) -> Rendered:
    """Every rendered file: path below the checkout -> (permission bits, text)."""
    values = context(lang, era=era, checkout=checkout, **overrides)
    return {path: (file.mode, file.text) for path, file in sorted(render_template(languages()[lang], values).items())}
