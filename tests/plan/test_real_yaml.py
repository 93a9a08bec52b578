"""The two big YAML files of three real LocalAI revisions, where they lie beside the project.

Byte preservation and meaning are judged by git's kind of diff and by parsers that took no part in the edit.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from specs import spec

from newbackend.checkout.layout import INDEX, MATRIX
from newbackend.checkout.tree import Checkout
from newbackend.registrations.base import Place
from newbackend.registrations.gallery_index.place import GalleryIndex
from newbackend.registrations.matrix.place import Matrix
from newbackend.spec import BackendSpec
from newbackend.splice.outcome import Inserted, apply_splices
from newbackend.splice.prove import ListEdit, prove_meaning

DATA = Path(__file__).parents[3] / "shared/localai-data"
REVISIONS = sorted(DATA.glob("*")) if DATA.is_dir() else []
PLACES: dict[str, Place] = {MATRIX: Matrix(), INDEX: GalleryIndex()}
NEW = spec(name="echo4", variants=["cpu", "cuda12", "cuda13", "l4t-cuda13", "metal"])

pytestmark = pytest.mark.skipif(not REVISIONS, reason="no real LocalAI data files beside the project")


def opened(path: str, text: str) -> Checkout:
    """A checkout that has only this file."""
    return Checkout(Path("/nonexistent"), {path: text})


def added(path: str, text: str, one: BackendSpec = NEW) -> str:
    """The text after the place's changes, proven."""
    changes = PLACES[path].plan(opened(path, text), one).changes
    assert changes
    assert all(isinstance(change.outcome, Inserted) for change in changes)
    splices = [s for change in changes if isinstance(change.outcome, Inserted) for s in change.outcome.splices]
    edited = apply_splices(text, splices)
    lists = [proof for change in changes for proof in change.proofs if isinstance(proof, ListEdit)]
    merged: dict[tuple[str, ...], ListEdit] = {}
    for proof in lists:
        old = merged.get(proof.path, ListEdit(proof.path))
        merged[proof.path] = ListEdit(proof.path, old.added + proof.added)
    prove_meaning(text, edited, list(merged.values()))
    return edited


def taken_back(path: str, text: str) -> str:
    changes = PLACES[path].revert(opened(path, text), NEW.name)
    splices = [s for change in changes if isinstance(change.outcome, Inserted) for s in change.outcome.splices]
    return apply_splices(text, splices)


def read(revision: Path, path: str) -> str:
    return (revision / path).read_bytes().decode()


@pytest.mark.parametrize("path", PLACES)
@pytest.mark.parametrize("revision", REVISIONS, ids=lambda revision: revision.name)
def test_only_lines_are_added_and_removing_gives_the_same_bytes(revision: Path, path: str) -> None:
    text = read(revision, path)
    edited = added(path, text)
    rows = difflib.SequenceMatcher(None, text.splitlines(), edited.splitlines(), autojunk=False).get_opcodes()
    assert {tag for tag, *_ in rows} == {"equal", "insert"}
    assert taken_back(path, edited) == text


@pytest.mark.parametrize("path", PLACES)
@pytest.mark.parametrize("revision", REVISIONS, ids=lambda revision: revision.name)
def test_the_value_is_the_old_one_plus_the_new_entries_by_other_parsers(revision: Path, path: str) -> None:
    from ruamel.yaml import YAML

    text = read(revision, path)
    edited = added(path, text)
    loaders: list[Callable[[str], Any]] = [
        lambda source: yaml.load(source, Loader=yaml.CSafeLoader),
        YAML(typ="safe", pure=True).load,
    ]
    for load in loaders:
        before, after = load(text), load(edited)
        pairs = [(before, after)] if path == INDEX else [(before[key], after[key]) for key in before]
        for old, new in pairs:
            kept = [item for item in new if "echo4" not in str(item.get("name", item.get("backend")))]
            assert kept == old
            assert len(new) > len(old)


_MUTATIONS = {
    "crlf": lambda text: text.replace("\n", "\r\n"),
    "bom": lambda text: "\ufeff" + text,
    "no final newline": lambda text: text.rstrip("\n"),
    "comment at the end": lambda text: text + ("" if text.endswith("\n") else "\n") + "# the end\n\n",
    "comments everywhere": lambda text: text.replace("\n- ", "\n# about the next\n- ").replace(
        "\n  - b", "\n  # x\n  - b"
    ),
    "blank lines": lambda text: text.replace("\n- ", "\n\n- "),
}


@settings(max_examples=12)
@given(
    st.sampled_from(REVISIONS or [DATA]), st.sampled_from(sorted(PLACES)), st.sets(st.sampled_from(sorted(_MUTATIONS)))
)
def test_mutated_files_are_edited_and_restored_to_the_byte(revision: Path, path: str, wanted: set[str]) -> None:
    text = read(revision, path)
    for name in sorted(wanted, reverse=True):
        text = _MUTATIONS[name](text)
    edited = added(path, text)
    assert len(edited) > len(text)
    assert taken_back(path, edited) == text
    again = PLACES[path].plan(opened(path, edited), NEW).changes
    assert not [change for change in again if isinstance(change.outcome, Inserted)]
