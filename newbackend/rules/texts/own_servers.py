"""REG816, REG817 and REG819, the servers' own source: facts from contract 3.5, 4.3 and 6."""

from __future__ import annotations

from newbackend.findings import Rule, Severity
from newbackend.rules.texts.checklist import DIRECTORY

RPC_MISSING = Rule(
    id="REG816",
    name="rust-rpc-missing",
    severity=Severity.ERROR,
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

STREAM_HANGS = Rule(
    id="REG817",
    name="go-stream-hangs",
    severity=Severity.ERROR,
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

NO_INTERCEPTORS = Rule(
    id="REG819",
    name="interceptors-missing",
    severity=Severity.ERROR,
    what="A Python server is started without `get_auth_interceptors()`.",
    why="It ignores LOCALAI_GRPC_AUTH_TOKEN, so in a distributed setup anybody on the network can use it; newer "
    "revisions also hang the model identity check and the parent watch on it.",
    how="Pass `interceptors=get_auth_interceptors()` to grpc.server (`aio=True` for grpc.aio).",
    bad="server = grpc.server(futures.ThreadPoolExecutor(max_workers=1))",
    good="server = grpc.server(futures.ThreadPoolExecutor(max_workers=1), interceptors=get_auth_interceptors())",
    checklist=DIRECTORY,
)
