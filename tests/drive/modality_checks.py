"""What each modality's RPCs must answer: shape, units, order and wire format.

Sources: the messages of backend/backend.proto, and how LocalAI's core/backend/*.go reads them.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from . import media
from .samples import PICTURE_SIZE, sample
from .session import Check, Session, describe, expect, joined, refusal
from .wire import Client

NANOSECONDS = 1_000_000_000
RECORDING_SECONDS = 2


def predict(session: Session, client: Client) -> str:
    reply = client.call("Predict", Prompt="hello world")
    text = reply.message.decode()
    expect(text == "echo: hello world", f"answered {text!r}")
    # Go's shared server leaves the counts at 0.
    expect(reply.tokens in (0, 3) and reply.prompt_tokens in (0, 2), f"counted {reply.tokens} tokens")
    said = [("user", "first"), ("assistant", "second"), ("user", "third")]
    messages = [{"role": role, "content": content} for role, content in said]
    answer = client.call("Predict", UseTokenizerTemplate=True, Messages=messages).message.decode()
    expect(answer == "echo: third", f"answered {answer!r} to the messages {said}")
    short = client.call("Predict", Prompt="a b c d", Tokens=3).message.decode()
    expect(short == "echo: a b", f"with Tokens=3 answered {short!r}")
    expect(client.call("Predict", Prompt="a", Tokens=1).message, "with Tokens=1 answered nothing")
    return f"{text!r}; the last user message and Tokens count"


def predict_stream(session: Session, client: Client) -> str:
    prompt = "Grüße aus Köln, 你好 🙂"
    pieces = [reply.message for reply in client.stream("PredictStream", Prompt=prompt) if reply.message]
    expect(len(pieces) >= 2, f"came in {len(pieces)} pieces")
    expect(pieces[0] != pieces[1], f"the first two pieces are both {pieces[0]!r}")
    text = b"".join(pieces).decode()
    expect(text == f"echo: {prompt}", f"all pieces together are {text!r}")
    limited = joined(client.stream("PredictStream", Prompt="a b c d", Tokens=3)).decode()
    expect(limited == "echo: a b", f"with Tokens=3 streamed {limited!r}")
    return f"{len(pieces)} pieces"


def embedding(session: Session, client: Client) -> str:
    result = client.call("Embedding", Embeddings="some text")
    vector = list(result.embeddings)
    expect(len(vector) == 8, f"{len(vector)} numbers")
    length = math.hypot(*vector)
    expect(abs(length - 1) < 1e-3, f"the vector's length is {length}")
    again = list(client.call("Embedding", Embeddings="some text").embeddings)
    expect(vector == again, "the same text has two vectors")
    other = list(client.call("Embedding", Embeddings="other text").embeddings)
    expect(vector != other, "two texts have one vector")
    if session.features.get("embedding_layout"):
        expect(result.layout == 1, f"layout is {result.layout}, not FINAL (1)")
        # Go's shared server (LocalAI's pkg/grpc/server.go) sets the layout, but neither tokens nor dim.
        sized = result.tokens == 1 and result.dim == len(vector)
        expect(sized or (result.tokens, result.dim) == (0, 0), f"{result.tokens} x {result.dim}")
    return f"{len(vector)} numbers of length {length:.4f}"


def rerank(session: Session, client: Client) -> str:
    fields = sample(session, "Rerank")
    results = client.call("Rerank", **fields).results
    order = [result.index for result in results]
    expect(order == [1, 2, 0], f"the documents come in the order {order}")
    texts = [result.text for result in results]
    expect(texts == [fields["documents"][i] for i in order], f"the texts are {texts}")
    scores = [result.relevance_score for result in results]
    expect(scores == sorted(scores, reverse=True), f"the scores are {scores}")
    top = client.call("Rerank", **fields, top_n=2).results
    expect(len(top) == 2, f"top_n=2 gave {len(top)} results")
    return f"order {order}, scores {scores}"


def tokenize(session: Session, client: Client) -> str:
    result = client.call("TokenizeString", Prompt="Köln")
    tokens = list(result.tokens)
    expect(tokens == list("Köln".encode()), f"the tokens are {tokens}")
    expect(result.length == len(tokens), f"length is {result.length}")
    return f"{len(tokens)} tokens"


def detokenize(session: Session, client: Client) -> str:
    content = client.call("Detokenize", tokens=list("Köln".encode())).content
    expect(content == "Köln", f"the text is {content!r}")
    return repr(content)


def _wav(path: Path) -> media.Wav:
    expect(path.is_file(), f"there is no file {path}")
    expect(path.stat().st_size > 1024, f"{path.name} has {path.stat().st_size} bytes")
    return media.read_wav(path)


def tts(session: Session, client: Client) -> str:
    fields = sample(session, "TTS")
    path = Path(fields["dst"])
    path.unlink(missing_ok=True)
    result = client.call("TTS", **fields)
    expect(result.success, f"success is false: {result.message}")
    found = _wav(path)
    wanted = media.Wav(media.SAMPLE_RATE, 1, 2, media.SAMPLE_RATE)
    expect(found == wanted, f"wrote {found}, not {wanted}")
    first = path.read_bytes()
    client.call("TTS", text="something quite different", dst=str(path))
    expect(path.read_bytes() != first, "two texts sound the same")
    return str(found)


def tts_stream(session: Session, client: Client) -> str:
    replies = list(client.stream("TTSStream", text="hello"))
    chunks = [reply.audio for reply in replies if reply.audio]
    expect(len(chunks) >= 2, f"{len(chunks)} pieces of audio")
    if replies[0].message:
        style, pcm = "message", b"".join(chunks)
        expect(json.loads(replies[0].message).get("sample_rate") == 16000, f"starts {replies[0].message!r}")
    else:
        style, pcm = "header", b"".join(chunks[1:])
        header = chunks[0]
        expect(len(header) == 44 and header[:4] == b"RIFF", "starts with neither a rate nor a WAV header")
        sizes = header[4:8] + header[40:44]
        expect(sizes == b"\xff" * 8, f"the sizes in the WAV header are {sizes.hex()}")
        expect(int.from_bytes(header[24:28], "little") == 16000, "the header has another sample rate")
    expect(len(pcm) > 1024 and len(pcm) % 2 == 0, f"{len(pcm)} bytes of audio")
    return f"{style} style, {len(chunks)} chunks, {len(pcm)} bytes"


def transcription(session: Session, client: Client) -> str:
    result = client.call("AudioTranscription", dst=str(session.recording))
    expect(result.text == "placeholder transcript", f"the text is {result.text!r}")
    expect(result.segments, "there are no segments")
    times = [(segment.start, segment.end) for segment in result.segments]
    expect(times[0][0] == 0, f"the first segment starts at {times[0][0]}")
    off = abs(times[-1][1] - RECORDING_SECONDS * NANOSECONDS)
    expect(off < NANOSECONDS // 100, f"two seconds end at {times[-1][1]}, not at 2e9 ns")
    expect(all(a[1] <= b[0] for a, b in pairwise(times)), f"segments overlap: {times}")
    return f"{len(times)} segments, the last ends at {times[-1][1]} ns"


def transcription_stream(session: Session, client: Client) -> str:
    replies = list(client.stream("AudioTranscriptionStream", dst=str(session.recording)))
    deltas = [reply.delta for reply in replies if reply.delta]
    expect(len(deltas) >= 2, f"{len(deltas)} deltas")
    expect(replies[-1].HasField("final_result"), "the last message is no final result")
    final = replies[-1].final_result.text
    expect("".join(deltas) == final, f"the deltas {deltas} are not {final!r}")
    expect(final == "placeholder transcript", f"the text is {final!r}")
    return f"{len(deltas)} deltas"


def vad(session: Session, client: Client) -> str:
    found = [(s.start, s.end) for s in client.call("VAD", audio=[0.5] * 8000).segments]
    expect(found == [(0.0, 0.5)], f"half a second of noise is {found}")
    silent = client.call("VAD", audio=[0.0] * 8000).segments
    expect(not silent, f"silence has {len(silent)} segments")
    return str(found)


def diarize(session: Session, client: Client) -> str:
    result = client.call("Diarize", dst=str(session.recording))
    speakers = {segment.speaker for segment in result.segments}
    expect(len(speakers) == 2 == result.num_speakers, f"{result.num_speakers} speakers: {speakers}")
    times = [(segment.start, segment.end) for segment in result.segments]
    expect(times[0][0] == 0 and abs(times[-1][1] - RECORDING_SECONDS) < 0.01, f"the times are {times}")
    expect(abs(result.duration - RECORDING_SECONDS) < 0.01, f"the duration is {result.duration}")
    return f"{sorted(speakers)} in {times}"


def _fails_by_status(client: Client, rpc: str, fields: Mapping[str, Any], session: Session) -> str:
    """LocalAI's core/backend/{image,video,upscale}.go look at the gRPC status only, not at `Result.success`."""
    nowhere = str(session.scratch / "no" / "such" / "directory" / "file")
    return describe(refusal(lambda: client.call(rpc, **{**fields, "dst": nowhere})))


def image(session: Session, client: Client) -> str:
    fields = sample(session, "GenerateImage")
    path = Path(fields["dst"])
    path.unlink(missing_ok=True)
    expect(client.call("GenerateImage", **fields).success, "success is false")
    expect(path.is_file(), "wrote no file")
    size = media.png_size(path.read_bytes())
    expect(size == (64, 32), f"the picture is {size}")
    return f"PNG of {size}; a bad destination: {_fails_by_status(client, 'GenerateImage', fields, session)}"


def video(session: Session, client: Client) -> str:
    fields = sample(session, "GenerateVideo")
    path = Path(fields["dst"])
    path.unlink(missing_ok=True)
    expect(client.call("GenerateVideo", **fields).success, "success is false")
    expect(path.is_file(), "wrote no file")
    boxes = media.mp4_boxes(path.read_bytes())
    expect(boxes[0] == "ftyp" and "moov" in boxes, f"the boxes are {boxes}")
    return f"{boxes}; a bad destination: {_fails_by_status(client, 'GenerateVideo', fields, session)}"


def detect(session: Session, client: Client) -> str:
    found = client.call("Detect", **sample(session, "Detect")).Detections
    boxes = [(box.x, box.y, box.width, box.height, box.class_name) for box in found]
    expect(boxes == [(0, 0, *PICTURE_SIZE, "placeholder")], f"found {boxes}")
    no_picture = base64.b64encode(b"no picture").decode("ascii")
    return f"{boxes}; no picture: {describe(refusal(lambda: client.call('Detect', src=no_picture)))}"


def depth(session: Session, client: Client) -> str:
    result = client.call("Depth", **sample(session, "Depth"))
    expect(result.width > 0 and result.height > 0, f"the map is {result.width} x {result.height}")
    expect(len(result.depth) == result.width * result.height, f"{len(result.depth)} distances")
    return f"{result.width} x {result.height}"


def sound_detection(session: Session, client: Client) -> str:
    fields = sample(session, "SoundDetection")
    found = client.call("SoundDetection", **fields).detections
    scores = [sound.score for sound in found]
    expect(scores and scores == sorted(scores, reverse=True), f"the scores are {scores}")
    expect(all(sound.label for sound in found), "a class has no label")
    top = client.call("SoundDetection", **fields, top_k=1).detections
    expect([s.label for s in top] == [found[0].label], f"top_k=1 gave {[s.label for s in top]}")
    return f"{[sound.label for sound in found]}"


def token_classify(session: Session, client: Client) -> str:
    text = sample(session, "TokenClassify")["text"]
    entities = client.call("TokenClassify", text=text).entities
    expect(len(entities) == 1, f"{len(entities)} entities")
    cut = text.encode()[entities[0].start : entities[0].end].decode(errors="replace")
    expect(cut == entities[0].text, f"the offsets cut out {cut!r}, the text is {entities[0].text!r}")
    expect("@example.org" in cut, f"found {cut!r}")
    nothing = client.call("TokenClassify", text="nothing here").entities
    expect(not nothing, f"found {nothing} in a text without an address")
    return f"{entities[0].entity_group} {cut!r}"


def sound_generation(session: Session, client: Client) -> str:
    fields = sample(session, "SoundGeneration")
    path = Path(fields["dst"])
    path.unlink(missing_ok=True)
    result = client.call("SoundGeneration", **fields)
    expect(result.success, f"success is false: {result.message}")
    return str(_wav(path))


def audio_transform(session: Session, client: Client) -> str:
    fields = sample(session, "AudioTransform")
    path = Path(fields["dst"])
    path.unlink(missing_ok=True)
    result = client.call("AudioTransform", **fields)
    expect(result.sample_rate > 0, f"the rate is {result.sample_rate}")
    expect(result.samples == RECORDING_SECONDS * result.sample_rate, f"{result.samples} samples")
    expect(not result.reference_provided, "reports a reference that was not given")
    expect(_wav(path).frames == result.samples, "the file has another length than reported")
    second = client.call("AudioTransform", **fields, reference_path=str(session.recording))
    expect(second.reference_provided, "does not report the reference")
    return f"{result.samples} samples at {result.sample_rate}"


def audio_transform_stream(session: Session, client: Client) -> str:
    frame = bytes(range(256)) * 2
    requests: list[dict[str, Any]] = [{"config": {"sample_format": "S16_LE"}}]
    requests += [{"frame": {"audio_pcm": frame}}] * 5
    answers = [a for a in client.converse("AudioTransformStream", requests) if a.pcm]
    expect(len(answers) >= 5, f"{len(answers)} answers to 5 frames")
    pcm = b"".join(answer.pcm for answer in answers)
    expect(pcm == frame * 5, f"{len(pcm)} bytes came back changed")
    indices = [answer.frame_index for answer in answers]
    expect(indices == sorted(set(indices)), f"the frames are numbered {indices}")
    return f"{len(answers)} frames"


def stores(session: Session, client: Client) -> str:
    keys = [{"Floats": [1.0, 0.0]}, {"Floats": [0.0, 1.0]}]
    values = [{"Bytes": b"east"}, {"Bytes": b"north"}]
    expect(client.call("StoresSet", Keys=keys, Values=values).success, "StoresSet: success is false")
    found = client.call("StoresFind", Key={"Floats": [2.0, 1.0]}, TopK=2)
    order = [value.Bytes for value in found.Values]
    expect(order == [b"east", b"north"], f"StoresFind gave {order}")
    nearest = found.Similarities[0]
    expect(abs(nearest - 2 / math.sqrt(5)) < 1e-3, f"the similarity is {nearest}, not the cosine")
    one = client.call("StoresFind", Key={"Floats": [0.0, 2.0]}, TopK=1).Values
    expect([value.Bytes for value in one] == [b"north"], "StoresFind with TopK=1 missed the nearest")
    expect(client.call("StoresDelete", Keys=keys[:1]).success, "StoresDelete: success is false")
    left = client.call("StoresGet", Keys=keys)
    expect([value.Bytes for value in left.Values] == [b"north"], "StoresGet after StoresDelete")
    expect([list(key.Floats) for key in left.Keys] == [[0.0, 1.0]], "StoresGet: the wrong key")
    return f"set, find ({nearest:.4f}), delete, get"


CHECKS: Mapping[str, Check] = {
    "Predict": predict,
    "PredictStream": predict_stream,
    "Embedding": embedding,
    "Rerank": rerank,
    "TokenizeString": tokenize,
    "Detokenize": detokenize,
    "TTS": tts,
    "TTSStream": tts_stream,
    "AudioTranscription": transcription,
    "AudioTranscriptionStream": transcription_stream,
    "VAD": vad,
    "Diarize": diarize,
    "GenerateImage": image,
    "GenerateVideo": video,
    "Detect": detect,
    "Depth": depth,
    "SoundDetection": sound_detection,
    "TokenClassify": token_classify,
    "SoundGeneration": sound_generation,
    "AudioTransform": audio_transform,
    "AudioTransformStream": audio_transform_stream,
    "StoresSet": stores,
}
