"""The public third-party repositories that could be read, as small cases, judged as a person judged them."""

# ruff: noqa: E501 - files and cases read best as they are

from __future__ import annotations

from pathlib import Path

from gallery.repositories import PROTO, found, write


def rules(root: Path) -> set[str]:
    """The ids of what is found."""
    return {row[0] for row in found(root)}


def test_a_python_asr_backend_with_an_example_index(tmp_path: Path) -> None:
    """localai-onnx-asr fa3eba7: short addresses, a placeholder, scripts that git has as 100644, one architecture."""
    files = {
        "gallery/index.yaml": "- name: onnx-asr\n  uri: localai-onnx-asr:latest-cpu\n"
        "- name: onnx-asr-example\n  uri: ghcr.io/YOUR_GITHUB_OWNER/localai-onnx-asr:latest-cpu\n",
        "run.sh": '#!/bin/bash\nsource ./common/libbackend.sh\nstartBackend "$@"\n',
        "Dockerfile": "FROM ubuntu:24.04 AS b\nCOPY . /b\nRUN PORTABLE_PYTHON=true make\nFROM scratch\nCOPY --from=b /b/ /\n",
        "backend.proto": "service Backend {\n  rpc Health(H) returns (R) {}\n  rpc LoadModel(M) returns (R) {}\n}\n",
        "README.md": 'LOCALAI_BACKEND_GALLERIES=\'[{"name":"asr","url":"file:///ABSOLUTE/PATH/gallery/index.yaml"}]\'\n',
        ".github/workflows/build.yml": "jobs: {b: {steps: [{uses: docker/build-push-action@v6, with: {platforms: linux/amd64}}]}}\n",
    }
    assert rules(write(tmp_path, files, plain=("run.sh",))) == {
        "GAL401", "GAL404", "GAL207", "GAL602", "GAL632", "GAL642", "GAL702", "GAL703", "GAL706",
    }  # fmt: skip


def test_a_python_llm_backend_for_cuda(tmp_path: Path) -> None:
    """3dlabsio/localai-backends c63fe4c: its first meta, its first address, and what is still there."""
    files = {
        "backend/index.yaml": "- name: mine\n  license: mit\n  capabilities:\n    nvidia: cuda12-mine\n"
        "- name: cuda12-mine\n  alias: mine\n  uri: 3dlabsio/localai-backends:cuda12-mine\n"
        "- name: cpu-mine\n  alias: mine\n  uri: docker.io/3dlabsio/localai-backends:cpu-mine\n",
        "backend/python/mine/run.sh": '#!/bin/bash\nLIMIT_TARGETS="cublas"\nsource $(dirname $0)/../common/libbackend.sh\n'
        "startBackend $@\n",
        "backend/python/common/libbackend.sh": "#!/bin/bash\n",
        "backend/Dockerfile.python": "FROM ubuntu:22.04 AS builder\nCOPY backend/python/mine /mine\nRUN cd /mine && make\n"
        "FROM scratch\nCOPY --from=builder /mine/ /\n",
        "backend/python/mine/__pycache__/backend.cpython-310.pyc": "x",
    }
    assert rules(write(tmp_path, files)) == {
        "GAL401", "GAL501", "GAL502", "GAL604", "GAL605", "GAL621", "GAL641", "GAL642", "GAL207",
    }  # fmt: skip


def test_a_python_proxy(tmp_path: Path) -> None:
    """localai-backend-openai bd9eb55: no run.sh, a whole distribution, a port of its own, wrong replies."""
    files = {
        "backend-gallery.yml": "- name: openai-proxy\n  alias: proxy\n  license: mit\n  uri: ghcr.io/me/localai-backend-openai:1.0\n",
        "Dockerfile": "FROM python:3.10-slim\nRUN curl -O "
        "https://raw.githubusercontent.com/mudler/LocalAI/refs/heads/master/backend/backend.proto\nCOPY backend.py /\n"
        'CMD ["python", "backend.py"]\n',
        "backend.py": "import backend_pb2\n\nclass Servicer:\n    def Health(self, request, context):\n"
        '        return backend_pb2.Reply(message="OK")\n\n    def LoadModel(self, request, context):\n'
        "        return backend_pb2.Reply(message=\"OK\")\n\nserver.add_insecure_port('[::]:50051')\n",
        "LICENSE": "MIT\n",
        "README.md": "# proxy\n",
        ".github/workflows/p.yml": "jobs: {b: {steps: [{uses: docker/build-push-action@v5, with: {push: true}}]}}\n",
    }
    assert rules(write(tmp_path, files)) == {
        "GAL601", "GAL606", "GAL611", "GAL612", "GAL633", "GAL634", "GAL702", "GAL703", "GAL706",
    }  # fmt: skip


def test_a_cpp_backend_that_builds_inside_of_localai_only(tmp_path: Path) -> None:
    """localai-backend-ikllama.cpp a4eb9a0: no gallery, paths that leave the repository, scripts as 100644."""
    files = {
        "CMakeLists.txt": "set(P ${CMAKE_CURRENT_SOURCE_DIR}/../../../backend/backend.proto)\n",
        "package.sh": '#!/bin/bash\ncp -r "$CURDIR/../../../scripts/x" .\n',
        "run.sh": '#!/bin/bash\nexec ./lib/ld.so ./ikllama-cpp-avx "$@"\n',
        "LICENSE": "MIT\n",
    }
    assert rules(write(tmp_path, files, plain=("run.sh", "package.sh"))) == {"GAL602", "GAL622", "GAL631"}


def test_a_python_bridge_that_is_attached(tmp_path: Path) -> None:
    """strata-localai-backend: a complete proto and unit tests; a fixed port, and arguments that are not looked at."""
    files = {
        "backend.proto": PROTO,
        "run.sh": "#!/bin/sh\nexec python server.py --port 50051\n",
        "LICENSE": "MIT\n",
    }
    assert rules(write(tmp_path, files)) == {"GAL604", "GAL606"}
