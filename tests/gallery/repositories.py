"""A small repository around a gallery, on disk, and what `gallery check` finds in it."""

# ruff: noqa: E501 - files and cases read best as they are

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from newbackend.gallery.check import check_gallery
from newbackend.gallery.source import open_source

INDEX = "gallery/index.yaml"
GOOD_INDEX = """\
- name: demo
  license: mit
  version: "1.0.0"
  uri: ghcr.io/me/demo:1.0.0-cpu
"""
RUN = '#!/bin/bash\nexec ./server "$@"\n'
DOCKERFILE = "FROM ubuntu:24.04 AS builder\nCOPY . /src\nFROM scratch\nCOPY --from=builder /src/package/ /\n"
README = """\
# demo

```sh
export LOCALAI_BACKEND_GALLERIES='[{"name": "localai", "url": "https://index.localai.io/backends"}, {"name": "me", "url": "github:me/demo/gallery/index.yaml@main"}]'
```

The signer's identity is that of release.yml.
"""
WORKFLOW = """\
on: {push: {tags: ["v*"]}}
jobs:
  build:
    permissions: {id-token: write}
    strategy: {matrix: {platform: [linux/amd64, linux/arm64]}}
    steps:
      - uses: docker/build-push-action@v6
        with:
          provenance: false
          tags: ghcr.io/me/demo:1.0.0-cpu
          outputs: type=image,push-by-digest=true
      - run: cosign sign --yes --recursive --new-bundle-format --registry-referrers-mode=oci-1-1 ghcr.io/me/demo@$DIGEST
"""
PROTO = "syntax = 'proto3';\nservice Backend {\n" + "".join(
    f"  rpc {name}(A) returns (B) {{}}\n"
    for name in [
        "Health",
        "Free",
        "LoadModel",
        "Predict",
        "PredictStream",
        "Embedding",
        "GenerateImage",
        "AudioTranscription",
        "TTS",
        "TokenizeString",
        "Status",
    ]
)
CLEAN: Mapping[str, str] = {
    INDEX: GOOD_INDEX,
    "run.sh": RUN,
    "Dockerfile": DOCKERFILE,
    "README.md": README,
    "LICENSE": "MIT\n",
    ".github/workflows/release.yml": WORKFLOW,
}


def write(root: Path, files: Mapping[str, str | None], *, plain: tuple[str, ...] = ()) -> Path:
    """Files in a git index; None leaves one out. Scripts are executable, but for `plain` ones."""
    for path, text in files.items():
        if text is None:
            continue
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, newline="")
        place.chmod(0o755 if text.startswith("#!") and path not in plain else 0o644)
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    subprocess.run(["git", "-c", "core.autocrlf=false", "add", "--all", "--force"], cwd=root, check=True)
    return root


def found(root: Path) -> list[tuple[str, str, int]]:
    """Rule, path and line of each finding."""
    report = check_gallery(open_source(str(root)))
    return [(finding.rule.id, finding.path, finding.line) for finding in report.findings]
