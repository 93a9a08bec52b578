"""One request per RPC that a placeholder engine answers well."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from . import media
from .session import Session

Fields = Mapping[str, Any]

PICTURE_SIZE = (3, 2)


def picture() -> str:
    """A small PNG in base64, as LocalAI sends pictures."""
    return base64.b64encode(media.png(*PICTURE_SIZE)).decode("ascii")


def _recording(session: Session) -> Fields:
    return {"dst": str(session.recording)}


_SAMPLES: dict[str, Callable[[Session], Fields]] = {
    "Predict": lambda _: {"Prompt": "hello world"},
    "PredictStream": lambda _: {"Prompt": "hello world"},
    "Embedding": lambda _: {"Embeddings": "some text"},
    "Rerank": lambda _: {"query": "red apple", "documents": ["blue sky", "a red apple", "red wine"]},
    "TokenizeString": lambda _: {"Prompt": "Köln"},
    "Detokenize": lambda _: {"tokens": list("Köln".encode())},
    "TTS": lambda session: {"text": "hello", "dst": str(session.scratch / "speech.wav")},
    "TTSStream": lambda _: {"text": "hello"},
    "AudioTranscription": _recording,
    "AudioTranscriptionStream": _recording,
    "VAD": lambda _: {"audio": [0.5] * 8000},
    "Diarize": _recording,
    "GenerateImage": lambda session: {
        "positive_prompt": "a cat",
        "width": 64,
        "height": 32,
        "dst": str(session.scratch / "image.png"),
    },
    "GenerateVideo": lambda session: {"prompt": "a cat", "dst": str(session.scratch / "video.mp4")},
    "Detect": lambda _: {"src": picture()},
    "Depth": lambda _: {"src": picture(), "include_depth": True},
    "SoundDetection": lambda session: {"src": str(session.recording)},
    "TokenClassify": lambda _: {"text": "Schöne Grüße an max.müller@example.org."},
    "SoundGeneration": lambda session: {"text": "rain", "dst": str(session.scratch / "sound.wav")},
    "AudioTransform": lambda session: {
        "audio_path": str(session.recording),
        "dst": str(session.scratch / "transformed.wav"),
    },
    "AudioTransformStream": lambda _: {"config": {"sample_format": "S16_LE"}},
    "StoresSet": lambda _: {"Keys": [{"Floats": [1.0, 0.0]}], "Values": [{"Bytes": b"east"}]},
    "StoresGet": lambda _: {"Keys": [{"Floats": [1.0, 0.0]}]},
    "StoresFind": lambda _: {"Key": {"Floats": [1.0, 0.0]}, "TopK": 1},
    "StoresDelete": lambda _: {"Keys": [{"Floats": [7.0, 7.0]}]},
}


def sample(session: Session, rpc: str) -> Fields:
    """The fields of a good request for an RPC of a modality."""
    return _SAMPLES[rpc](session)
