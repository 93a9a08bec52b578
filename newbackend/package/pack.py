"""`pack`: a package directory as a docker-archive, without Docker; LocalAI installs it by `ocifile://`.

Shape: the tar of `docker save` with `manifest.json`, the image's config and one uncompressed layer. The same files give
the same bytes: names are sorted, there are no times and no owners. Modes and symbolic links are kept as they are.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform as machine
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from newbackend.errors import NotFoundError, UsageError
from newbackend.package.archive import ARCHITECTURES, Entry, Kind, Tree, View, directory_tree
from newbackend.package.sources import refuse_sources
from newbackend.records import dataclass

PLATFORMS = ("linux/amd64", "linux/arm64", "darwin/arm64")
RUN = "run.sh"
_ELF, _MACHO = b"\x7fELF", b"\xcf\xfa\xed\xfe"
_ELF_MACHINES = {62: "linux/amd64", 183: "linux/arm64"}
_MACHO_MACHINES = {0x0100000C: "darwin/arm64"}
_LAYER = "layer.tar"


@dataclass(frozen=True)
class Packed:
    """What was written: `layer` is the layer's digest, `files` and `bytes` what is in it."""

    path: Path
    platform: str
    layer: str
    files: int
    bytes: int

    def as_json(self) -> dict[str, object]:
        """`newbackend/pack/1`."""
        return {
            "schema": "newbackend/pack/1",
            "path": str(self.path),
            "platform": self.platform,
            "layer": self.layer,
            "files": self.files,
            "bytes": self.bytes,
            "uri": self.uri,
        }

    @property
    def uri(self) -> str:
        """What LocalAI takes."""
        return f"ocifile://{self.path.resolve()}"


def pack(directory: Path, target: Path, *, platform: str = "", force: bool = False) -> Packed:
    """Writes the archive, whole or not at all. Without `platform` (`linux/amd64`) that of the programs in it is taken.

    Raises NotFoundError without such a directory, and UsageError for one that LocalAI would not take (no run.sh), for a
    device or pipe in it, for a target that is there already or lies inside, and when it cannot be written.
    """
    if not directory.is_dir():
        raise NotFoundError("package-not-found", "there is no such directory", where=str(directory))
    refuse_sources(directory)
    _refuse_target(directory, target, force=force)
    tree = directory_tree(directory.resolve())
    _refuse_content(tree, directory)
    chosen = platform or _platform(tree)
    try:
        with tempfile.TemporaryFile(dir=target.parent, prefix=".newbackend-") as layer:
            digest = _write_layer(tree, layer)
            _write_archive(layer, digest, chosen, target)
    except OSError as error:
        raise UsageError("output-not-written", f"cannot be written: {error.strerror}", where=str(target)) from error
    files = list(tree.files())
    return Packed(target, chosen, digest, len(files), sum(entry.size for entry in files))


def _refuse_target(directory: Path, target: Path, *, force: bool) -> None:
    if target.is_dir():
        raise UsageError("output-is-directory", "is a directory", where=str(target), hint="name a file, such as x.tar")
    if (target.exists() or target.is_symlink()) and not force:
        raise UsageError("output-exists", "is there already", where=str(target), hint="pass --force to replace it")
    if not target.parent.is_dir():
        raise UsageError("output-not-written", "its directory does not exist", where=str(target))
    if target.resolve().is_relative_to(directory.resolve()):
        raise UsageError("output-inside", "lies inside the directory that is packed", where=str(target))


def _refuse_content(tree: Tree, directory: Path) -> None:
    run = tree.entries.get(RUN)
    if run is None or run.kind is not Kind.FILE:
        raise UsageError(
            "package-without-run",
            f"has no {RUN} at its top, so LocalAI would refuse it: not a valid backend",
            where=str(directory),
            hint="pack the built package, such as backend/go/NAME/package",
        )
    odd = next((entry for entry in tree.entries.values() if entry.kind is Kind.OTHER), None)
    if odd is not None:
        message = f"{odd.path} is a device, socket or pipe, which no image can hold"
        raise UsageError("package-irregular", message, where=str(directory))


def _platform(tree: Tree) -> str:
    """The platform of most programs; this machine's for a package without any."""
    found = Counter(filter(None, (_program_platform(entry.head(20)) for entry in tree.files())))
    if found:
        return found.most_common(1)[0][0]
    return f"linux/{ARCHITECTURES.get(machine.machine(), 'amd64')}"


def _program_platform(head: bytes) -> str:
    if head[:4] == _ELF:
        return _ELF_MACHINES.get(int.from_bytes(head[18:20], "little"), "")
    if head[:4] == _MACHO:
        return _MACHO_MACHINES.get(int.from_bytes(head[4:8], "little"), "")
    return ""


def _write_layer(tree: Tree, sink: IO[bytes]) -> str:
    """The tree as a tar; returns its digest."""
    with tarfile.open(fileobj=sink, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(tree.entries):
            if path:
                _add(archive, tree.entries[path])
    return f"sha256:{_digest(sink)}"


def _add(archive: tarfile.TarFile, entry: Entry) -> None:
    info = tarfile.TarInfo(entry.path)
    info.mode = entry.mode
    if entry.kind is Kind.DIRECTORY:
        info.type, info.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(info)
    elif entry.kind is Kind.SYMLINK:
        info.type, info.linkname = tarfile.SYMTYPE, entry.link
        archive.addfile(info)
    else:
        data = entry.view()
        info.size = len(data)
        archive.addfile(info, io.BufferedReader(View(data)))


def _digest(source: IO[bytes]) -> str:
    source.seek(0)
    return hashlib.file_digest(source, "sha256").hexdigest()  # type: ignore[arg-type]


def _write_archive(layer: IO[bytes], digest: str, platform: str, target: Path) -> None:
    system, _, architecture = platform.partition("/")
    config = _json(
        {
            "architecture": architecture,
            "config": {},
            "created": "1970-01-01T00:00:00Z",
            "os": system,
            "rootfs": {"diff_ids": [digest], "type": "layers"},
        }
    )
    name = f"{hashlib.sha256(config).hexdigest()}.json"
    manifest = _json([{"Config": name, "Layers": [_LAYER], "RepoTags": None}])
    handle, scratch = tempfile.mkstemp(dir=target.parent, prefix=".newbackend-")
    try:
        with (
            os.fdopen(handle, "wb") as sink,
            tarfile.open(fileobj=sink, mode="w", format=tarfile.PAX_FORMAT) as archive,
        ):
            for path, stream, size in _members(layer, {name: config, "manifest.json": manifest}):
                info = tarfile.TarInfo(path)
                info.size = size
                archive.addfile(info, stream)
        Path(scratch).chmod(0o644)
        Path(scratch).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(scratch).unlink()
        raise


def _members(layer: IO[bytes], texts: dict[str, bytes]) -> Iterator[tuple[str, IO[bytes], int]]:
    for name, data in texts.items():
        yield name, io.BytesIO(data), len(data)
    size = layer.seek(0, os.SEEK_END)
    layer.seek(0)
    yield _LAYER, layer, size


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
