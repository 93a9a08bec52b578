"""Layers: which are active, what they may hold, and that a folder is all that a new one takes."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from specs import spec

import newbackend.catalog.languages as catalog
from newbackend.catalog import variant_table
from newbackend.catalog.languages import Language, languages
from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.scaffold import layers
from newbackend.scaffold.context import context
from newbackend.scaffold.layers import Layer, active_layers, lay_together, shared_root
from newbackend.scaffold.render import RenderedFile, render_template

KINDS = ("flavours", "helpers", "modalities", "variants", "options")
SHARED_TABLE = layers.shared_table()
LAID_OUT = [language for language in languages().values() if (language.root / "common").is_dir()]
every_language = pytest.mark.parametrize("language", LAID_OUT, ids=lambda language: language.id)


def all_layers(language: Language, flavour: str) -> Iterator[Layer]:
    """Every layer that a backend of this flavour can have; no backend has them all."""
    other = set(language.flavours) - {flavour}
    foreign = {key for key, needs in language.layers.get("helpers", {}).items() if set(needs) <= other}
    for root in (shared_root(), language.root):
        ids = ["common", f"flavours/{flavour}"]
        for kind in KINDS[1:]:
            ids += [f"{kind}/{folder.name}" for folder in sorted((root / kind).glob("*")) if folder.name not in foreign]
        yield from (Layer(root, key) for key in ids if (root / key).is_dir())


@every_language
def test_no_two_layers_have_the_same_file(language: Language, tmp_path: Path) -> None:
    for flavour in language.flavours:
        lay_together(all_layers(language, flavour), tmp_path / flavour)
        assert (tmp_path / flavour / "files").is_dir()


@every_language
def test_every_folder_is_known_and_every_word_of_the_tables_has_one(language: Language) -> None:
    tables = {**SHARED_TABLE, **language.layers}
    folders = {kind: {folder.name for folder in (language.root / kind).glob("*")} for kind in KINDS}
    assert folders["flavours"] <= set(language.flavours)
    assert folders["modalities"] <= set(language.modalities)
    assert folders["variants"] <= set(variant_table().variants)
    assert folders["options"] <= set(tables.get("options", {})) | set(SHARED_TABLE.get("options", {}))
    assert folders["helpers"] == set(language.layers.get("helpers", {}))
    known = {*language.flavours, *language.modalities, *variant_table().variants, *tables.get("options", {})}
    for needs in language.layers.get("helpers", {}).values():
        assert set(needs) <= known
    assert set(language.layers.get("order", ())) <= known | folders["helpers"]


@every_language
def test_names_hold_no_logic(language: Language) -> None:
    names = [file.name for root in (shared_root(), language.root) for file in root.rglob("*")]
    assert [name for name in names if re.search(r"\{[{%]", name.replace("{{ name }}", ""))] == []


@every_language
def test_only_a_modality_asks_for_itself(language: Language) -> None:
    asks = re.compile(r"""\{[{%][^}]*(["'])[\w-]+\1 (not )?in (rpcs|modalities)\b""")
    files = [file for root in (shared_root(), language.root) for file in root.rglob("*.jinja")]
    outside = [file for file in files if "modalities" not in file.parts]
    assert [str(file) for file in outside if asks.search(file.read_text(encoding="utf-8"))] == []


def test_the_same_file_in_two_layers_is_refused(tmp_path: Path) -> None:
    for key, name in (("modalities/a", "x.go.jinja"), ("modalities/b", "x.go")):
        (tmp_path / "toy" / key).mkdir(parents=True)
        (tmp_path / "toy" / key / name).write_text("x")
    both = [Layer(tmp_path / "toy", key) for key in ("modalities/a", "modalities/b")]
    with pytest.raises(UsageError, match=r"toy/modalities/a and toy/modalities/b both have the file x\.go") as refused:
        lay_together(both, tmp_path / "out")
    assert refused.value.where == "templates/toy/modalities/b/x.go"


def active(checkout: Checkout, **answers: Any) -> list[str]:
    wanted = spec(lang="go", variants=["cpu"], **answers)
    return [layer.id for layer in active_layers(wanted.language, context(wanted, checkout))]


def test_helpers_come_before_the_modalities_that_need_them(checkout: Checkout) -> None:
    ids = active(checkout, flavour="purego", modalities=["llm", "transcription"])
    assert ids.index("helpers/callbacks") < ids.index("modalities/llm") < ids.index("modalities/transcription")
    assert "helpers/painting" not in ids


def test_a_language_may_put_parts_together_in_an_order_of_its_own(checkout: Checkout) -> None:
    ids = active(checkout, modalities=["tts", "transcription", "image", "sound-generation", "diarization"])
    order = ["modalities/tts", "modalities/sound-generation", "modalities/transcription", "modalities/diarization"]
    assert [key for key in ids if key in {*order, "helpers/painting"}] == [*order, "helpers/painting"]


def test_an_option_is_an_expression_over_the_variables(checkout: Checkout) -> None:
    assert "options/portable" not in active(checkout)
    assert "options/portable" in active(checkout, options={"glibc_floor": "2.31"})
    assert "options/cpu-variants" in active(checkout, flavour="purego", options={"cpu_variants": ["avx"]})


def test_parts_are_never_files(checkout: Checkout) -> None:
    wanted = spec(lang="go", variants=["cpu"])
    assert not [path for path in render_template(wanted.language, context(wanted, checkout)) if "parts" in path]


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the templates, which the product reads."""
    root = Path(shutil.copytree(catalog.templates_root(), tmp_path / "templates"))
    monkeypatch.setattr(catalog, "templates_root", lambda: root)
    monkeypatch.setattr(layers, "templates_root", lambda: root)
    return root


def write(folder: Path, **files: str) -> None:
    """Files by name; `__` in a name stands for a slash and `_` for a dot."""
    for name, text in files.items():
        file = folder / name.replace("__", "/").replace("_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def rendered(lang: str, checkout: Checkout, **variables: Any) -> dict[str, RenderedFile]:
    usual = context(spec(lang="go", variants=["cpu"]), checkout)
    return render_template(languages()[lang], {**usual, "lang": lang, **variables})


def test_a_language_is_a_folder(templates: Path, checkout: Checkout) -> None:
    toy = templates / "toy"
    write(
        toy,
        language_yml="{id: toy, title: Toy, directory: 'backend/toy/{name}', dockerfile: ./backend/Dockerfile.toy,"
        " makefile_type: toy, needs_backend_arg: true, flavours: [{id: plain, title: Plain, profile: rust}],"
        " keywords: [], placeholder: 'backend/toy/{name}/engine.toy',"
        " layers: {helpers: {words: [llm]}, options: {macos: \"'metal' in variants\"}}}",
        common__engine_toy_jinja="{{ name }}\n{% include 'parts/engine.toy' ignore missing %}\n",
        flavours__plain__run_sh="exec\n",
        modalities__llm__parts__engine_toy="llm of {{ ident }}\n",
        modalities__llm__llm_toy="llm\n",
        helpers__words__parts__engine_toy="words\n",
        options__macos__checkout__scripts__darwin_sh="darwin\n",
    )
    files = rendered("toy", checkout, flavour="plain", variants=["metal"])
    assert {path: file.text for path, file in files.items()} == {
        "backend/toy/ds4/engine.toy": "ds4\nwords\nllm of ds4\n",
        "backend/toy/ds4/llm.toy": "llm\n",
        "backend/toy/ds4/run.sh": "exec\n",
        "scripts/darwin.sh": "darwin\n",
    }


def test_a_modality_is_a_folder_in_each_language(templates: Path, checkout: Checkout) -> None:
    write(
        templates / "go/modalities/dance",
        dance_go_jinja="package main // {{ name }}\n",
        parts__pure__engine_go_jinja="\nfunc (e *engine) dance() {}\n",
    )
    before = rendered("go", checkout)
    files = rendered("go", checkout, modalities=["llm", "dance"])
    assert files["backend/go/ds4/dance.go"].text == "package main // ds4\n"
    assert files["backend/go/ds4/engine.go"].text.endswith("\nfunc (e *engine) dance() {}\n")
    changed = {path for path in files if files[path] != before.get(path)}
    assert changed == {"backend/go/ds4/dance.go", "backend/go/ds4/engine.go"}


def test_a_name_that_is_no_variable_is_an_error(templates: Path, checkout: Checkout) -> None:
    write(templates / "go/modalities/dance", dance_go_jinja="{{ features.no_such_feature }}\n")
    with pytest.raises(UsageError, match="no_such_feature"):
        rendered("go", checkout, modalities=["dance"])
