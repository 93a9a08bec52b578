"""Every rule about the repository around a gallery: one mistake in a repository that is clean otherwise."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

import pytest

from gallery.repositories import CLEAN, DOCKERFILE, INDEX, PROTO, README, RUN, WORKFLOW, found, write
from newbackend.gallery.book import GALLERY
from newbackend.gallery.check import check_gallery
from newbackend.gallery.source import open_source

RELEASE = ".github/workflows/release.yml"
SERVER = (
    "import backend_pb2\nclass S:\n    def LoadModel(self, r, c):\n        return backend_pb2.Result(success=True)\n"
)
MODEL = "\n```yaml\nname: m\nbackend: demo\nknown_usecases: [tts]\n```\n"


class Case(NamedTuple):
    """A rule, where it is found, what is different from the clean repository; `fixed` must be free of it."""

    rule: str
    path: str
    line: int
    change: dict[str, str | None]
    fixed: dict[str, str | None] = {}  # noqa: RUF012 - never changed


GO_BUILD = DOCKERFILE.replace("COPY . /src\n", "COPY . /src\nRUN go build -o /src/package/server\n")
LIBBACKEND = '#!/bin/bash\nsource common/libbackend.sh\nstartBackend "$@"\n'
CASES = [
    Case(
        "GAL601", "Dockerfile", 1, {"run.sh": None}, {"run.sh": None, "Makefile": "package:\n\tcp x package/run.sh\n"}
    ),
    Case("GAL603", "run.sh", 1, {"run.sh": RUN.replace("\n", "\r\n")}),
    Case("GAL603", "run.sh", 1, {"run.sh": 'exec ./server "$@"\n'}, {"run.sh": '#!/usr/bin/env bash\nexec ./s "$@"\n'}),
    Case("GAL604", "run.sh", 2, {"run.sh": "#!/bin/sh\n./server\n"}, {"run.sh": '#!/bin/sh\nexec ./server "${@}"\n'}),
    Case("GAL604", "run.sh", 2, {"run.sh": "#!/bin/sh\n./server $@\n"}),
    Case("GAL605", "run.sh", 2, {"run.sh": '#!/bin/bash\nLIMIT_TARGETS="cublas"\nstartBackend "$@"\n'}),
    Case("GAL606", "run.sh", 2, {"run.sh": '#!/bin/bash\nexec ./server --addr 127.0.0.1:50051 "$@"\n'}),
    Case(
        "GAL606",
        "s.py",
        1,
        {"s.py": "server.add_insecure_port('[::]:50051')\n"},
        {"s.py": "s.add_insecure_port(a.addr)\n"},
    ),
    Case("GAL606", "main.go", 1, {"main.go": 'l, err := net.Listen("tcp", ":50051")\n'}),
    Case(
        "GAL607",
        "run.sh",
        1,
        {"main.go": "package main\n", "Dockerfile": GO_BUILD},
        {"main.go": "package main\n", "Dockerfile": GO_BUILD.replace("RUN ", "RUN CGO_ENABLED=0 ")},
    ),
    Case(
        "GAL607",
        "run.sh",
        1,
        {"s.cpp": "int main() {}\n", "Dockerfile": GO_BUILD, "CMakeLists.txt": "project(s)\n"},
        {"s.cpp": "int main() {}\n", "Dockerfile": GO_BUILD, "package.sh": '#!/bin/sh\ncp "$LD" package/lib/ld.so\n'},
    ),
    Case("GAL611", "Dockerfile", 1, {"Dockerfile": "FROM python:3.12\nCOPY run.sh /\n"}),
    Case("GAL612", "Dockerfile", 5, {"Dockerfile": DOCKERFILE + 'CMD ["x"]\n'}),
    Case(
        "GAL613",
        "Dockerfile",
        2,
        {"Dockerfile": DOCKERFILE.replace("COPY . ", "COPY sever.py ")},
        {"Dockerfile": DOCKERFILE.replace("COPY . ", "COPY run.sh gallery ")},
    ),
    Case(
        "GAL621",
        "Dockerfile",
        1,
        {"run.sh": LIBBACKEND},
        {"run.sh": LIBBACKEND, "Dockerfile": DOCKERFILE + "# PORTABLE_PYTHON=true\n"},
    ),
    Case("GAL622", "b/Makefile", 1, {"b/Makefile": "include ../../x.mk\n"}, {"b/Makefile": "include ../x.mk\n"}),
    Case("GAL631", "s.py", 1, {"s.py": SERVER}, {"s.py": SERVER, "backend.proto": PROTO}),
    Case("GAL632", "backend.proto", 1, {"backend.proto": PROTO.replace("TTS", "Tts")}, {"backend.proto": PROTO}),
    Case(
        "GAL633",
        "Makefile",
        2,
        {
            "Makefile": "proto:\n\tcurl -O https://raw.githubusercontent.com/mudler/LocalAI/master/backend/backend.proto\n"
        },
    ),
    Case(
        "GAL634",
        "s.py",
        3,
        {"s.py": SERVER.replace("Result(success=True)", "Reply()"), "backend.proto": PROTO},
        {"s.py": SERVER, "backend.proto": PROTO},
    ),
    Case(
        "GAL634",
        "s.py",
        5,
        {"s.py": SERVER + 'R = backend_pb2.Reply(message="OK")\n', "backend.proto": PROTO},
        {"s.py": SERVER + 'R = backend_pb2.Reply(message=b"OK")\n', "backend.proto": PROTO},
    ),
    Case("GAL641", "a/__pycache__/x.pyc", 1, {"a/__pycache__/x.pyc": "x"}),
    Case("GAL642", "LICENSE", 1, {"LICENSE": None}),
    Case(
        "GAL701",
        INDEX,
        4,
        {RELEASE: WORKFLOW.replace("ghcr.io/me/demo", "docker.io/me/demo")},
        {RELEASE: WORKFLOW.replace("ghcr.io/me/demo", "ghcr.io/${{ github.repository }}")},
    ),
    Case("GAL702", RELEASE, 1, {RELEASE: WORKFLOW.replace(", linux/arm64", "")}),
    Case("GAL703", RELEASE, 1, {RELEASE: WORKFLOW.replace("cosign sign", "echo")}),
    Case("GAL703", RELEASE, 12, {RELEASE: WORKFLOW.replace("--recursive ", "")}),
    Case("GAL703", RELEASE, 12, {RELEASE: WORKFLOW.replace("id-token: write", "contents: read")}),
    Case("GAL704", RELEASE, 11, {RELEASE: WORKFLOW.replace("provenance: false", "push: true")}),
    Case("GAL705", "README.md", 1, {"README.md": README.replace("identity", "name")}),
    Case("GAL706", "README.md", 1, {"README.md": "# demo\nidentity\n"}),
    Case(
        "GAL706",
        "README.md",
        4,
        {"README.md": README.replace('{"name": "localai", "url": "https://index.localai.io/backends"}, ', "")},
    ),
    Case("GAL706", "README.md", 4, {"README.md": README.replace("github:me/demo/gallery", "file:///ABSOLUTE/PATH")}),
    Case("GAL706", "README.md", 4, {"README.md": README.replace('"url": "github', '"url: "github')}),
    Case(
        "GAL707",
        "README.md",
        11,
        {"README.md": README + MODEL.replace("known_usecases: [tts]\n", "")},
        {"README.md": README + MODEL},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{CASES.index(case)}")
def test_a_mistake_is_found_where_it_is_and_its_repair_is_clean(case: Case, tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "good").mkdir()
    bad = write(tmp_path / "bad", {**CLEAN, **case.change})
    good = write(tmp_path / "good", {**CLEAN, **case.fixed})
    assert [row for row in found(bad) if row[0] == case.rule] == [(case.rule, case.path, case.line)]
    assert [row for row in found(good) if row[0] == case.rule] == []


def test_a_clean_repository_is_clean(tmp_path: Path) -> None:
    assert found(write(tmp_path, CLEAN)) == []


def test_modes_are_those_of_git(tmp_path: Path) -> None:
    helper = {"run.sh": '#!/bin/bash\n./setup.sh\nexec ./server "$@"\n', "setup.sh": "#!/bin/bash\n"}
    root = write(tmp_path, {**CLEAN, **helper}, plain=("run.sh", "setup.sh"))
    (root / "run.sh").chmod(0o755)
    assert found(root) == [("GAL602", "run.sh", 1), ("GAL602", "setup.sh", 1)]


def test_files_of_localai_are_held_against_the_record_and_the_checkout(tmp_path: Path, sample: Path) -> None:
    proto = (sample / "backend/backend.proto").read_text()
    digest = hashlib.sha256(proto.encode()).hexdigest()
    record = f"directory: x\nimage_base: ghcr.io/me/demo\nrevision: r\nfiles:\n  backend/backend.proto: {digest}\n"
    root = tmp_path / "r"
    root.mkdir()
    write(
        root,
        {**CLEAN, "standalone.yml": record, "backend/backend.proto": proto},
    )
    assert found(root) == []
    (root / "backend/backend.proto").write_text(proto + "// mine\n")
    assert found(root) == [("GAL651", "backend/backend.proto", 1)]
    (root / "backend/backend.proto").write_text(proto)
    (sample / "backend/backend.proto").write_text(proto + "// newer\n")
    report = check_gallery(open_source(str(root), str(sample)))
    assert [finding.rule.id for finding in report.findings] == ["GAL652"]


def test_every_rule_of_a_repository_has_a_case() -> None:
    others = {"GAL602", "GAL651", "GAL652"}
    assert {case.rule for case in CASES} | others == {rule for rule in GALLERY.rules if rule[:4] >= "GAL6"}
