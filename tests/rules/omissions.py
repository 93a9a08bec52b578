"""What `verify` says when one planned edit is left out: the tool's promise, taken at its word.

`silences` lays a plan over a checkout without one of its edits after the other, all in memory, and returns
those that no finding about the backend gives away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from specs import SHA

from newbackend.answers import read_answers
from newbackend.catalog.languages import languages
from newbackend.checkout.gitlink import GITLINK
from newbackend.checkout.tree import Checkout
from newbackend.findings import Finding, Severity
from newbackend.overrides import SCAFFOLD
from newbackend.plan.build import plan_create, planned
from newbackend.plan.model import Edit, Plan
from newbackend.plan.review import hunks
from newbackend.rules.context import Context
from newbackend.rules.registry import UNREADABLE
from newbackend.rules.run import run
from newbackend.spec import BackendSpec, make_spec

NAME = "echo4"
Want = Callable[[Edit], bool]


def rich(lang: str, flavour: str, **changes: Any) -> BackendSpec:
    """A spec that asks for every registration there is; `changes` override answers, None takes one away."""
    language = languages()[lang]
    answers: dict[str, Any] = {
        "name": NAME,
        "lang": lang,
        "flavour": flavour,
        "variants": list(language.flavours[flavour].variants),
        "modalities": list(language.flavours[flavour].modalities[:3]),
        "description": "An engine",
        "license": "mit",
        "icon": "https://example.com/icon.png",
        "urls": [f"https://github.com/mudler/{NAME}.cpp"],
        "pin": {"repo": f"mudler/{NAME}.cpp", "sha": SHA, "branch": "main", "variable": "ECHO4_VERSION"},
        "docs": {"in_house": True},
        "overrides": {"places": {"test-workflow": {"job": True}}},
    }
    return make_spec(read_answers({**answers, **changes}, "test"))


@dataclass(frozen=True)
class Omission:
    """Edits that are left out together, under a name that no spec and no layout changes."""

    edits: tuple[Edit, ...]

    @property
    def label(self) -> str:
        """`makefile REG302`; the file in place of the rules for an edit that no rule stands behind, and a word
        for several edits."""
        first = self.edits[0]
        rules = dict.fromkeys(rule for edit in self.edits for rule in edit.rules)
        several = ", together" if len(self.edits) > 1 else ""
        return f"{first.place} {' '.join(rules) or first.path.replace(NAME, 'NAME')}{several}"


@dataclass(frozen=True)
class Verdict:
    """What was heard of an omission: `silent`, or by notes alone, or by rules that the edit does not name."""

    omission: Omission
    heard: tuple[Finding, ...]

    @property
    def silent(self) -> bool:
        """Whether nothing about the backend names a file of the omission. For the backend's own files as a
        whole any finding will do: it is the rows and targets that miss them."""
        if self.omission.edits[0].place == SCAFFOLD:
            return not self.heard
        return not any(_names(one, edit.path) for one in self.heard for edit in self.omission.edits)

    @property
    def only_a_note(self) -> bool:
        """Whether it was worth no more than a note."""
        return not self.silent and all(one.level is Severity.NOTE for one in self.heard)

    @property
    def by_other_rules(self) -> bool:
        """Whether none of the rules that fired is one that the edit says it satisfies."""
        if self.silent or self.omission.edits[0].place == SCAFFOLD:
            return False
        mine = {rule for edit in self.omission.edits for rule in edit.rules}
        unreadable = {rule.id for rule in UNREADABLE.values()}
        return not {one.rule.id for one in self.heard} & (mine | unreadable)


def verdicts(
    checkout: Checkout, spec: BackendSpec, want: Want = lambda _: True, strictly: Sequence[str] = ()
) -> Iterator[Verdict]:
    """A verdict for every omission from the plan for a spec, or for those whose first edit is wanted.

    `strictly` are the backends that are judged as new ones.
    """
    plan = plan_create(spec, checkout)
    full = planned(plan, checkout)
    known = {one.fingerprint for one in _findings(full, strictly)}
    for omission in omissions(plan):
        if want(omission.edits[0]):
            after = _without(plan, omission.edits, checkout, full)
            new = (one for one in _findings(after, strictly) if one.fingerprint not in known)
            yield Verdict(omission, tuple(one for one in new if _concerns(one, spec.name)))


def omissions(plan: Plan) -> Iterator[Omission]:
    """Every hunk, and every edit of a hunk of several; the backend's own files count as one edit."""
    for hunk in hunks(plan):
        yield Omission(hunk.edits)
        if len(hunk.edits) > 1 and hunk.edits[0].place != SCAFFOLD:
            yield from (Omission((edit,)) for edit in hunk.edits)


def _without(plan: Plan, left_out: Sequence[Edit], checkout: Checkout, full: Checkout) -> Checkout:
    """The checkout with the rest of the plan: the full result, but for the files that the edits are about, so
    that nothing else is parsed again."""
    gone = {id(edit) for edit in left_out}
    rest = replace(plan, edits=tuple(edit for edit in plan.edits if id(edit) not in gone))
    texts = plan.texts(checkout)
    made = {change.path: change.after for change in rest.changes(texts)}
    paths = {edit.path: made.get(edit.path, texts[edit.path]) for edit in left_out}
    links = {edit.path for edit in left_out if edit.mode == GITLINK}
    return full.with_changes(
        {path: text for path, text in paths.items() if path not in links},
        {path: text for path, text in paths.items() if path in links},
    )


def _findings(checkout: Checkout, new: Sequence[str]) -> tuple[Finding, ...]:
    return run(Context(checkout, new=new)).findings


def _concerns(finding: Finding, name: str) -> bool:
    """Whether `verify NAME` shows it: a finding about the backend, or about a file that nobody can read."""
    return finding.backend == name or finding.rule in UNREADABLE.values()


def _names(finding: Finding, path: str) -> bool:
    return path in (finding.path, *(place.path for place in finding.related)) or path in finding.message
