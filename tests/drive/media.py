"""Small media files for requests, and a strict look at those that come back."""

from __future__ import annotations

import math
import struct
import wave
import zlib
from dataclasses import dataclass
from pathlib import Path

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
SAMPLE_RATE = 16_000
# A recording has another rate than any engine wants, and two channels.
RECORDING_RATE, RECORDING_CHANNELS = 44_100, 2
# Samples per pixel of each colour type; 3 is a palette.
_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


@dataclass(frozen=True)
class Wav:
    """What a WAV file says about itself."""

    rate: int
    channels: int
    width: int
    frames: int


def write_wav(path: Path, *, seconds: int) -> None:
    """A 16-bit recording of 441 Hz."""
    wave_form = (round(8000 * math.sin(math.tau * at / 100)) for at in range(100))
    period = b"".join(struct.pack("<h", value) * RECORDING_CHANNELS for value in wave_form)
    with wave.open(str(path), "wb") as file:
        file.setparams((RECORDING_CHANNELS, 2, RECORDING_RATE, 0, "NONE", ""))
        file.writeframes(period * (RECORDING_RATE // 100 * seconds))


def read_wav(path: Path) -> Wav:
    """Raises wave.Error when it is none, ValueError when it holds fewer samples than it says."""
    with wave.open(str(path), "rb") as file:
        frames = file.getnframes()
        held = len(file.readframes(frames)) // (file.getsampwidth() * file.getnchannels())
        if held != frames:
            raise ValueError(f"the WAV header promises {frames} frames, the file holds {held}")
        return Wav(file.getframerate(), file.getnchannels(), file.getsampwidth(), frames)


def _chunk(kind: bytes, payload: bytes) -> bytes:
    checksum = zlib.crc32(kind + payload)
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", checksum)


def png(width: int, height: int) -> bytes:
    """A grey picture."""
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    body = _chunk(b"IDAT", zlib.compress((b"\0" + b"\x80" * width) * height))
    return PNG_SIGNATURE + header + body + _chunk(b"IEND", b"")


def png_size(data: bytes) -> tuple[int, int]:
    """Width and height of a PNG whose checksums and amount of pixels are right; else ValueError."""
    if not data.startswith(PNG_SIGNATURE):
        raise ValueError("no PNG signature")
    chunks: list[tuple[bytes, bytes]] = []
    at = len(PNG_SIGNATURE)
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        chunk = data[at : at + length + 12]
        if _chunk(chunk[4:8], chunk[8:-4]) != chunk:
            raise ValueError(f"damaged PNG chunk {chunk[4:8]!r}")
        chunks.append((chunk[4:8], chunk[8:-4]))
        at += length + 12
    if chunks[0][0] != b"IHDR" or chunks[-1][0] != b"IEND":
        raise ValueError("PNG without IHDR at its start or IEND at its end")
    width, height, depth, colour = struct.unpack(">IIBB", chunks[0][1][:10])
    pixels = zlib.decompress(b"".join(payload for kind, payload in chunks if kind == b"IDAT"))
    # Every row starts with its filter and ends at a whole byte.
    expected = height * (1 + (width * _PNG_CHANNELS[colour] * depth + 7) // 8)
    if len(pixels) != expected:
        raise ValueError(f"PNG holds {len(pixels)} bytes of pixels, not {expected}")
    return width, height


def mp4_boxes(data: bytes) -> list[str]:
    """The kinds of the top boxes of an MP4 file; ValueError when they do not fill it exactly."""
    kinds: list[str] = []
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if size < 8 or at + size > len(data):
            raise ValueError(f"MP4 box {kind!r} of {size} bytes does not fit")
        kinds.append(kind.decode("ascii"))
        at += size
    return kinds
