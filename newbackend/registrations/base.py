"""A registration place: one file that knows backends (design, section 3).

A place can say which facts it holds (`observe`), which facts a spec implies (`expect`), and how to add
or take away the difference (`insert`, `revert`). `create`, `verify`, `--fix`, `remove` and `describe`
are loops over the places; nothing else edits a LocalAI file.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.spec import BackendSpec
from newbackend.splice.outcome import AlreadyPresent, Drifted, Outcome
from newbackend.splice.prove import Proof


@dataclass(frozen=True)
class Fact:
    """Something a place says about a backend. `key` is its identity in the place; identity is by
    parsed value, never by substring. `line` is 1-based."""

    kind: str
    key: str
    backend: str
    value: Any
    path: str
    line: int


@dataclass(frozen=True)
class ExpectedFact:
    """A fact that a spec implies. Wanted facts of one `group` go in with one edit."""

    kind: str
    key: str
    value: Any
    reason: str
    rules: tuple[str, ...]
    group: str


@dataclass(frozen=True)
class Change:
    """What a place answers for one group: an outcome, why, the rules it satisfies, and the text to
    paste where the outcome is not `Inserted`. `proofs` are the intended YAML nodes and grown lines."""

    place: str
    path: str
    outcome: Outcome
    reason: str
    rules: tuple[str, ...]
    snippet: str = ""
    proofs: tuple[Proof, ...] = ()


@dataclass(frozen=True)
class Probe:
    """Whether the place exists here: `absent` says why not, `unrecognised` why it cannot be read."""

    absent: str = ""
    unrecognised: str = ""
    line: int = 1

    @property
    def usable(self) -> bool:
        """Whether facts can be read and edits made."""
        return not self.absent and not self.unrecognised


@dataclass(frozen=True)
class PlacePlan:
    """A place's answer to a spec."""

    changes: tuple[Change, ...] = ()
    skipped: str = ""
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class NewFile:
    """A file that a place brings along: permission bits, text, why, and the rules it satisfies."""

    mode: int
    text: str
    reason: str
    rules: tuple[str, ...]


class Place(ABC):
    """Base of all places. Instances are stateless; what they read is memoised in the checkout."""

    id: ClassVar[str]
    title: ClassVar[str]
    order: ClassVar[int]
    """Where the place stands among the others, for a reader of a plan."""
    override_keys: ClassVar[frozenset[str]] = frozenset()
    """Keys of `overrides.places.<id>` that this place reads, beside `omit` (and `facts`)."""
    takes_facts: ClassVar[bool] = False
    """Whether `overrides.places.<id>.facts` may say what is registered otherwise or in addition."""

    @abstractmethod
    def path(self, checkout: Checkout) -> str:
        """The file, relative to the checkout."""

    @abstractmethod
    def probe(self, checkout: Checkout) -> Probe:
        """Whether this checkout has the place in a shape that is known."""

    @abstractmethod
    def read(self, checkout: Checkout) -> Sequence[Fact]:
        """All facts of a usable place."""

    @abstractmethod
    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        """The facts that the spec implies here; empty when the place has nothing to say about it."""

    @abstractmethod
    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        """Changes that add the missing facts: one per group."""

    @abstractmethod
    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        """Changes that take away every fact of a backend, and nothing of any other."""

    @abstractmethod
    def snippet(self, wanted: Sequence[ExpectedFact]) -> str:
        """The text that a person would paste for these facts."""

    def files(self, checkout: Checkout, spec: BackendSpec) -> Mapping[str, NewFile]:
        """New files outside the backend's directory that the spec implies here, by path."""
        return {}

    def own_files(self, checkout: Checkout, name: str) -> Sequence[str]:
        """Files outside the backend's directory that are there for this backend alone."""
        return ()

    def concerns(self, spec: BackendSpec) -> bool:
        """Whether a reader of the plan should hear that this place is absent."""
        return True

    def observe(self, checkout: Checkout) -> tuple[Fact, ...]:
        """`read`, once per checkout; empty for a place that is not usable."""
        key = (self.id, "facts")
        if key not in checkout.memo:
            checkout.memo[key] = tuple(self.read(checkout)) if self.probe(checkout).usable else ()
        facts = checkout.memo[key]
        assert isinstance(facts, tuple)
        return facts

    def wanted(self, spec: BackendSpec, checkout: Checkout) -> list[ExpectedFact]:
        """What the spec implies here, and what its answers say is otherwise (`omit`, `facts`)."""
        return self.arranged(overridden(self, spec, kept(spec, self.id, self.expect(spec, checkout))))

    def arranged(self, wanted: list[ExpectedFact]) -> list[ExpectedFact]:
        """The wanted facts in the order and groups in which they go in."""
        return wanted

    def group_of(self, kind: str, value: Any) -> str:
        """The group that a fact of the answers goes in with."""
        return kind

    def from_answers(self, spec: BackendSpec, key: str, value: Any) -> Any:
        """The value of a fact as the answers write it, as `observe` has it. Raises UsageError when this
        place could not write it safely, or when it is another backend's."""
        return value

    def refuse_fact(self, key: str, why: str) -> UsageError:
        """The refusal of a fact in the answers."""
        return UsageError("overrides-fact", f"overrides.places.{self.id}.facts: {key!r} {why}")

    def plan(self, checkout: Checkout, spec: BackendSpec) -> PlacePlan:
        """The changes between what is expected and what is observed."""
        probe = self.probe(checkout)
        if probe.absent:
            return PlacePlan(skipped=probe.absent if self.concerns(spec) else "")
        expected = self.wanted(spec, checkout)
        if not expected:
            return PlacePlan()
        path = self.path(checkout)
        if probe.unrecognised:
            return PlacePlan(tuple(self._cannot(path, probe, group) for group in groups(expected)))
        observed: Mapping[str, Fact] = {fact.key: fact for fact in self.observe(checkout)}
        missing: list[ExpectedFact] = []
        changes: list[Change] = []
        for group in groups(expected):
            gone = [wanted for wanted in group if wanted.key not in observed]
            missing += gone
            for wanted in group:
                if wanted.key in observed:
                    changes.append(self._there(path, wanted, observed[wanted.key]))
        changes += self.insert(checkout, spec, missing) if missing else ()
        return PlacePlan(tuple(changes))

    def _there(self, path: str, wanted: ExpectedFact, fact: Fact) -> Change:
        outcome: Outcome = AlreadyPresent(fact.line)
        if not self.same(wanted.value, fact.value):
            outcome = Drifted(f"{wanted.key} is registered with another value", fact.line)
        return Change(self.id, path, outcome, wanted.reason, wanted.rules, self.snippet([wanted]))

    def same(self, wanted: Any, found: Any) -> bool:
        """Whether an observed value says what is wanted."""
        return bool(wanted == found)

    def _cannot(self, path: str, probe: Probe, group: Sequence[ExpectedFact]) -> Change:
        from newbackend.splice.outcome import AnchorMissing

        rules = tuple(dict.fromkeys(rule for wanted in group for rule in wanted.rules))
        outcome = AnchorMissing(probe.unrecognised, probe.line)
        return Change(self.id, path, outcome, group[0].reason, rules, self.snippet(group))


def groups(wanted: Iterable[ExpectedFact]) -> list[list[ExpectedFact]]:
    """Wanted facts by group, both in their given order."""
    found: dict[str, list[ExpectedFact]] = {}
    for one in wanted:
        found.setdefault(one.group, []).append(one)
    return list(found.values())


def rules_of(group: Sequence[ExpectedFact]) -> tuple[str, ...]:
    """The rule ids of a group, without repeats."""
    return tuple(dict.fromkeys(rule for wanted in group for rule in wanted.rules))


def answers_for(spec: BackendSpec, place_id: str) -> Mapping[str, Any]:
    """What the answers say about one place (`overrides.places.<id>`); empty when they say nothing.

    `omit` there is True, or a list of kinds or keys of facts that this backend does without; `facts` maps
    keys to values that differ from the expected ones or come on top.
    """
    said = (spec.overrides.get("places") or {}).get(place_id)
    return said if isinstance(said, Mapping) else {}


def kept(spec: BackendSpec, place_id: str, wanted: Iterable[ExpectedFact]) -> list[ExpectedFact]:
    """The wanted facts without those that the answers leave out, by kind or by key."""
    omit = answers_for(spec, place_id).get("omit") or ()
    if omit is True:
        return []
    return [one for one in wanted if one.kind not in omit and one.key not in omit]


def kind_of(key: str) -> str:
    """The kind of a fact by its key: what stands before the colon; Linux rows have none."""
    return key.partition(":")[0] if ":" in key else "row"


def overridden(place: Place, spec: BackendSpec, wanted: Iterable[ExpectedFact]) -> list[ExpectedFact]:
    """The wanted facts with the values that the answers give them, and the facts that only the answers know."""
    said = dict(answers_for(spec, place.id).get("facts") or {}) if place.takes_facts else {}
    found = []
    for one in wanted:
        value = place.from_answers(spec, one.key, said.pop(one.key)) if one.key in said else one.value
        found.append(replace(one, value=value))
    for key, raw in said.items():
        kind, value = kind_of(key), place.from_answers(spec, key, raw)
        rules = next((one.rules for one in found if one.kind == kind), ())
        found.append(ExpectedFact(kind, key, value, f"{key}, as the answers say", rules, place.group_of(kind, value)))
    return found
