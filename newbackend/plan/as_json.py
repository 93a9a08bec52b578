"""The plan's JSON, schema newbackend/plan/1, used by `--dry-run --format json`, `--plan-out` and `apply`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, NotRequired, TypedDict

from newbackend.checkout.gitlink import GITLINK, is_commit
from newbackend.errors import UsageError
from newbackend.plan.model import SCHEMA, Edit, Op, Plan, Present
from newbackend.registrations.manual import Manual
from newbackend.splice.outcome import Splice


class EditJson(TypedDict):
    """One change of one file, with its reason."""

    path: str
    op: Op
    mode: Annotated[str | None, "The mode of a new file, in octal; null where the file keeps its own."]
    rule: Annotated[list[str], "The rules that ask for it."]
    reason: str
    outcome: Annotated[str, "inserted when apply makes it; any other word is why it cannot be made."]
    place: Annotated[str, "The registration place, or scaffold."]
    diff: NotRequired[Annotated[str, "Left out with --no-diff."]]
    content: NotRequired[Annotated[str, "The text of a new file; left out with --no-diff."]]
    splices: NotRequired[Annotated[list[list[int | str]], "Begin, end and new text in the old one."]]


class PresentJson(TypedDict):
    """Something that is registered already."""

    path: str
    line: int
    place: str
    reason: str
    rule: list[str]


class ManualJson(PresentJson):
    """Something to do by hand: where, what to paste, and why."""

    snippet: str
    needed: Annotated[
        bool,
        "Whether it is an edit that could not be made safely: without it the change is half a change. Anything else"
        " remains to a person, and fails nothing.",
    ]


class SkippedJson(TypedDict):
    """A place that this checkout does not have."""

    place: str
    reason: str


class PlanJson(TypedDict):
    """A change of a checkout, as a whole. `apply` takes it, unless it was printed with --no-diff."""

    schema: str
    title: str
    answers: Annotated[dict[str, Any], "As in an answers file: `newbackend schema answers`."]
    base: Annotated[dict[str, str], 'Path -> SHA-256 of the bytes that it was made for; "" when the file is new.']
    edits: list[EditJson]
    manual: list[ManualJson]
    present: list[PresentJson]
    skipped: list[SkippedJson]
    notes: list[str]


def without_diffs(plan: PlanJson) -> PlanJson:
    """The same plan without the texts: what changes where, and why."""
    small = [edit.copy() for edit in plan["edits"]]
    for edit in small:
        edit.pop("diff", None)
        edit.pop("content", None)
        edit.pop("splices", None)
    return {**plan, "edits": small}


def plan_to_json(plan: Plan) -> PlanJson:
    """A plan as plain data. `apply` needs `content` and `splices` beside the documented keys."""
    return {
        "schema": SCHEMA,
        "title": plan.title,
        "answers": dict(plan.answers),
        "base": dict(plan.base),
        "edits": [_edit(edit) for edit in plan.edits],
        "manual": [
            {
                "path": item.path,
                "line": item.line,
                "snippet": item.snippet,
                "reason": item.reason,
                "place": item.place,
                "rule": list(item.rules),
                "needed": item.needed,
            }
            for item in plan.manual
        ],
        "present": [
            {
                "path": item.path,
                "line": item.line,
                "place": item.place,
                "reason": item.reason,
                "rule": list(item.rules),
            }
            for item in plan.present
        ],
        "skipped": [{"place": place, "reason": reason} for place, reason in plan.skipped],
        "notes": list(plan.notes),
    }


def _edit(edit: Edit) -> EditJson:
    data: EditJson = {
        "path": edit.path,
        "op": edit.op,
        "mode": None if edit.mode is None else f"{edit.mode:04o}",
        "rule": list(edit.rules),
        "reason": edit.reason,
        "outcome": edit.outcome,
        "place": edit.place,
        "diff": edit.diff,
    }
    if edit.content is not None:
        data["content"] = edit.content
    if edit.splices:
        data["splices"] = [[s.start, s.end, s.text] for s in edit.splices]
    return data


def plan_from_json(text: str, where: str) -> Plan:
    """Reads a saved plan. Raises UsageError when it is malformed. The plan is not trusted: `apply` checks that its
    paths are inside the checkout and compares base hashes."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise UsageError("plan-not-json", f"is not JSON: {error}", where=where) from error
    schema = data.get("schema") if isinstance(data, dict) else None
    if schema != SCHEMA:
        raise UsageError("plan-schema", f"is not a {SCHEMA} plan (its schema is {schema!r})", where=where)
    try:
        return _plan(data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError("plan-malformed", f"is not a complete plan: {error!r}", where=where) from error


def _plan(data: dict[str, Any]) -> Plan:
    def needed(row: Mapping[str, Any]) -> bool:
        return bool(row.get("needed", True))  # a plan of an earlier newbackend does not say it

    edits = tuple(
        Edit(
            path=_text(row["path"]),
            op=_op(row["op"]),
            place=_text(row["place"]),
            reason=_text(row["reason"]),
            rules=tuple(_text(rule) for rule in row["rule"]),
            outcome=_text(row["outcome"]),
            diff=_text(row["diff"]),
            mode=None if row["mode"] is None else _mode(row["mode"]),
            content=None if row.get("content") is None else _text(row["content"]),
            splices=tuple(Splice(int(s[0]), int(s[1]), _text(s[2])) for s in row.get("splices", ())),
        )
        for row in data["edits"]
    )
    manual = tuple(
        Manual(r["path"], int(r["line"]), r["snippet"], r["reason"], r["place"], tuple(r["rule"]), needed(r))
        for r in data["manual"]
    )
    present = tuple(
        Present(r["path"], int(r["line"]), r["place"], r["reason"], tuple(r["rule"])) for r in data.get("present", ())
    )
    base = {_text(path): _text(value) for path, value in data["base"].items()}
    for edit in edits:
        if edit.outcome == "inserted" and edit.path not in base:
            raise ValueError(f"no base hash for {edit.path}")
        if edit.op == "create" and edit.outcome == "inserted" and edit.content is None:
            raise ValueError(f"no content for {edit.path}")
        if edit.mode == GITLINK and edit.content is not None and not is_commit(edit.content):
            raise ValueError(f"no full commit id for {edit.path}")
    skipped = tuple((r["place"], r["reason"]) for r in data.get("skipped", ()))
    return Plan(
        _text(data["title"]),
        data["answers"],
        base,
        edits,
        manual,
        present,
        skipped,
        tuple(data.get("notes", ())),
    )


def _mode(value: Any) -> int:
    """Permission bits, or the mode of a gitlink; anything else is an error."""
    mode = int(_text(value), 8)
    return mode if mode == GITLINK else mode & 0o777


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    value.encode("utf-8")  # half of a surrogate pair is a UnicodeEncodeError, a ValueError
    return value


def _op(value: Any) -> Any:
    if value not in ("create", "modify", "delete"):
        raise ValueError(f"unknown op {value!r}")
    return value
