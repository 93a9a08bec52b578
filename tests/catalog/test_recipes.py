"""What CONTRIBUTING promises: a variant is one row, a language is one folder, a modality is one row and a folder for
each language, a flavour is one entry and one folder. All else knows them.

The variant is a row more in a copy of the table, read in place of the real one. The others are files more in a copy
of the installed package, run as a command.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from cli.runner import Result, newbackend
from specs import spec

import newbackend as package
from newbackend.answers import Answers
from newbackend.catalog import name_rules, variants
from newbackend.catalog.languages import languages
from newbackend.checkout.layout import INDEX, MATRIX
from newbackend.checkout.tree import Checkout
from newbackend.cli import completion
from newbackend.plan.build import plan_create, planned
from newbackend.queries.listing import listing
from newbackend.registrations.compatibility_table.place import acceleration
from newbackend.rules.run import verify
from newbackend.wizard.question import PartialAnswers
from newbackend.wizard.questions import question_of

NPU = {
    "title": "Acme NPU",
    "acceleration": "Acme NPU",
    "words": ["npu"],
    "entry": "npu-{name}",
    "capabilities": ["npu"],
    "hosts": ["npu"],
    "architectures": ["amd64"],
    "row": {"build-type": "hipblas", "tag-suffix": "-gpu-npu-{name}", "base-image": "acme/npu:1"},
    "profiles": {"python": {}},
}


@pytest.fixture
def npu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more variant, for Python."""
    data = json.loads(variants.variants_file().read_text())
    data["variants"]["npu"] = NPU
    file = tmp_path / "variants.json"
    file.write_text(json.dumps(data))
    monkeypatch.setattr(variants, "variants_file", lambda: file)


@pytest.mark.usefixtures("npu")
def test_a_variant_is_one_row(checkout: Checkout) -> None:
    wanted = {"name": "oak", "lang": "python", "flavour": "default", "pin": None}
    partial = PartialAnswers(Answers(name="oak", lang="python", flavour="default", modalities=("llm",)), checkout)
    offered = {choice.value: choice.effect for choice in question_of("variants").choices(partial)}
    assert "capability npu" in offered["npu"]
    assert [value for value, title in completion.variants("") if title == "Acme NPU"] == ["npu"]
    assert "npu" not in languages()["go"].flavours["purego"].variants
    assert "npu-" in name_rules().prefixes
    assert acceleration(["cpu", "npu"]) == "CPU, Acme NPU"

    plan = plan_create(spec(**wanted, variants=["cpu", "npu", "metal"]), checkout)
    assert not plan.by_hand
    after = planned(plan, checkout)
    assert 'npu: "npu-oak"' in after.need(INDEX)
    assert "tag-suffix: '-gpu-npu-oak'" in after.need(MATRIX)
    found = {finding.rule.id for finding in verify(after, names=("oak",)).findings}
    assert found <= {"REG818", "REG262"}, "the placeholder, and no model to try it with"
    assert next(row["variants"] for row in listing(after) if row["name"] == "oak") == ["cpu", "metal", "npu"]


LANGUAGE = """\
id: zig
title: Zig
order: 5
directory: backend/zig/{name}
dockerfile: ./backend/Dockerfile.zig
makefile_type: zig
needs_backend_arg: true
image_targets: [build]
needed_files: [Makefile, package.sh]
flavours:
  - id: default
    title: a server
    profile: rust
keywords: [comptime]
placeholder: backend/zig/{name}/engine.zig
dockerignore: ["backend/zig/{name}/zig-out"]
"""
FILES = {
    "Makefile": ".PHONY: build test clean\nbuild:\n\tzig build\ntest:\n\tzig build test\nclean:\n\trm -rf zig-out\n",
    "run.sh": '#!/bin/bash\nset -e\nCURDIR=$(dirname "$(realpath "$0")")\nexec "$CURDIR/server" "$@"\n',
    "package.sh": "#!/bin/bash\nset -e\ncp run.sh package/\n",
    "engine.zig": "// NEWBACKEND-PLACEHOLDER\n",
}


@dataclass(frozen=True)
class Copy:
    """A copy of the installed package that can be changed and run."""

    root: Path
    home: Path

    @property
    def templates(self) -> Path:
        return self.root / "_templates"

    def run(self, *words: str | Path, **env: str) -> Result:
        path = os.pathsep.join([str(self.root.parent), *(entry for entry in sys.path if entry)])
        return newbackend(*words, cwd=self.home, env={"PYTHONPATH": path, **env})


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    root = tmp_path / "installed" / "newbackend"
    shutil.copytree(Path(package.__file__).parent, root)
    return Copy(root, tmp_path)


@pytest.fixture
def zig(copy: Copy) -> Callable[..., Result]:
    """The copy with one more folder in its templates."""
    folder = copy.templates / "zig"
    (folder / "modalities/llm").mkdir(parents=True)
    (folder / "modalities/llm/llm.zig").write_text("// text\n")
    (folder / "common").mkdir()
    (folder / "language.yml").write_text(LANGUAGE)
    for name, text in FILES.items():
        (folder / "common" / name).write_text(text)
        (folder / "common" / name).chmod(0o755 if name.endswith(".sh") else 0o644)
    return copy.run


def test_a_language_is_one_folder(zig: Callable[..., Result], sample: Path) -> None:
    here = ("--repo", sample)
    create = ("create", "oak", "--lang", "zig", "--no-input", "--modality", "llm", "--variants", "cpu")
    refused = zig(*create, "--yes", *here)
    assert "no backend/Dockerfile.zig, so it cannot build Zig backends" in refused.error()

    (sample / "backend/Dockerfile.zig").write_text("FROM ubuntu:24.04\nARG BACKEND\nRUN make -C backend/zig build\n")
    assert zig(*create, "--yes", "--allow-dirty", *here).status == 0
    assert (sample / "backend/zig/oak/engine.zig").exists()
    found = json.loads(zig("verify", "oak", "--format", "json", *here).out)
    rules = [finding["rule"] for finding in found["findings"]]
    assert rules == ["REG818", "REG262"], "the placeholder, and no model to try it with"
    rows = json.loads(zig("list", "--format", "json", *here).out)["backends"]
    assert next((row["lang"], row["variants"]) for row in rows if row["name"] == "oak") == ("zig", ["cpu"])
    described = yaml.safe_load(zig("describe", "oak", *here).out)
    assert (described["lang"], described["overrides"]) == ("zig", {"places": {"scaffold": "keep"}})
    assert zig("remove", "oak", "--yes", "--allow-dirty", *here).status == 0

    assert "python|go|cpp|rust|zig" in zig("create", "--help").out
    line = {"COMP_WORDS": "newbackend create --lang z", "COMP_CWORD": "3"}
    assert zig(_NEWBACKEND_COMPLETE="complete_bash", **line).out.split() == ["zig"]
    assert "is not one of python, go, cpp, rust, zig" in zig(*create[:3], "cobol", "--no-input", *here).error()


DANCE = {"title": "Dance", "rpcs": ["TTS"], "tags": ["dancing"], "chip": "tts", "table": "audio"}


def test_a_modality_is_one_row_and_a_folder_for_each_language(copy: Copy, sample: Path) -> None:
    table = copy.root / "catalog/modalities.json"
    data = json.loads(table.read_text())
    data["modalities"]["dance"] = DANCE
    table.write_text(json.dumps(data))
    folder = copy.templates / "go/modalities/dance"
    (folder / "parts/pure").mkdir(parents=True)
    (folder / "dance.go.jinja").write_text("package main // {{ name }}\n")
    (folder / "parts/pure/engine.go.jinja").write_text("\nfunc (e *engine) dance() {}\n")

    here = ("--repo", sample)
    create = ("create", "oak", "--no-input", "--modality", "dance", "--variants", "cpu", "--lang")
    refused = copy.run(*create, "python", "--dry-run", *here)
    assert "Python cannot serve dance: its template does not implement it" in refused.error()

    assert copy.run(*create, "go", "--yes", *here).status == 0
    assert (sample / "backend/go/oak/dance.go").read_text() == "package main // oak\n"
    assert "func (e *engine) dance() {}" in (sample / "backend/go/oak/engine.go").read_text()
    assert "- dancing" in (sample / INDEX).read_text()
    found = json.loads(copy.run("verify", "oak", "--format", "json", *here).out)
    assert [finding["rule"] for finding in found["findings"] if finding["severity"] != "note"] == []

    line = {"COMP_WORDS": "newbackend create --modality da", "COMP_CWORD": "3"}
    assert copy.run(_NEWBACKEND_COMPLETE="complete_bash", **line).out.split() == ["dance"]
    script = (
        "from newbackend.answers import Answers; from newbackend.checkout.layout import open_checkout\n"
        "from newbackend.wizard.question import PartialAnswers; from newbackend.wizard.questions import question_of\n"
        "from pathlib import Path; import sys\n"
        "partial = PartialAnswers(Answers(name='elm', lang='go', flavour='pure'), open_checkout(Path(sys.argv[1])))\n"
        "print([choice.title for choice in question_of('modalities').choices(partial)])"
    )
    environment = {**os.environ, "PYTHONPATH": str(copy.root.parent)}
    run = subprocess.run(
        [sys.executable, "-c", script, sample], cwd=copy.home, env=environment, capture_output=True, text=True
    )
    assert "'Dance'" in run.stdout, run.stderr


def test_a_flavour_is_one_entry_and_one_folder(copy: Copy, sample: Path) -> None:
    language = copy.templates / "go/language.yml"
    entry = "flavours:\n  - id: wasm\n    title: Go as WebAssembly\n    refused_variants: {metal: no runtime there}\n"
    language.write_text(language.read_text().replace("flavours:\n", entry, 1))
    folder = copy.templates / "go/flavours/wasm"
    shutil.copytree(copy.templates / "go/flavours/pure", folder)
    (folder / "wasm.go.jinja").write_text("package main // {{ name }}, {{ flavour }}\n")

    here = ("--repo", sample)
    create = ("create", "oak", "--lang", "go", "--set", "flavour=wasm", "--modality", "tts", "--no-input", "--variants")
    assert "cannot ship metal: no runtime there" in copy.run(*create, "metal", *here).error()
    assert copy.run(*create, "cpu", "--yes", *here).status == 0
    assert (sample / "backend/go/oak/wasm.go").read_text() == "package main // oak, wasm\n"
    found = json.loads(copy.run("verify", "oak", "--format", "json", *here).out)
    assert [finding["rule"] for finding in found["findings"] if finding["severity"] != "note"] == []
    refused = copy.run(*create[:4], "--set", "flavour=rusty", "--no-input", *here)
    assert "Go flavour 'rusty' is not one of wasm, pure, capi, purego" in refused.error()
