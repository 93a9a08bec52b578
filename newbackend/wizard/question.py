"""A question as data: its key, its texts, the valid answers, and the answer when nobody can be asked.

Front ends display these; no front end has code for a particular question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from enum import Enum
from typing import TYPE_CHECKING, Any

from newbackend.answers import Answers, ValueKind, key_at
from newbackend.catalog.languages import Language, languages
from newbackend.checkout.tree import Checkout
from newbackend.records import dataclass
from newbackend.sanitize import printable
from newbackend.wizard.upstream import Upstream

if TYPE_CHECKING:
    from newbackend.upstream.interface import Interface

YES = "yes"
"""The reply that is true; the empty one is false."""
Reply = str | tuple[str, ...]
"""A text, the id of a choice, or the ids of several."""


@dataclass(frozen=True)
class PartialAnswers:
    """What a question may depend on: the answers so far, the checkout, and in `before` the earlier replies to this and
    later questions, if the user went back. `read_upstream` reads what a pinned repository says about itself,
    `read_interface` what a backend can be built against. `first`: there is no question to go back to."""

    answers: Answers
    checkout: Checkout
    before: Mapping[str, Reply] = field(default_factory=dict)
    read_upstream: Callable[[str, str], Upstream] = lambda _repo, _sha: Upstream()
    read_interface: Callable[[str, str], Interface | None] = lambda _repo, _sha: None
    first: bool = False

    @property
    def language(self) -> Language:
        """The language, once it is answered."""
        return languages()[self.answers.lang or ""]

    @property
    def flavour(self) -> str:
        """The flavour; the language's default until it is answered."""
        return self.answers.flavour or self.language.default_flavour

    @property
    def upstream(self) -> Upstream:
        """What the pinned repository says about itself; empty without a pin."""
        pin = self.answers.pin
        return self.read_upstream(pin.repo, pin.sha) if pin and pin.repo and pin.sha else Upstream()

    @property
    def interface(self) -> Interface | None:
        """What a backend can be built against; None without a pin, when nobody is to look, and for a language with no
        flavour that suits an interface."""
        pin = self.answers.pin
        matters = any(flavour.suits for flavour in self.language.flavours.values())
        return self.read_interface(pin.repo, pin.sha) if matters and pin and pin.repo and pin.sha else None

    def text_before(self, key: str) -> str:
        """The earlier reply to a text or one-choice question, if the user went back, else ""."""
        reply = self.before.get(key) or ""
        return reply if isinstance(reply, str) else ", ".join(reply)


class Kind(Enum):
    """The kind of answer that a question takes."""

    TEXT = "text"
    ONE = "one"
    MANY = "many"


@dataclass(frozen=True)
class Choice:
    """One choice of a menu; `effect` says what it changes. `refused` says why it is shown but not offered."""

    value: str
    title: str
    effect: str = ""
    refused: str = ""


def _empty(_: PartialAnswers) -> str:
    return ""


def _never(_: PartialAnswers) -> bool:
    return False


def always(_: PartialAnswers) -> bool:
    """For a question that is always asked, or always has a default."""
    return True


@dataclass(frozen=True)
class Question:
    """One question. `key` is the dotted path of its answer, `prompt` also its name in the summary.

    `unasked` is the answer when nobody can be asked; without one it raises UsageError naming the flag. `default` is
    offered to a person. `check` raises NewbackendError for an invalid text. `doubt` says what is odd about a valid one,
    which is then asked about once. `optional`: an empty answer is valid. `hints`: what to do at a terminal about an
    error, by its code, instead of the error's own hint. The question is asked again when an answer in `depends_on`
    changes.
    """

    key: str
    kind: Kind
    prompt: str
    explain: Callable[[PartialAnswers], str]
    unasked: Callable[[PartialAnswers], Reply]
    default: Callable[[PartialAnswers], Reply] = _empty
    choices: Callable[[PartialAnswers], tuple[Choice, ...]] = lambda _: ()
    touches: Callable[[PartialAnswers], str] = _empty
    check: Callable[[str, PartialAnswers], Any] = lambda _text, _partial: None
    doubt: Callable[[str], str] = lambda _: ""
    hints: Mapping[str, str] = field(default_factory=dict)
    applies: Callable[[PartialAnswers], bool] = always
    optional: Callable[[PartialAnswers], bool] = _never
    depends_on: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Asked:
    """A question with all texts and choices evaluated for the answers so far. `separator` stands between the lines of a
    pasted text. `first`: nothing can be gone back to."""

    prompt: str
    explain: str
    touches: str
    choices: tuple[Choice, ...]
    defaults: tuple[str, ...]
    check: Callable[[str], Any]
    doubt: Callable[[str], str] = lambda _: ""
    separator: str = " "
    first: bool = False

    @property
    def default(self) -> str:
        """The default of a text or of one choice, "" without one."""
        return self.defaults[0] if self.defaults else ""

    @property
    def values(self) -> list[str]:
        """The values of the offered choices."""
        return [choice.value for choice in self.choices if not choice.refused]


def asked(question: Question, partial: PartialAnswers) -> Asked:
    """Evaluates a question for the answers so far. Its texts may quote the checkout or an upstream, and menus are
    drawn by a library, so they are made printable here."""
    default, declared = question.default(partial), key_at(question.key)
    return Asked(
        question.prompt,
        printable(question.explain(partial)),
        printable(question.touches(partial)),
        tuple(
            Choice(choice.value, printable(choice.title), printable(choice.effect), printable(choice.refused))
            for choice in question.choices(partial)
        ),
        (printable(default),) if isinstance(default, str) else default,
        lambda text: question.check(text, partial),
        question.doubt,
        ", " if declared and declared.kind in (ValueKind.WORDS, ValueKind.SECTIONS) else " ",
        partial.first,
    )


def words(text: str) -> tuple[str, ...]:
    """The values of a comma-separated list."""
    return tuple(part.strip() for part in text.split(",") if part.strip())
