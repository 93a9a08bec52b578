"""Archives for the tests: tar layers, docker-save and OCI images, in memory, good and hostile."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from typing import Any

Member = tuple[tarfile.TarInfo, bytes]


def member(name: str, data: bytes = b"", *, kind: bytes = tarfile.REGTYPE, link: str = "", mode: int = 0o644) -> Member:
    """One tar member of any type."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode, info.size = kind, link, mode, len(data)
    return info, data


def tar(*members: Member) -> bytes:
    """An uncompressed tar."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return sink.getvalue()


def files(contents: Mapping[str, bytes]) -> bytes:
    """A tar of plain files."""
    return tar(*(member(name, data) for name, data in contents.items()))


def digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def docker_save(layers: Iterable[bytes], *, identities: list[str] | None = None, **extra: bytes) -> bytes:
    """`docker save`; `identities` overrides the layers' diff ids."""
    layers = list(layers)
    config = json.dumps({"rootfs": {"type": "layers", "diff_ids": identities or [digest(x) for x in layers]}}).encode()
    names = [f"{i}/layer.tar" for i in range(len(layers))]
    manifest = json.dumps([{"Config": "config.json", "RepoTags": ["b:1"], "Layers": names}]).encode()
    return files({"manifest.json": manifest, "config.json": config, **dict(zip(names, layers, strict=True)), **extra})


def oci(layers: Iterable[bytes], *, nested: bool = False, platforms: Iterable[dict[str, str]] = ()) -> dict[str, bytes]:
    """The files of an OCI layout; `nested` puts an index between, `platforms` adds other images to it."""
    blobs: dict[str, bytes] = {}

    def put(data: bytes, **more: Any) -> dict[str, Any]:
        blobs["blobs/" + digest(data).replace(":", "/")] = data
        return {"digest": digest(data), "size": len(data), **more}

    config = put(b"{}")
    manifest = {"schemaVersion": 2, "config": config, "layers": [put(layer) for layer in layers]}
    image = put(json.dumps(manifest).encode(), platform={"os": "linux", "architecture": "amd64"})
    images = [put(json.dumps({"layers": []}).encode(), platform=p) for p in platforms] + [image]
    top = [put(json.dumps({"schemaVersion": 2, "manifests": images}).encode())] if nested else images
    blobs["index.json"] = json.dumps({"schemaVersion": 2, "manifests": top}).encode()
    blobs["oci-layout"] = b'{"imageLayoutVersion": "1.0.0"}'
    return blobs


def gz(data: bytes) -> bytes:
    return gzip.compress(data, 1, mtime=0)
