"""Layers of answers become complete ones: what is missing is asked of a front end, in one order.

Going back is asking again with the answers before it as they were: the loop only ever looks for the
first question that has no answer, so nothing else has to be undone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from newbackend.catalog.languages import languages
from newbackend.checkout.tree import Checkout
from newbackend.errors import NewbackendError, UsageError
from newbackend.pin import default_variable, parse_pin, resolve
from newbackend.wizard.protocol import Back, Frontend, PartialAnswers
from newbackend.wizard.steps import KEYS, STEPS, Step, flat, nested, possible, step_of

Keep = Callable[[Mapping[str, Any]], None]
Busy = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True)
class WizardOptions:
    """How to ask. `resumed` are answers of an interrupted run, `keep` gets all answers after each new one,
    `busy` wraps work that may take long. `settled` front ends leave what has a default unasked: an
    answers file is the whole intent of a backend."""

    resumed: Mapping[str, Any] = field(default_factory=dict)
    keep: Keep = lambda _: None
    busy: Busy = lambda _: nullcontext()
    settled: Frontend | None = None


def complete(
    answers: Mapping[str, Any], checkout: Checkout, frontend: Frontend, setting: WizardOptions | None = None
) -> tuple[dict[str, Any], list[str]]:
    """Answers that `make_spec` takes, and notes about what was assumed.

    A pin without a commit is resolved over the network (`pin.resolve`). Raises UsageError or
    NotFoundError for a given answer that will not do; a terminal's asked ones are asked again.
    """
    possible(answers)
    run = _Run(dict(answers), checkout, frontend, setting or WizardOptions())
    run.all_answers()
    return run.finished()


class _Run:
    """The state of one walk: `done` are all answers, flat; `asked` the keys that back can go to."""

    def __init__(self, given: dict[str, Any], checkout: Checkout, frontend: Frontend, setting: WizardOptions) -> None:
        self._checkout, self._front, self._setting = checkout, frontend, setting
        self._done = flat(given)
        self._before: dict[str, Any] = {}
        self._asked: set[str] = set()
        self._revising: tuple[str, Any] | None = None
        for key, value in flat(setting.resumed).items():
            if key in KEYS and key not in self._done:
                self._done[key] = value
                self._asked.add(key)

    def _so_far(self) -> PartialAnswers:
        return PartialAnswers(self._done, self._checkout, self._before)

    def all_answers(self) -> None:
        """Asks until nothing is missing and the summary is agreed to."""
        if self._done.get("pin") and not self._done["pin"].get("branch"):
            self._done["pin"] = self._resolved(self._done["pin"])
        self._drop_impossible(KEYS)
        while True:
            step = next((s for s in STEPS if s.key not in self._done and s.applies(self._so_far())), None)
            if step is not None:
                self._one(step)
            elif not self._asked or not self._changed_in_summary():
                return

    def _one(self, step: Step) -> None:
        settled = self._setting.settled
        front = settled if settled and step.optional(self._so_far()) else self._front
        try:
            reply = step.ask(front, self._so_far())
        except Back:
            self._back(KEYS[: KEYS.index(step.key)])
            return
        try:
            value = self._accepted(step.key, reply)
        except NewbackendError as error:
            self._before[step.key] = reply
            front.refused(error)
            return
        self._revising = None
        self._done[step.key] = value
        if front is self._front:
            self._asked.add(step.key)
        self._drop_hanging(step.key)
        self._setting.keep(nested(self._done))

    def _accepted(self, key: str, value: Any) -> Any:
        """The answer as it is kept. Raises NewbackendError when it will not do."""
        if key == "pin":
            if not value:
                return None
            repo, ref = parse_pin(value)
            return self._resolved({"repo": repo, "sha": ref})
        possible({**self._up_to(key), key: value})
        return value

    def _up_to(self, key: str) -> dict[str, Any]:
        """The answers without those of later questions: a later one that will not do is that one's matter."""
        later = KEYS[KEYS.index(key) + 1 :]
        return {k: value for k, value in self._done.items() if k not in later}

    def _resolved(self, pin: Mapping[str, Any]) -> dict[str, str]:
        found = {part: str(value) for part, value in pin.items() if value}
        repo, ref = parse_pin(f"{found.get('repo', '')}@{found['sha']}" if found.get("sha") else found.get("repo", ""))
        with self._setting.busy(f"asking {repo} for its commits"):
            sha, branch = resolve(repo, ref)
        return {**found, "repo": repo, "sha": sha, **({"branch": branch} if branch else {})}

    def _back(self, earlier: tuple[str, ...] = KEYS) -> None:
        """Forgets the last answer to the earlier questions, so that it is asked for again."""
        key = next((key for key in reversed(earlier) if key in self._asked and key in self._done), None)
        if self._revising:
            revised, old = self._revising
            self._done[revised], self._revising = old, None
        elif key:
            self._before[key] = self._done.pop(key)
        else:
            self._front.refused(UsageError("first-question", "this is the first question"))

    def _changed_in_summary(self) -> bool:
        """Shows the summary; whether an answer is to be asked again."""
        try:
            key = self._front.summary(self._so_far())
        except Back:
            self._back()
            return True
        if not key:
            return False
        step_of(key)
        self._revising = (key, self._done.get(key))
        self._before[key] = self._done.pop(key, None)
        return True

    def _drop_hanging(self, key: str) -> None:
        """Answers that the new one makes pointless or impossible are asked again."""
        new = self._done[key]
        for step in STEPS:
            if key in step.hangs_on and step.key in self._done and self._before.get(key) not in (None, new):
                self._before[step.key] = self._done.pop(step.key)
        self._drop_impossible(KEYS[KEYS.index(key) + 1 :])

    def _drop_impossible(self, keys: tuple[str, ...]) -> None:
        for key in keys:
            if key not in self._done:
                continue
            try:
                possible(self._up_to(key))
            except NewbackendError as error:
                self._before[key] = self._done.pop(key)
                self._front.refused(error)

    def finished(self) -> tuple[dict[str, Any], list[str]]:
        """The answers with the pin's branch and variable filled in, and what was assumed there."""
        done, notes = nested(self._done), []
        if done.get("pin"):
            pin = dict(done["pin"])
            if not pin.get("branch"):
                pin["branch"] = "main"
                # A submodule stays where it is; the branch matters to the bump bot alone.
                if languages()[str(done["lang"])].pin_style == "makefile":
                    notes.append(
                        f"the bump bot will follow branch main of {pin['repo']}; "
                        "pass --set pin.branch=NAME if its default is another"
                    )
            pin["variable"] = pin.get("variable") or default_variable(str(done["name"]))
            done["pin"] = {part: pin[part] for part in ("repo", "sha", "branch", "variable")}
        return done, notes
