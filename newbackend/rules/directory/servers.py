"""Checks of the servers themselves: RPCs in Rust, streams in Go, interceptors in Python."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from newbackend.findings import CheckResult, Finding, Location, Status
from newbackend.rules.base import Check, Result
from newbackend.rules.context import BackendInfo, Context
from newbackend.rules.texts import own_servers as text

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


def rust(context: Context) -> Iterable[Result]:
    """REG816."""
    rpcs = context.layout.proto.rpcs
    for info in context.backends.values():
        if info.lang != "rust" or not info.directory:
            yield CheckResult(text.RPC_MISSING, Status.SKIPPED, info.name, "it is not a Rust backend")
            continue
        if "generate_default_stubs(true)" in (context.read(f"{info.directory}/build.rs") or ""):
            yield CheckResult(text.RPC_MISSING, Status.SKIPPED, info.name, "its build generates stubs for every RPC")
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
                yield Finding(text.RPC_MISSING, ",".join(missing), path, line, message, info.name, expected=expected)


def _below(context: Context, folder: str, suffix: str) -> Iterator[str]:
    for name in context.checkout.children(folder):
        if name.endswith(suffix):
            yield f"{folder}/{name}"


def go_streams(context: Context) -> Iterable[Result]:
    """REG817: what pkg/grpc/base leaves open, for the backends that a request with a stream can reach."""
    base = context.read(BASE) or ""
    open_at = {
        match[1]: base.count("\n", 0, match.start()) + 1
        for match in _BASE_STREAM.finditer(base)
        if match[1] in _STREAM_OF and "close(" not in match[2]
    }
    for info in context.backends.values():
        if info.lang != "go" or not info.directory or not open_at:
            reason = "it is not a Go backend" if info.lang != "go" else f"{BASE} leaves no stream open"
            yield CheckResult(text.STREAM_HANGS, Status.SKIPPED, info.name, reason)
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
            yield Finding(text.STREAM_HANGS, stream, path, at, message, info.name, expected=expected, related=related)


def interceptors(context: Context) -> Iterable[Result]:
    """REG819."""
    if "def get_auth_interceptors" not in (context.read(AUTH) or ""):
        yield CheckResult(text.NO_INTERCEPTORS, Status.SKIPPED, reason=f"{AUTH} has no get_auth_interceptors")
        return
    for info in context.backends.values():
        if info.lang != "python" or not info.directory:
            yield CheckResult(text.NO_INTERCEPTORS, Status.SKIPPED, info.name, "it is not a Python backend")
            continue
        for name in ("server.py", "backend.py"):
            path = f"{info.directory}/{name}"
            source = context.read(path) or "get_auth_interceptors"
            match = None if "get_auth_interceptors" in source else _SERVER.search(source)
            if match:
                line = source.count("\n", 0, match.start()) + 1
                message = "the server is started without get_auth_interceptors(), so it checks no token"
                expected = "interceptors=get_auth_interceptors()"
                yield Finding(text.NO_INTERCEPTORS, name, path, line, message, info.name, expected=expected)


CHECKS = (
    Check((text.RPC_MISSING,), rust),
    Check((text.STREAM_HANGS,), go_streams),
    Check((text.NO_INTERCEPTORS,), interceptors),
)
