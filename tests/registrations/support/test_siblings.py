"""Files that name most backends of a kind, and not one of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.runner import newbackend

from newbackend.checkout.tree import Checkout
from newbackend.registrations.support.siblings import kinds_of, listings

OTHERS = ["cppanvil", "neo-cppanvil", "cppreed", "goquill", "gotide", "pyecho", "pywhistle", "fast-pywhistle"]
PAGE = "docs/content/features/speech.md"


def found(checkout: Checkout, text: str, name: str = "rustlark", path: str = PAGE) -> list[tuple[str, int, str, int]]:
    changed = checkout.with_changes({path: text})
    rows = listings(changed, name, kinds_of(changed, name))
    return [(row.path, row.line, row.kind.title, len(row.names)) for row in rows if row.path == path]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("# Speech\n\n| `" + "`, `".join(OTHERS) + "` |\n", 3),
        ("\n".join(f"- {name}: fine" for name in OTHERS[:5]), 1),
    ],
)
def test_a_list_of_the_others_is_found(checkout: Checkout, text: str, line: int) -> None:
    ((_, at, title, _),) = found(checkout, text)
    assert (at, title) == (line, "backends in all")


@pytest.mark.parametrize(
    "text",
    [
        ", ".join([*OTHERS, "rustlark"]),
        ", ".join([*OTHERS, "Rust Lark"]),
        ", ".join(OTHERS[:4]),
        ", ".join(f"x-{name}" for name in OTHERS),
        ", ".join(OTHERS) + " " + "x" * 600_000,
        "",
    ],
)
def test_what_names_it_too_or_too_few_is_not(checkout: Checkout, text: str) -> None:
    assert found(checkout, text) == []


@pytest.mark.parametrize("path", ["website/content/blog/new.md", "backend/go/goquill/README.md", "docs/whats-new.md"])
def test_a_page_about_a_release_and_a_backend_of_its_own_are_not_looked_at(checkout: Checkout, path: str) -> None:
    assert found(checkout, ", ".join(OTHERS), path=path) == []


def test_a_name_inside_of_another_is_no_name(checkout: Checkout) -> None:
    others = [name for name in OTHERS if name != "pywhistle"]
    assert found(checkout, ", ".join([*others, "rustlark"]), name="pywhistle") != []


def test_files_that_a_place_knows_are_marked(sample: Path) -> None:
    (sample / PAGE).write_text(", ".join(OTHERS))
    matrix = sample / "gallery/index.yaml"
    matrix.write_text(matrix.read_text().replace("rustlark", "pyecho"))
    done = newbackend("siblings", "rustlark", "--format", "json", "--repo", sample)
    files = {row["path"]: row for row in json.loads(done.out)["files"]}
    assert done.status == 0
    assert files[PAGE]["places"] == []
    assert (files[PAGE]["of"], files[PAGE]["names"]) == (8, sorted(OTHERS))
    assert files["gallery/index.yaml"]["places"] == ["model gallery"]
    text = newbackend("siblings", "rustlark", "--repo", sample).out
    assert text.index(PAGE) < text.index("gallery/index.yaml")
    assert "without rustlark; 1 of them no registration place knows" in text


def test_an_unknown_backend_is_not_found(sample: Path) -> None:
    done = newbackend("siblings", "rustlarc", "--repo", sample)
    assert done.status == 3
    assert "rustlark" in done.err
