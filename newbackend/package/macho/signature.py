"""Whether a code signature is there and fits the bytes: `install_name_tool` and `strip` break it, and macOS kills what
does not fit on arm64. The format: xnu, osfmk/kern/cs_blobs.h. Certificates are not looked at."""

from __future__ import annotations

import hashlib
import struct

from newbackend.package.archive import Buffer
from newbackend.package.macho.reader import Slice

_SUPER, _DIRECTORY = 0xFADE0CC0, 0xFADE0C02
_HASHES = {1: ("sha1", 20), 2: ("sha256", 32), 3: ("sha256", 20), 4: ("sha384", 48)}
MAX_BLOBS = 64


def signature_defect(data: Buffer, part: Slice) -> str:
    """What is wrong with the signature of one slice of the file `data`; "" when it fits or needs none."""
    if part.signature is None:
        return "has no code signature" if part.cpu == "arm64" else ""
    whole = memoryview(data)[part.offset : part.offset + part.size]
    start, size = part.signature
    blob = bytes(whole[start : start + size])
    try:
        directories = [blob[at:] for at in _directories(blob)]
        best = max(directories, key=lambda d: d[37])  # the hash type, the strongest counts
        return _compared(whole, best)
    except (struct.error, ValueError, IndexError):
        return "has a code signature that cannot be read"


def _directories(blob: bytes) -> list[int]:
    magic, _, count = struct.unpack_from(">III", blob, 0)
    if magic != _SUPER or count > MAX_BLOBS:
        raise ValueError(magic)
    offsets = [struct.unpack_from(">II", blob, 12 + 8 * i)[1] for i in range(count)]
    return [at for at in offsets if struct.unpack_from(">I", blob, at)[0] == _DIRECTORY]


def _compared(whole: memoryview, directory: bytes) -> str:
    hash_at, _, _, slots, limit = struct.unpack_from(">IIIII", directory, 16)
    size, kind, _, page_bits = directory[36:40]
    if kind not in _HASHES or size != _HASHES[kind][1] or limit > len(whole) or page_bits > 24:
        raise ValueError(kind)
    page = 1 << page_bits if page_bits else limit
    for slot in range(slots):
        wanted = directory[hash_at + slot * size : hash_at + (slot + 1) * size]
        content = whole[slot * page : min((slot + 1) * page, limit)]
        if hashlib.new(_HASHES[kind][0], content).digest()[:size] != wanted:
            return f"was changed after it was signed (at 0x{slot * page:x})"
    return ""
