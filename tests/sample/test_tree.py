"""The demo checkout is consistent, and the machinery it comes with works, in both layouts."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from fixtures import old_layout

from sample import consistency

NAMES = {
    "pyecho", "pywhistle", "fast-pywhistle", "gotide", "goquill", "cppanvil", "neo-cppanvil", "cppreed", "rustlark",
}  # fmt: skip
HARDWARE = ("darwin", "mlx", "metal", "l4t", "cuda", "nvidia", "rocm", "hip", "amd", "sycl", "intel")


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=60)


def test_nothing_is_inconsistent(either: Path) -> None:
    assert consistency.problems(either) == []


def test_the_checks_notice_what_is_taken_away(checkout: Path, tmp_path: Path) -> None:
    spoils = {
        ".github/backend-matrix.yml": ("'-cpu-gotide'", "'-cpu-gotyde'"),
        "backend/index.yaml": ('default: "cpu-gotide"', 'default: "cpu-tide"'),
        "scripts/lib/backend-filter.mjs": ('endsWith("neo-cppanvil")', 'endsWith("nothing")'),
        "Makefile": ("|golang|.|false|true", "|go|.|false|true"),
        ".github/workflows/bump_deps.yaml": ('# - repository: "example-org/reed.cpp"\n          #   variable', "#"),
        "backend/cpp/cppreed/run.sh": ("DYLD_LIBRARY_PATH", "LD_LIBRARY_PATH"),
    }
    for number, (relative, (before, after)) in enumerate(spoils.items()):
        spoiled = tmp_path / str(number)
        shutil.copytree(checkout, spoiled)
        text = (spoiled / relative).read_text()
        assert before in text
        changed = text.replace(before, after) if relative != "Makefile" else text.replace("BACKEND_GOTIDE", "X")
        (spoiled / relative).write_text(changed)
        assert consistency.problems(spoiled) != [], relative


def test_the_backends_are_the_announced_ones(checkout: Path, older: Path) -> None:
    assert set(consistency.folders(checkout)) == NAMES
    assert set(consistency.folders(older)) == set(old_layout.BACKENDS)
    assert set(old_layout.BACKENDS) | set(old_layout.DROPPED) == NAMES


def test_no_name_contains_a_hardware_word() -> None:
    assert [(name, word) for name in NAMES for word in HARDWARE if word in name] == []


def test_the_difficult_shapes_are_there(checkout: Path) -> None:
    matrix = (checkout / ".github/backend-matrix.yml").read_text()
    index = (checkout / "backend/index.yaml").read_text()
    linux, darwin = consistency.matrix(checkout)
    assert {tuple(sorted(set(row) - {"backend", "tag-suffix"})) for row in darwin} == {
        ("build-type",),
        ("build-type", "lang"),
        ("lang",),
    }
    assert any("platform-tag" in row for row in linux)
    assert any("platform-tag" not in row for row in linux)
    assert re.search(r"(?m)^    # bigger-runner.*\n    # .*\n    runs-on:", matrix), "a comment inside a row"
    assert "backend: 'gotide'" in matrix, "mixed quoting"
    assert 'backend: "goquill"' in matrix, "mixed quoting"
    assert index.startswith("---\n## metas\n")
    assert "- &fast-pywhistle\n" in index, "an anchor with a hyphen"
    assert "- &neocppanvil\n" in index, "an anchor that is not the name"
    assert "# - !!merge <<: *pywhistle" in index, "an entry in a comment"
    assert '- !!merge <<: *pyecho\n  name: "pyecho-development"\n  capabilities:' in index.split("## pyecho")[1]


def test_every_backend_is_in_every_other_list(checkout: Path) -> None:
    rest = [
        "core/config/backend_capabilities.go",
        "docs/content/features/backends.md",
        "docs/content/reference/compatibility-table.md",
        ".github/workflows/test-extra.yml",
    ]
    for relative in rest:
        text = (checkout / relative).read_text()
        missing = [n for n in NAMES if not re.search(rf"(?<![\w-]){re.escape(n)}(?![\w-])", text)]
        assert missing == [], relative
    offered = (checkout / "core/http/endpoints/localai/backend.go").read_text()
    importers = "".join(p.read_text() for p in (checkout / "core/gallery/importers").glob("*.go"))
    assert [n for n in NAMES if f'Name: "{n}"' not in offered + importers and f'"{n}"' not in importers] == []


def test_all_yaml_loads(either: Path) -> None:
    found = [p for p in either.rglob("*") if p.suffix in {".yml", ".yaml"}]
    assert len(found) > 6
    for path in found:
        assert yaml.safe_load(path.read_text()), path


def test_all_scripts_parse(either: Path) -> None:
    scripts = sorted(either.rglob("*.sh"))
    assert len(scripts) > 15
    assert [(s, done.stderr) for s in scripts if (done := run("bash", "-n", str(s), cwd=either)).returncode] == []


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_has_a_docker_build_for_every_backend(either: Path) -> None:
    for name, folder in consistency.folders(either).items():
        done = run("make", "-n", f"docker-build-{name}", cwd=either)
        assert done.returncode == 0, done.stderr
        dockerfile = {"backend/python": "python", "backend/go": "golang", "backend/rust": "rust"}
        kind = dockerfile.get("/".join(folder.split("/")[:2]), name)
        assert done.stdout.strip().startswith("docker build ")
        assert f"-t local-ai-backend:{name} -f backend/Dockerfile.{kind} ." in done.stdout
        assert (f"BACKEND={name} " in done.stdout) == (kind != name)
        assert (either / f"backend/Dockerfile.{kind}").is_file()


def test_every_backend_makefile_has_the_targets_that_are_called(either: Path) -> None:
    called = {
        "python": ["install", "test", "clean"],
        "go": ["build", "package", "test", "clean"],
        "cpp": ["grpc-server", "package", "test", "clean", "purge"],
        "rust": ["{name}-grpc", "package", "build", "test", "clean"],
    }
    for name, folder in consistency.folders(either).items():
        makefile = (either / folder / "Makefile").read_text()
        for target in (t.format(name=name) for t in called[folder.split("/")[1]]):
            assert re.search(rf"(?m)^{target}:", makefile), (name, target)


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_path_filter_passes_its_own_tests(checkout: Path) -> None:
    done = run("node", "--test", "scripts/lib/backend-filter_test.mjs", cwd=checkout)
    assert done.returncode == 0, done.stdout
    assert re.search(r"# pass [1-9]", done.stdout)


def test_the_older_layout_has_the_older_places(older: Path) -> None:
    script = (older / "scripts/changed-backends.js").read_text()
    assert script.startswith("import ")
    assert script.index("process.env") < script.index("function inferBackendPath(")
    assert not (older / "scripts/lib").exists()
    assert not (older / "scripts/build/package-system-libs.sh").exists()
    assert not list(older.rglob("model_identity.py"))
    assert "engineNamePreferenceRules" not in (older / "pkg/system/capabilities.go").read_text()
    proto = (older / "backend/backend.proto").read_text()
    assert "ModelIdentity" not in proto
    assert proto.count("  rpc ") == 42
    for name in old_layout.DROPPED:
        named = [p for p in older.rglob("*") if p.is_file() and name in p.read_text()]
        assert named == [], name


def test_the_proto_declares_every_rpc(checkout: Path) -> None:
    proto = (checkout / "backend/backend.proto").read_text()
    assert proto.count("  rpc ") == 52
    assert len(re.findall(r"string ModelIdentity = \d+;", proto)) == 20
