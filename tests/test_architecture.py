"""The picture in docs/architecture.md is what the imports say."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "architecture.md"
CODE = ROOT / "newbackend"
FILES = {
    "answers": (
        "answers",
        "availability",
        "answers_file",
        "doubts",
        "validate",
        "engine_words",
        "spec",
        "overrides",
        "pin",
        "model_address",
        "requirement",
    ),
    "values": (
        "address",
        "child",
        "findings",
        "rulebook",
        "checklist",
        "errors",
        "records",
        "sanitize",
        "style",
        "console",
        "suggest",
        "__init__",
    ),
    "queries": ("queries", "rulebooks"),
    "cli": ("cli", "__main__"),
}
NODE = {module: node for node, modules in FILES.items() for module in modules}
BESIDE_RULES = {"new_entries", "rows"}


def node_of(parts: Sequence[str]) -> str:
    """The node of the picture that a module belongs to."""
    if not parts:
        return "values"
    if parts[0] == "registrations":
        return "rules" if len(parts) > 2 and (parts[2].startswith("rules") or parts[2] in BESIDE_RULES) else "places"
    if parts[0] == "rules":
        return "rules" if parts[1:2] == ["directory"] else "engine"
    return NODE.get(parts[0], parts[0])


def imported(tree: ast.Module) -> Iterator[list[str]]:
    """Modules of the product that a module imports when it runs, at the top or inside a function."""
    for_types = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for child in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "newbackend":
            base = (node.module or "").split(".")[1:]
            for alias in node.names:
                path = CODE.joinpath(*base, alias.name)
                yield [*base, alias.name] if path.with_suffix(".py").exists() or path.is_dir() else base
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[1:] for alias in node.names if alias.name.startswith("newbackend."))


def imports() -> dict[tuple[str, str], str]:
    """Every pair of nodes with one import that makes it."""
    pairs: dict[tuple[str, str], str] = {}
    for file in sorted(CODE.rglob("*.py")):
        parts = list(file.relative_to(CODE).with_suffix("").parts)
        if parts[:2] == ["sample", "tree"]:
            continue
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        for target in imported(ast.parse(file.read_text(encoding="utf-8"))):
            if node_of(parts) != node_of(target):
                pairs[node_of(parts), node_of(target)] = f"{file.relative_to(ROOT)} imports {'.'.join(target)}"
    return pairs


def drawn() -> set[tuple[str, str]]:
    """The arrows of the picture."""
    picture = PAGE.read_text(encoding="utf-8").partition("```mermaid")[2].partition("```")[0]
    return set(re.findall(r"^\s*(\w+) --> (\w+)$", picture, re.M))


def reachable(arrows: set[tuple[str, str]]) -> dict[str, set[str]]:
    """For each node all that its arrows lead to."""
    below: dict[str, set[str]] = defaultdict(set)
    for start, end in arrows:
        below[start].add(end)
    changed = True
    while changed:
        changed = False
        for start in list(below):
            more = {far for near in below[start] for far in below.get(near, set())} - below[start]
            if more:
                below[start] |= more
                changed = True
    return below


def test_no_module_imports_what_the_picture_does_not_allow() -> None:
    below = reachable(drawn())
    forbidden = [why for (start, end), why in imports().items() if end not in below.get(start, set())]
    assert forbidden == []


def test_every_arrow_is_an_import_and_none_could_be_left_out() -> None:
    arrows = drawn()
    assert arrows, "the page has no picture"
    assert arrows - set(imports()) == set()
    for arrow in arrows:
        assert arrow[1] not in reachable(arrows - {arrow}).get(arrow[0], set()), f"{arrow} follows from the others"


def test_nothing_imports_in_a_circle() -> None:
    assert [node for node, below in reachable(drawn()).items() if node in below] == []


def test_the_page_explains_every_node_and_its_folders_exist() -> None:
    nodes = {node for arrow in drawn() for node in arrow}
    rows = dict(re.findall(r"^\| (\w+) \| (`[^|]+`) \|", PAGE.read_text(encoding="utf-8"), re.M))
    assert set(rows) == nodes
    for folders in rows.values():
        for folder in re.findall(r"`([^`]+)`", folders):
            assert list(CODE.glob(folder.rstrip("/"))), folder


def test_every_file_that_the_page_names_exists() -> None:
    text = PAGE.read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:tests|templates|docs)/[\w./-]+\.\w+)`", text))
    named |= {
        f"newbackend/{name}" for name in re.findall(r"`([a-z_]+/[\w/]+\.py)`", text) if not name.startswith("tests/")
    }
    missing = [name for name in sorted(named) if not (ROOT / name).exists()]
    assert missing == []


READING = re.compile(r"\.read_text\(|\.read_bytes\(|(?<![\w.])open\(|\bos\.open\(|(?:path|file|place|source)\.open\(")
OWN = "reads data that comes with newbackend"
READERS = {
    "checkout/reading.py": "the one way to read a file of a checkout, or one that the user named",
    "__main__.py": "/dev/null in place of a closed stream",
    "cli/about.py": OWN,
    "cli/failure.py": "/dev/null in place of a closed stream",
    "child.py": "/dev/null for the child",
    "apply/seal.py": "the key, in the user's state directory",
    "apply/state.py": "the lock: opened without following links, never read",
    "apply/journal.py": "writes; reads the journal without following links, when it is regular, this user's and small",
    "apply/written.py": "reads its record without following links or waiting, at most so much of it",
    "package/archive/source.py": "the archive that the user named, mapped",
    "package/archive/tree.py": "files of a package: without following links or waiting; writes to a scratch folder",
    "package/pack.py": "writes the archive",
    "package/repair/carry_out.py": "writes repairs; the lock of a package",
    "package/proofs/cpu.py": "a program of the host",
    "package/sandbox/hostshell.py": "a program of the host",
    "package/proofs/server.py": "/proc, of a child",
    "package/proofs/_health.py": "/proc, of a child",
    "package/sandbox/process.py": "the output of a child",
    "upstream/confined.py": "/proc, of itself",
    "upstream/licences.py": OWN,
    "sample/__init__.py": OWN,
    "rulebooks.py": OWN,
    "scaffold/layers.py": OWN,
    "scaffold/render.py": "reads what it has just rendered, in a scratch folder",
    "catalog/__init__.py": OWN,
    "catalog/languages.py": OWN,
    "catalog/modalities.py": OWN,
    "catalog/portable.py": OWN,
    "catalog/registries.py": OWN,
    "catalog/switches.py": OWN,
    "catalog/system_packages.py": OWN,
    "catalog/variants.py": OWN,
    "doctor/programs.py": OWN,
    "map/render.py": OWN,
    "package/data/__init__.py": OWN,
}


def test_nobody_else_opens_a_file() -> None:
    """What a checkout holds may be a link to anything: `checkout/reading.py` reads it, or nobody."""
    found = {
        file.relative_to(CODE).as_posix()
        for file in CODE.rglob("*.py")
        if "sample/tree" not in file.as_posix()
        and READING.search(ast.unparse(ast.parse(file.read_text(encoding="utf-8"))))
    }
    assert found == set(READERS)
