"""An importer of the backend's own: its place in the order of specificity, its files, its tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from place_trip import edited, gofmt_changes, new_lines, round_trip, texts_after
from specs import spec

from newbackend.checkout.tree import Checkout
from newbackend.describe import describe
from newbackend.errors import UsageError
from newbackend.plan.build import plan_create, planned
from newbackend.plan.remove import plan_remove
from newbackend.registrations.importer_registry.place import ImporterRegistry
from newbackend.registrations.support.importers_dir import FOLDER, REGISTRY
from newbackend.spec import BackendSpec, make_spec
from newbackend.splice.outcome import AnchorMissing

DETAILS = "\tPreferences json.RawMessage\n}"
LAST = "\t&CppanvilImporter{},\n"


def wanted(**answers: object) -> BackendSpec:
    return spec(**{"import": {"kind": "importer", **answers}})


@pytest.fixture
def real(checkout: Checkout) -> Checkout:
    """The sample with what the real importers have: Hugging Face details, and llama-cpp at the end."""
    details = "\tPreferences json.RawMessage\n\tHuggingFace *hfapi.ModelDetails\n}"
    return edited(checkout, REGISTRY, (DETAILS, details), (LAST, f"{LAST}\t&LlamaCPPImporter{{}},\n"))


@pytest.mark.parametrize(
    "answers",
    [
        {"extensions": [".ds4"]},
        {"pipeline_tags": ["text-to-speech", "text-to-audio"]},
        {"extensions": [".ds4", ".ds4.bin"], "pipeline_tags": ["text-generation"]},
    ],
)
def test_it_is_registered_ahead_of_the_generic_ones_with_files_of_its_own(
    real: Checkout, answers: dict[str, object]
) -> None:
    after = round_trip(ImporterRegistry(), real, wanted(**answers))
    lines = after.need(REGISTRY).splitlines()
    at = lines.index("\t&Ds4Importer{},")
    assert lines[at - 3 : at - 2] == ["\t&CppanvilImporter{},"]
    assert lines[at - 2].startswith("\t// Ds4Importer matches ")
    assert lines[at + 1] == "\t&LlamaCPPImporter{},"
    for path in (REGISTRY, f"{FOLDER}/ds4.go", f"{FOLDER}/ds4_test.go"):
        assert gofmt_changes(after.need(path)) == "", path


def test_the_test_is_table_driven_and_covers_preferences(real: Checkout) -> None:
    after = round_trip(ImporterRegistry(), real, wanted(extensions=[".ds4"]))
    text = after.need(f"{FOLDER}/ds4_test.go")
    assert text.count("DescribeTable(") == 2
    assert '`{"backend": "ds4"}`' in text


def test_files_come_and_go_with_the_plan(real: Checkout) -> None:
    plan = plan_create(wanted(extensions=[".ds4"]), real)
    made = {edit.path for edit in plan.made if edit.op == "create"}
    assert {f"{FOLDER}/ds4.go", f"{FOLDER}/ds4_test.go"} <= made
    after = planned(plan, real)
    gone = {edit.path for edit in plan_remove("ds4", after).made if edit.op == "delete"}
    assert {f"{FOLDER}/ds4.go", f"{FOLDER}/ds4_test.go"} <= gone


def test_a_file_that_speaks_for_others_too_is_not_deleted(real: Checkout) -> None:
    more = '\nfunc (o *OtherImporter) Name() string { return "other" }\n'
    shared = real.with_changes({f"{FOLDER}/cppanvil.go": real.need(f"{FOLDER}/cppanvil.go") + more})
    assert ImporterRegistry().own_files(shared, "cppanvil") == ()
    assert ImporterRegistry().own_files(real, "pywhistle") == [f"{FOLDER}/pywhistle.go"]


def test_a_type_of_that_name_elsewhere_is_refused(real: Checkout) -> None:
    taken = real.with_changes({f"{FOLDER}/odd.go": "package importers\n\ntype Ds4Importer struct{}\n"})
    with pytest.raises(UsageError) as caught:
        ImporterRegistry().plan(taken, wanted(extensions=[".ds4"]))
    assert caught.value.where == f"{FOLDER}/odd.go"


def test_an_order_that_is_unknown_is_left_to_a_person(real: Checkout) -> None:
    odd = edited(real, REGISTRY, ("&LlamaCPPImporter{}", "&SomethingImporter{}"))
    (change,) = ImporterRegistry().plan(odd, wanted(extensions=[".ds4"])).changes
    assert isinstance(change.outcome, AnchorMissing)
    assert change.snippet == "\t&Ds4Importer{},"


def test_importers_of_another_kind_are_left_to_a_person(checkout: Checkout) -> None:
    (change,) = ImporterRegistry().plan(checkout, wanted(extensions=[".ds4"])).changes
    assert isinstance(change.outcome, AnchorMissing)


def test_a_digit_cannot_start_a_type(real: Checkout) -> None:
    answers = {"import": {"kind": "importer", "extensions": [".x"]}}
    after = round_trip(ImporterRegistry(), real, spec(name="3d-mesh", **answers))
    assert new_lines(real, after, REGISTRY)[-1] == "\t&B3dMeshImporter{},"


def test_nothing_is_wanted_without_the_folder(sample: Path) -> None:
    from newbackend.checkout.layout import open_checkout

    bare = open_checkout(sample).with_changes({REGISTRY: None})
    assert ImporterRegistry().plan(bare, wanted(extensions=[".x"])).skipped


def test_the_comment_above_the_line_is_described_and_comes_back(real: Checkout) -> None:
    after = planned(plan_create(wanted(extensions=[".ds4"]), real), real)
    told = describe(after, "ds4").answers.overrides or {}
    comment = told["places"]["importer-registry"]["comment"]
    assert comment.startswith(" Ds4Importer matches .ds4 files")
    bare = after.with_changes({REGISTRY: real.need(REGISTRY)})
    kept = make_spec(describe(after, "ds4").answers)
    changes = list(ImporterRegistry().plan(bare, kept).changes)
    again = bare.with_changes(texts_after(bare, changes))
    assert again.need(REGISTRY) == after.need(REGISTRY)


@pytest.mark.parametrize(
    "comment", [" Ds4 (C++): before LlamaCPP", " ds4: the first one", " Ds4Importer looks at names"]
)
def test_a_comment_about_the_importer_leaves_no_trace(real: Checkout, comment: str) -> None:
    kept = {"places": {"importer-registry": {"comment": comment}}}
    importer = {"kind": "importer", "extensions": [".ds4"]}
    after = round_trip(ImporterRegistry(), real, spec(**{"import": importer, "overrides": kept}))
    assert f"\t//{comment}\n" in after.need(REGISTRY)


def test_a_comment_from_answers_cannot_end(real: Checkout) -> None:
    places = {"importer-registry": {"facts": {"importer:Ds4Importer": "Ds4Importer"}, "comment": "one\n*/ two\n}"}}
    after = real.with_changes(
        texts_after(real, ImporterRegistry().plan(real, spec(overrides={"places": places})).changes)
    )
    rows = after.need(REGISTRY).splitlines()
    at = rows.index("\t&Ds4Importer{},")
    assert rows[at - 3 : at] == ["\t//one", "\t//*/ two", "\t//}"]
    hostile = spec(overrides={"places": {"importer-registry": {**places["importer-registry"], "comment": "a\rb"}}})
    with pytest.raises(UsageError, match="without control characters"):
        ImporterRegistry().plan(real, hostile)
