"""The front end of a person at a terminal: every question, with defaults from the checkout and the upstream."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from newbackend.checkout.tree import Checkout
from newbackend.errors import NewbackendError
from newbackend.plan.model import Plan
from newbackend.plan.review import Letter, Turn
from newbackend.wizard import import_questions, questions
from newbackend.wizard.complete import Busy
from newbackend.wizard.prompts import Prompts, prompts
from newbackend.wizard.protocol import PartialAnswers
from newbackend.wizard.steps import STEPS, flat
from newbackend.wizard.upstream import Upstream, read_upstream

Show = Callable[[Turn], None]
Reader = Callable[[str, str], Upstream]
_TOLD = 4
LETTERS = "y n a d k p q ?"
HELP = """y - take this hunk
n - leave it out, and what needs it
a - take this and every later hunk of this file
d - leave out this and every later hunk of this file
k - back to the hunk before
p - show it once more, with every line of new files
q - leave out this and all that follow
? - this help"""


class Tty:
    """Asks with `prompts`; `show` draws a hunk, briefly or in full, and `busy` wraps the upstream's fetch."""

    def __init__(
        self,
        busy: Busy,
        *,
        show: Show,
        show_all: Show,
        asks: Prompts | None = None,
        reader: Reader = read_upstream,
    ) -> None:
        self._prompts = asks or prompts()
        self._greeted = False
        self._busy, self._reader = busy, reader
        self._show, self._show_all = show, show_all
        self._upstreams: dict[tuple[str, str], Upstream] = {}

    @property
    def _asks(self) -> Prompts:
        """The prompts; before the first question a word about where this leads."""
        if not self._greeted:
            self._greeted = True
            self._prompts.say("A few questions, then the whole change for review; nothing is written before you agree.")
            self._prompts.say(self._prompts.keys)
        return self._prompts

    def _upstream(self, so_far: PartialAnswers) -> Upstream:
        pin = so_far.answers.get("pin") or {}
        repo, sha = str(pin.get("repo") or ""), str(pin.get("sha") or "")
        if not repo or not sha:
            return Upstream()
        if (repo, sha) not in self._upstreams:
            with self._busy(f"reading {repo}"):
                self._upstreams[repo, sha] = self._reader(repo, sha)
        return self._upstreams[repo, sha]

    def resume(self, saved: Mapping[str, Any], checkout: Checkout) -> bool:
        rows = flat(saved)
        told = [f"{step.title} {questions.shown(rows[step.key])}" for step in STEPS if rows.get(step.key)]
        self._asks.say(f"There are answers of an interrupted run: {'; '.join(told[:_TOLD])}.")
        return self._yes("Go on with them?", default="y")

    def pin(self, so_far: PartialAnswers) -> str:
        return self._asks.text(questions.pin(so_far))

    def name(self, so_far: PartialAnswers) -> str:
        return self._asks.text(questions.name(so_far))

    def lang(self, so_far: PartialAnswers) -> str:
        return self._asks.one(questions.lang(so_far, self._upstream(so_far)))

    def flavour(self, so_far: PartialAnswers) -> str:
        return self._asks.one(questions.flavour(so_far))

    def modalities(self, so_far: PartialAnswers) -> list[str]:
        return self._asks.many(questions.modality(so_far))

    def like(self, so_far: PartialAnswers) -> str:
        return self._asks.one(questions.like(so_far))

    def variants(self, so_far: PartialAnswers) -> list[str]:
        return self._asks.many(questions.variants(so_far))

    def description(self, so_far: PartialAnswers) -> str:
        return self._asks.text(questions.description(so_far, self._upstream(so_far)))

    def license(self, so_far: PartialAnswers) -> str:
        return self._asks.text(questions.licence(so_far, self._upstream(so_far)))

    def tags(self, so_far: PartialAnswers) -> list[str]:
        return questions.words(self._asks.text(questions.tags(so_far, self._upstream(so_far))))

    def import_kind(self, so_far: PartialAnswers) -> str:
        return self._asks.one(import_questions.kind(so_far))

    def import_of(self, so_far: PartialAnswers) -> str:
        return self._asks.one(import_questions.of(so_far))

    def import_extensions(self, so_far: PartialAnswers) -> list[str]:
        return questions.words(self._asks.text(import_questions.extensions(so_far)))

    def import_pipeline_tags(self, so_far: PartialAnswers) -> list[str]:
        return questions.words(self._asks.text(import_questions.pipeline_tags(so_far)))

    def summary(self, so_far: PartialAnswers) -> str:
        chosen = self._asks.one(questions.summary(so_far))
        return "" if chosen == questions.GO_ON else chosen

    def hunk(self, turn: Turn) -> Letter:
        self._show(turn)
        while True:
            letter = self._prompts.line(f"Take this hunk [{LETTERS.replace(' ', ',')}]?").lower()
            for known in ("y", "n", "a", "d", "q", "k"):
                if letter == known:
                    return known
            if letter == "p":
                self._show_all(turn)
            else:
                for line in HELP.splitlines():
                    self._prompts.say(line)

    def apply(self, plan: Plan) -> bool:
        count = len({edit.path for edit in plan.made})
        return self._yes(f"Write these {count} files?", default="n")

    def refused(self, error: NewbackendError) -> None:
        self._prompts.say(f"! {error.sentence()}")

    def _yes(self, prompt: str, default: str) -> bool:
        """A reply that is neither yes nor no is asked again; an empty one is the default, never a write."""
        shown = "Y/n" if default == "y" else "y/N"
        while True:
            reply = (self._prompts.line(f"{prompt} [{shown}]") or default).lower()
            if reply in ("y", "yes", "n", "no"):
                return reply in ("y", "yes")
            self._prompts.say("! y or n, please")
