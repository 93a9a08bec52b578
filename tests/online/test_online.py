"""`verify --online` against a registry, a git server and a Hugging Face of our own."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli.runner import newbackend

from newbackend.online.network import Network, Unreachable

from .server import World, served

SHA = "4e4fbf3e3dbc4df9d1e791818dde7a25ff493dfc"


@pytest.fixture
def world() -> Iterator[World]:
    with served() as world:
        yield world


@pytest.fixture
def upstream(tmp_path: Path) -> str:
    """A folder with the repository that goquill is built from; gives the commit of its branch."""
    repo = tmp_path / "git" / "example-org" / "quill.cpp"
    command = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com", "-C", str(repo)]
    subprocess.run(["git", "init", "-q", "-b", "main", str(repo)], check=True)
    for text in ("one", "two"):
        subprocess.run([*command, "commit", "-q", "--allow-empty", "-m", text], check=True)
    return subprocess.run([*command, "rev-parse", "HEAD~1"], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def env(world: World, tmp_path: Path) -> dict[str, str]:
    return {
        "NEWBACKEND_REGISTRY_BASE": world.base,
        "HF_ENDPOINT": world.base,
        "NEWBACKEND_GIT_BASE": str(tmp_path / "git"),
        "NEWBACKEND_CACHE_DIR": str(tmp_path / "cache"),
    }


def findings(sample: Path, env: dict[str, str], *more: str) -> tuple[int, dict[str, set[str]], dict[str, int]]:
    """Exit status, subjects by rule, and the summary."""
    done = newbackend("verify", "goquill", "--online", "--format", "json", *more, "--repo", sample, env=env)
    report = json.loads(done.out)
    found: dict[str, set[str]] = {}
    for one in report["findings"]:
        found.setdefault(one["rule"], set()).add(one["subject"])
    return done.status, found, report["summary"]


def complete(sample: Path, world: World) -> None:
    """Everything that goquill's gallery entries promise."""
    rows = (sample / ".github/backend-matrix.yml").read_text().split("\n  - ")
    for row in rows:
        suffix, platforms = re.search(r"tag-suffix: ['\"](\S+?)['\"]", row), re.search(r"platforms: '(\S+)'", row)
        if suffix and "goquill" in suffix[1]:
            for channel in ("latest", "master"):
                tags = world.images.setdefault(f"{channel}{suffix[1]}", [])
                tags.append(platforms[1] if platforms else "darwin/arm64")


def pinned(sample: Path, sha: str) -> None:
    makefile = sample / "backend/go/goquill/Makefile"
    makefile.write_text(makefile.read_text().replace(SHA, sha))


def test_all_is_there(sample: Path, world: World, upstream: str, env: dict[str, str]) -> None:
    complete(sample, world)
    pinned(sample, upstream)  # no tip of a branch: ls-remote alone would not know it
    status, found, summary = findings(sample, env)
    assert (status, found, summary["unknown"]) == (0, {}, 0)


def test_what_is_missing_is_named(sample: Path, world: World, upstream: str, env: dict[str, str]) -> None:
    complete(sample, world)
    del world.images["latest-gpu-nvidia-cuda-12-goquill"]
    world.images["latest-cpu-goquill"] = ["linux/amd64"]
    status, found, _ = findings(sample, env)
    assert status == 1
    assert found["REG230"] == {"cuda12-goquill"}
    assert found["REG231"] == {"cpu-goquill"}
    assert found["REG521"] == {f"example-org/quill.cpp {SHA}"}
    assert "REG520" not in found


def test_a_branch_or_repository_that_is_gone(sample: Path, world: World, upstream: str, env: dict[str, str]) -> None:
    bump = sample / ".github/workflows/bump_deps.yaml"
    before = bump.read_text()
    head, row, tail = before.partition("example-org/quill.cpp")
    bump.write_text(head + row + tail.replace('"main"', '"trunk"', 1))
    assert findings(sample, env)[1]["REG520"] == {"example-org/quill.cpp trunk"}
    bump.write_text(head + "example-org/gone" + tail)
    assert findings(sample, env)[1]["REG520"] == {"example-org/gone main"}


def test_models_of_tests(sample: Path, world: World, env: dict[str, str]) -> None:
    test = sample / "core/gallery/importers/pywhistle_test.go"
    lines = [f'uri := "https://huggingface.co/{name}"\n' for name in ("example/there", "example/gone")]
    test.write_text("package importers\n" + "".join(lines) + "DiscoverModelConfig(uri, preferences)\n")
    world.models.add("example/there")
    done = newbackend(
        "verify", "pywhistle", "--online", "--select", "REG620", "--format", "json", "--repo", sample, env=env
    )
    assert [one["subject"] for one in json.loads(done.out)["findings"]] == ["example/gone"]


def test_no_answer_is_unknown_and_no_pass(sample: Path, env: dict[str, str]) -> None:
    env = {**env, "NEWBACKEND_REGISTRY_BASE": "http://127.0.0.1:9", "NEWBACKEND_GIT_BASE": "http://127.0.0.1:9"}
    status, found, summary = findings(sample, env)
    assert status == 3
    assert not found.keys() & {"REG230", "REG231", "REG520", "REG521"}
    assert summary["unknown"] >= 4


@pytest.mark.parametrize("fault", ["broken", "huge"])
def test_a_server_in_trouble_is_unknown(sample: Path, world: World, env: dict[str, str], fault: str) -> None:
    complete(sample, world)
    setattr(world, fault, True)
    status, found, _ = findings(sample, env, "--select", "REG230")
    assert (status, found) == (3, {})


def test_a_second_run_asks_nobody(sample: Path, world: World, upstream: str, env: dict[str, str]) -> None:
    complete(sample, world)
    first = findings(sample, env)
    world.asked.clear()
    assert findings(sample, env) == first
    assert world.asked == []


def test_without_the_flag_nobody_is_asked(sample: Path, world: World, env: dict[str, str]) -> None:
    newbackend("verify", "goquill", "--repo", sample, env=env)
    assert world.asked == []


def test_a_broken_cache_is_an_empty_one(sample: Path, world: World, upstream: str, env: dict[str, str]) -> None:
    complete(sample, world)
    pinned(sample, upstream)
    folder = Path(env["NEWBACKEND_CACHE_DIR"])
    folder.mkdir()
    (folder / "online-1.json").write_text('{"x": [1], "y": null')
    assert findings(sample, env)[0] == 0


@pytest.mark.parametrize(
    "url", ["http://example.com/", "file:///etc/passwd", "ftp://example.com/", "https://127.0.0.1:1/", "gopher://x/"]
)
def test_addresses_that_are_not_asked(url: str) -> None:
    with pytest.raises(Unreachable):
        Network().get(url)


def test_a_private_address_is_not_asked_unless_it_was_named(world: World) -> None:
    assert Network([world.base]).get(f"{world.base}/api/models/x").status == 401
    stranger = Network(["http://localhost"])
    with pytest.raises(Unreachable, match="private address"):
        stranger.check_peer("evil.example", "10.0.0.1")
    with pytest.raises(Unreachable):
        stranger.get(world.base)


def test_redirects_stay_outside_and_lose_the_token(world: World) -> None:
    world.redirects = {"/away": "file:///etc/passwd", "/inside": "http://169.254.169.254/latest", "/loop": "/loop"}
    for path in world.redirects:
        with pytest.raises(Unreachable):
            Network([world.base]).get(world.base + path)
