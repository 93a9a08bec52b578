"""`gallery check --online` against a registry of our own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli.runner import newbackend
from online.server import World, served

from gallery.test_rules import META

TAG = "1.0.0-cpu"


@pytest.fixture
def world() -> Iterator[World]:
    with served() as world:
        yield world


def ask(world: World, tmp_path: Path, text: str = META) -> tuple[int, list[tuple[str, str, str]]]:
    """Exit status, and rule, severity and status of what the registry's answers lead to."""
    path = tmp_path / "index.yaml"
    path.write_text(text)
    env = {"NEWBACKEND_REGISTRY_BASE": world.base, "NEWBACKEND_CACHE_DIR": str(tmp_path / "cache")}
    done = newbackend("gallery", "check", path, "--online", "--format", "json", cwd=tmp_path, env=env)
    found = json.loads(done.out)["findings"]
    return done.status, [(row["rule"], row["severity"], row["status"]) for row in found if row["rule"] >= "GAL8"]


def test_an_image_with_all_platforms_and_signatures_is_clean(world: World, tmp_path: Path) -> None:
    world.images[TAG] = ["linux/amd64", "linux/arm64"]
    world.bundles = {"sha256:amd64", "sha256:arm64"}
    assert ask(world, tmp_path) == (0, [])


def test_an_image_that_is_not_there_is_an_error(world: World, tmp_path: Path) -> None:
    assert ask(world, tmp_path) == (1, [("GAL801", "error", "fail")])


def test_arm64_is_a_warning_for_all_hosts_and_an_error_for_jetson(world: World, tmp_path: Path) -> None:
    world.images[TAG] = ["linux/amd64", "unknown/unknown"]
    world.bundles = {"sha256:amd64"}
    assert ask(world, tmp_path) == (0, [("GAL802", "warning", "fail")])
    jetson = META.replace("default", "nvidia-l4t")
    assert ask(world, tmp_path, jetson) == (1, [("GAL802", "error", "fail")])


def test_a_mac_needs_an_image_of_its_own(world: World, tmp_path: Path) -> None:
    world.images[TAG] = ["linux/amd64", "linux/arm64"]
    world.bundles = {"sha256:amd64", "sha256:arm64"}
    assert ask(world, tmp_path, META.replace("default", "metal"))[1] == [("GAL802", "error", "fail")]


def test_one_platform_without_a_bundle_is_not_signed(world: World, tmp_path: Path) -> None:
    world.images[TAG] = ["linux/amd64", "linux/arm64"]
    world.bundles = {"sha256:amd64"}
    assert ask(world, tmp_path) == (0, [("GAL803", "warning", "fail")])


def test_a_registry_that_does_not_answer_is_no_pass(world: World, tmp_path: Path) -> None:
    world.broken = True
    status, found = ask(world, tmp_path)
    assert status == 3
    assert ("GAL801", "error", "unknown") in found


def test_without_online_nobody_is_asked(world: World, tmp_path: Path) -> None:
    path = tmp_path / "index.yaml"
    path.write_text(META)
    done = newbackend("gallery", "check", path, cwd=tmp_path, env={"NEWBACKEND_REGISTRY_BASE": world.base})
    assert done.status == 0
    assert world.asked == []
