"""`gallery check` as a user meets it: a file, a repository, an address; and whatever is none of them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cli.runner import newbackend

from gallery.test_rules import META

CLEAN = META


@pytest.fixture
def index(tmp_path: Path) -> Path:
    path = tmp_path / "index.yaml"
    path.write_text(CLEAN)
    return path


def test_a_clean_file_prints_the_hosts_and_exits_0(index: Path) -> None:
    done = newbackend("gallery", "check", index, cwd=index.parent)
    assert done.status == 0, done.err
    assert done.out.startswith("demo\n  cpu-demo  no GPU; NVIDIA")
    assert "ok: 0 errors" in done.out


def test_a_host_without_an_entry_is_told_why(index: Path) -> None:
    index.write_text(CLEAN.replace("default: cpu-demo", "amd: cpu-demo"))
    done = newbackend("gallery", "check", index, cwd=index.parent)
    assert done.status == 1
    assert "nothing: no GPU; NVIDIA" in done.out
    assert "(its map has no key for them)" in done.out


def test_json_has_the_table_and_the_findings(index: Path) -> None:
    done = newbackend("gallery", "check", index, "--format", "json", cwd=index.parent)
    report = json.loads(done.out)
    assert report["schema"] == "newbackend/gallery/1"
    assert report["layout"]["picks"]["demo"]["metal"] == {
        "entry": "cpu-demo",
        "uri": "ghcr.io/me/demo:1.0.0-cpu",
        "key": "default",
        "why": "",
    }


def test_the_checkout_at_hand_is_the_official_gallery(sample: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(CLEAN.replace("demo", "pyecho"))
    done = newbackend("gallery", "check", mine, "--format", "concise", cwd=sample)
    assert "GAL307" in done.out
    alone = newbackend("gallery", "check", mine, "--format", "concise", cwd=tmp_path)
    assert "GAL307" not in alone.out
    given = newbackend("gallery", "check", mine, "--official", sample, "--format", "concise", cwd=tmp_path)
    assert given.out == done.out


def test_the_official_gallery_itself_shadows_nothing(sample: Path) -> None:
    for what in (sample, sample / "backend/index.yaml"):
        done = newbackend("gallery", "check", what, "--format", "concise", cwd=sample)
        assert "GAL30" not in done.out
        assert "GAL6" not in done.out


def test_a_repository_has_its_gallery_at_a_usual_place(tmp_path: Path) -> None:
    (tmp_path / "gallery").mkdir()
    (tmp_path / "gallery/index.yaml").write_text(CLEAN.replace("default: cpu", "default: gpu"))
    done = newbackend("gallery", "check", tmp_path, "--format", "concise", cwd=tmp_path)
    assert "gallery/index.yaml:4:1: error GAL504" in done.out


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("a: &a [*a]\n", "GAL101"),
        (
            "- &a [x, x, x, x, x, x, x, x]\n"
            + "".join(f"- &a{n} [*a{n - 1 or ''}, *a{n - 1 or ''}]\n" for n in range(1, 40)),
            "GAL101",
        ),
        ("text\n", "GAL102"),
        ("- name: a\n- name: b\n-\n", "GAL103"),
        ('- name: "\\e[31mred"\n', "GAL201"),
    ],
)
def test_hostile_files_are_findings(tmp_path: Path, text: str, rule: str) -> None:
    path = tmp_path / "index.yaml"
    path.write_text(text)
    done = newbackend("gallery", "check", path, "--format", "concise", cwd=tmp_path)
    assert done.status == 1
    assert rule in done.out
    assert "\x1b" not in done.out
    assert "Traceback" not in done.err


def test_50_megabytes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "index.yaml"
    with path.open("wb") as file:
        file.truncate(50 << 20)
    done = newbackend("gallery", "check", path, cwd=tmp_path)
    assert done.status == 2
    assert "is longer than 4 MiB" in done.error()


@pytest.mark.parametrize(
    ("where", "status", "words"),
    [
        ("nowhere.yaml", 3, "there is no such file"),
        (".", 3, "has no gallery"),
        ("oci://ghcr.io/me/x", 2, "is no address that LocalAI reads a gallery from"),
        ("https://github.com/me/x/blob/main/gallery/index.yaml", 2, "raw.githubusercontent.com/me/x/main/gallery"),
        ("http://127.0.0.1:1/index.yaml", 3, "does not answer"),
    ],
)
def test_what_is_no_gallery_is_said_in_one_sentence(tmp_path: Path, where: str, status: int, words: str) -> None:
    done = newbackend("gallery", "check", where, cwd=tmp_path)
    assert done.status == status, done.err
    assert words in done.error()


class _Server(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """One gallery, one that never ends, one that leads elsewhere."""
        if self.path == "/away.yaml":
            self.send_response(302)
            self.send_header("Location", "file:///etc/passwd")
            self.end_headers()
            return
        self.send_response(404 if self.path == "/none.yaml" else 200)
        self.end_headers()
        if self.path == "/endless.yaml":
            try:
                while True:
                    self.wfile.write(b"- name: x\n" * 4096)
            except OSError:
                return
        self.wfile.write(CLEAN.encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Server) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_an_address_is_read(server: str, tmp_path: Path) -> None:
    done = newbackend("gallery", "check", f"{server}/gallery/index.yaml", cwd=tmp_path)
    assert done.status == 0, done.err
    assert "cpu-demo  no GPU" in done.out


@pytest.mark.parametrize(
    ("path", "words"),
    [("endless", "longer than 4 MiB"), ("none", "status 404"), ("away", "redirects to nowhere")],
)
def test_an_address_that_is_no_gallery_is_said(server: str, tmp_path: Path, path: str, words: str) -> None:
    done = newbackend("gallery", "check", f"{server}/{path}.yaml", cwd=tmp_path)
    assert done.status == 3
    assert words in done.error()
