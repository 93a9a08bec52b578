"""Generates the Go code of a real checkout's proto.

`make protogen-go` of LocalAI's Makefile downloads protoc; this does the same with the installed protoc.
"""

from __future__ import annotations

import os
from pathlib import Path

from generated.building import run

PLUGINS = {
    "protoc-gen-go": "protobuf/cmd/protoc-gen-go@v1.34.2",
    "protoc-gen-go-grpc": "grpc/cmd/protoc-gen-go-grpc@v1.5.1",
}


def generate(root: Path, tools: Path) -> None:
    """Writes `pkg/grpc/proto/*.pb.go`; the plugins are installed into `tools` on first use."""
    for name, package in PLUGINS.items():
        if not (tools / name).exists():
            env = {"GOBIN": str(tools), "GOFLAGS": ""}
            run("go", "install", f"google.golang.org/{package}", cwd=tools.parent, env=env)
    target = root / "pkg/grpc/proto"
    target.mkdir(exist_ok=True)
    settings = (f"out={target}", "opt=paths=source_relative")
    options = [f"--{kind}_{setting}" for kind in ("go", "go-grpc") for setting in settings]
    words = ["protoc", "--experimental_allow_proto3_optional", "-Ibackend", *options, "backend/backend.proto"]
    run(*words, cwd=root, env={"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"})
