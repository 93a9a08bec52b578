"""What is registered already: the answers behind it, and the command that changes it.

`create` makes a new backend. On one that is registered with other answers it says so: half of a change, the new
files beside the old registration, is what nobody wants.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from newbackend.answers import Answers, as_data
from newbackend.answers_file import parse_answers
from newbackend.checkout.tree import Checkout
from newbackend.describe import describe
from newbackend.errors import RefusedChange, UsageError
from newbackend.records import dataclass
from newbackend.registrations.base import Change
from newbackend.scaffold.generated import answers_file
from newbackend.spec import BackendSpec, make_spec, to_answers
from newbackend.splice.outcome import Drifted

_OPTIONS = {
    "description": "--description",
    "license": "--license",
    "icon": "--icon",
    "urls": "--urls",
    "tags": "--tags",
    "modalities": "--modality",
}


@dataclass(frozen=True)
class Registered:
    """The answers that a registered backend goes by. `path`: its answers file, "" when there is none and the answers
    are described from the registration; `notes` say what of them is a guess."""

    answers: Answers
    path: str
    notes: tuple[str, ...] = ()


def registered_answers(checkout: Checkout, name: str) -> Registered:
    """The answers file of a backend, or the description of one without.

    Raises NotFoundError for a backend that is not registered, UsageError for an invalid answers file.
    """
    path = answers_file(checkout, name)
    if not path:
        described = describe(checkout, name)
        return Registered(described.answers, "", described.notes)
    answers = parse_answers(checkout.need(path), path)
    spec = make_spec(answers)
    if spec.name != name or not path.startswith(f"{spec.directory}/"):
        raise UsageError("answers-other-name", f"the answers are for {spec.directory}, not for {name!r}", where=path)
    return Registered(answers, path)


def refuse_registered_otherwise(spec: BackendSpec, checkout: Checkout, changes: Iterable[Change]) -> None:
    """Raises RefusedChange when the backend is registered with other answers than these."""
    path = answers_file(checkout, spec.name)
    other = next((change for change in changes if isinstance(change.outcome, Drifted)), None)
    saved = _saved(checkout, path)
    if saved is not None:
        if same_backend(saved, spec):
            return
        known, where = saved, path
    elif other is not None and isinstance(other.outcome, Drifted):
        known = make_spec(describe(checkout, spec.name).answers)
        where = f"{other.path}:{other.outcome.line}"
    else:
        return
    command = shlex.join(["newbackend", "change", spec.name, *change_words(known, spec)])
    raise RefusedChange(
        "registered-otherwise",
        f"{spec.name} is registered already, with other answers; nothing was written",
        where=where,
        hint=f"to change it: {command}",
    )


def _saved(checkout: Checkout, path: str) -> BackendSpec | None:
    """The spec of an answers file; None when there is none that can be read."""
    try:
        return make_spec(parse_answers(checkout.need(path), path)) if path else None
    except UsageError:
        return None


def same_backend(known: BackendSpec, wanted: BackendSpec) -> bool:
    """Whether two specs want the same; the sibling whose rows were near is no property of a backend."""
    return replace(known, like="") == replace(wanted, like="")


def change_words(known: BackendSpec, wanted: BackendSpec) -> list[str]:
    """The options of `change` that turn one spec into the other."""
    words: list[str] = []
    added = [variant for variant in wanted.variants if variant not in known.variants]
    dropped = [variant for variant in known.variants if variant not in wanted.variants]
    words += ["--add-variants", ",".join(added)] if added else []
    words += ["--drop-variants", ",".join(dropped)] if dropped else []
    if wanted.pin != known.pin and wanted.pin is not None:
        words += ["--pin", f"{wanted.pin.repo}@{wanted.pin.sha}"]
    old, new = (as_data(to_answers(spec)) for spec in (known, wanted))
    for row in fields(Answers):
        key = row.metadata.get("key", row.name)
        if key in ("name", "variants", "pin", "like") or old.get(key) == new.get(key):
            continue
        option = _OPTIONS.get(key)
        words += [option, _joined(new.get(key))] if option else _sets(key, old.get(key), new.get(key))
    return words


def _joined(value: Any) -> str:
    return ",".join(value) if isinstance(value, Sequence) and not isinstance(value, str) else str(value or "")


def _sets(key: str, old: Any, new: Any) -> list[str]:
    """`--set` for each differing leaf."""
    if isinstance(new, Mapping) or isinstance(old, Mapping):
        old, new = old or {}, new or {}
        keys = [name for name in (*new, *(name for name in old if name not in new)) if old.get(name) != new.get(name)]
        return [word for name in keys for word in _sets(f"{key}.{name}", old.get(name), new.get(name))]
    if isinstance(new, list):
        listed = ", ".join(new) if all(isinstance(item, str) for item in new) else json.dumps(new)[1:-1]
        return ["--set", f"{key}=[{listed}]"]
    return ["--set", f"{key}={'' if new is None else str(new).lower() if isinstance(new, bool) else new}"]
