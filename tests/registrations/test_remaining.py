"""What remains to a person: named with the place and a text to paste, and nothing fails because of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from specs import spec

from newbackend.catalog.languages import PLACEHOLDER
from newbackend.checkout.layout import open_checkout
from newbackend.checkout.tree import Checkout
from newbackend.plan.build import plan_create, planned
from newbackend.plan.model import Plan
from newbackend.registrations.capabilities.place import Capabilities
from newbackend.registrations.importer_drop_in.place import ImporterDropIn
from newbackend.registrations.manual import Manual
from newbackend.registrations.model_gallery.place import ModelGallery
from newbackend.registrations.path_filter.place import PathFilterPlace
from newbackend.registrations.remaining import SIBLINGS, remaining
from newbackend.registrations.support.siblings import kinds_of
from newbackend.splice.golang import GoFile

CAPABILITY_TESTS = "core/config/backend_capabilities_test.go"
FILTER_TESTS = "scripts/lib/backend-filter_test.mjs"


def test_the_placeholder_engine_and_a_model_remain_and_block_nothing(checkout: Checkout) -> None:
    plan = plan_create(spec(), checkout, remaining=remaining)
    left = {item.place: item for item in plan.to_do}
    assert plan.by_hand == ()
    assert left["scaffold"].path == "backend/cpp/ds4/engine.cpp"
    model = left["model-gallery"]
    assert model.path == "gallery/index.yaml"
    assert "newbackend change ds4 --model URI" in model.reason
    assert "    backend: ds4\n" in model.snippet


def test_what_a_person_has_done_is_not_named_again(checkout: Checkout) -> None:
    after = planned(plan_create(spec(), checkout), checkout)
    engine = after.need("backend/cpp/ds4/engine.cpp").replace(PLACEHOLDER, "")
    models = after.need("gallery/index.yaml") + "\n- name: ds4-q4\n  overrides:\n    backend: ds4\n"
    done = after.with_changes({"backend/cpp/ds4/engine.cpp": engine, "gallery/index.yaml": models})
    assert {"scaffold", "model-gallery"} <= {item.place for item in remaining(after, spec())}
    assert not {"scaffold", "model-gallery"} & {item.place for item in remaining(done, spec())}


def test_a_store_needs_no_model(checkout: Checkout) -> None:
    assert [item.line for item in ModelGallery().tasks(checkout, spec())] != []
    assert list(ModelGallery().tasks(checkout, spec(lang="go", modalities=["vector-store"], variants=["cpu"]))) == []


def test_a_file_that_names_the_siblings_is_named_and_one_that_a_place_knows_is_not(sample: Path) -> None:
    names = "cppanvil, cppreed, neo-cppanvil, goquill, pyecho, pywhistle, fast-pywhistle, rustlark"
    (sample / "docs/content/features/notes.md").write_text(f"All backends:\n{names}\n")
    found = [
        item for item in plan_create(spec(), open_checkout(sample), remaining=remaining).to_do if item.place == SIBLINGS
    ]
    named = {item.path: item for item in found}
    notes = named["docs/content/features/notes.md"]
    assert (notes.line, notes.snippet) == (2, "")
    assert notes.reason.endswith(f"({names})")
    assert not set(named) & {"Makefile", "backend/index.yaml", ".github/backend-matrix.yml"}


TESTED = """package config

var _ = Describe("cppanvil capabilities", func() {
\tIt("x", func() {})
})

var _ = Describe("{other} capabilities", func() {
\tIt("x", func() {})
})

var _ = Describe("names", func() {})
"""


def about_capabilities(checkout: Checkout, other: str, more: str = "") -> list[Manual]:
    text = TESTED.replace("{other}", other) + more
    return list(Capabilities().tasks(checkout.with_changes({CAPABILITY_TESTS: text}), spec()))


def test_a_test_of_what_it_serves_where_others_have_one(checkout: Checkout) -> None:
    (item,) = about_capabilities(checkout, "neo-cppanvil")
    assert (item.path, item.line) == (CAPABILITY_TESTS, 9)
    assert 'GetBackendCapability("ds4")' in item.snippet
    assert "ContainElements(MethodPredict, MethodPredictStream)" in item.snippet
    assert GoFile(TESTED + item.snippet + "\n").broken_line is None
    assert about_capabilities(checkout, "neo-cppanvil", item.snippet) == []
    assert about_capabilities(checkout, "cppanvil") == [], "one backend with tests is no custom"


def test_a_test_of_its_own_branch_in_the_path_filter(checkout: Checkout) -> None:
    named = {FILTER_TESTS: 'test("cppanvil", () => { inferBackendPath({}); });\n'}
    (item,) = PathFilterPlace().tasks(checkout.with_changes(named), spec(name="cppreed", variants=["cpu"]))
    assert (item.path, item.line) == (FILTER_TESTS, 2)
    assert '"./backend/Dockerfile.cppreed"' in item.snippet
    assert '"backend/cpp/cppreed/"' in item.snippet
    python = spec(name="pyecho", lang="python", variants=["cpu"], pin=None)
    assert list(PathFilterPlace().tasks(checkout.with_changes(named), python)) == [], "it has no branch of its own"


def test_an_importer_where_most_that_serve_the_same_have_one(checkout: Checkout) -> None:
    echo = spec(name="pyecho", lang="python", variants=["cpu"], pin=None, modalities=["tts"])
    assert list(ImporterDropIn().tasks(checkout, echo)) == []
    (kind, *_) = kinds_of(checkout, "pyecho")
    code = "".join(f'\nfunc (i *T{n}) Name() string {{ return "{name}" }}' for n, name in enumerate(kind.members))
    more = {"core/gallery/importers/more.go": f"package importers\n{code}\n"}
    (item,) = ImporterDropIn().tasks(checkout.with_changes(more), echo)
    assert item.path == "core/gallery/importers/importers.go"
    assert item.snippet.startswith("newbackend change pyecho --set import.kind=importer")
    chosen = spec(name="pyecho", lang="python", variants=["cpu"], pin=None, imports={"kind": "none"})
    assert list(ImporterDropIn().tasks(checkout.with_changes(more), chosen)) == []


def test_a_file_that_is_no_text_stops_nothing(sample: Path) -> None:
    for path in (CAPABILITY_TESTS, FILTER_TESTS, "docs/content/features/odd.md"):
        (sample / path).parent.mkdir(parents=True, exist_ok=True)
        (sample / path).write_bytes(b"\xff\xfe cppanvil cppreed inferBackendPath")
    assert plan_create(spec(), open_checkout(sample), remaining=remaining).by_hand == ()


def test_system_packages_of_the_engine_that_the_image_lacks(checkout: Checkout) -> None:
    built = spec(lang="go", variants=["cpu"], engine={"target": "x", "packages": ["Threads", "FFTW3", "Quux", "BLAS"]})
    docker = {
        "backend/Dockerfile.golang": "FROM x\nRUN apt-get update && apt-get install -y \\\n    libopenblas-dev git\n"
    }
    found = [item for item in remaining(checkout.with_changes(docker), built) if item.path.endswith(".golang")]
    assert [(item.line, item.snippet.strip(" \\")) for item in found] == [(2, "libfftw3-dev"), (2, "")]
    assert "nothing here installs libfftw3-dev" in found[0].reason
    assert "nothing here installs the package that has Quux" in found[1].reason


@pytest.mark.parametrize("needed", [True, False])
def test_a_plan_tells_both_kinds_apart(needed: bool) -> None:
    item = Manual("a", 1, "", "why", "place", needed=needed)
    plan = Plan("x", {}, {}, manual=(item,))
    assert (plan.by_hand, plan.to_do) == (((item,), ()) if needed else ((), (item,)))
