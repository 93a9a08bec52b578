"""Plans: proven on both layouts, idempotent, reversible, and never silent about what they cannot do."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from specs import PIN, spec

from newbackend.checkout.filter_engine import path_filter
from newbackend.checkout.layout import BUMP, INDEX, MAKEFILE, MATRIX, layout_of, open_checkout
from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.plan.build import plan_create, planned, prove_routes
from newbackend.plan.model import Plan
from newbackend.plan.remove import plan_remove


def after(plan: Plan, checkout: Checkout) -> Checkout:
    """The checkout as the plan would leave it."""
    return planned(plan, checkout)


def test_everything_on_the_seed_checklist_is_registered(any_sample: Path) -> None:
    checkout = open_checkout(any_sample)
    plan = plan_create(spec(), checkout)
    assert plan.by_hand == ()
    satisfied = {rule for edit in plan.made for rule in edit.rules}
    expected = (
        "REG101 REG201 REG202 REG203 REG204 REG301 REG302 REG303 REG304 REG305 REG306 REG401 REG501 REG801 REG811"
    )
    assert set(expected.split()) <= satisfied
    edited = after(plan, checkout)
    matrix = yaml.safe_load(edited.need(MATRIX))["include"]
    rows = [row for row in matrix if row["backend"] == "ds4"]
    assert [(row["tag-suffix"], row.get("platform-tag")) for row in rows] == [
        ("-cpu-ds4", "amd64"),
        ("-cpu-ds4", "arm64"),
        ("-gpu-nvidia-cuda-13-ds4", None),
        ("-nvidia-l4t-cuda-13-arm64-ds4", None),
    ] or {row["tag-suffix"] for row in rows} == {
        "-cpu-ds4",
        "-gpu-nvidia-cuda-13-ds4",
        "-nvidia-l4t-cuda-13-arm64-ds4",
    }
    suffixes = {row["tag-suffix"] for row in rows}
    index = yaml.safe_load(edited.need(INDEX))
    uris = {entry["uri"] for entry in index if "ds4" in entry["name"] and "uri" in entry}
    registry = "quay.io/go-skynet/local-ai-backends"
    assert uris == {f"{registry}:{channel}{suffix}" for channel in ("latest", "master") for suffix in suffixes}
    assert "DS4_VERSION?=" + PIN["sha"] in edited.need("backend/cpp/ds4/Makefile").splitlines()
    assert f'variable: "{PIN["variable"]}"' in edited.need(BUMP)
    assert path_filter(edited).linux(rows) == ["backend/cpp/ds4/"] * len(rows)


def test_a_second_plan_on_the_result_is_empty(any_sample: Path) -> None:
    checkout = open_checkout(any_sample)
    again = plan_create(spec(), after(plan_create(spec(), checkout), checkout))
    assert again.empty
    assert again.edits == ()
    assert len(again.present) > 10


def test_removing_what_was_created_gives_back_the_same_bytes(any_sample: Path) -> None:
    checkout = open_checkout(any_sample)
    created = after(plan_create(spec(), checkout), checkout)
    plan = plan_remove("ds4", created)
    gone = after(plan, created)
    for path in plan.base:
        assert gone.read(path) == checkout.read(path), path


def test_crlf_files_and_a_bom_survive(sample: Path) -> None:
    for path in (MATRIX, INDEX, MAKEFILE, BUMP, ".dockerignore"):
        file = sample / path
        file.write_bytes(b"\xef\xbb\xbf" * (path == INDEX) + file.read_bytes().replace(b"\n", b"\r\n"))
    checkout = open_checkout(sample)
    plan = plan_create(spec(), checkout)
    for change in plan.changes(plan.texts(checkout)):
        if change.before is not None and change.path in (MATRIX, INDEX, BUMP, ".dockerignore"):
            assert change.after is not None
            assert "\n" not in change.after.replace("\r\n", "")
    assert (after(plan, checkout).read(INDEX) or "").startswith("\ufeff")


def test_files_without_a_final_newline_keep_having_none(sample: Path) -> None:
    file = sample / INDEX
    file.write_bytes(file.read_bytes().rstrip(b"\n"))
    checkout = open_checkout(sample)
    created = after(plan_create(spec(), checkout), checkout)
    assert not created.need(INDEX).endswith("\n")
    assert after(plan_remove("ds4", created), created).read(INDEX) == checkout.read(INDEX)


def _break_makefile(root: Path) -> str:
    file = root / MAKEFILE
    file.write_text(file.read_text().replace(".NOTPARALLEL:", "#.NOTPARALLEL:"))
    return MAKEFILE


def _break_filter(root: Path) -> str:
    path = layout_of(open_checkout(root)).filter_path
    assert path
    file = root / path
    file.write_text(file.read_text().replace("function inferBackendPath(item)", "const inferBackendPath = (item) =>"))
    return path


def _break_bump(root: Path) -> str:
    file = root / BUMP
    file.write_text(file.read_text().replace("bump-backends:", "bump-everything:"))
    return BUMP


@pytest.mark.parametrize("damage", [_break_makefile, _break_bump])
def test_a_place_of_unknown_shape_becomes_a_manual_item_with_a_snippet(sample: Path, damage: object) -> None:
    path = damage(sample)  # type: ignore[operator]
    plan = plan_create(spec(), open_checkout(sample))
    items = [item for item in plan.manual if item.path == path]
    assert items
    assert all(item.snippet and item.reason and item.line >= 1 for item in items)
    assert [edit.outcome for edit in plan.edits if edit.path == path and not edit.made]
    assert any(edit.path == MATRIX for edit in plan.made), "the rest of the plan still stands"


def test_a_broken_filter_is_manual_and_names_the_branch(sample: Path) -> None:
    path = _break_filter(sample)
    plan = plan_create(spec(), open_checkout(sample))
    items = [item for item in plan.manual if item.place == "path-filter"]
    assert items
    assert path in {item.path for item in items} or items[0].path.startswith("scripts/")
    assert 'endsWith("ds4")' in items[0].snippet


def test_broken_yaml_is_one_manual_item_per_group_and_nothing_is_guessed(sample: Path) -> None:
    (sample / INDEX).write_text("- &a\n  name: [\n")
    plan = plan_create(spec(), open_checkout(sample))
    items = [item for item in plan.manual if item.path == INDEX]
    assert items
    assert "not valid YAML" in items[0].reason
    assert not [edit for edit in plan.made if edit.path == INDEX]


def test_a_place_that_is_not_there_is_skipped_with_the_reason(sample: Path) -> None:
    (sample / ".dockerignore").unlink()
    plan = plan_create(spec(), open_checkout(sample))
    assert ("dockerignore", ".dockerignore is not in this checkout") in plan.skipped


def test_a_modality_that_the_proto_lacks_is_refused(old_sample: Path) -> None:
    checkout = open_checkout(old_sample)
    assert "TokenClassify" not in layout_of(checkout).proto.rpcs
    with pytest.raises(UsageError, match="no rpc TokenClassify"):
        plan_create(spec(modalities=["token-classification"]), checkout)


def test_an_edit_that_would_break_the_path_filter_is_dropped(sample: Path) -> None:
    checkout = open_checkout(sample)
    path = layout_of(checkout).filter_path
    assert path
    broken = checkout.with_changes({path: checkout.need(path) + "function (\n"})
    with pytest.raises(UsageError) as caught:
        prove_routes(checkout, broken, "ds4")
    assert caught.value.code == "filter-broken"
