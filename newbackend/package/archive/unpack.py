"""Compressed layers: known by their first bytes (media types are often wrong), unpacked into a temporary file.

A temporary file, not memory: layers reach gigabytes, and a mapped file costs only the pages read.
"""

from __future__ import annotations

import gzip
import importlib
import io
import mmap
import tempfile
import zlib
from collections.abc import Callable
from typing import IO, cast

from newbackend.errors import NotFoundError, UsageError
from newbackend.package.archive.tree import Buffer

CHUNK = 1 << 20
# A real layer of libraries compresses 3 to 20 times; zeros 200 to 1000. The free allowance keeps
# small, very regular layers legal.
MAX_RATIO = 64
FREE_BYTES = 256 << 20
MAX_BYTES = 64 << 30

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
UNSUPPORTED = {b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"PK\x03\x04": "zip"}


class View(io.RawIOBase):
    """A readable stream over a buffer, without copying it whole."""

    def __init__(self, data: Buffer) -> None:
        self._data = memoryview(data)
        self._at = 0

    def readable(self) -> bool:
        return True

    def readinto(self, target: object) -> int:
        into = cast("bytearray", target)
        size = min(len(into), len(self._data) - self._at)
        into[:size] = self._data[self._at : self._at + size]
        self._at += size
        return size


def _zstd_stream(source: io.RawIOBase, where: str) -> IO[bytes]:
    """A zstd reader from the standard library (3.14) or `zstandard`; raises NotFoundError without both."""
    try:
        standard = importlib.import_module("compression.zstd")
        return cast("IO[bytes]", standard.ZstdFile(source))
    except ImportError:
        pass
    try:
        zstandard = importlib.import_module("zstandard")
    except ImportError:
        raise NotFoundError(
            "zstd-reader-missing",
            "the layer is compressed with zstd and no reader for it is installed, so nothing was checked",
            where=where,
            hint="install newbackend[zstd]",
        ) from None
    reader = zstandard.ZstdDecompressor(max_window_size=1 << 27)
    return cast("IO[bytes]", reader.stream_reader(source, read_across_frames=True))


class Unpacker:
    """Decompresses the layers of one archive of `size` bytes; all of them together have one limit."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._limit = min(MAX_BYTES, FREE_BYTES + size * MAX_RATIO)
        self._total = 0

    def unpack(self, data: Buffer, where: str) -> Buffer:
        """`data` decompressed when it is gzip or zstd, else as it is.

        Raises UsageError for damaged data, for other compressions and for a bomb; NotFoundError when
        it is zstd and no reader is installed.
        """
        head = bytes(data[:6])
        for magic, name in UNSUPPORTED.items():
            if head.startswith(magic):
                raise UsageError("archive-compression", f"{name} archives are not read", where=where)
        source = io.BufferedReader(View(data), CHUNK)
        if head.startswith(GZIP):
            return self._drain(lambda: cast("IO[bytes]", gzip.GzipFile(fileobj=source)), where)
        if head.startswith(ZSTD):
            return self._drain(lambda: _zstd_stream(cast("io.RawIOBase", source), where), where)
        return data

    def spend(self, size: int, where: str) -> None:
        """Count `size` unpacked bytes; raises UsageError when they are more than the archive may hold."""
        self._total += size
        if self._total > self._limit:
            message = f"{self._size} bytes unpack to more than {self._limit}: refused"
            raise UsageError("archive-bomb", message, where=where)

    def _drain(self, opener: Callable[[], IO[bytes]], where: str) -> Buffer:
        before = self._total
        with tempfile.TemporaryFile(prefix="newbackend-layer-") as sink:
            stream = opener()
            while True:
                try:
                    chunk = stream.read(CHUNK)
                except (OSError, EOFError, zlib.error) as err:
                    raise UsageError("archive-damaged", f"the compressed data is damaged ({err})", where=where) from err
                except Exception as err:  # zstandard raises its own ZstdError, an Exception of no common base
                    if type(err).__name__ != "ZstdError":
                        raise
                    raise UsageError("archive-damaged", f"the zstd data is damaged ({err})", where=where) from err
                if not chunk:
                    break
                self.spend(len(chunk), where)
                sink.write(chunk)
            sink.flush()
            return mmap.mmap(sink.fileno(), 0, access=mmap.ACCESS_READ) if self._total > before else b""
