"""The rooms of newbackend/package: what each may import, and from where."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import newbackend.package

ROOT = Path(newbackend.package.__path__[0])
ORDER = (
    "data", "options", "sources", "archive", "pack", "elf", "macho", "cpu", "sandbox", "script", "libraries", "targets",
    "layout", "model", "versions", "rules", "proofs", "registry", "floor", "suppressing", "check",
    "repair", "fix",
)  # fmt: skip
FOLDERS = [name for name in ORDER if (ROOT / name).is_dir()]


def files() -> list[Path]:
    return [path for path in sorted(ROOT.rglob("*.py")) if path != ROOT / "__init__.py"]


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).with_suffix("").parts[0]


def imported(path: Path) -> Iterator[str]:
    """Modules of newbackend.package that the file imports when it runs, as dotted names below it."""
    tree = ast.parse(path.read_text("utf-8"))
    for_types = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    ignored = {inner for node in for_types for inner in ast.walk(node)}
    for node in (node for node in ast.walk(tree) if node not in ignored):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("newbackend.package"):
            module = node.module.removeprefix("newbackend.package").lstrip(".")
            yield from [module] if module else [alias.name for alias in node.names]


def test_every_room_has_its_place_in_the_order() -> None:
    assert {room_of(path) for path in files()} == set(ORDER)


@pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_room_imports_only_from_rooms_before_it_and_from_their_faces(path: Path) -> None:
    room = room_of(path)
    for module in imported(path):
        other, _, inside = module.partition(".")
        if other != room:
            assert ORDER.index(other) < ORDER.index(room), f"{room} imports {module}"
            assert not inside, f"{module} is not the face of {other}"


def test_rules_and_proofs_know_nothing_of_each_other() -> None:
    for path in files():
        if room_of(path) in ("rules", "proofs"):
            others = {module.partition(".")[0] for module in imported(path)} & {"rules", "proofs"}
            assert others <= {room_of(path)}, path


@pytest.mark.parametrize("room", FOLDERS)
def test_every_face_says_what_its_room_does(room: str) -> None:
    tree = ast.parse((ROOT / room / "__init__.py").read_text("utf-8"))
    assert ast.get_docstring(tree)
