"""Where a package comes from: a directory, a root-filesystem tar, a zip or wheel, `docker save`, OCI archive or layout.

Each becomes one `Tree` in memory; nothing is extracted. Digests and sizes are verified, because a
truncated download otherwise looks like a missing library.
Formats: OCI image layout and manifest specification 1.1; `docker save` manifest.json.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import platform
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from newbackend.errors import NotFoundError, UsageError
from newbackend.package.archive.layer import apply_layer
from newbackend.package.archive.tree import Buffer, Entry, Kind, Tree, directory_tree
from newbackend.package.archive.unpack import MAX_BYTES, Unpacker
from newbackend.package.archive.zipped import MAGIC, zip_tree

MAX_JSON = 16 << 20
MAX_LAYERS = 512
MAX_NESTING = 4
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def open_package(path: Path) -> Tree:
    """The file tree of the package at `path`.

    Raises NotFoundError when there is nothing (or a zstd layer without a reader), UsageError for
    an archive that is damaged, hostile or of a kind not known.
    """
    try:
        if path.is_dir():
            outer = directory_tree(path.resolve())
            unpacker = Unpacker(sum(entry.size for entry in outer.files()))
        elif path.is_file():
            unpacker = Unpacker(path.stat().st_size)
            outer = _archive_tree(path, unpacker)
        elif path.exists():
            raise UsageError("package-kind", f"{path} is neither a directory nor an archive")
        else:
            raise NotFoundError("package-not-found", f"{path} does not exist")
    except OSError as err:
        raise UsageError("package-unreadable", f"cannot read {path}: {err.strerror}") from err
    layers = _docker_layers(outer, unpacker) or _oci_layers(outer, unpacker)
    if layers is None:
        return outer
    entries: dict[str, Entry] = {"": Entry("", Kind.DIRECTORY, 0o755)}
    size = 0
    for number, layer in enumerate(layers, 1):
        size += len(layer)  # a layer that is listed again is read again
        if size > MAX_BYTES:
            raise UsageError("archive-bomb", f"its layers hold more than {MAX_BYTES} bytes", where=outer.label)
        entries = apply_layer(entries, layer, f"{outer.label}, layer {number}")
    return Tree(outer.label, entries)


def _archive_tree(path: Path, unpacker: Unpacker) -> Tree:
    with path.open("rb") as source:
        if not path.stat().st_size:
            raise UsageError("archive-damaged", f"{path} is empty")
        if source.read(4) in MAGIC:
            return zip_tree(path, unpacker)
        data: Buffer = mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ)
    root = {"": Entry("", Kind.DIRECTORY, 0o755)}
    return Tree(str(path), apply_layer(root, unpacker.unpack(data, str(path)), str(path)))


def _json(tree: Tree, path: str, data: Buffer) -> Any:
    if len(data) > MAX_JSON:
        raise UsageError("image-metadata", f"{path} has {len(data)} bytes", where=tree.label)
    try:
        return json.loads(bytes(data))
    except (ValueError, RecursionError) as err:
        raise UsageError("image-metadata", f"{path} is not JSON ({err})", where=tree.label) from err


def _file(tree: Tree, path: object) -> Entry:
    """A file that image metadata names; raises UsageError when it is not there."""
    entry = tree.resolve(path) if isinstance(path, str) and path else None
    if entry is None or entry.kind is not Kind.FILE:
        raise UsageError("image-incomplete", f"the image names {path!r}, which is not in it", where=tree.label)
    return entry


def _verify(tree: Tree, data: Buffer, digest: object, what: str) -> None:
    algorithm, _, expected = digest.partition(":") if isinstance(digest, str) else ("", "", "")
    if algorithm not in ("sha256", "sha512"):
        raise UsageError("image-digest", f"{what} has the digest {digest!r}", where=tree.label)
    if hashlib.new(algorithm, data).hexdigest() != expected:
        message = f"{what} does not match its digest {digest}: damaged or truncated"
        raise UsageError("image-digest", message, where=tree.label, hint="fetch the image again")


def _docker_layers(tree: Tree, unpacker: Unpacker) -> list[Buffer] | None:
    """The layers of a `docker save` archive; None for anything else (no manifest.json of that shape)."""
    entry = tree.resolve("manifest.json")
    if entry is None or entry.kind is not Kind.FILE or entry.size > MAX_JSON:
        return None
    try:
        images = json.loads(bytes(entry.view()))
    except (ValueError, RecursionError):
        return None  # a package may well carry a manifest.json of its own
    if not isinstance(images, list) or not all(isinstance(i, dict) and "Layers" in i for i in images):
        return None
    if len(images) != 1:
        tags = ", ".join(str(i.get("RepoTags")) for i in images) or "none"
        raise UsageError("image-many", f"holds {len(images)} images ({tags})", where=tree.label, hint="save one")
    names = images[0]["Layers"]
    if not isinstance(names, list) or len(names) > MAX_LAYERS:
        raise UsageError("image-metadata", "manifest.json has no usable layer list", where=tree.label)
    config = _json(tree, "the image config", _file(tree, images[0].get("Config")).view())
    identities = _diff_ids(config)
    if len(identities) != len(names):
        message = f"the config lists {len(identities)} layers, the manifest {len(names)}"
        raise UsageError("image-metadata", message, where=tree.label)
    return list(_verified_layers(tree, unpacker, names, identities))


def _diff_ids(config: object) -> Sequence[object]:
    rootfs = config.get("rootfs") if isinstance(config, dict) else None
    identities = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    return identities if isinstance(identities, list) else []


def _verified_layers(
    tree: Tree, unpacker: Unpacker, names: Sequence[object], identities: Sequence[object]
) -> Iterator[Buffer]:
    """Each layer in its order; one that is listed again is unpacked and verified once."""
    layers: dict[tuple[str, object], Buffer] = {}
    for name, identity in zip(names, identities, strict=True):
        entry = _file(tree, name)
        key = (entry.path, str(identity))
        if key not in layers:
            layers[key] = unpacker.unpack(entry.view(), f"{tree.label}, {name}")
            _verify(tree, layers[key], identity, f"layer {name}")
        yield layers[key]


def _oci_layers(tree: Tree, unpacker: Unpacker) -> list[Buffer] | None:
    """The layers of an OCI layout; None for anything else (no index.json beside blobs)."""
    entry = tree.resolve("index.json")
    if entry is None or entry.kind is not Kind.FILE or tree.resolve("blobs") is None:
        return None
    document = _json(tree, "index.json", entry.view())
    for _ in range(MAX_NESTING):
        if not isinstance(document, dict) or not isinstance(document.get("manifests"), list):
            break
        document = _json(tree, "a manifest", _blob(tree, _pick(tree, document["manifests"])))
    if not isinstance(document, dict) or not isinstance(document.get("layers"), list):
        raise UsageError("image-metadata", "index.json leads to no image manifest", where=tree.label)
    if len(document["layers"]) > MAX_LAYERS:
        raise UsageError("image-metadata", f"{len(document['layers'])} layers", where=tree.label)
    layers: dict[str, Buffer] = {}
    for layer in document["layers"]:
        if _digest(layer) not in layers:
            layers[_digest(layer)] = unpacker.unpack(_blob(tree, layer), tree.label)
    return [layers[_digest(layer)] for layer in document["layers"]]


def _digest(descriptor: object) -> str:
    return str(descriptor.get("digest")) if isinstance(descriptor, dict) else ""


def _blob(tree: Tree, descriptor: object) -> Buffer:
    """The bytes behind an OCI descriptor, size and digest verified."""
    digest = descriptor.get("digest") if isinstance(descriptor, dict) else None
    if not isinstance(descriptor, dict) or not isinstance(digest, str) or "/" in digest or ".." in digest:
        raise UsageError("image-metadata", f"a descriptor without a usable digest: {digest!r}", where=tree.label)
    entry = _file(tree, f"blobs/{digest.replace(':', '/', 1)}")
    if isinstance(descriptor.get("size"), int) and descriptor["size"] != entry.size:
        message = f"blob {digest} has {entry.size} bytes instead of {descriptor['size']}: truncated"
        raise UsageError("image-digest", message, where=tree.label, hint="fetch the image again")
    data = entry.view()
    _verify(tree, data, digest, f"blob {digest}")
    return data


def _pick(tree: Tree, manifests: list[object]) -> object:
    """The image of an index for this machine's architecture; attestations (`unknown/unknown`) are no images."""
    images = [m for m in manifests if isinstance(m, dict) and _platform(m) != ("unknown", "unknown")]
    if not images:
        raise UsageError("image-metadata", "the index lists no image", where=tree.label)
    here = ARCHITECTURES.get(platform.machine(), "amd64")
    fitting = [m for m in images if _platform(m) == ("linux", here)]
    if len(images) > 1 and len(fitting) != 1:
        seen = ", ".join("/".join(_platform(m)) for m in images)
        message = f"the index lists {len(images)} images ({seen}) and not exactly one for linux/{here}"
        raise UsageError("image-many", message, where=tree.label, hint="save one platform")
    return (fitting or images)[0]


def _platform(manifest: dict[str, Any]) -> tuple[str, str]:
    target = manifest.get("platform")
    if not isinstance(target, dict):
        return ("linux", "")
    return (str(target.get("os", "")), str(target.get("architecture", "")))
