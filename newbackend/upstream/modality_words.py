"""Which functions of a C API look like the ones to call for a modality: by the words of their names and what they take.

Nothing is called because of it: the list is for the reader.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Literal

from newbackend.records import dataclass
from newbackend.upstream.api import RELEASES, base_name, name_words
from newbackend.upstream.c_api import Function, Parameter
from newbackend.upstream.c_types import CType, Pointer, Scalar, StructType, Types
from newbackend.upstream.facts import Confidence

Input = Literal["audio", "text", "image", "tokens"]
MOST = 8
"""Candidates of one modality."""
Phrases = Mapping[str, Input | Literal[""]]
"""Words of a name, and what a function with them must take; anything at all if empty."""


@dataclass(frozen=True)
class Words:
    """`own` words are of this modality and of no other, `shared` ones of several."""

    own: Phrases
    shared: Phrases


@dataclass(frozen=True)
class Candidate:
    """A function that may be the one to call for a modality. likely: a word of its own says so; guess: a shared one."""

    function: Function
    confidence: Confidence


WORDS: Mapping[str, Words] = {
    "llm": Words(
        {"chat": "", "complete": "text", "completion": "", "argmax": "", "generate": "tokens", "predict": "tokens",
         "eval": "tokens", "prefill": "tokens"},
        {"generate": "text", "predict": "text", "infer": "text", "decode": "tokens", "sample": "", "prompt": "text",
         "sync": "tokens", "run": "text"},
    ),
    "embeddings": Words({"embed": "", "embedding": "text", "embeddings": "text"}, {"encode": "text"}),
    "rerank": Words({"rerank": "", "reranker": ""}, {"rank": "text", "score": "text"}),
    "tokenize": Words({"tokenize": "", "tokenise": "", "detokenize": ""}, {"encode": "text", "token": "text"}),
    "tts": Words(
        {"tts": "", "synthesize": "", "synthesise": "", "synthesis": "", "synth": "", "speak": "", "say": "text",
         "speech": "text"},
        {"generate": "text", "run": "text", "infer": "text", "process": "text", "predict": "text"},
    ),
    "sound-generation": Words(
        {"music": "text", "sound": "text", "sfx": "text", "song": "text", "generate audio": "text"},
        {"generate": "text", "run": "text", "infer": "text"},
    ),
    "transcription": Words(
        {"transcribe": "", "transcription": "", "transcript": "", "recognize": "", "recognise": "", "recognizer": "",
         "recognition": "", "asr": "", "stt": "", "full": "audio"},
        {"decode": "audio", "accept waveform": "audio", "process": "audio", "run": "audio", "infer": "audio",
         "predict": "audio", "forward": "audio", "feed": "audio"},
    ),
    "vad": Words(
        {"vad": "", "voice activity": "", "detect speech": "audio", "speech detect": "audio"},
        {"segments": "audio", "detect": "audio"},
    ),
    "diarization": Words({"diarize": "", "diarise": "", "diarization": "", "diarisation": ""}, {}),
    "image": Words(
        {"generate image": "", "generate img": "", "image generate": "", "generate images": "", "txt2img": "",
         "text2img": "", "img2img": "", "text to image": "", "paint": "text"},
        {"generate": "text", "sample": "text", "run": "text"},
    ),
    "video": Words({"video": "", "txt2vid": "", "img2vid": "", "text2video": ""}, {"generate": "text"}),
    "detection": Words(
        {"yolo": "image", "detect": "image", "detection": "image", "segment": "image", "detect objects": ""},
        {"predict": "image", "infer": "image", "run": "image", "process": "image", "forward": "image"},
    ),
    "depth": Words({"depth": ""}, {"predict": "image", "infer": "image", "run": "image", "process": "image"}),
    "sound-classification": Words(
        {"tagging": "", "tag": "audio", "classify": "audio", "classification": "audio", "audio events": ""},
        {"predict": "audio", "run": "audio", "infer": "audio", "process": "audio"},
    ),
    "audio-transform": Words(
        {"denoise": "", "denoiser": "", "enhance": "audio", "separate": "audio", "separation": "", "dereverb": "",
         "convert voice": "", "voice conversion": "", "upsample": "audio"},
        {"process": "audio", "run": "audio"},
    ),
}  # fmt: skip
_ASIDE = RELEASES | {
    "get", "set", "is", "has", "supports", "version", "default", "defaults", "params", "init", "create", "new",
    "load", "open", "reset", "clear", "callback", "log", "print", "name", "names", "count", "num", "n", "size",
    "type", "string", "str", "system", "info", "bench", "test", "dump", "save", "register", "enable", "disable",
    "max", "min", "cancel", "abort", "stop", "dim", "rate", "config", "exists", "ready", "empty",
}  # fmt: skip
"""Words of functions that set something up, tell something, or take something back."""
_AUDIO = frozenset(["samples", "sample", "pcm", "pcmf32", "audio", "wav", "wave", "waveform", "speech", "sound"])
_IMAGE = frozenset(["image", "images", "img", "picture", "pixels", "rgb", "rgba", "bitmap", "frame", "photo"])
_TEXT = frozenset([
    "text", "texts", "prompt", "prompts", "input", "query", "document", "documents", "sentence", "utf8", "str",
    "string", "message", "messages", "content", "word", "words", "phrase", "chat", "request", "caption", "lyrics",
])  # fmt: skip
_TOKEN = frozenset(["token", "tokens", "ids"])
_NAMED = 40
"""Fields of a struct that are looked at."""


def candidates(types: Types) -> dict[str, list[Candidate]]:
    """The candidates of each modality that has any, the likeliest first, then in the header's order."""
    found: dict[str, list[tuple[int, Candidate]]] = {}
    for function in types.api.functions:
        words = name_words(function.name)
        if not _calls_a_model(types, function) or _ASIDE.intersection(_before_with(words)):
            continue
        inputs = {name for part in function.parameters for name in _inputs(types, function, part)}
        handles = [types.handle(part.type) for part in _handles(types, function)]
        spoken = (*words, *(word for handle in handles for word in name_words(handle)))
        own = {key for key, table in WORDS.items() if _matches(table.own, spoken, inputs)}
        own = own & {"tokenize"} or own  # a chat is tokenized for another function
        for key, table in WORDS.items():
            if key in own:
                found.setdefault(key, []).append((_rank(function, inputs), Candidate(function, "likely")))
            elif not own and _matches(table.shared, words, inputs):
                found.setdefault(key, []).append((2 + _rank(function, inputs), Candidate(function, "guess")))
    return {key: [one for _, one in sorted(rows, key=lambda row: row[0])][:MOST] for key, rows in found.items()}


@cache
def said(words: tuple[str, ...]) -> frozenset[str]:
    """The modalities that words alone speak for, whatever is taken."""
    plain = {key: [phrase for phrase, needed in table.own.items() if not needed] for key, table in WORDS.items()}
    return frozenset(key for key, phrases in plain.items() if any(_has(phrase, words) for phrase in phrases))


def _before_with(words: Sequence[str]) -> Sequence[str]:
    """`generate_with_config` generates."""
    return words[: words.index("with")] if "with" in words else words


def _rank(function: Function, inputs: set[Input]) -> int:
    return (not inputs) + 4 * function.deprecated


def _matches(phrases: Phrases, words: Sequence[str], inputs: set[Input]) -> bool:
    return any((not needed or needed in inputs) and _has(phrase, words) for phrase, needed in phrases.items())


def _has(phrase: str, words: Sequence[str]) -> bool:
    """Whether the words of a phrase stand one after another."""
    return f" {phrase} " in f" {' '.join(words)} "


def _calls_a_model(types: Types, function: Function) -> bool:
    """It takes a handle, where the API has any, and something more."""
    typed = types.opaque or any(kind == "void *" for kind in types.aliases.values())
    if not typed and not any(types.handle(other.result) for other in types.api.functions):
        return bool(function.parameters)
    return len(function.parameters) > 1 and bool(_handles(types, function))


def _handles(types: Types, function: Function) -> list[Parameter]:
    """Arguments that are handles. A `void *` is one in the first place alone: further back it is user data."""
    named = [(part, types.handle(part.type)) for part in function.parameters]
    return [part for part, name in named if name and (name != "void" or part is function.parameters[0])]


def _inputs(types: Types, function: Function, part: Parameter) -> Iterator[Input]:
    """What a function takes by one argument; what it fills in is none."""
    kind = types.argument(part.type)
    words = set(name_words(part.name))
    if isinstance(kind, Scalar):
        if words & _TOKEN and not words & {"max", "n", "num", "eos"} and kind.size >= 4:
            yield "tokens"
        return
    inner = kind.to if isinstance(kind, Pointer) else kind
    given = not isinstance(kind, Pointer) or kind.const
    if isinstance(inner, StructType):
        yield from _of_struct(types, inner.name, words) if given else ()
    elif isinstance(inner, Scalar):
        yield from _of_numbers(function, part, inner, words, given)


def _of_numbers(function: Function, part: Parameter, inner: Scalar, words: set[str], given: bool) -> Iterator[Input]:
    if inner.go == "byte":
        if given and words & _AUDIO:
            yield "audio"
        elif given and words & _IMAGE:
            yield "image"
        elif given and (words & _TEXT or not part.name):
            yield "text"
    elif inner.go in ("float32", "float64", "int16") and (given or words & _AUDIO) and _is_counted(function, part):
        yield "image" if words & _IMAGE else "audio"
    elif inner.go == "uint8" and given and words & _IMAGE:
        yield "image"
    elif inner.go == "int32" and given and (words & _TOKEN or _TOKEN.intersection(name_words(base_name(part.type)))):
        yield "tokens"


def _is_counted(function: Function, part: Parameter) -> bool:
    """A number of elements comes soon after."""
    after = function.parameters[function.parameters.index(part) + 1 :][:2]
    return any("*" not in other.type and "float" not in other.type for other in after)


def _of_struct(types: Types, struct: str, words: set[str]) -> Iterator[Input]:
    """A struct by what it is called, and by its fields that are texts."""
    words = words | set(name_words(struct))
    if words & _IMAGE:
        yield "image"
    if words & _AUDIO:
        yield "audio"
    if words & _TOKEN:
        yield "tokens"
    fields = types.structs[struct].fields[:_NAMED]
    if any(_is_text(types.of(field.type)) and _TEXT.intersection(name_words(field.name)) for field in fields):
        yield "text"


def _is_text(kind: CType) -> bool:
    return isinstance(kind, Pointer) and kind.to == Scalar("byte", 1)
