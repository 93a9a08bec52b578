"""The six edits of the root Makefile, judged by GNU make."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from specs import spec

from newbackend.checkout.layout import MAKEFILE, open_checkout
from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.plan.build import plan_create, planned
from newbackend.plan.remove import plan_remove
from newbackend.registrations.makefile.place import RootMakefile, backend_of_directory
from newbackend.splice.outcome import Inserted, apply_splices


def edited(root: Path, **answers: object) -> str:
    checkout = open_checkout(root)
    changes = RootMakefile().plan(checkout, spec(**answers)).changes
    splices = [s for change in changes if isinstance(change.outcome, Inserted) for s in change.outcome.splices]
    return apply_splices(checkout.need(MAKEFILE), splices)


@pytest.mark.parametrize(
    ("lang", "definition", "prepare"),
    [
        ("cpp", "ds4|ds4|.|false|false", "$(MAKE) -C backend/cpp/ds4 grpc-server"),
        ("go", "ds4|golang|.|false|true", "$(MAKE) -C backend/go/ds4"),
        ("python", "ds4|python|.|false|true", "$(MAKE) -C backend/python/ds4"),
        ("rust", "ds4|rust|.|false|true", "$(MAKE) -C backend/rust/ds4 ds4-grpc"),
    ],
)
def test_every_language_gets_its_six_edits(sample: Path, lang: str, definition: str, prepare: str) -> None:
    text = edited(sample, lang=lang, flavour=None, variants=["cpu"])
    lines = text.splitlines()
    assert f"BACKEND_DS4 = {definition}" in lines
    assert "$(eval $(call generate-docker-build-target,$(BACKEND_DS4)))" in lines
    assert f"\t{prepare}" in lines
    assert f"\t$(MAKE) -C backend/{lang}/ds4 test" in lines
    assert next(line for line in lines if line.startswith(".NOTPARALLEL:")).endswith(" backends/ds4")
    assert next(line for line in lines if line.startswith("docker-build-backends:")).endswith(" docker-build-ds4")


def test_make_itself_prints_the_docker_command(sample: Path) -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    (sample / MAKEFILE).write_text(edited(sample))
    done = subprocess.run(["make", "-n", "docker-build-ds4"], cwd=sample, capture_output=True, text=True, check=True)
    assert "docker build" in done.stdout
    assert "backend/Dockerfile.ds4" in done.stdout


def test_lines_stand_where_their_siblings_stand(sample: Path) -> None:
    lines = edited(sample, lang="go", flavour=None, variants=["cpu"]).splitlines()
    above = lines[lines.index("BACKEND_DS4 = ds4|golang|.|false|true") - 1]
    assert "|golang|" in above
    above = lines[lines.index("\t$(MAKE) -C backend/go/ds4 test") - 1]
    assert "-C backend/go/" in above


def test_an_omitted_edit_is_left_out(sample: Path) -> None:
    text = edited(sample, overrides={"places": {"makefile": {"omit": ["prepare-test-extra", "test-extra"]}}})
    assert "-C backend/cpp/ds4" not in text
    assert "BACKEND_DS4" in text


def test_revert_keeps_names_that_contain_the_name(sample: Path) -> None:
    checkout = open_checkout(sample)
    splices = [
        splice
        for change in RootMakefile().revert(checkout, "pywhistle")
        if isinstance(change.outcome, Inserted)
        for splice in change.outcome.splices
    ]
    left = apply_splices(checkout.need(MAKEFILE), splices)
    assert "backend/python/pywhistle" not in left
    assert left.count("fast-pywhistle") == checkout.need(MAKEFILE).count("fast-pywhistle")


@pytest.mark.parametrize(
    ("path", "backend"),
    [("backend/cpp/ds4/Makefile", "ds4"), ("backend/go/x", "x"), ("backend/index.yaml", ""), ("docs/cpp/x", "")],
)
def test_a_backend_is_read_off_its_directory(path: str, backend: str) -> None:
    assert backend_of_directory(path) == backend


BROKEN = {
    "conflict marker": ("\ntest-extra:", "\n<<<<<<< HEAD\ntest-extra:"),
    "without its endif": ("\ntest-extra:", "\nifeq ($(A),b)\ntest-extra:"),
    "begins with spaces": ("\ttest-extra-recipe", "    test-extra-recipe"),
    "NUL": ("\ntest-extra:", "\n# \0\ntest-extra:"),
    ".RECIPEPREFIX": ("\ntest-extra:", "\n.RECIPEPREFIX = >\ntest-extra:"),
}


def with_makefile(root: Path, text: str) -> Checkout:
    return open_checkout(root).with_changes({MAKEFILE: text})


@pytest.mark.parametrize("why", BROKEN)
def test_a_makefile_that_does_not_parse_is_left_to_a_person(sample: Path, why: str) -> None:
    text = (sample / MAKEFILE).read_text()
    head = text.index("\n\t", text.index("\ntest-extra:"))
    marked = text[: head + 1] + "\ttest-extra-recipe\n" + text[head + 1 :]
    broken = marked.replace(*BROKEN[why], 1)
    assert broken != marked
    plan = plan_create(spec(), with_makefile(sample, broken))
    assert [edit for edit in plan.made if edit.path == MAKEFILE] == []
    by_hand = [item for item in plan.manual if item.path == MAKEFILE]
    assert len(by_hand) == 6
    assert all(why in item.reason and item.snippet for item in by_hand)
    at = broken[: broken.index(BROKEN[why][1].strip("\n"))].count("\n") + 1
    assert by_hand[0].line == at


def test_nothing_is_removed_from_a_makefile_that_does_not_parse(sample: Path) -> None:
    broken = (sample / MAKEFILE).read_text() + "<<<<<<< HEAD\n"
    with pytest.raises(UsageError, match="conflict marker") as error:
        plan_remove("goquill", with_makefile(sample, broken))
    assert error.value.where == f"{MAKEFILE}:{broken.count(chr(10))}"


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("lang", ["cpp", "go", "python", "rust"])
def test_a_recipe_that_goes_on_behind_a_backslash_stays_in_one_piece(sample: Path, lang: str) -> None:
    path = sample / MAKEFILE
    text = path.read_text()
    calls = re.findall(r"\n(\t\$\(MAKE\) -C backend/\w+/[\w-]+)( test\n)", text)
    assert calls
    for call, rest in calls:
        text = text.replace(f"{call}{rest}", f"{call} \\\n    {rest.lstrip()}")
    path.write_text(text)
    before = open_checkout(sample)
    plan = plan_create(spec(lang=lang, flavour=None, variants=["cpu"]), before)
    after = planned(plan, before)
    path.write_text(after.need(MAKEFILE))
    command = ["make", "-n", "MAKE=echo run", "test-extra"]
    done = subprocess.run(command, cwd=sample, capture_output=True, text=True, check=True)
    assert f"run -C backend/{lang}/ds4 test\n" in done.stdout
    assert done.stdout.count("run -C") >= len(calls) + 1
    assert planned(plan_remove("ds4", after), after).need(MAKEFILE) == text


def test_a_definition_under_a_condition_is_no_neighbour(sample: Path) -> None:
    text = (sample / MAKEFILE).read_text()
    last = re.findall(r"^BACKEND_\w+ = .*golang.*$", text, re.M)[-1]
    checkout = with_makefile(sample, text.replace(last, f"ifdef EXTRA\n{last}\nendif"))
    plan = plan_create(spec(lang="go", flavour=None, variants=["cpu"]), checkout)
    after = planned(plan, checkout).need(MAKEFILE).splitlines()
    assert after[after.index(last) + 1] == "endif"
