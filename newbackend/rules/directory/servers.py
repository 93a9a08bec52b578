"""Rules about the servers themselves: RPCs in Rust, streams in Go, interceptors in Python."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from newbackend.checklist import DIRECTORY
from newbackend.findings import Finding, Location, Severity
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.rules.registry import Result, check, rule, skipped

BASE = "pkg/grpc/base/base.go"
AUTH = "backend/python/common/grpc_auth.py"
_RUST_METHOD = re.compile(r"\basync fn (\w+)\s*[(<]")
_RUST_IMPL = re.compile(r"\bimpl\s+(?:[\w:]+::)?Backend\s+for\s+\w+")
_BASE_STREAM = re.compile(r"^func \((?:\w+ )?\*?Base\) (\w+)\([^\n]*\bchan\b[^\n]*\{(.*?)(?:\}$|^\})", re.M | re.S)
_EMBEDS = re.compile(r"^type (\w+) struct \{[^}]*?\bbase\.(?:SingleThread|Base)\b", re.M)
# A request with "stream" reaches the second method wherever the first is served.
_STREAM_OF = {
    "TTSStream": "TTS",
    "AudioTranscriptionStream": "AudioTranscription",
    "FineTuneProgress": "StartFineTune",
    "QuantizationProgress": "StartQuantization",
}
_GO_METHOD = re.compile(rf"^func \((?:\w+ )?\*?(\w+)\) ({'|'.join((*_STREAM_OF, *_STREAM_OF.values()))})\(", re.M)
_SERVER = re.compile(r"\bgrpc\.(?:aio\.)?server\(")


def snake(rpc: str) -> str:
    """A method name as prost writes it: `TTSStream` is tts_stream, `Generate3D` generate3_d."""
    words = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", rpc)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", words).lower()


RPC_MISSING = rule(
    "REG816",
    "rust-rpc-missing",
    Severity.ERROR,
    what="A Rust server without generated stubs does not implement an RPC of the checkout's backend.proto.",
    why="The crate does not compile. Whoever adds an RPC to the proto does not build the Rust backends, so this shows "
    "up in the next release build.",
    how="Set `generate_default_stubs(true)` in build.rs, or write the method (and, for a stream, its associated type).",
    incident="c5645795b (#11414) upscale_image, 2be495f9c (#10612), 270c25640 (#9972), eb01c7721 (#9499), 9cd8d7951 "
    "(#9422): kokoros was repaired after the fact each time.",
    bad="rpc NewCall(…) returns (…)      // backend.proto; no new_call in src/service.rs",
    good="tonic_build::configure().generate_default_stubs(true)",
    checklist=DIRECTORY,
)


@check(RPC_MISSING)
def rust(context: Context) -> Iterable[Result]:
    """RPCs of the proto that a Rust server without stubs lacks."""
    rpcs = context.layout.proto.rpcs
    for info in context.backends.values():
        if info.lang != "rust" or not info.directory:
            yield skipped(RPC_MISSING, info.name, "it is not a Rust backend")
            continue
        if "generate_default_stubs(true)" in (context.read(f"{info.directory}/build.rs") or ""):
            yield skipped(RPC_MISSING, info.name, "its build generates stubs for every RPC")
            continue
        for path in _below(context, f"{info.directory}/src", ".rs"):
            source = context.read(path) or ""
            match = _RUST_IMPL.search(source)
            if match is None:
                continue
            there = set(_RUST_METHOD.findall(source))
            missing = [rpc for rpc in rpcs if snake(rpc) not in there]
            if missing:
                line = source.count("\n", 0, match.start()) + 1
                more = f" and {len(missing) - 5} more RPCs" if len(missing) > 5 else ""
                message = f"the server does not implement {', '.join(missing[:5])}{more}, so it does not compile"
                expected = f"async fn {snake(missing[0])}(…)"
                yield Finding(
                    RPC_MISSING,
                    ",".join(missing),
                    path,
                    line=line,
                    message=message,
                    backend=info.name,
                    expected=expected,
                )


def _below(context: Context, folder: str, suffix: str) -> Iterator[str]:
    for name in context.checkout.children(folder):
        if name.endswith(suffix):
            yield f"{folder}/{name}"


STREAM_HANGS = rule(
    "REG817",
    "go-stream-hangs",
    Severity.ERROR,
    what="A Go backend serves TTS, transcription, fine-tuning or quantization and inherits the streaming twin from "
    "pkg/grpc/base, which leaves its channel open.",
    why="The server waits for the channel: a client that asks for a stream never gets an answer, and with "
    "base.SingleThread every later request waits behind it. Health still says OK, so nobody restarts the process.",
    how="Override the method: close the channel and return codes.Unimplemented. (Or repair pkg/grpc/base.)",
    incident="PredictStream of the base was repaired, its four siblings were not; measured with a demo backend.",
    bad="func (d *Demo) TTS(req *pb.TTSRequest) error { … }      // and no TTSStream",
    good="func (d *Demo) TTSStream(_ *pb.TTSRequest, results chan []byte) error {\n\tclose(results)\n"
    '\treturn status.Error(codes.Unimplemented, "TTSStream")\n}',
    checklist=DIRECTORY,
)


@check(STREAM_HANGS)
def go_streams(context: Context) -> Iterable[Result]:
    """What pkg/grpc/base leaves open, for the backends that a request with a stream can reach."""
    base = context.read(BASE) or ""
    open_at = {
        match[1]: base.count("\n", 0, match.start()) + 1
        for match in _BASE_STREAM.finditer(base)
        if match[1] in _STREAM_OF and "close(" not in match[2]
    }
    for info in context.backends.values():
        if info.lang != "go" or not info.directory or not open_at:
            reason = "it is not a Go backend" if info.lang != "go" else f"{BASE} leaves no stream open"
            yield skipped(STREAM_HANGS, info.name, reason)
            continue
        yield from _hanging(context, info, open_at)


def _hanging(context: Context, info: BackendInfo, open_at: dict[str, int]) -> Iterable[Finding]:
    embedding: set[str] = set()
    methods: dict[tuple[str, str], tuple[str, int]] = {}
    for path in _below(context, info.directory, ".go"):
        if path.endswith("_test.go"):
            continue
        source = context.read(path) or ""
        if "base." in source:
            embedding |= set(_EMBEDS.findall(source))
        for match in _GO_METHOD.finditer(source):
            methods[match[1], match[2]] = (path, source.count("\n", 0, match.start()) + 1)
    for stream, line in open_at.items():
        for kind in sorted(embedding):
            served = methods.get((kind, _STREAM_OF[stream]))
            if served is None or (kind, stream) in methods:
                continue
            message = (
                f"{kind} serves {_STREAM_OF[stream]} and inherits {stream}, which never ends: a streamed request hangs"
            )
            path, at = served
            related = (Location(BASE, line),)
            expected = f"func (… *{kind}) {stream}(…, results chan …) error {{\n\tclose(results)\n"
            expected += f'\treturn status.Error(codes.Unimplemented, "{stream}")\n}}'
            yield Finding(
                STREAM_HANGS,
                stream,
                path,
                line=at,
                message=message,
                backend=info.name,
                expected=expected,
                related=related,
            )


NO_INTERCEPTORS = rule(
    "REG819",
    "interceptors-missing",
    Severity.ERROR,
    what="A Python server is started without `get_auth_interceptors()`.",
    why="It ignores LOCALAI_GRPC_AUTH_TOKEN, so in a distributed setup anybody on the network can use it; newer "
    "revisions also hang the model identity check and the parent watch on it.",
    how="Pass `interceptors=get_auth_interceptors()` to grpc.server (`aio=True` for grpc.aio).",
    bad="server = grpc.server(futures.ThreadPoolExecutor(max_workers=1))",
    good="server = grpc.server(futures.ThreadPoolExecutor(max_workers=1), interceptors=get_auth_interceptors())",
    checklist=DIRECTORY,
)


@check(NO_INTERCEPTORS)
def interceptors(context: Context) -> Iterable[Result]:
    """Python servers that check no token."""
    if "def get_auth_interceptors" not in (context.read(AUTH) or ""):
        yield skipped(NO_INTERCEPTORS, reason=f"{AUTH} has no get_auth_interceptors")
        return
    for info in context.backends.values():
        if info.lang != "python" or not info.directory:
            yield skipped(NO_INTERCEPTORS, info.name, "it is not a Python backend")
            continue
        for name in ("server.py", "backend.py"):
            path = f"{info.directory}/{name}"
            source = context.read(path) or "get_auth_interceptors"
            match = None if "get_auth_interceptors" in source else _SERVER.search(source)
            if match:
                line = source.count("\n", 0, match.start()) + 1
                message = "the server is started without get_auth_interceptors(), so it checks no token"
                expected = "interceptors=get_auth_interceptors()"
                yield Finding(
                    NO_INTERCEPTORS, name, path, line=line, message=message, backend=info.name, expected=expected
                )
