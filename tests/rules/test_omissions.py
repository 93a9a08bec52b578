"""Leave out one planned edit: `verify` names the backend and the file, whatever is forgotten.

The tables below are exact: an edit that stands in HARMLESS and is heard after all fails the tests as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from conftest import NEWEST

from newbackend.catalog.languages import languages
from newbackend.checkout.layout import FILTER_MODULE, open_checkout
from newbackend.checkout.tree import Checkout
from newbackend.plan.model import Edit
from newbackend.spec import BackendSpec

from .omissions import rich, verdicts

# Every flavour; and the one of each language that ships most variants.
FLAVOURS = [(lang, flavour) for lang, language in languages().items() for flavour in language.flavours]
WIDEST = [("python", "default"), ("go", "purego"), ("cpp", "shared-base"), ("rust", "default")]
BY_VARIANT = frozenset(
    ("matrix", "gallery-index", "path-filter", "darwin-makefile", "darwin-builders", "darwin-workflow")
)
BY_MODALITY = frozenset(("known-backends", "backend-capabilities", "compatibility-table", "docs-backends"))

When = Callable[[BackendSpec, Checkout], bool]


def _cpp(spec: BackendSpec, checkout: Checkout) -> bool:
    return spec.lang == "cpp"


def _scripted(spec: BackendSpec, checkout: Checkout) -> bool:
    return spec.lang in ("python", "rust")


def _always(spec: BackendSpec, checkout: Checkout) -> bool:
    return True


def _few_examples(spec: BackendSpec, checkout: Checkout) -> bool:
    page = checkout.need("docs/content/features/backends.md").split("\n")
    bullets = [line for line in page if line.startswith("- **") and "Backends**" in line]
    return 4 * sum("(e.g., " in line for line in bullets) < 3 * len(bullets)


def _by_directory(spec: BackendSpec, checkout: Checkout) -> bool:
    return not checkout.exists(FILTER_MODULE)


def _stores(spec: BackendSpec, checkout: Checkout) -> bool:
    return "vector-store" in spec.modalities


# Omission -> when nothing needs to be said about it, and why.
HARMLESS: Mapping[str, tuple[When, str]] = {
    "makefile REG302": (_cpp, "no C++ backend of LocalAI is in prepare-test-extra, which nothing runs"),
    "makefile REG303": (_cpp, "no C++ backend of LocalAI is in test-extra, which nothing runs"),
    "dockerignore REG811": (
        _scripted,
        "the Makefile checks out the pin again on every build and cargo builds what changed, so that nothing stale is "
        "used: the line only keeps the build context small",
    ),
    "readme-engines REG703": (
        _scripted,
        "whose engine it is cannot be seen in a checkout: the rule knows it by a .cpp repository of the project, which "
        "the engine of a Python or Rust backend is not",
    ),
    "docs-backends REG701": (_few_examples, "this list gives next to no examples, so nobody is missing from it"),
    "path-filter-forks REG403": (
        _by_directory,
        "the older filter looks at directories alone, so that REG403 stands with the edit and without it",
    ),
    "known-backends REG601": (_stores, "a vector store serves no model that could be imported"),
    "submodules REG820, together": (
        _always,
        "without the entry and the commit nothing speaks of an upstream: the generated crate does not use it yet",
    ),
    "importer-drop-in core/gallery/importers/NAME_drop_in_test.go": (
        _always,
        "a test of what is registered elsewhere: without it nothing works less",
    ),
    "importer-drop-in core/gallery/importers/llama-cpp_test.go": (
        _always,
        "a test that pins the list that has grown: it fails by itself",
    ),
    "importer-registry core/gallery/importers/NAME_test.go": (
        _always,
        "a test of the importer: without it nothing works less",
    ),
    "known-backends-tests core/http/endpoints/localai/backend_test.go": (
        _always,
        "a test of what is registered elsewhere: without it nothing works less",
    ),
    "feature-pages docs/content/features/text-generation.md": (
        _always,
        "the page names some backends of many, and nothing says which: no rule can tell who is missing",
    ),
}

# Omission -> why a note is enough.
NOTES: Mapping[str, str] = {
    "makefile REG302": "nothing has run prepare-test-extra since July 2025",
    "makefile REG303": "nothing has run test-extra since July 2025",
    "docs-backends REG701": "the list gives examples; the table, which is complete, is a warning",
    "test-workflow REG710": "an output that no job reads does nothing",
    "dockerignore REG811": "a foreign build directory stops the image build; nobody is misled",
}


@pytest.fixture(scope="module")
def new_layout(_sample_template: Path) -> Checkout:
    """The sample checkout."""
    return open_checkout(_sample_template)


@pytest.fixture(scope="module")
def old_layout(_old_template: Path) -> Checkout:
    """The same, laid out as before July 2026."""
    return open_checkout(_old_template)


@pytest.fixture(params=["new_layout", "old_layout"])
def layout(request: pytest.FixtureRequest) -> Checkout:
    """Both layouts, one after the other."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Checkout)
    return found


def with_stock(checkout: Checkout) -> Checkout:
    """The checkout with what every flavour is built from: the llama.cpp backend, as far as the rules look."""
    folder = "backend/cpp/llama-cpp"
    files = ("run.sh", "Makefile", "grpc-server.cpp", "CMakeLists.txt", "package.sh")
    return checkout.with_changes({f"{folder}/{name}": "# llama-cpp\n" for name in files})


def check(checkout: Checkout, spec: BackendSpec, want: Callable[[Edit], bool] = lambda _: True) -> None:
    """Everything that is left out is heard, but for what is harmless; by the rules that the edit names."""
    found = list(verdicts(checkout, spec, want))
    assert found
    quiet = {one.omission.label for one in found if one.silent}
    harmless = {
        one.omission.label
        for one in found
        if one.omission.label in HARMLESS and HARMLESS[one.omission.label][0](spec, checkout)
    }
    assert quiet == harmless
    assert {one.omission.label for one in found if one.only_a_note} <= NOTES.keys()
    assert [
        (one.omission.label, sorted({finding.rule.id for finding in one.heard})) for one in found if one.by_other_rules
    ] == []


@pytest.mark.parametrize(("lang", "flavour"), FLAVOURS)
def test_no_edit_can_be_left_out_in_silence(layout: Checkout, lang: str, flavour: str) -> None:
    check(with_stock(layout), rich(lang, flavour))


@pytest.mark.parametrize("lang", languages())
def test_the_same_goes_for_a_drop_in(layout: Checkout, lang: str) -> None:
    spec = rich(lang, languages()[lang].default_flavour, **{"import": {"kind": "drop-in", "of": "cppanvil"}})
    check(layout, spec, lambda edit: edit.place == "importer-drop-in")


def test_and_for_an_engine_preference(new_layout: Checkout) -> None:
    places = {"engine-preference": {"nvidia": "cppanvil"}}
    check(new_layout, rich("go", "pure", overrides={"places": places}), lambda edit: edit.place == "engine-preference")


@pytest.mark.parametrize(
    ("lang", "flavour", "variant"),
    [(lang, flavour, variant) for lang, flavour in WIDEST for variant in languages()[lang].flavours[flavour].variants],
)
def test_a_backend_of_one_variant_lacks_nothing_in_silence(
    new_layout: Checkout, lang: str, flavour: str, variant: str
) -> None:
    check(new_layout, rich(lang, flavour, variants=[variant]), lambda edit: edit.place in BY_VARIANT)


@pytest.mark.parametrize("modality", languages()["python"].modalities)
def test_nor_does_a_backend_of_one_modality(new_layout: Checkout, modality: str) -> None:
    spec = rich("python", "default", modalities=[modality], variants=["cpu"])
    check(new_layout, spec, lambda edit: edit.place in BY_MODALITY)


@pytest.mark.parametrize("flavour", ["self-contained", "shared-base"])
def test_build_output_alone_is_kept_out_of_the_image_too(new_layout: Checkout, flavour: str) -> None:
    check(new_layout, rich("cpp", flavour, pin=None), lambda edit: edit.place == "dockerignore")


# The real LocalAI ---------------------------------------------------------------------------------------------

REAL = [
    ("python", "default", ["cpu", "cuda12", "metal"], {"kind": "importer", "extensions": [".echo4"]}),
    ("go", "purego", ["cpu", "vulkan", "metal"], {"kind": "preference"}),
    ("cpp", "shared-base", ["cpu", "cuda13", "metal"], {"kind": "drop-in", "of": "llama-cpp"}),
    ("cpp", "llama-fork", ["cpu"], {"kind": "preference"}),
    ("rust", "default", ["cpu"], {"kind": "importer", "pipeline_tags": ["echo4"]}),
]


@pytest.mark.localai
@pytest.mark.xdist_group("localai")
@pytest.mark.parametrize(("lang", "flavour", "variants", "imports"), REAL, ids=[f"{row[0]}-{row[1]}" for row in REAL])
def test_no_edit_of_the_real_localai_can_be_left_out_in_silence(
    localai_at: Callable[[str], Path], lang: str, flavour: str, variants: list[str], imports: dict[str, object]
) -> None:
    spec = rich(lang, flavour, variants=variants, **{"import": imports})
    check(open_checkout(localai_at(NEWEST)), spec)
