"""`newbackend update`: the directory rendered again, merged with what people changed since.

Each file has three texts: the last rendering (found by its blob id, see `generated`), the current text, and the new
rendering. An unedited file is replaced. An edited one is merged by `git merge-file`, with git's conflict markers. If
git no longer has the last rendering, an edited file is left alone and a note says so.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from newbackend.answers import Answers, as_data
from newbackend.answers_file import parse_answers
from newbackend.checkout.git import run_outside
from newbackend.checkout.tree import Checkout
from newbackend.errors import NotFoundError, UsageError
from newbackend.overrides import SCAFFOLD
from newbackend.plan.diff import whole_file
from newbackend.plan.model import Edit, Manual, Plan, sha
from newbackend.registrations.submodules.place import submodule_path
from newbackend.registrations.support.backend_names import backend_names, unknown_backend
from newbackend.scaffold.generated import answers_file, blob_id, recorded, remember_more
from newbackend.scaffold.render import RenderedFile, render
from newbackend.spec import BackendSpec, make_spec
from newbackend.splice.outcome import Splice

BaseOf = Callable[[str], str | None]
Scaffold = Callable[[BackendSpec, Checkout], Mapping[str, RenderedFile]]
_LABELS = ("edited here", "as generated before", "as generated now")
_RULES = ("REG801",)


@dataclass(frozen=True)
class Update:
    """A plan, the files that it leaves with conflict markers in them, and the texts to remember."""

    plan: Plan
    conflicts: tuple[str, ...]
    rendered: tuple[str, ...]


@dataclass(frozen=True)
class _Step:
    """The update of one file."""

    edit: Edit | None = None
    manual: Manual | None = None
    conflict: bool = False


def plan_update(name: str, checkout: Checkout, base_of: BaseOf, *, scaffold: Scaffold = render) -> Update:
    """The changes that rendering the backend again makes. `base_of` gives the text of a blob id, None when unknown.

    Raises NotFoundError when the backend was not generated, UsageError when its answers file is invalid or a file still
    has conflict markers of the last update.
    """
    path = answers_file(checkout, name)
    if not path and name not in backend_names(checkout):
        raise unknown_backend(name, checkout)
    if not path:
        raise NotFoundError(
            "not-generated", f"{name!r} has no .newbackend.yml, so newbackend did not generate it and cannot update it"
        )
    answers = parse_answers(checkout.need(path), path)
    spec = make_spec(answers)
    if spec.name != name or not path.startswith(f"{spec.directory}/"):
        raise UsageError("answers-other-name", f"the answers are for {spec.directory}, not for {name!r}", where=path)
    old, new = recorded(answers), dict(scaffold(spec, checkout))
    record = new.pop(path)
    steps = [_step(checkout, file, old.get(file, ""), new.get(file), base_of) for file in sorted({*old, *new})]
    steps.append(_record_step(checkout, path, answers, record))
    edits = tuple(step.edit for step in steps if step.edit)
    conflicts = tuple(step.edit.path for step in steps if step.edit and step.conflict)
    plan = Plan(
        title=f"update {name}",
        answers=as_data(replace(answers, generated=None)),
        base={edit.path: sha(checkout.read(edit.path)) for edit in edits},
        edits=edits,
        manual=tuple(step.manual for step in steps if step.manual),
        notes=(*(f"{file} has conflicts to resolve" for file in conflicts), *_moved(spec, checkout)),
    )
    return Update(plan, conflicts, tuple(file.text for file in (*new.values(), record)))


def remember_created(root: Path, plan: Plan) -> bool:
    """Stores the texts of the files that a plan created, so that `plan_update` finds them."""
    name = str(plan.answers.get("name") or "")
    texts = [edit.content for edit in plan.made if edit.place == SCAFFOLD and edit.content is not None]
    return bool(name and texts) and remember_more(root, name, texts)


def _moved(spec: BackendSpec, checkout: Checkout) -> tuple[str, ...]:
    """A note when a submodule's commit differs from the answers; a person has to decide which one is right."""
    if spec.pin is None or spec.language.pin_style != "submodule":
        return ()
    path = submodule_path(spec)
    commit = checkout.link(path)
    if commit in (None, spec.pin.sha):
        return ()
    return (f"the submodule {path} is at {commit}, and pin.sha in the answers is {spec.pin.sha}",)


def _step(checkout: Checkout, path: str, old: str, file: RenderedFile | None, base_of: BaseOf) -> _Step:
    now = checkout.read(path)
    if now is not None and _unresolved(now):
        raise UsageError("update-unresolved", "still has conflict markers; resolve them first", where=path)
    if file is None:
        return _dropped(path, old, now)
    if now is None:
        return _absent(path, old, file)
    if now == file.text or blob_id(file.text) == old:
        return _Step()
    if blob_id(now) == old:
        return _Step(_modify(path, now, file.text, "rendered again", file.mode))
    base = base_of(old) if old else None
    if base is None:
        why = "was edited, and the text it was generated from is not in git any more; it is kept"
        return _Step(manual=Manual(path, 1, whole_file(path, now, file.text), why, SCAFFOLD, _RULES))
    text, conflict = merge(now, base, file.text)
    if text == now:
        return _Step()
    reason = "rendered again, conflicts with the edits here" if conflict else "rendered again, merged with the edits"
    return _Step(_modify(path, now, text, reason, None), conflict=conflict)


def _dropped(path: str, old: str, now: str | None) -> _Step:
    """A file that is no longer part of the template."""
    if now is None:
        return _Step()
    if blob_id(now) == old:
        reason = "no longer generated"
        return _Step(Edit(path, "delete", SCAFFOLD, reason, (), "inserted", whole_file(path, now, None)))
    why = "is no longer generated, but was edited; it is kept"
    return _Step(manual=Manual(path, 1, "", why, SCAFFOLD, _RULES))


def _absent(path: str, old: str, file: RenderedFile) -> _Step:
    """A file that does not exist: new in the template, or deleted on purpose."""
    if old and blob_id(file.text) == old:
        return _Step()
    diff = whole_file(path, None, file.text)
    if old:
        why = "was deleted here, and is generated otherwise now; it is not brought back"
        return _Step(manual=Manual(path, 1, file.text, why, SCAFFOLD, _RULES))
    return _Step(Edit(path, "create", SCAFFOLD, "new in the template", _RULES, "inserted", diff, file.mode, file.text))


def _record_step(checkout: Checkout, path: str, answers: Answers, file: RenderedFile) -> _Step:
    """The answers file: only the record of the rendering is replaced, everything else is kept."""
    now = checkout.need(path)
    section = re.compile(r"^generated:[^\n]*\n(?:[ \t]+[^\n]*\n|\n)*", re.M)
    fresh = section.search(file.text)
    assert fresh is not None  # render() writes it
    body = now if now.endswith("\n") else now + "\n"
    wanted = section.sub(lambda _: fresh[0], body, count=1) if section.search(body) else body + fresh[0]
    if replace(parse_answers(wanted, path), generated=None) != replace(answers, generated=None):
        raise UsageError("answers-layout", "the section generated cannot be told from the answers", where=path)
    return _Step() if wanted == now else _Step(_modify(path, now, wanted, "what was rendered last", None))


def _modify(path: str, now: str, text: str, reason: str, mode: int | None) -> Edit:
    diff = whole_file(path, now, text)
    whole = (Splice(0, len(now), text),)
    return Edit(path, "modify", SCAFFOLD, reason, _RULES, "inserted", diff, mode, None, whole)


def _unresolved(text: str) -> bool:
    markers = (f"<<<<<<< {_LABELS[0]}", f">>>>>>> {_LABELS[2]}")
    return any(line.startswith(markers) for line in text.splitlines())


def merge(now: str, base: str, new: str) -> tuple[str, bool]:
    """`git merge-file --diff3`: the merged text, and whether it has conflicts. Raises NotFoundError without git."""
    with tempfile.TemporaryDirectory(prefix="newbackend-update-") as scratch:
        paths = [Path(scratch) / name for name in ("now", "base", "new")]
        for path, text in zip(paths, (now, base, new), strict=True):
            path.write_bytes(text.encode("utf-8"))
        labels = [word for label in _LABELS for word in ("-L", label)]
        try:
            done = run_outside("merge-file", "-p", "--quiet", "--diff3", *labels, *map(str, paths))
        except UsageError as error:
            raise NotFoundError("git-missing", "git is not installed, so edited files cannot be merged") from error
    if done.returncode < 0 or done.returncode > 127:
        raise UsageError("merge-failed", f"git merge-file failed: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode("utf-8"), done.returncode > 0
