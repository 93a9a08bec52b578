"""The main job on the real LocalAI, judged by LocalAI's own machinery (needs NEWBACKEND_LOCALAI)."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from cli.runner import newbackend
from conftest import MAY_11, MAY_24, NEWEST, git, tree
from specs import SHA

from newbackend.checkout.layout import BUMP, INDEX, MATRIX, layout_of, open_checkout

pytestmark = [pytest.mark.localai, pytest.mark.xdist_group("localai")]

CASES = [(MAY_11, "ds4", "DS4_VERSION"), (MAY_24, "echo4", "ECHO4_VERSION"), (NEWEST, "echo4", "ECHO4_VERSION")]
# .NOTPARALLEL, docker-build-backends, and the examples in one bullet of the backends page.
ONE_LINE_LISTS = 3


def create(root: Path, name: str) -> None:
    words = ["create", name, "--lang", "cpp", "--pin", f"antirez/ds4@{SHA}", "--variants", "cpu,cuda13,l4t-cuda13"]
    result = newbackend(*words, "--no-input", "--yes", "--repo", root)
    assert result.status == 0, result.err


def routes(root: Path) -> dict[str, str]:
    """Route of every Linux and macOS row, by node running the repository's own functions."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed, so the path filter cannot be run by the repository's own means")
    path = layout_of(open_checkout(root)).filter_path
    assert path
    source = (root / path).read_text()
    functions = re.findall(r"^(?:export )?(function inferBackendPath(?:Darwin)?\(.*?^\})", source, re.M | re.S)
    matrix = json.dumps(yaml.safe_load((root / MATRIX).read_text()))
    script = (
        "\n".join(functions)
        + f"\nconst m = {matrix}; const out = {{}};"
        + "for (const r of m.include) out[[r['tag-suffix'], r['platform-tag'] || '']] = inferBackendPath(r);"
        + "for (const r of m.includeDarwin) out['darwin ' + r['tag-suffix']] = inferBackendPathDarwin(r);"
        + "console.log(JSON.stringify(out));"
    )
    done = subprocess.run([node, "-"], input=script, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def grown_lines(root: Path) -> list[tuple[str, str]]:
    """Each line that the change removes, with the one that it adds in its place."""
    rows = git(root, "diff", "-U0").splitlines()
    gone = [number for number, row in enumerate(rows) if row.startswith("-") and not row.startswith("---")]
    pairs = [(rows[number][1:], rows[number + 1][1:]) for number in gone]
    assert all(rows[number + 1].startswith("+") for number in gone), "only one-line lists may change"
    assert len(gone) <= ONE_LINE_LISTS
    return pairs


def without(value: list[object], name: str) -> list[object]:
    """A YAML list without the items that speak of a backend."""
    return [
        item for item in value if f'{name}"' not in json.dumps(item) and f"{name}-development" not in json.dumps(item)
    ]


@pytest.mark.parametrize(("revision", "name", "variable"), CASES)
def test_a_new_backend_stands_in_every_place(
    localai_at: Callable[[str], Path], revision: str, name: str, variable: str
) -> None:
    root = localai_at(revision)
    before, old_routes = tree(root), routes(root)
    create(root, name)

    new_routes = routes(root)
    assert {key: new_routes[key] for key in old_routes} == old_routes
    added = {key: route for key, route in new_routes.items() if key not in old_routes}
    assert set(added.values()) == {f"backend/cpp/{name}/"}
    assert len(added) == 4

    make = subprocess.run(["make", "-n", f"docker-build-{name}"], cwd=root, capture_output=True, text=True, check=True)
    assert f"-t local-ai-backend:{name} -f backend/Dockerfile.{name} ." in make.stdout

    grep = subprocess.run(
        ["grep", "-m1", f"^{variable}?=", f"backend/cpp/{name}/Makefile"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert grep.stdout == f"{variable}?={SHA}\n"

    for script in (root / f"backend/cpp/{name}").rglob("*.sh"):
        subprocess.run(["bash", "-n", str(script)], check=True)

    for path in (MATRIX, INDEX, BUMP):
        old, new = yaml.safe_load(before[path][1].decode()), yaml.safe_load((root / path).read_text())
        if path == MATRIX:
            assert without(new["include"], name) == old["include"]
            assert without(new["includeDarwin"], name) == old["includeDarwin"]
            assert len(new["include"]) == len(old["include"]) + 4
        elif path == INDEX:
            kept = [item for item in new if item["name"] in {entry["name"] for entry in old}]
            assert kept == old
            assert len(new) == len(old) + 8
        else:
            rows = ("jobs", "bump-backends", "strategy", "matrix", "include")
            for key in rows:
                old, new = old[key], new[key]
            assert [row for row in new if row["variable"] != variable] == old
            assert len(new) == len(old) + 1

    for old_line, new_line in grown_lines(root):
        rest = iter(re.split(r"[ ,)]+", new_line))
        assert all(word in rest for word in re.split(r"[ ,)]+", old_line)), "a line that goes comes back grown"

    again = newbackend(
        "create", "--answers", root / f"backend/cpp/{name}/.newbackend.yml", "--no-input", "--yes", "--repo", root
    )
    assert again.status == 0
    assert "nothing to do" in again.out

    if (root / "scripts/lib/backend-filter_test.mjs").exists():
        subprocess.run(
            ["node", "--test", "scripts/lib/backend-filter_test.mjs"], cwd=root, check=True, capture_output=True
        )

    assert newbackend("undo", "--repo", root).status == 0
    assert git(root, "status", "--porcelain") == ""
    assert tree(root) == before


@pytest.mark.parametrize("revision", [MAY_11, MAY_24, NEWEST])
@pytest.mark.parametrize("lang", ["python", "go", "cpp", "rust"])
def test_remove_after_create_leaves_git_status_clean(
    localai_at: Callable[[str], Path], revision: str, lang: str
) -> None:
    from newbackend.catalog.languages import languages

    root = localai_at(revision)
    language = languages()[lang]
    variants = ",".join(language.flavours[language.default_flavour].variants)
    words = ["create", "echo4", "--lang", lang, "--variants", variants, "--pin", f"antirez/ds4@{SHA}"]
    made = newbackend(*words, "--no-input", "--yes", "--repo", root)
    assert made.status == 0, made.err
    assert "BY HAND" not in made.out
    gone = newbackend("remove", "echo4", "--yes", "--allow-dirty", "--repo", root)
    assert gone.status == 0, gone.err
    assert git(root, "status", "--porcelain") == ""
