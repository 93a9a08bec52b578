"""A model in whisper.cpp's own format (`ggml`), with random weights: too small to hear anything, and whole.

The format is read in src/whisper.cpp, `whisper_model_load`: the magic number, eleven sizes, the mel filters, the words,
then each tensor with its dimensions, its type (0: 32 bit floats) and its name.
"""

from __future__ import annotations

import random
import struct
from array import array
from collections.abc import Iterator
from pathlib import Path

MAGIC = 0x67676D6C
VOCABULARY, WORDS = 51864, 50256
"""English only. The words up to WORDS are in the file, the special ones after them are known to whisper.cpp."""
AUDIO, TEXT, STATE, HEADS, MELS, FFT = 1500, 448, 64, 1, 80, 201
_NOISE = 1 << 12


def write_model(path: Path, seed: int = 1) -> None:
    """Writes a model with one layer each for listening and writing, of about 14 MB."""
    noise = _noise(seed)
    with path.open("wb") as file:
        file.write(struct.pack("<I", MAGIC))
        file.write(struct.pack("<11i", VOCABULARY, AUDIO, STATE, HEADS, 1, TEXT, STATE, HEADS, 1, MELS, 0))
        file.write(struct.pack("<2i", MELS, FFT) + _floats(noise, MELS * FFT))
        file.write(struct.pack("<i", WORDS))
        for number in range(WORDS):
            word = bytes([number]) if number < 256 else f" w{number}".encode()
            file.write(struct.pack("<I", len(word)) + word)
        for name, sizes in _tensors():
            file.write(struct.pack(f"<3i{len(sizes)}i", len(sizes), len(name), 0, *sizes) + name.encode())
            count = 1
            for size in sizes:
                count *= size
            file.write(_floats(noise, count))


def _noise(seed: int) -> bytes:
    source = random.Random(seed)
    return array("f", [source.gauss(0, 0.05) for _ in range(_NOISE)]).tobytes()


def _floats(noise: bytes, count: int) -> bytes:
    return (noise * (count // _NOISE + 1))[: 4 * count]


def _tensors() -> Iterator[tuple[str, tuple[int, ...]]]:
    """Names and sizes, the fastest dimension first."""
    yield "encoder.positional_embedding", (STATE, AUDIO)
    yield "encoder.conv1.weight", (3, MELS, STATE)
    yield "encoder.conv1.bias", (1, STATE)
    yield "encoder.conv2.weight", (3, STATE, STATE)
    yield "encoder.conv2.bias", (1, STATE)
    yield from _norm("encoder.ln_post")
    yield from _block("encoder.blocks.0", ("attn",))
    yield "decoder.positional_embedding", (STATE, TEXT)
    yield "decoder.token_embedding.weight", (STATE, VOCABULARY)
    yield from _norm("decoder.ln")
    yield from _block("decoder.blocks.0", ("attn", "cross_attn"))


def _block(name: str, attentions: tuple[str, ...]) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield from _norm(f"{name}.mlp_ln")
    yield from _linear(f"{name}.mlp.0", STATE, 4 * STATE)
    yield from _linear(f"{name}.mlp.2", 4 * STATE, STATE)
    for attention in attentions:
        yield from _norm(f"{name}.{attention}_ln")
        for part in ("query", "value", "out"):
            yield from _linear(f"{name}.{attention}.{part}", STATE, STATE)
        yield f"{name}.{attention}.key.weight", (STATE, STATE)


def _linear(name: str, inside: int, outside: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{name}.weight", (inside, outside)
    yield f"{name}.bias", (outside,)


def _norm(name: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{name}.weight", (STATE,)
    yield f"{name}.bias", (STATE,)
