"""`verify --release` does not let a placeholder engine pass."""

from __future__ import annotations

import json
from pathlib import Path

from cli.runner import newbackend

CREATE = ["create", "oak", "--lang", "go", "--no-input", "--yes"]


def test_a_placeholder_is_a_note_until_the_release(sample: Path) -> None:
    assert newbackend(*CREATE, "--repo", sample).status == 0
    plain = newbackend("verify", "oak", "--format", "json", "--repo", sample)
    assert plain.status == 0
    level = {found["rule"]: found["severity"] for found in json.loads(plain.out)["findings"]}
    assert level["REG818"] == "note"
    strict = newbackend("verify", "oak", "--release", "--format", "json", "--repo", sample)
    assert strict.status == 1
    level = {found["rule"]: found["severity"] for found in json.loads(strict.out)["findings"]}
    assert level["REG818"] == "error"


def test_without_the_placeholder_the_release_is_clean(sample: Path) -> None:
    assert newbackend(*CREATE, "--set", "options.readme=true", "--repo", sample).status == 0
    engine = sample / "backend/go/oak/engine.go"
    engine.write_text(engine.read_text().replace("NEWBACKEND-PLACEHOLDER", "the real engine"))
    told = newbackend("verify", "oak", "--release", "--repo", sample)
    assert (told.status, "README.md still speaks of the" in told.out) == (1, True)
    for path in engine.parent.glob("*.*"):
        path.write_text(path.read_text().replace("placeholder", "engine").replace("stand-in", "engine"))
    assert newbackend("verify", "oak", "--release", "--repo", sample).status == 0
