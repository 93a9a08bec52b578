"""How the import form gets to know a backend: which ways are offered, what each leads to, and back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from specs import SHA, answers

from newbackend.answers import Answers, ImportAnswers, as_data
from newbackend.checkout.layout import open_checkout
from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.plan.build import plan_create
from newbackend.registrations.known_backends.place import PATH
from newbackend.registrations.support.importers_dir import FOLDER, REGISTRY
from newbackend.spec import make_spec
from newbackend.wizard.complete import WizardOptions, complete
from newbackend.wizard.headless import Headless
from newbackend.wizard.offers import Host, claimants, hosts
from newbackend.wizard.question import Asked, PartialAnswers, Reply, asked, words
from newbackend.wizard.questions import question_of
from wizard.scripted import OutOfAnswers, Scripted

GIVEN: dict[str, Any] = {
    "pin": {"repo": "antirez/ds4", "sha": SHA, "branch": "main"},
    "name": "ds4",
    "lang": "cpp",
    "flavour": "self-contained",
    "modalities": ["llm"],
    "like": "",
    "variants": ["cpu"],
    "description": "An engine",
    "license": "MIT",
    "tags": ["LLM"],
    "models": [],
    "docs": {"page": False},
}
END = ("summary", "")


def given(**more: Any) -> Answers:
    """Everything but the way to import, and more."""
    return answers(**{**GIVEN, **more})


def imported(replies: list[tuple[str, str]], checkout: Checkout) -> tuple[Any, list[str]]:
    """The answer `import` after these replies, and what was refused; every reply must be asked for."""
    script = Scripted(replies)
    done, _ = complete(given(), checkout, script)
    assert script.done
    return as_data(done).get("import"), script.refusals


def question(key: str, checkout: Checkout, before: Mapping[str, Reply] | None = None, **more: Any) -> Asked:
    """A question as it is put with these answers."""
    return asked(question_of(key), PartialAnswers(given(**more), checkout, before or {}))


def offered(checkout: Checkout) -> list[str]:
    return question("import.kind", checkout).values


@pytest.fixture
def real(importers: Path) -> Checkout:
    """A checkout that can take all three ways."""
    return open_checkout(importers)


def test_importers_that_do_not_look_at_hugging_face_get_no_other_beside_them(checkout: Checkout) -> None:
    assert offered(checkout) == ["preference", "drop-in"]


def test_only_what_the_checkout_can_take_is_offered(real: Checkout) -> None:
    assert offered(real) == ["preference", "drop-in", "importer"]
    taken = real.with_changes({f"{FOLDER}/odd.go": "package importers\n\ntype Ds4Importer struct{}\n"})
    assert offered(taken) == ["preference", "drop-in"], "there is such a type already"


@pytest.mark.parametrize("kind", ["preference", "drop-in", "importer"])
def test_whatever_is_offered_is_planned_without_a_hand(real: Checkout, kind: str) -> None:
    more: dict[str, dict[str, Any]] = {"drop-in": {"of": "cppanvil"}, "importer": {"extensions": [".ds4"]}}
    plan = plan_create(make_spec(given(imports={"kind": kind, **more.get(kind, {})})), real)
    touched = {"preference": PATH, "drop-in": f"{FOLDER}/cppanvil.go", "importer": f"{FOLDER}/ds4.go"}
    assert plan.by_hand == ()
    assert {edit.path for edit in plan.made} & set(touched.values()) == {touched[kind]}
    effects = {choice.value: choice.effect for choice in question("import.kind", real).choices}
    assert touched[kind].removesuffix("/cppanvil.go") in effects[kind], "the question says what is touched"


def test_a_checkout_without_importers_has_no_such_question(sample: Path) -> None:
    (sample / REGISTRY).unlink()
    assert imported([], open_checkout(sample)) == (None, [])


def test_by_hand_is_the_default_everywhere(real: Checkout) -> None:
    assert question("import.kind", real).default == "preference"
    headless, _ = complete(given(), real, Headless())
    assert headless.imports == ImportAnswers(kind="preference")
    assert make_spec(headless).imports == ImportAnswers(), "the default is not written down"
    assert make_spec(given()).imports == ImportAnswers()


def test_a_drop_in_is_asked_whose(real: Checkout) -> None:
    assert imported([("import.kind", "drop-in"), ("import.of", "cppanvil"), END], real) == (
        {"kind": "drop-in", "of": "cppanvil"},
        [],
    )
    assert [(choice.value, choice.effect) for choice in question("import.of", real).choices] == [
        ("cppanvil", f"{FOLDER}/cppanvil.go, as for neo-cppanvil")
    ]


@pytest.mark.parametrize(
    ("extensions", "tags"), [(".ds4, .ds4.bin", ""), ("", "text-to-speech"), (".ds4", "text-generation")]
)
def test_an_importer_is_asked_what_it_goes_by(real: Checkout, extensions: str, tags: str) -> None:
    answers = [("import.kind", "importer"), ("import.extensions", extensions), ("import.pipeline_tags", tags), END]
    assert imported(answers, real) == (
        {
            "kind": "importer",
            "extensions": list(words(extensions)),
            "pipeline_tags": list(words(tags)),
        },
        [],
    )


@pytest.mark.parametrize(
    ("before", "wrong", "right", "reference"),
    [
        ([], ("import.kind", "guess"), [("import.kind", "preference")], "import-kind"),
        ([("import.kind", "drop-in")], ("import.of", ""), [("import.of", "cppanvil")], "import-of-missing"),
        ([("import.kind", "drop-in")], ("import.of", "ds4"), [("import.of", "cppanvil")], "import-of-missing"),
        (
            [("import.kind", "importer")],
            ("import.extensions", "ds4"),
            [("import.extensions", ".ds4"), ("import.pipeline_tags", "")],
            "import-extensions",
        ),
        (
            [("import.kind", "importer"), ("import.extensions", "")],
            ("import.pipeline_tags", ""),
            [("import.pipeline_tags", "text-to-speech")],
            "import-no-signal",
        ),
        (
            [("import.kind", "importer"), ("import.extensions", "")],
            ("import.pipeline_tags", "Text to speech"),
            [("import.pipeline_tags", "text-to-speech")],
            "import-pipeline-tags",
        ),
    ],
)
def test_a_wrong_answer_is_refused_and_asked_again(
    real: Checkout, before: list[tuple[str, str]], wrong: tuple[str, str], right: list[tuple[str, str]], reference: str
) -> None:
    found, refusals = imported([*before, wrong, *right, END], real)
    assert (found, refusals) == (imported([*before, *right, END], real)[0], [reference])


def test_what_is_typed_is_refused_in_words_that_fit_forty_columns(real: Checkout) -> None:
    imports = {"kind": "importer", "extensions": []}
    for key, typed in (("import.extensions", "ds4"), ("import.pipeline_tags", ""), ("import.pipeline_tags", "Text")):
        with pytest.raises(UsageError) as refusal:
            question(key, real, imports=imports).check(typed)
        assert len(refusal.value.sentence()) < 40


def test_back_goes_from_a_follow_up_to_the_choice(real: Checkout) -> None:
    answers = [
        ("import.kind", "drop-in"), ("import.of", "<"),
        ("import.kind", "importer"), ("import.extensions", ".a"), ("import.pipeline_tags", "<"),
        ("import.extensions", "<"),
        ("import.kind", "preference"), END,
    ]  # fmt: skip
    assert imported(answers, real) == ({"kind": "preference"}, [])


def test_another_choice_in_the_summary_leaves_nothing_of_the_old_one(real: Checkout) -> None:
    chosen = [("import.kind", "drop-in"), ("import.of", "cppanvil")]
    other = [("summary", "import.kind"), ("import.kind", "importer")]
    signal = [("import.extensions", ".ds4"), ("import.pipeline_tags", "x")]
    assert imported([*chosen, *other, *signal, END], real)[0] == {
        "kind": "importer", "extensions": [".ds4"], "pipeline_tags": ["x"],
    }  # fmt: skip
    by_hand = [("summary", "import.kind"), ("import.kind", "preference")]
    assert imported([*chosen, *other, *signal, *by_hand, END], real)[0] == {"kind": "preference"}


def test_back_from_the_follow_up_of_a_change_goes_to_the_change(real: Checkout) -> None:
    answers = [("import.kind", "preference"), ("summary", "import.kind"), ("import.kind", "drop-in")]
    back = [("import.of", "<"), ("import.kind", "preference"), END]
    assert imported([*answers, *back], real) == ({"kind": "preference"}, [])


def test_an_interrupted_run_goes_on_at_the_follow_up(real: Checkout) -> None:
    kept: list[Answers] = []
    script = Scripted([("import.kind", "importer"), ("import.extensions", "")])
    with pytest.raises(OutOfAnswers, match=r"import\.pipeline_tags is asked"):
        complete(given(), real, script, WizardOptions(keep=kept.append))
    assert kept[-1].imports == ImportAnswers(kind="importer", extensions=())
    again = Scripted([("import.pipeline_tags", "<"), ("import.extensions", ".ds4"), ("import.pipeline_tags", ""), END])
    done, _ = complete(given(), real, again, WizardOptions(resumed=kept[-1]))
    assert again.done
    assert done.imports == ImportAnswers(kind="importer", extensions=(".ds4",), pipeline_tags=())


def test_what_is_given_wins_over_what_was_kept_key_by_key(real: Checkout) -> None:
    resumed = WizardOptions(resumed=answers(imports={"kind": "drop-in", "of": "gone"}))
    script = Scripted([END])
    done, _ = complete(given(imports={"of": "cppanvil"}), real, script, resumed)
    assert done.imports == ImportAnswers(kind="drop-in", of="cppanvil")


@pytest.mark.parametrize(
    ("said", "replies"),
    [
        ({"kind": "preference"}, []),
        ({"kind": "drop-in", "of": "cppanvil"}, []),
        ({"kind": "drop-in"}, [("import.of", "cppanvil")]),
        ({"kind": "importer", "extensions": [".ds4"]}, []),
        ({"kind": "importer", "pipeline_tags": ["x"]}, []),
        ({"kind": "importer"}, [("import.extensions", ".ds4")]),
        ({"kind": "importer"}, [("import.extensions", ""), ("import.pipeline_tags", "x")]),
    ],
)
def test_an_answers_file_is_only_asked_what_it_has_no_default_for(
    real: Checkout, said: dict[str, Any], replies: list[tuple[str, str]]
) -> None:
    script = Scripted([*replies, *([END] if replies else [])])
    done, _ = complete(given(imports=said), real, script, WizardOptions(settled=Headless()))
    assert script.done
    assert plan_create(make_spec(done), real).by_hand == ()


@pytest.mark.parametrize(
    ("said", "reference", "flag"),
    [
        ({"kind": "drop-in"}, "import-of-missing", "--set import.of="),
        ({"kind": "importer"}, "import-no-signal", "--set import.extensions="),
        ({"kind": "guess"}, "import-kind", ""),
    ],
)
def test_nobody_is_asked_without_a_terminal(real: Checkout, said: dict[str, str], reference: str, flag: str) -> None:
    with pytest.raises(UsageError) as refusal:
        complete(given(imports=said), real, Headless())
    assert refusal.value.code == reference
    assert flag in refusal.value.sentence()


def test_the_sibling_s_way_is_said_and_not_taken_over(real: Checkout) -> None:
    kind = question("import.kind", real, like="neo-cppanvil")
    assert "neo-cppanvil is found with the importer of cppanvil" in kind.explain
    assert kind.default == "preference"
    assert question("import.of", real, like="neo-cppanvil").default == "cppanvil"
    assert "is found with" not in question("import.kind", real).explain


def test_hosts_of_the_same_modality_come_first(real: Checkout) -> None:
    text = real.need(f"{FOLDER}/cppanvil.go")
    speech = text.replace("Cppanvil", "Aspeech").replace("cppanvil", "aspeech").replace('"text"', '"tts"')
    both = real.with_changes({f"{FOLDER}/aspeech.go": speech})
    assert [host.name for host in hosts(make_spec(given()), both)] == ["cppanvil", "aspeech"]
    assert hosts(make_spec(given(lang="python", modalities=["tts"], flavour="")), both)[0] == Host(
        "aspeech", f"{FOLDER}/aspeech.go", ("neo-aspeech",)
    )


def test_an_extension_that_other_importers_name_is_said(real: Checkout) -> None:
    assert claimants([".anvil"], real) == ("cppanvil",)
    taken = question("import.pipeline_tags", real, imports={"extensions": [".anvil"]})
    assert "Such files are also looked for by cppanvil." in taken.explain
    own = question("import.pipeline_tags", real, imports={"extensions": [".ds4"]})
    assert "also looked for" not in own.explain


def test_what_was_answered_is_offered_again(real: Checkout) -> None:
    before: dict[str, Reply] = {
        "import.kind": "importer",
        "import.extensions": (".a", ".b"),
        "import.pipeline_tags": ("x",),
    }
    assert question("import.kind", real, before).default == "importer"
    assert question("import.extensions", real, before).default == ".a, .b"
    assert question("import.pipeline_tags", real, before).default == "x"
