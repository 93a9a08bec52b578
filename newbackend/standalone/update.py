"""`newbackend update` in a repository of its own: its answers, the templates of today and LocalAI's files of today.

It is the update of a backend in a checkout, with more files and without registrations: each file that was rendered or
taken from LocalAI is compared with what it was when that was done (`standalone.yml` has the ids), and merged with what
people changed since (`plan.files`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from newbackend.answers import Answers
from newbackend.answers_file import ANSWERS_NAME, parse_answers
from newbackend.checkout.git import Git
from newbackend.checkout.tree import Checkout
from newbackend.errors import NewbackendError, NotFoundError, UsageError
from newbackend.gallery.record import NAME, Record, read_record, sha256
from newbackend.plan.answers_edit import edited
from newbackend.plan.build import base_of
from newbackend.plan.change import Changed, Sources
from newbackend.plan.files import Merging, Step, file_steps, modify
from newbackend.plan.model import Plan
from newbackend.scaffold.generated import ID_LENGTH, answers_text, file_id, generated_files, record, recorded
from newbackend.scaffold.render import RenderedFile, render
from newbackend.spec import BackendSpec, make_spec
from newbackend.standalone.gallery import without_macos
from newbackend.standalone.render import repository

_COMMIT = re.compile(r"[0-9a-f]{40}\Z")


def plan_update(here: Checkout, localai: Checkout, revision: str, sources: Sources) -> Changed:
    """The plan that brings a repository in line with its answers file, the templates and a LocalAI checkout.

    Raises NotFoundError without an answers file, UsageError for an invalid one, for conflict markers of the last
    update, and when LocalAI's files came from a commit and are to come from newbackend, whose may be older.
    """
    known = read_record(here.root)
    path = f"{known.directory}/{ANSWERS_NAME}"
    answers = _answers(here, path)
    spec, notes = without_macos(make_spec(answers))
    if spec.directory != known.directory:
        raise UsageError(
            "answers-other-name", f"the answers are for {spec.directory}, not for {known.directory}", where=path
        )
    if _COMMIT.match(known.revision) and not _COMMIT.match(revision):
        message = f"LocalAI's files here are those of {known.revision[:12]}"
        hint = "pass --repo with a LocalAI checkout of that commit or a newer one"
        raise UsageError("standalone-revision", message, where=NAME, hint=hint)
    backend = {} if spec.keeps_files else _rendered(spec, here, localai)
    given = {"image_base": known.image_base, "revision": revision}
    files = repository(spec, backend, localai, **given, development=known.development)
    fresh = files.pop(NAME)
    files.pop(path, None)
    old = {**_around(known, here), **recorded(answers, {*generated_files(spec.name, here), *files})}
    steps = file_steps(here, old, files, Merging(sources.base_of, sources.markers))
    own = {name: file.text for name, file in backend.items() if name != path}
    steps += [_answers_step(here, path, answers, own), _record_step(here, fresh.text)]
    # The rule of a scaffold is about backends of a checkout.
    edits = tuple(replace(step.edit, rules=()) for step in steps if step.edit)
    conflicts = tuple(step.edit.path for step in steps if step.edit and step.conflict)
    plan = Plan(
        f"update {spec.name}",
        {},
        base_of(edits, here),
        edits,
        tuple(replace(step.manual, rules=()) for step in steps if step.manual),
        notes=(*notes, *_moved(known, localai, revision), *(f"{file} has conflicts to resolve" for file in conflicts)),
    )
    texts = (*(file.text for file in files.values()), answers_text(answers))
    return Changed(plan, conflicts, texts, path)


def name_of(here: Checkout) -> str:
    """The name of the repository's backend, by its answers file. Raises as `plan_update`."""
    return make_spec(_answers(here, f"{read_record(here.root).directory}/{ANSWERS_NAME}")).name


def _answers(here: Checkout, path: str) -> Answers:
    text = here.read(path)
    if text is None:
        raise NotFoundError("answers-missing", "there is no such answers file", where=path)
    return parse_answers(text, path)


def _rendered(spec: BackendSpec, here: Checkout, localai: Checkout) -> dict[str, RenderedFile]:
    """The backend's own files; what comes from its engine is as it is here."""
    texts = {name: here.read(f"{spec.directory}/{name}") for name in spec.its_flavour.binds}
    return render(spec, localai, {name: text for name, text in texts.items() if text is not None})


def _around(known: Record, here: Checkout) -> dict[str, str]:
    """What each file was when it was written, as ids (`file_id`). A record of an older newbackend knows only LocalAI's,
    and of these only whether they are unchanged."""
    if known.generated:
        return {path: blob[:ID_LENGTH] for path, blob in known.generated.items()}
    texts = {path: here.read(path) for path in known.files}
    return {
        path: file_id(text) for path, text in texts.items() if text is not None and sha256(text) == known.files[path]
    }


def _answers_step(here: Checkout, path: str, answers: Answers, own: Mapping[str, str]) -> Step:
    if not own:
        return Step()  # files that nobody generated
    made, now = record(own, answers), here.need(path)
    text = edited(now, path, answers, replace(answers, generated=made))
    return Step() if text == now else Step(modify(path, now, text, "what was rendered", None))


def _record_step(here: Checkout, text: str) -> Step:
    now = here.need(NAME)
    return Step() if text == now else Step(modify(NAME, now, text, "what the repository is made from", None))


def _moved(known: Record, localai: Checkout, revision: str) -> tuple[str, ...]:
    """A note when LocalAI's files are of another revision, and when that is older."""
    if revision == known.revision:
        return ()
    older = ""
    if _COMMIT.match(known.revision):
        try:
            done = Git(localai.root).call("merge-base", "--is-ancestor", revision, known.revision)
            older = ", which is older" if done.returncode == 0 else ""
        except NewbackendError:
            pass
    return (f"LocalAI's files: from {known.revision} to {revision}{older}",)
