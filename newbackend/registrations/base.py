"""A registration place: one file that knows backends (docs/adr/0001).

A place knows which facts it holds (`observe`), which facts a spec implies (`expect`), and how to add or remove the
difference (`insert`, `revert`). `create`, `verify`, `--fix`, `remove` and `describe`
are loops over the places; nothing else edits a LocalAI file.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from typing import Any, ClassVar

from newbackend.checkout.tree import Checkout, cached, cached_by_file
from newbackend.errors import UsageError
from newbackend.records import dataclass
from newbackend.registrations.manual import Manual
from newbackend.spec import BackendSpec
from newbackend.splice.conflicts import conflict_line
from newbackend.splice.operation import Operation, anchor_missing
from newbackend.splice.outcome import AlreadyPresent, AnchorMissing, Drifted, Inserted, Outcome, Splice
from newbackend.splice.prove import Proof


@dataclass(frozen=True)
class Fact:
    """Something that is registered about a backend in one place. `key` is its identity in the place; identity is by
    parsed value, never by substring. `line` is 1-based."""

    kind: str
    key: str
    backend: str
    value: Any
    path: str
    line: int


@dataclass(frozen=True)
class ExpectedFact:
    """A fact that a spec implies. Expected facts of one `group` are inserted with one edit."""

    kind: str
    key: str
    value: Any
    reason: str
    rules: tuple[str, ...]
    group: str


@dataclass(frozen=True)
class Altered:
    """A fact that is expected with another value than before: both expectations, and what is registered."""

    old: ExpectedFact
    new: ExpectedFact
    there: Fact


@dataclass(frozen=True)
class Change:
    """The change of one group: an outcome, the reason, the rules it satisfies, and the text to paste if the outcome is
    not `Inserted`. `proofs` are the intended YAML nodes and grown lines."""

    place: str
    path: str
    outcome: Outcome
    reason: str
    rules: tuple[str, ...]
    snippet: str = ""
    proofs: tuple[Proof, ...] = ()

    @property
    def splices(self) -> tuple[Splice, ...]:
        """The splices of the file's text; empty when the change cannot be made."""
        return self.outcome.splices if isinstance(self.outcome, Inserted) else ()


@dataclass(frozen=True)
class Probe:
    """Whether the place exists here: `absent` says why not, `unrecognised` why it cannot be read.

    `defect`: the file is broken for LocalAI too; else only its shape is unknown to us."""

    absent: str = ""
    unrecognised: str = ""
    line: int = 1
    defect: bool = False

    @property
    def usable(self) -> bool:
        """Whether facts can be read and edits made."""
        return not self.absent and not self.unrecognised


@dataclass(frozen=True)
class PlacePlan:
    """A place's plan for a spec."""

    changes: tuple[Change, ...] = ()
    skipped: str = ""
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class NewFile:
    """A new file of a place: permission bits, text, reason, and the rules it satisfies. `needed`: the registration
    is not whole without it: kept files have it already, and one that was edited stops a change."""

    mode: int
    text: str
    reason: str
    rules: tuple[str, ...]
    needed: bool = True


class Place(ABC):
    """Base of all places. Instances are stateless; the checkout caches what they read."""

    id: ClassVar[str]
    title: ClassVar[str]
    file: ClassVar[str] = ""
    """The file, relative to the checkout; a place whose file depends on the checkout overrides `path`."""
    order: ClassVar[int]
    """The position among the other places, for a reader of a plan."""
    override_keys: ClassVar[frozenset[str]] = frozenset()
    """Keys of `overrides.places.<id>` that this place reads, beside `omit` (and `facts`)."""
    needs: ClassVar[Mapping[str, frozenset[str]]] = {}
    """Rule of an edit -> rules of the edits of this place that it cannot be without."""
    together: ClassVar[frozenset[str]] = frozenset()
    """Rules whose edits are one thing: either alone would be an error or dead text."""
    takes_facts: ClassVar[bool] = False
    """Whether `overrides.places.<id>.facts` may say what is registered otherwise or in addition."""

    def __eq__(self, other: object) -> bool:
        """Two instances of a place are the same place: they have no state."""
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    def path(self, checkout: Checkout) -> str:
        """The file, relative to the checkout."""
        return self.file

    def probe(self, checkout: Checkout) -> Probe:
        """Whether this checkout has the place, in a known shape."""
        path = self.path(checkout)
        text = checkout.read(path)
        if text is None:
            return Probe(absent=f"{path} is not in this checkout")
        return fault_of(checkout, path) or self.shape(checkout, text)

    def shape(self, checkout: Checkout, text: str) -> Probe:
        """Whether the file, which exists, has what this place looks for."""
        return Probe()

    @abstractmethod
    def read(self, checkout: Checkout) -> Sequence[Fact]:
        """All facts of a usable place."""

    @abstractmethod
    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        """The facts that the spec implies here; may be empty."""

    @abstractmethod
    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        """Changes that add the missing facts: one per group."""

    @abstractmethod
    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        """Changes that remove every fact of a backend, and nothing of any other."""

    def remove(self, checkout: Checkout, facts: Sequence[Fact]) -> Iterable[Change]:
        """Changes that remove some facts of one backend. A place that can only remove them all does so, and leaves
        fewer to be done by hand."""
        name = facts[0].backend
        if {fact.key for fact in facts} >= {fact.key for fact in self.observe(checkout) if fact.backend == name}:
            return self.revert(checkout, name)
        return [self._by_hand(fact, f"{fact.key} of {name} goes") for fact in facts]

    def alter(self, checkout: Checkout, spec: BackendSpec, altered: Sequence[Altered]) -> Iterable[Change]:
        """Changes that give registered facts their new values, in place."""
        differing = [fact for fact in altered if not self.same(fact.new.value, fact.there.value)]
        return [self._by_hand(fact.there, fact.new.reason, [fact.new]) for fact in differing]

    def revise(
        self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact], altered: Sequence[Altered]
    ) -> Iterable[Change]:
        """The additions and the alterations of one change."""
        if missing:
            yield from self.insert(checkout, spec, missing)
        if altered:
            yield from self.alter(checkout, spec, altered)

    def _by_hand(self, fact: Fact, reason: str, wanted: Sequence[ExpectedFact] = ()) -> Change:
        left = AnchorMissing("it cannot be changed in place safely", fact.line)
        return Change(self.id, fact.path, left, reason, rules_of(wanted), self.snippet(wanted))

    @abstractmethod
    def text(self, wanted: ExpectedFact) -> list[str]:
        """The lines that a person would paste for a fact."""

    def snippet(self, wanted: Sequence[ExpectedFact]) -> str:
        """The text that a person would paste for these facts."""
        return "\n".join(row for fact in wanted for row in self.text(fact))

    def added(self, checkout: Checkout, group: Sequence[ExpectedFact], operation: Operation) -> Change:
        """The change that adds some facts by one operation."""
        path, reason = self.path(checkout), group[0].reason
        return Change(self.id, path, operation.outcome, reason, rules_of(group), self.snippet(group), operation.proofs)

    def taken(self, checkout: Checkout, operation: Operation, reason: str, *rules: str) -> Change:
        """The change that removes something by one operation."""
        return Change(self.id, self.path(checkout), operation.outcome, reason, rules, "", operation.proofs)

    def files(self, checkout: Checkout, spec: BackendSpec) -> Mapping[str, NewFile]:
        """New files outside the backend's directory that the spec implies here, by path."""
        return {}

    def own_files(self, checkout: Checkout, name: str) -> Sequence[str]:
        """Files outside the backend's directory that belong to this backend alone."""
        return ()

    def tasks(self, checkout: Checkout, spec: BackendSpec) -> Iterable[Manual]:
        """What remains to a person in the area of this place, when the backend is registered in the checkout."""
        return ()

    def mentions(self, checkout: Checkout, name: str) -> bool:
        """Whether a fact may be about a backend; a place whose file is big looks for the name first."""
        return True

    def concerns(self, spec: BackendSpec) -> bool:
        """Whether a plan should mention that this place is absent."""
        return True

    def observe(self, checkout: Checkout) -> tuple[Fact, ...]:
        """`read`, once per checkout; empty for a place that is not usable."""
        return _facts(checkout, self)

    def wanted(self, spec: BackendSpec, checkout: Checkout) -> list[ExpectedFact]:
        """The expected facts, with the overrides of the answers (`omit`, `facts`) applied."""
        return self.answered(spec, self.expect(spec, checkout))

    def answered(self, spec: BackendSpec, expected: Sequence[ExpectedFact]) -> list[ExpectedFact]:
        """What `expect` says, with the overrides of the answers applied."""
        return self.arranged(overridden(self, spec, kept(spec, self.id, expected)))

    def arranged(self, wanted: list[ExpectedFact]) -> list[ExpectedFact]:
        """The expected facts in the order and groups of their insertion."""
        return wanted

    def group_of(self, kind: str, value: Any) -> str:
        """The group of a fact from the answers."""
        return kind

    def from_answers(self, spec: BackendSpec, key: str, value: Any) -> Any:
        """Converts the value of a fact in the answers to that of `observe`. Raises UsageError when this place cannot
        write it safely, or when it belongs to another backend."""
        return value

    def told(self, facts: Mapping[str, Fact]) -> Mapping[str, Fact]:
        """Of the facts that differ from what the answers imply, those that an answers file can hold."""
        return facts

    def refuse_fact(self, key: str, why: str) -> UsageError:
        """The error about an invalid fact in the answers."""
        return UsageError("overrides-fact", f"overrides.places.{self.id}.facts: {key!r} {why}")

    def plan(self, checkout: Checkout, spec: BackendSpec) -> PlacePlan:
        """The changes between what is expected and what is observed."""
        probe = self.probe(checkout)
        if probe.absent:
            return PlacePlan(skipped=probe.absent if self.concerns(spec) else "")
        expected = self.wanted(spec, checkout)
        if not expected:
            return PlacePlan()
        if probe.unrecognised:
            refused = anchor_missing(probe.unrecognised, probe.line)
            return PlacePlan(tuple(self.added(checkout, group, refused) for group in groups(expected)))
        observed: Mapping[str, Fact] = {fact.key: fact for fact in self.observe(checkout)}
        missing: list[ExpectedFact] = []
        changes: list[Change] = []
        for group in groups(expected):
            gone = [wanted for wanted in group if wanted.key not in observed]
            missing += gone
            for wanted in group:
                if wanted.key in observed:
                    changes.append(self.there(checkout, wanted, observed[wanted.key]))
        changes += self.insert(checkout, spec, missing) if missing else ()
        return PlacePlan(tuple(changes))

    def there(self, checkout: Checkout, wanted: ExpectedFact, fact: Fact) -> Change:
        """What a plan says of an expected fact whose key is registered already."""
        if self.same(wanted.value, fact.value):
            return self.added(checkout, [wanted], Operation(AlreadyPresent(fact.line)))
        drifted = Drifted(f"{wanted.key} is registered with another value", fact.line)
        return self.added(checkout, [wanted], Operation(drifted))

    def same(self, wanted: Any, observed: Any) -> bool:
        """Whether an observed value satisfies the expected one."""
        return bool(wanted == observed)


def fault_of(checkout: Checkout, path: str) -> Probe | None:
    """Why a file that exists is broken for everybody, whatever is in it: a merge conflict."""
    at = _conflict(checkout, path)
    return Probe(unrecognised="has a conflict marker", line=at, defect=True) if at else None


@cached_by_file
def _conflict(checkout: Checkout, path: str) -> int | None:
    return conflict_line(checkout.read(path) or "")


@cached
def probed(checkout: Checkout, place: Place) -> Probe:
    """`Place.probe`, once per checkout."""
    return place.probe(checkout)


@cached
def _facts(checkout: Checkout, place: Place) -> tuple[Fact, ...]:
    return tuple(place.read(checkout)) if probed(checkout, place).usable else ()


@cached
def facts_by_key(checkout: Checkout, place: Place) -> Mapping[str, Fact]:
    """The facts of a place by their keys; of several with one key the last."""
    return {fact.key: fact for fact in place.observe(checkout)}


def groups(wanted: Iterable[ExpectedFact]) -> list[list[ExpectedFact]]:
    """Expected facts by group, both in their given order."""
    by_group: dict[str, list[ExpectedFact]] = {}
    for fact in wanted:
        by_group.setdefault(fact.group, []).append(fact)
    return list(by_group.values())


def rules_of(group: Sequence[ExpectedFact]) -> tuple[str, ...]:
    """The rule ids of a group, without repeats."""
    return tuple(dict.fromkeys(rule for wanted in group for rule in wanted.rules))


def answers_for(spec: BackendSpec, place_id: str) -> Mapping[str, Any]:
    """The answers' overrides of one place (`overrides.places.<id>`); may be empty.

    `omit` is True, or a list of kinds or keys of facts that are not registered; `facts` maps keys to different or
    additional values.
    """
    answers = (spec.overrides.get("places") or {}).get(place_id)
    return answers if isinstance(answers, Mapping) else {}


def kept(spec: BackendSpec, place_id: str, wanted: Iterable[ExpectedFact]) -> list[ExpectedFact]:
    """The expected facts without those that the answers omit, by kind or by key."""
    omit = answers_for(spec, place_id).get("omit") or ()
    if omit is True:
        return []
    return [fact for fact in wanted if fact.kind not in omit and fact.key not in omit]


def kind_of(key: str) -> str:
    """The kind of a fact by its key: what is before the colon; Linux rows have none."""
    return key.partition(":")[0] if ":" in key else "row"


def overridden(place: Place, spec: BackendSpec, wanted: Iterable[ExpectedFact]) -> list[ExpectedFact]:
    """The expected facts with the answers' values, and the additional facts of the answers."""
    answers = dict(answers_for(spec, place.id).get("facts") or {}) if place.takes_facts else {}
    facts = []
    for fact in wanted:
        if fact.key in answers:
            fact = replace(fact, value=place.from_answers(spec, fact.key, answers.pop(fact.key)))
        facts.append(fact)
    for key, raw in answers.items():
        kind, value = kind_of(key), place.from_answers(spec, key, raw)
        rules = next((fact.rules for fact in facts if fact.kind == kind), ())
        facts.append(ExpectedFact(kind, key, value, f"{key}, as the answers say", rules, place.group_of(kind, value)))
    return facts
