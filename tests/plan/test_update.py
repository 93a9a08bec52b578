"""Rendering again and merging: what becomes of each file, decided without a terminal."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from specs import spec

from newbackend.answers_file import dump_answers, parse_answers
from newbackend.checkout.layout import open_checkout
from newbackend.checkout.tree import Checkout
from newbackend.errors import NotFoundError, UsageError
from newbackend.plan.change import Changed as Update
from newbackend.plan.change import Sources, plan_update
from newbackend.plan.model import FileChange
from newbackend.scaffold.generated import blob_id, edited_files, file_id, record, recorded, remember, text_of
from newbackend.scaffold.render import RenderedFile, answers_path
from newbackend.spec import BackendSpec, to_answers

HERE = "backend/cpp/ds4"
MAIN, NOTES = f"{HERE}/engine.cpp", f"{HERE}/README.md"
OLD = {MAIN: "one\ntwo\nthree\nfour\nfive\n", NOTES: "notes\n"}
NEW = {**OLD, MAIN: "ONE\ntwo\nthree\nfour\nfive\n"}
ANSWERS = f"{HERE}/.newbackend.yml"


def rendering(files: dict[str, str]) -> object:
    """A scaffold that renders these files and the answers file."""

    def scaffold(wanted: BackendSpec, _: Checkout) -> dict[str, RenderedFile]:
        answers = replace(to_answers(wanted), generated=record(files, to_answers(wanted)))
        texts = {**files, answers_path(wanted): dump_answers(answers)}
        return {path: RenderedFile(0o644, text) for path, text in texts.items()}

    return scaffold


def generated(checkout: Checkout, files: dict[str, str] = OLD, **edits: str | None) -> Checkout:
    """The checkout with the backend as it was generated, and edits made to it since."""
    texts = {path: file.text for path, file in rendering(files)(spec(), checkout).items()}  # type: ignore[operator]
    paths = {"main": MAIN, "notes": NOTES, "answers": ANSWERS}
    return checkout.with_changes({**texts, **{paths[key]: text for key, text in edits.items()}})


def updated(
    checkout: Checkout, files: dict[str, str] = NEW, known: dict[str, str] = OLD, *, markers: bool = True
) -> Update:
    bases = {file_id(text): text for text in known.values()}
    return plan_update("ds4", checkout, Sources(bases.get, markers=markers), scaffold=rendering(files))  # type: ignore[arg-type]


def after(checkout: Checkout, update: Update) -> dict[str, str | None]:
    texts = {path: checkout.read(path) for path in update.plan.base}
    found: tuple[FileChange, ...] = update.plan.changes(texts)
    return {change.path: change.after for change in found}


def test_an_unchanged_template_plans_nothing(checkout: Checkout) -> None:
    assert updated(generated(checkout), OLD).plan.empty


def test_a_file_that_nobody_touched_is_replaced(checkout: Checkout) -> None:
    there = generated(checkout)
    update = updated(there)
    assert after(there, update)[MAIN] == NEW[MAIN]
    assert set(after(there, update)) == {MAIN, ANSWERS}
    assert update.conflicts == ()


def test_the_new_rendering_is_recorded_and_then_nothing_is_left_to_do(checkout: Checkout) -> None:
    there = generated(checkout)
    then = there.with_changes(after(there, updated(there)))
    assert updated(then).plan.empty
    assert edited_files("ds4", then) == []


def test_an_edit_elsewhere_in_the_file_is_merged(checkout: Checkout) -> None:
    there = generated(checkout, main=OLD[MAIN].replace("five", "FIVE, mine"))
    update = updated(there)
    assert after(there, update)[MAIN] == "ONE\ntwo\nthree\nfour\nFIVE, mine\n"
    assert update.conflicts == ()


def test_an_edit_of_the_same_line_becomes_a_conflict_as_git_shows_it(checkout: Checkout) -> None:
    there = generated(checkout, main=OLD[MAIN].replace("one", "mine"))
    update = updated(there)
    assert update.conflicts == (MAIN,)
    text = after(there, update)[MAIN] or ""
    assert text.splitlines()[:7] == [
        "<<<<<<< edited here",
        "mine",
        "||||||| as generated before",
        "one",
        "=======",
        "ONE",
        ">>>>>>> as generated now",
    ]
    then = there.with_changes(after(there, update))
    with pytest.raises(UsageError, match="conflict markers") as caught:
        updated(then)
    assert caught.value.where == MAIN


def test_a_conflict_is_shown_and_not_written_unless_its_markers_are_asked_for(checkout: Checkout) -> None:
    there = generated(checkout, main=OLD[MAIN].replace("one", "mine"))
    update = updated(there, markers=False)
    assert MAIN not in after(there, update)
    (manual,) = update.plan.manual
    assert (manual.path, manual.line) == (MAIN, 1)
    assert manual.snippet.splitlines()[:2] == ["<<<<<<< edited here", "mine"]


def test_placeholder_code_is_not_merged_into_the_engine_that_replaced_it(checkout: Checkout) -> None:
    old = {**OLD, MAIN: "// NEWBACKEND-PLACEHOLDER\none\ntwo\n"}
    new = {**OLD, MAIN: "// NEWBACKEND-PLACEHOLDER\none\ntwo\nembed\n"}
    there = generated(checkout, old, main="the real engine\n")
    update = updated(there, new, old)
    assert MAIN not in after(there, update)
    (manual,) = update.plan.manual
    assert "the placeholder was replaced" in manual.reason
    assert "+embed" in manual.snippet
    assert "real engine" not in manual.snippet
    edited = generated(checkout, old, main=old[MAIN].replace("one", "1"))
    assert after(edited, updated(edited, new, old))[MAIN] == "// NEWBACKEND-PLACEHOLDER\n1\ntwo\nembed\n"


def test_an_edit_of_a_file_that_renders_the_same_is_left_alone(checkout: Checkout) -> None:
    there = generated(checkout, notes="my notes\n")
    assert NOTES not in after(there, updated(there))
    assert edited_files("ds4", there) == [NOTES]


def test_without_the_old_rendering_an_edited_file_is_kept_and_said_so(checkout: Checkout) -> None:
    there = generated(checkout, main="all mine\n")
    update = updated(there, known={})
    assert MAIN not in after(there, update)
    (manual,) = update.plan.manual
    assert manual.path == MAIN
    assert "not in git any more; it is kept" in manual.reason
    assert "+ONE" in manual.snippet


def test_a_file_made_by_hand_where_the_template_now_has_one_is_kept(checkout: Checkout) -> None:
    there = generated(checkout).with_changes({f"{HERE}/new.h": "mine\n"})
    update = updated(there, {**OLD, f"{HERE}/new.h": "theirs\n"})
    assert f"{HERE}/new.h" not in after(there, update)
    assert [manual.path for manual in update.plan.manual] == [f"{HERE}/new.h"]


def test_a_new_file_of_the_template_is_created(checkout: Checkout) -> None:
    there = generated(checkout)
    assert after(there, updated(there, {**OLD, f"{HERE}/new.h": "new\n"}))[f"{HERE}/new.h"] == "new\n"


def test_a_file_that_the_template_dropped_goes_unless_it_was_edited(checkout: Checkout) -> None:
    fewer = {MAIN: OLD[MAIN]}
    there = generated(checkout)
    assert after(there, updated(there, fewer))[NOTES] is None
    there = generated(checkout, notes="mine\n")
    update = updated(there, fewer)
    assert NOTES not in after(there, update)
    assert "is kept" in update.plan.manual[0].reason


def test_a_file_that_was_deleted_by_hand_is_not_brought_back(checkout: Checkout) -> None:
    there = generated(checkout, notes=None)
    assert NOTES not in after(there, updated(there))
    update = updated(generated(checkout, main=None))
    assert "not brought back" in update.plan.manual[0].reason


def test_what_people_wrote_in_the_answers_file_stays(checkout: Checkout) -> None:
    text = generated(checkout).need(ANSWERS)
    edited = "# mine\n" + text.replace("license: mit", "license: mit  # as upstream has it")
    there = generated(checkout, answers=edited)
    written = after(there, updated(there))[ANSWERS] or ""
    assert written.startswith("# mine\n")
    assert "# as upstream has it" in written
    found = parse_answers(written, "").generated
    assert found is not None
    assert found.digest == record(NEW).digest


def test_a_record_is_one_line_and_knows_each_file(checkout: Checkout) -> None:
    answers = parse_answers(generated(checkout).need(ANSWERS), "")
    assert answers.generated is not None
    assert len(answers.generated.digest or "") == 12 * len(OLD)
    assert recorded(answers, [MAIN, "backend/cpp/ds4/mine.cpp", NOTES]) == {p: file_id(t) for p, t in OLD.items()}


@pytest.mark.parametrize("digest", ["abc", "not base64!", "AAAA", "é" * 12])
def test_a_damaged_record_is_none_and_no_file_is_lost(checkout: Checkout, digest: str) -> None:
    answers = parse_answers(generated(checkout).need(ANSWERS), "")
    assert answers.generated is not None
    broken = dump_answers(replace(answers, generated=replace(answers.generated, digest=digest)))
    assert [manual.path for manual in updated(generated(checkout, answers=broken)).plan.manual] == [MAIN]


def test_a_record_with_a_blob_id_per_file_is_read_and_replaced(checkout: Checkout) -> None:
    answers = parse_answers(generated(checkout).need(ANSWERS), "")
    assert answers.generated is not None
    listed = replace(answers.generated, digest=None, files={path: blob_id(text) for path, text in OLD.items()})
    there = generated(checkout, answers=dump_answers(replace(answers, generated=listed)), main=OLD[MAIN] + "mine\n")
    written = after(there, updated(there))
    assert written[MAIN] == NEW[MAIN] + "mine\n"
    found = parse_answers(written[ANSWERS] or "", "").generated
    assert found is not None
    assert (found.files, found.digest) == (None, record(NEW).digest)


def test_an_answers_file_without_a_record_gets_one_and_no_file_is_lost(checkout: Checkout) -> None:
    text = generated(checkout).need(ANSWERS)
    there = generated(checkout, answers=text[: text.index("generated:")], main="mine\n")
    update = updated(there)
    assert set(after(there, update)) == {ANSWERS}
    assert [manual.path for manual in update.plan.manual] == [MAIN]


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ("name: other\nlang: cpp\nvariants: [cpu]\nmodalities: [llm]\n", "answers are for backend/cpp/other"),
        ("name: ds4\nlang: go\nvariants: [cpu]\nmodalities: [llm]\n", "answers are for backend/go/ds4"),
        ("name: ds4\nlang: cpp\nwhatever: 1\n", "unknown key 'whatever'"),
        ("- a\n", "must be a mapping"),
        ("name: [\n", "not plain YAML"),
    ],
)
def test_an_answers_file_that_is_not_this_backends_is_refused(checkout: Checkout, answers: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        updated(generated(checkout, answers=answers))


def test_a_backend_that_was_not_generated_is_not_updated(checkout: Checkout) -> None:
    with pytest.raises(NotFoundError, match=r"has no \.newbackend\.yml"):
        plan_update("pyecho", checkout, Sources(lambda _: None))


def test_blob_ids_are_those_of_git(sample: Path) -> None:
    from conftest import git

    for path in ("Makefile", "backend/index.yaml"):
        assert git(sample, "rev-parse", f"HEAD:{path}").strip() == blob_id((sample / path).read_text())


def test_remembered_texts_outlive_a_cleaning_of_the_repository(sample: Path) -> None:
    from conftest import git

    assert remember(sample, "ds4", ["first\n", "second\n", "first\n"])
    git(sample, "gc", "--quiet", "--prune=now")
    assert text_of(sample, blob_id("first\n")) == "first\n"
    assert text_of(sample, file_id("second\n")) == "second\n"
    assert text_of(sample, blob_id("third\n")) is None
    assert text_of(sample, "not an id; rm -rf") is None
    assert git(sample, "status", "--porcelain") == ""


def test_where_there_is_no_git_nothing_is_remembered_and_nothing_fails(sample: Path) -> None:
    shutil.rmtree(sample / ".git")
    assert not remember(sample, "ds4", ["first\n"])
    assert text_of(sample, blob_id("first\n")) is None


def test_the_record_is_no_answer(sample: Path) -> None:
    from newbackend.spec import make_spec

    checkout = generated(open_checkout(sample))
    answers = parse_answers(checkout.need(ANSWERS), ANSWERS)
    assert answers.generated is not None
    assert make_spec(answers) == replace(spec())
