"""`gallery/index.yaml`: a model to try the backend with.

Nobody can try a backend that no model of the gallery names. The file is big and is edited as text: an entry of the
answers (`models`) is written in the newest form, one that `describe` found is kept to the letter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from newbackend.answers import ModelAnswers
from newbackend.catalog.import_kinds import WITHOUT_MODELS
from newbackend.checkout.tree import Checkout
from newbackend.registrations.base import Altered, Change, ExpectedFact, Fact, Place, PlacePlan, Probe, answers_for
from newbackend.registrations.manual import Manual
from newbackend.registrations.model_gallery.entries import entry_texts, usecases_of
from newbackend.registrations.model_gallery.index import FOLDER, MODELS, Model, models, variants_of
from newbackend.spec import BackendSpec
from newbackend.splice.operation import Operation, anchor_missing
from newbackend.splice.outcome import Inserted
from newbackend.splice.prove import BlocksEdit
from newbackend.splice.yaml_blocks import ALIAS, ANCHOR, blocks, item_value, put, swap, take
from newbackend.splice.yaml_nodes import YamlBroken

_RULES = ("REG262",)
_OPEN = ModelAnswers(uri="huggingface://OWNER/REPO/FILE", name="NAME-OF-THE-MODEL")
"""What a person fills in."""
TOLD_LIMIT = 200_000
"""Characters of entries that an answers file is given, which may have 256 KiB. Of LocalAI's backends only llama-cpp has
more (1,154 entries, 1.8 million); after it comes piper (143, 136,000)."""


class ModelGallery(Place):
    """One fact for each model, of the backend that it runs on; its value is the entry's text."""

    id = "model-gallery"
    title = "model gallery"
    order = 25
    file = MODELS
    takes_facts = True

    def shape(self, checkout: Checkout, text: str) -> Probe:
        if not (text.startswith(("- ", "-\n")) or "\n- " in text or "\n-\n" in text or "\n-\r" in text):
            return Probe(unrecognised="has no list with a dash in the first column")
        return Probe()

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        return [
            Fact("model", f"model:{model.name}", model.backend, model.text, MODELS, model.line)
            for model in models(checkout)
        ]

    def mentions(self, checkout: Checkout, name: str) -> bool:
        files = (f"{FOLDER}/{file}" for file in checkout.children(FOLDER) if file.endswith(".yaml"))
        return any(checkout.holds(path, name) for path in (MODELS, *files))

    def concerns(self, spec: BackendSpec) -> bool:
        return bool(spec.models)

    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        reason = f"a model to try {spec.name} with"
        return [
            ExpectedFact("model", f"model:{name}", text, reason, _RULES, "model")
            for name, text in (entry_texts(spec, checkout) if spec.models else ())
        ]

    def plan(self, checkout: Checkout, spec: BackendSpec) -> PlacePlan:
        """Without a model the file is not read: it is by far the biggest."""
        return super().plan(checkout, spec) if spec.models or answers_for(spec, self.id) else PlacePlan()

    def same(self, wanted: Any, observed: Any) -> bool:
        """Prose may differ; only what LocalAI loads and downloads must agree."""
        return bool(wanted == observed or _loaded(wanted) == _loaded(observed))

    def from_answers(self, spec: BackendSpec, key: str, value: Any) -> Any:
        if not isinstance(value, str):
            raise self.refuse_fact(key, "is not the text of one entry")
        try:
            named, backend = _checked(value)
        except YamlBroken as error:
            raise self.refuse_fact(key, error.problem) from error
        if key != named:
            raise self.refuse_fact(key, "is not the key of its own value")
        if backend not in (None, spec.name, spec.gallery):
            raise self.refuse_fact(key, f"runs on the backend {backend!r}")
        return value.rstrip("\n")

    def told(self, facts: Mapping[str, Fact]) -> Mapping[str, Fact]:
        return facts if sum(len(fact.value) for fact in facts.values()) <= TOLD_LIMIT else {}

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        text, there = checkout.need(MODELS), models(checkout)
        after = _after(spec, there)
        needed = {name for wanted in missing for name in ALIAS.findall(wanted.value)}
        own = {model.anchor for model in there if model.anchor}
        after = max([after, *(model.index for model in there if model.anchor in needed)])
        items = [str(wanted.value) for wanted in missing]
        lost = needed - own - {name for item in items for name in ANCHOR.findall(item)}
        if lost:
            operation = anchor_missing(f"the entry that it merges (*{min(lost)}) is not there", there[after].line)
            yield self.added(checkout, missing, operation)
            return
        block = blocks(text)[after]
        line = text.count("\n", 0, block.end) + 1 + (not text.endswith("\n", 0, block.end))
        outcome = put(text, block.end, items, line)
        proof = BlocksEdit(tuple((after + 1, item) for item in items))
        yield self.added(checkout, missing, Operation(outcome, (proof,)))

    def alter(self, checkout: Checkout, spec: BackendSpec, altered: Sequence[Altered]) -> Iterable[Change]:
        text, there = checkout.need(MODELS), models(checkout)
        for fact in altered:
            model = next(model for model in there if model.line == fact.there.line)
            if model.text not in (fact.old.value, fact.new.value):
                yield from super().alter(checkout, spec, [fact])
            elif model.text != fact.new.value:
                outcome = swap(text, blocks(text)[model.index], str(fact.new.value), model.line)
                proof = BlocksEdit(((model.index, str(fact.new.value)),), frozenset({model.index}))
                yield self.added(checkout, [fact.new], Operation(outcome, (proof,)))

    def remove(self, checkout: Checkout, facts: Sequence[Fact]) -> Iterable[Change]:
        lines = {fact.line for fact in facts}
        return self._without(checkout, [model for model in models(checkout) if model.line in lines])

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        return self._without(checkout, [model for model in models(checkout) if model.backend == name])

    def tasks(self, checkout: Checkout, spec: BackendSpec) -> Iterable[Manual]:
        """A model to try the backend with, where the gallery has none: its entry with the address left open. Entries
        are read only where one may be the backend's, because they are many."""
        if spec.models or set(spec.modalities) <= WITHOUT_MODELS:
            return
        names = {spec.name, spec.gallery}
        if checkout.holds(MODELS, *names) and names & {model.backend for model in models(checkout)}:
            return
        ((_, text),) = entry_texts(replace(spec, models=(_OPEN,)), checkout)
        reason = f"no model runs on {spec.name} to try it with: `newbackend change {spec.name} --model URI` adds one"
        yield Manual(MODELS, _line_alike(checkout, spec), text, reason, self.id, _RULES, needed=False)

    def _without(self, checkout: Checkout, gone: Sequence[Model]) -> Iterable[Change]:
        """Takes entries out; one that an entry of another backend merges or names stays."""
        indices = {model.index for model in gone}
        others = [model for model in models(checkout) if model.index not in indices]
        merged = {model.merges: model for model in others if model.merges}
        named = {name: model for model in others for name in variants_of(model)}
        kept: set[int] = set()
        for model in gone:
            user = merged.get(model.anchor) or named.get(model.name)
            if user is not None:
                kept.add(model.index)
                why = f"the entry {user.name} needs it (line {user.line})"
                refused = anchor_missing(why, model.line)
                yield self.taken(checkout, refused, f"the model {model.name}", *_RULES)
        text = checkout.need(MODELS)
        found = blocks(text)
        left = [model for model in gone if model.index not in kept]
        if left:
            names = ", ".join(model.name for model in left[:3]) + (", …" if len(left) > 3 else "")
            outcome = Inserted(take(text, [found[model.index] for model in left]), left[0].line)
            proof = BlocksEdit(removed=frozenset(model.index for model in left))
            many = f"{len(left)} models: {names}" if len(left) > 1 else f"the model {names}"
            yield self.taken(checkout, Operation(outcome, (proof,)), many, *_RULES)

    def text(self, wanted: ExpectedFact) -> list[str]:
        return str(wanted.value).split("\n")


def _after(spec: BackendSpec, there: Sequence[Model]) -> int:
    """The index of the entry that new ones go behind: the last of the backend, of the sibling that it is like, of a
    backend's models for the same use, else the last of all."""
    for name in (spec.gallery, spec.name, spec.like):
        own = [model.index for model in there if name and model.backend == name]
        if own:
            return own[-1]
    uses = [f"\n      - {use}" for use in usecases_of(spec)[:1]]
    alike = [model.index for model in there for use in uses if f"{use}\n" in model.text]
    return (alike or [there[-1].index])[-1]


def _line_alike(checkout: Checkout, spec: BackendSpec) -> int:
    """The line of the last entry for the same use, else of the last one."""
    text = checkout.need(MODELS)
    uses = [text.rfind(f"\n      - {use}\n") for use in usecases_of(spec)[:1]]
    at = max([at for at in uses if at != -1], default=len(text))
    return text.count("\n", 0, text.rfind("\n- ", 0, at) + 1) + 1


def _loaded(text: str) -> Any:
    """What LocalAI uses of an entry: the backend, the model and the files; the text itself when it cannot be read."""
    try:
        value = item_value(text)
    except YamlBroken:
        return text
    if not isinstance(value, dict):
        return text
    own, files = value.get("overrides"), value.get("files")
    rows = [row for row in files if isinstance(row, dict)] if isinstance(files, list) else []
    settings = (own.get("backend"), own.get("parameters")) if isinstance(own, dict) else ()
    return settings, [(row.get("filename"), row.get("uri")) for row in rows]


@lru_cache(maxsize=1024)
def _checked(text: str) -> tuple[str, Any]:
    """The key of an entry and the backend that it runs on; "" for what is no mapping. Raises YamlBroken."""
    there = blocks(text)
    if len(there) != 1 or there[0].start:
        raise YamlBroken("is not the text of one entry", 1)
    try:
        entry = item_value(text)
    except YamlBroken as error:
        raise YamlBroken(f"is not valid YAML: {error.problem}", error.line) from error
    if not isinstance(entry, dict):
        return "", None
    own = entry.get("overrides")
    return f"model:{entry.get('name')}", own.get("backend") if isinstance(own, dict) else None


PLACE = ModelGallery()
