"""Completes answers: asks a front end for every missing one, question by question.

The loop always asks the first question that has no answer. So going back only has to remove an answer, and nothing else
has to be undone.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import field, replace
from typing import TYPE_CHECKING

from newbackend.answers import Answers, PinAnswers, ValueKind, key_at, value_at, with_value
from newbackend.catalog.languages import languages
from newbackend.checkout.tree import Checkout
from newbackend.errors import NewbackendError, UsageError
from newbackend.model_address import is_models, model_answers, model_words
from newbackend.pin import DEFAULT_BRANCH, parse_pin, resolve
from newbackend.records import dataclass
from newbackend.validate import checked
from newbackend.wizard.headless import Headless
from newbackend.wizard.proposals import modality_reason
from newbackend.wizard.protocol import Back, Frontend
from newbackend.wizard.question import YES, Kind, PartialAnswers, Question, Reply, words
from newbackend.wizard.questions import KEYS, QUESTIONS, REST, REST_AFTER, SUMMARY, question_of
from newbackend.wizard.upstream import Upstream

if TYPE_CHECKING:
    from newbackend.upstream.interface import Interface

_WORTH_SKIPPING = 3
Keep = Callable[[Answers], None]
Busy = Callable[[str], AbstractContextManager[None]]
Reader = Callable[[str, str], Upstream]
InterfaceReader = Callable[[str, str], "Interface | None"]


@dataclass(frozen=True)
class WizardOptions:
    """How to ask. `resumed` are answers of an interrupted run. `keep` is called with all answers after each new one.
    `busy` wraps work that may take long. `read_upstream` and `read_interface` look for defaults in a pinned repository.
    With `settled`,
    questions that have a default are not asked, because an answers file is complete."""

    resumed: Answers = field(default_factory=Answers)
    keep: Keep = lambda _: None
    busy: Busy = lambda _: nullcontext()
    read_upstream: Reader = lambda _repo, _sha: Upstream()
    read_interface: InterfaceReader = lambda _repo, _sha: None
    settled: Frontend | None = None


def complete(
    answers: Answers, checkout: Checkout, frontend: Frontend, options: WizardOptions | None = None
) -> tuple[Answers, list[str]]:
    """Answers that `make_spec` takes, and notes about what was assumed.

    A pin without a commit is resolved over the network (`pin.resolve`). Raises UsageError or NotFoundError for an
    invalid given answer; an invalid reply on a terminal is asked again.
    """
    checked(answers)
    run = _Run(answers, checkout, frontend, options or WizardOptions())
    run.all_answers()
    return run.answers, [*_notes(run.answers), *run.modality_note(answers), *run.flavour_note()]


def _notes(answers: Answers) -> list[str]:
    pin = answers.pin
    # A submodule stays where it is; the branch matters to the bump bot alone.
    if not answers.upstream or (pin and pin.branch) or languages()[answers.lang or ""].pin_style != "makefile":
        return []
    return [
        f"the bump bot will follow branch {DEFAULT_BRANCH} of {answers.upstream}; "
        "pass --set pin.branch=NAME if its default is another"
    ]


class _Run:
    """The state of one run of the wizard: `_asked` are the keys that the user can go back to. `_rest` is the answer to
    `REST`, None until it is asked."""

    def __init__(self, given: Answers, checkout: Checkout, frontend: Frontend, options: WizardOptions) -> None:
        self._checkout, self._front, self._options = checkout, frontend, options
        self.answers = given
        self._before: dict[str, Reply] = {}
        self._asked: set[str] = set()
        self._rest: str | None = "" if options.settled else None
        self._revising: tuple[str, object] | None = None
        self._pins: dict[str, PinAnswers] = {}
        self._upstreams: dict[tuple[str, str], Upstream] = {}
        self._interfaces: dict[tuple[str, str], Interface | None] = {}
        for key in KEYS:
            saved = value_at(options.resumed, key)
            if saved is not None and not self._answered(key):
                self._set(key, saved)
                self._asked.add(key)

    def _answered(self, key: str) -> bool:
        return value_at(self.answers, key) is not None

    def _set(self, key: str, value: object) -> None:
        self.answers = with_value(self.answers, key, value)

    def _forget(self, key: str) -> None:
        """Removes an answer; it becomes the default when the question is asked again."""
        value = value_at(self.answers, key)
        typed = next((text for text, pin in self._pins.items() if pin == value), None)
        self._before[key] = typed or _reply(value)
        self._set(key, None)

    def _partial(self) -> PartialAnswers:
        first = not self._revising and not any(self._answered(key) for key in self._asked)
        return PartialAnswers(
            self.answers, self._checkout, self._before, self._read_upstream, self._read_interface, first
        )

    def _read_upstream(self, repo: str, sha: str) -> Upstream:
        if (repo, sha) not in self._upstreams:
            with self._options.busy(f"reading {repo}"):
                self._upstreams[repo, sha] = self._options.read_upstream(repo, sha)
        return self._upstreams[repo, sha]

    def _read_interface(self, repo: str, sha: str) -> Interface | None:
        if (repo, sha) not in self._interfaces:
            with self._options.busy(f"reading {repo}"):
                self._interfaces[repo, sha] = self._options.read_interface(repo, sha)
        return self._interfaces[repo, sha]

    def modality_note(self, given: Answers) -> list[str]:
        """Why a modality was taken, where nobody could be told in its question."""
        if given.modalities is not None or not self.answers.upstream or not isinstance(self._front, Headless):
            return []
        taken = next(iter(self.answers.modalities or ()), "")
        reason = modality_reason(self._partial(), taken) or "nothing says another"
        return [f"modality {taken}: {reason}; --modality LIST takes others"]

    def flavour_note(self) -> list[str]:
        """Why a flavour was taken, where nobody could be told in its question."""
        pin = self.answers.pin
        found = self._interfaces.get((pin.repo or "", pin.sha or "")) if pin else None
        if found is None or not isinstance(self._front, Headless):
            return []
        return [f"flavour {self.answers.flavour}: {found.reason}; --flavour NAME takes another"]

    def all_answers(self) -> None:
        """Asks until nothing is missing and the user has confirmed the summary."""
        if self.answers.upstream and self.answers.pin and not self.answers.pin.branch:
            self._set("pin", self._resolved(self.answers.pin))
        self._drop_impossible(KEYS)
        while True:
            missing = (row for row in QUESTIONS if not self._answered(row.key) and row.applies(self._partial()))
            question = next(missing, None)
            if question is not None and self._offers_rest(question):
                self._ask_rest(question)
            elif question is not None:
                self._ask(question)
            elif not self._asked or not self._changed_in_summary():
                return

    def _offers_rest(self, question: Question) -> bool:
        """Whether to offer the short way: once, before the first question that has a default, if some are left."""
        partial = self._partial()
        left = [row for row in QUESTIONS if not (row.key.startswith("import.") or self._answered(row.key))]
        behind = KEYS.index(question.key) > KEYS.index(REST_AFTER)
        return self._rest is None and behind and sum(row.applies(partial) for row in left) >= _WORTH_SKIPPING

    def _ask_rest(self, question: Question) -> None:
        try:
            self._rest = self._front.one(REST, self._partial())
        except Back:
            self._back(KEYS[: KEYS.index(question.key)])

    def _ask(self, question: Question) -> None:
        key, settled = question.key, self._options.settled
        front = settled if settled and question.optional(self._partial()) else self._front
        try:
            reply = question.default(self._partial()) if self._rest else put(question, front, self._partial())
        except Back:
            self._back(KEYS[: KEYS.index(key)])
            return
        try:
            value = self._accepted(key, reply)
        except NewbackendError as error:
            self._before[key] = reply
            if self._rest:
                self._rest = ""  # there is no proposal for this one
            else:
                front.refused(error, question.hints)
            return
        self._revising = None
        self._set(key, value)
        if front is self._front:
            self._asked.add(key)
        self._drop_dependent(key)
        self._options.keep(self.answers)

    def _accepted(self, key: str, reply: Reply) -> object:
        """The answer in canonical form. Raises NewbackendError when it is invalid."""
        if key == "pin":
            return self._pin(str(reply)) if reply else PinAnswers()
        declared = key_at(key)
        value: object = reply
        if declared and declared.kind is ValueKind.FLAG:
            value = reply == YES
        elif isinstance(reply, str) and declared and declared.kind is ValueKind.WORDS:
            value = words(reply)
        elif isinstance(reply, str) and declared and declared.kind is ValueKind.SECTIONS:
            value = tuple(model_answers(word) for word in words(reply))
        checked(with_value(self._up_to(key), key, value))
        return value

    def _pin(self, text: str) -> PinAnswers:
        """The commit of what was typed. The same text again is the same commit, so going back asks no network, and a
        branch stays known."""
        if text not in self._pins:
            repo, ref = parse_pin(text)
            self._pins[text] = self._resolved(PinAnswers(repo=repo, sha=ref))
        return self._pins[text]

    def _up_to(self, key: str) -> Answers:
        """The answers without those of later questions, so that a check does not fail because of a later answer."""
        answers = self.answers
        for later in KEYS[KEYS.index(key) + 1 :]:
            if value_at(answers, later) is not None:
                answers = with_value(answers, later, None)
        return answers

    def _resolved(self, pin: PinAnswers) -> PinAnswers:
        repo, ref = parse_pin(f"{pin.repo}@{pin.sha}" if pin.sha else pin.repo or "")
        with self._options.busy(f"asking {repo} for its commits"):
            sha, branch = resolve(repo, ref)
        return replace(pin, repo=repo, sha=sha, branch=branch or pin.branch)

    def _back(self, earlier: tuple[str, ...] = KEYS) -> None:
        """Removes the answer to the previous question, so that it is asked again."""
        key = next((key for key in reversed(earlier) if key in self._asked and self._answered(key)), None)
        if self._revising:
            revised, old = self._revising
            self._set(revised, old)
            self._revising = None
        elif key:
            self._forget(key)
        else:
            self._front.refused(UsageError("first-question", "this is the first question"), {})

    def _changed_in_summary(self) -> bool:
        """Shows the summary. Returns whether the user chose an answer to change."""
        try:
            key = self._front.one(SUMMARY, self._partial())
        except Back:
            self._back()
            return True
        if not key:
            return False
        question_of(key)
        self._rest = ""
        self._revising = (key, value_at(self.answers, key))
        self._forget(key)
        return True

    def _drop_dependent(self, key: str) -> None:
        """Removes answers that the new one makes obsolete or invalid, so that they are asked again."""
        if self._before.get(key) not in (None, value_at(self.answers, key)):
            for question in QUESTIONS:
                if key in question.depends_on and self._answered(question.key):
                    self._forget(question.key)
        self._drop_impossible(KEYS[KEYS.index(key) + 1 :])

    def _drop_impossible(self, keys: tuple[str, ...]) -> None:
        for key in keys:
            if not self._answered(key):
                continue
            try:
                checked(self._up_to(key))
            except NewbackendError as error:
                self._forget(key)
                self._front.refused(error, {})


def put(question: Question, front: Frontend, partial: PartialAnswers) -> Reply:
    """Asks a question of any kind and returns the reply."""
    if question.kind is Kind.MANY:
        return front.many(question, partial)
    return (front.one if question.kind is Kind.ONE else front.text)(question, partial)


def _reply(value: object) -> Reply:
    """An answer in the form of a reply."""
    if isinstance(value, PinAnswers):
        return f"{value.repo}@{value.sha}" if value.repo else ""
    if is_models(value):
        return model_words(value)
    if isinstance(value, bool):
        return YES if value else ""
    return value if isinstance(value, tuple) else str(value or "")
