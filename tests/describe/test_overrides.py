"""`overrides` are strict: what nobody reads, and what could break out of its line, is refused."""

from __future__ import annotations

from typing import Any

import pytest
from specs import DS4

from newbackend.answers import as_data, read_answers
from newbackend.checkout.tree import Checkout
from newbackend.describe import describe
from newbackend.errors import UsageError
from newbackend.plan.build import plan_create
from newbackend.plan.collisions import check_collisions
from newbackend.spec import make_spec

KEEP = {"places": {"scaffold": "keep"}}


def of(name: str, checkout: Checkout, **places: Any) -> dict[str, Any]:
    """The described answers of a sample backend with more said about some places."""
    answers = as_data(describe(checkout, name).answers)
    known = answers["overrides"]["places"]
    said = {key: {**known.get(key, {}), **more} for key, more in ((k.replace("_", "-"), v) for k, v in places.items())}
    overrides = {**answers["overrides"], "places": {**known, **said}}
    return {**answers, "overrides": overrides}


@pytest.mark.parametrize(
    ("overrides", "named"),
    [
        ({"shapes": {}}, "overrides.shapes"),
        ({"variants": {"cuda11": {}}}, "overrides.variants.cuda11"),
        ({"variants": {"cpu": {"row": {}}}}, "overrides.variants.cpu.row"),
        ({"variants": {"cpu": {"rows": []}}}, "overrides.variants.cpu.rows"),
        ({"variants": {"cpu": {"rows": [{"runs-on": "x"}]}}}, "tag-suffix"),
        ({"variants": {"cpu": {"fields": {"runs-on": 3}}}}, "runs-on"),
        ({"variants": {"cpu": {"fields": {"runs-on": "a\nb"}}}}, "runs-on"),
        ({"variants": {"cpu": {"fields": {"runs-on: x\n  evil": "a"}}}}, "field"),
        ({"variants": {"cpu": {"entry": 'a"\n- b'}}}, "overrides.variants.cpu.entry"),
        ({"variants": ["cpu"]}, "overrides.variants must be a mapping"),
        ({"capabilities": {"default\n": "x"}}, "overrides.capabilities"),
        ({"capabilities": {"default": "x y"}}, "overrides.capabilities.default"),
        ({"places": {"scaffold": True}}, "overrides.places.scaffold"),
        ({"places": {"makefile": {"omit": "define"}}}, "overrides.places.makefile.omit"),
        ({"places": {"makefile": {"facts": ["x"]}}}, "overrides.places.makefile.facts"),
        ({"places": {"makefile": {"facts": {"a": 1}}}}, "overrides.places.makefile.facts"),
        ({"places": {"makefile": {"facts": {"a\nb": "x"}}}}, "overrides.places.makefile.facts"),
    ],
)
def test_an_unknown_key_or_a_wrong_value_is_refused_by_its_name(overrides: dict[str, Any], named: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_answers({"overrides": overrides}, "answers.yml")
    assert named in caught.value.sentence()
    assert caught.value.where == "answers.yml"


@pytest.mark.parametrize(
    ("place", "said", "named"),
    [
        ("no-such-place", {}, "overrides.places.no-such-place"),
        ("makefile", {"type": "golang"}, "overrides.places.makefile.type"),
        ("docs-backends", {"facts": {"example:x": "y"}}, "overrides.places.docs-backends.facts"),
        ("makefile", {"facts": {"define:X": ["other", "golang", ".", "false", "true"]}}, "does not define gotide"),
        ("makefile", {"facts": {"define:X": ["gotide", "golang", ".", "false"]}}, "5 texts"),
        ("makefile", {"facts": {"test-extra:backend/go/gotide": "test; rm x"}}, "cannot have|can have"),
        ("makefile", {"facts": {"test-extra:backend/go/goquill": "test"}}, "is not about backend/go/gotide"),
        ("makefile", {"facts": {".NOTPARALLEL:backends/goquill": "backends/goquill"}}, "is not about gotide"),
        ("makefile", {"facts": {"shell:x": "y"}}, "can have"),
        ("matrix", {"facts": {"-cpu-x|": {"backend": "goquill", "tag-suffix": "-cpu-x"}}}, "row of gotide"),
        ("matrix", {"facts": {"-cpu-y|": {"backend": "gotide", "tag-suffix": "-cpu-x"}}}, "row of gotide"),
        ("bump-bot", {"facts": {"bump:A@f": {"variable": "A"}}}, "row with"),
        (
            "bump-bot",
            {"facts": {"bump:A@backend/go/goquill/Makefile": {
                "repository": "a/b", "branch": "main", "variable": "A", "file": "backend/go/goquill/Makefile"}}},
            "is not about backend/go/gotide",
        ),
        ("dockerignore", {"facts": {"ignore:/": "/"}}, "below backend/go/gotide/"),
        ("gallery-index", {"facts": {"entry:x": {"name": "y", "uri": "u"}}}, "key of its own value"),
        ("gallery-index", {"facts": {"entry:x": {"<<": "goquill", "name": "x", "uri": "u"}}}, "not based on"),
        ("gallery-index", {"facts": {"entry:x": {"name": "x", "uri: a\n- b": "u"}}}, "gallery-index"),
        ("gallery-index", {"meta": {"a b": "x"}}, "not a plain name"),
        ("known-backends", {"facts": {"known:goquill": {"Name": "goquill"}}}, "entry of gotide"),
        ("backend-capabilities", {"facts": {"capability:gotide": {"VoiceCloning": "os.Exit(1)"}}}, "safely"),
        ("importer-registry", {"facts": {"importer:X{}": "X{}"}}, "importer type"),
        ("darwin-workflow", {"facts": {"step:gotide": {
            "name": "x", "if": "inputs.backend == 'gotide'", "run": "make backends/gotide-darwin\ncurl\n"}}}, "safely"),
        ("submodules", {"facts": {"submodule:backend/go/goquill/x": "https://x"}}, "below backend/go/gotide/"),
        ("submodules", {"facts": {"submodule:backend/go/gotide/x": "https://x\n[core]"}}, "plain URL"),
        ("darwin-makefile", {"facts": {"darwin-target:gotide": "/bin/sh"}}, "macOS target"),
        ("path-filter-forks", {"facts": {"fork:goquill:backend/cpp/x/": "backend/cpp/x/"}}, "gotide is built from"),
        ("path-filter-forks", {"facts": {"fork:gotide:x": "x"}}, "gotide is built from"),
        ("darwin-builders", {"facts": {"bespoke:goquill": "goquill"}}, "entry of gotide"),
    ],
)  # fmt: skip
def test_a_place_refuses_what_it_does_not_read_or_could_not_write_safely(
    checkout: Checkout, place: str, said: dict[str, Any], named: str
) -> None:
    answers = of("gotide", checkout, **{place.replace("-", "_"): said})
    with pytest.raises(UsageError, match=named):
        plan_create(make_spec(read_answers(answers, "answers.yml")), checkout)


@pytest.mark.parametrize(
    "said",
    [
        {"rows": [{"backend": "other", "tag-suffix": "-cpu-ds4"}]},
        {"rows": [{"tag-suffix": "-cpu-ds4"}]},
        {"fields": {"backend": "other"}},
    ],
)
def test_a_row_of_another_backend_is_refused(checkout: Checkout, said: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"is about the backend '(other)?', not 'ds4'"):
        plan_create(make_spec(read_answers({**DS4, "overrides": {"variants": {"cpu": said}}}, "test")), checkout)


@pytest.mark.parametrize("name", ["llama-cpp", "mlx-audio", "my-llama-cpp"])
def test_a_name_that_would_hurt_is_only_taken_for_files_that_are_there(checkout: Checkout, name: str) -> None:
    answers = {**DS4, "name": name, "lang": "python"}
    if name != "llama-cpp":
        with pytest.raises(UsageError, match="backend name"):
            make_spec(read_answers(answers, "test"))
    spec = make_spec(read_answers({**answers, "overrides": KEEP}, "test"))
    with pytest.raises(UsageError, match="files are kept, but there is no such directory") as caught:
        plan_create(spec, checkout)
    assert caught.value.where == f"backend/python/{name}"


@pytest.mark.parametrize("name", ["Bad", "../x", "a--b", "x" * 64, ""])
def test_no_answer_makes_up_for_a_name_that_is_no_name(name: str) -> None:
    with pytest.raises(UsageError):
        make_spec(read_answers({**DS4, "name": name, "overrides": KEEP}, "test"))


def test_a_kept_backend_gets_no_files(checkout: Checkout) -> None:
    from newbackend.checkout.layout import MAKEFILE

    answers = of("pyecho", checkout)
    text = checkout.need(MAKEFILE).replace(" backends/pyecho", "")
    spec = make_spec(read_answers(answers, "test"))
    check_collisions(spec, checkout)
    plan = plan_create(spec, checkout.with_changes({MAKEFILE: text}))
    assert [(edit.op, edit.path) for edit in plan.edits] == [("modify", MAKEFILE)]


def test_what_the_answers_omit_is_not_wanted(checkout: Checkout) -> None:
    from newbackend.checkout.layout import MAKEFILE

    text = "".join(
        line for line in checkout.need(MAKEFILE).splitlines(keepends=True) if "-C backend/python/pyecho" not in line
    )
    changed = checkout.with_changes({MAKEFILE: text})
    wanted = plan_create(make_spec(read_answers(of("pyecho", checkout), "test")), changed)
    assert [edit.reason for edit in wanted.edits] == ["builds pyecho before its tests", "runs pyecho's tests"]
    kinds = of("pyecho", checkout, makefile={"omit": ["prepare-test-extra", "test-extra:backend/python/pyecho"]})
    assert plan_create(make_spec(read_answers(kinds, "test")), changed).edits == ()
    everything = of("pyecho", checkout, makefile={"omit": True})
    assert plan_create(make_spec(read_answers(everything, "test")), changed).edits == ()
