"""The root `Makefile`: six edits per backend (LocalAI's .agents/adding-backends.md).

Without the eval `make backends/<name>` has no rule; without `.NOTPARALLEL` two docker builds write to one image
directory at the same time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import ClassVar

from newbackend.catalog.languages import languages
from newbackend.checkout.layout import MAKEFILE
from newbackend.checkout.tree import Checkout
from newbackend.registrations.base import Change, ExpectedFact, Fact, Place, Probe
from newbackend.registrations.support.makefiles import probe_makefile
from newbackend.registrations.support.text_files import lines_of
from newbackend.spec import BackendSpec
from newbackend.splice.lines import Lines
from newbackend.splice.make import (
    add_lines,
    add_recipe_line,
    add_word,
    conditions_at,
    drop_statements,
    drop_word,
    reading,
    rules_of,
)
from newbackend.splice.make_reader import Kind, logical_end, one_space
from newbackend.splice.operation import Operation, anchor_missing

_DEFINITION = re.compile(r"BACKEND_([A-Z0-9_]+)\s*[:?]?=\s*([^|\s]+)\|([^|]*)\|([^|]*)\|([^|]*)\|([^|\s]*)\s*\Z")
_EVAL = re.compile(r"\$\(eval \$\(call generate-docker-build-target,\$\(BACKEND_([A-Z0-9_]+)\)\)\)\s*\Z")
_SUBMAKE = re.compile(r"\$\(MAKE\) -C (backend/\w+/([^/\s]+))/?(?:[ \t]+(\S.*?))?\s*\Z")
LISTS = {".NOTPARALLEL": "backends/", "docker-build-backends": "docker-build-"}
RECIPES = ("prepare-test-extra", "test-extra")
DEFINITION_PARTS = 5
_WORDS = re.compile(r"(?:[A-Za-z0-9_./=-]+(?: [A-Za-z0-9_./=-]+)*)?\Z")
# Which rule misses it depends on what else is there: a definition or an eval without the other half is worse
# than neither.
_RULES = {
    ".NOTPARALLEL": ("REG301",),
    "prepare-test-extra": ("REG302",),
    "test-extra": ("REG303",),
    "define": ("REG304", "REG309", "REG312"),
    "eval": ("REG305", "REG309"),
    "docker-build-backends": ("REG306",),
}


class RootMakefile(Place):
    """`.NOTPARALLEL`, `prepare-test-extra`, `test-extra`, the definition, its eval, `docker-build-backends`."""

    id = "makefile"
    title = "root Makefile"
    order = 30
    file = MAKEFILE
    needs: ClassVar = {"REG306": frozenset({"REG305"})}  # the list names a target that the eval makes
    together = frozenset({"REG304", "REG305"})  # a definition, and the call that expands it
    takes_facts = True

    def shape(self, checkout: Checkout, text: str) -> Probe:
        if "generate-docker-build-target" not in text:
            return Probe(unrecognised="has no generate-docker-build-target definition")
        return probe_makefile(checkout, MAKEFILE)

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        lines = lines_of(checkout, MAKEFILE)
        facts: list[Fact] = []

        def add(kind: str, word: str, backend: str, value: object, number: int) -> None:
            facts.append(Fact(kind, f"{kind}:{word}", backend, value, MAKEFILE, number + 1))

        for target, prefix in LISTS.items():
            for rule in rules_of(lines, target):
                for word in rule.words:
                    add(target, word, word.removeprefix(prefix), word, rule.first)
        for target in RECIPES:
            for rule in rules_of(lines, target):
                for row in rule.recipe:
                    if call := _SUBMAKE.match(one_space(row.text)):
                        add(target, call[1], call[2], call[3] or "", row.first)
        names: dict[str, str] = {}
        for row in reading(lines).statements:
            if row.kind is Kind.VARIABLE and (definition := _DEFINITION.match(row.text)):
                names[definition[1]] = definition[2]
                value = [definition[i] for i in range(2, 7)]
                add("define", definition[1], definition[2], value, row.first)
            elif row.kind is Kind.CALL and (call := _EVAL.match(row.text)):
                add("eval", call[1], names.get(call[1], ""), call[1], row.first)
        return [fact if fact.backend else _named(fact, names) for fact in facts]

    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        language, name = spec.language, spec.name
        prepare = language.prepare_target.replace("{name}", name)
        needs = "true" if language.needs_backend_arg else "false"
        definition = [name, language.makefile_type.replace("{name}", name), ".", "false", needs]
        wanted = {
            ".NOTPARALLEL": (f"backends/{name}", f"backends/{name}", "no two backend builds at once"),
            "prepare-test-extra": (spec.directory, prepare, f"builds {name} before its tests"),
            "test-extra": (spec.directory, language.test_target, f"runs {name}'s tests"),
            "define": (spec.upper, definition, f"how the docker image of {name} is built"),
            "eval": (spec.upper, spec.upper, f"the docker-build-{name} target"),
            "docker-build-backends": (
                f"docker-build-{name}",
                f"docker-build-{name}",
                "built with all the others",
            ),
        }
        return [
            ExpectedFact(kind, f"{kind}:{key}", value, reason, _RULES[kind], kind)
            for kind, (key, value, reason) in wanted.items()
        ]

    def from_answers(self, spec: BackendSpec, key: str, value: object) -> object:
        kind, _, word = key.partition(":")
        parts = value if isinstance(value, list) else [value]
        if kind not in _RULES or not all(isinstance(part, str) and _WORDS.match(part) for part in (word, *parts)):
            raise self.refuse_fact(key, "is not a fact that the Makefile can have")
        if (kind == "define") != (isinstance(value, list) and len(value) == DEFINITION_PARTS):
            raise self.refuse_fact(key, f"must be text, or {DEFINITION_PARTS} texts for a definition")
        if kind in RECIPES and word != spec.directory:
            raise self.refuse_fact(key, f"is not about {spec.directory}")
        if kind in LISTS and (value != word or not word.startswith(LISTS[kind] + spec.name)):
            raise self.refuse_fact(key, f"is not about {spec.name}")
        if kind == "define" and parts[0] != spec.name:
            raise self.refuse_fact(key, f"does not define {spec.name}")
        return value

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        lines = lines_of(checkout, MAKEFILE)
        for wanted in missing:
            yield self.added(checkout, [wanted], self._add(checkout, lines, spec, wanted))

    def _add(self, checkout: Checkout, lines: Lines, spec: BackendSpec, wanted: ExpectedFact) -> Operation:
        if wanted.kind in LISTS:
            return add_word(lines, wanted.kind, str(wanted.value))
        if wanted.kind in RECIPES:
            folder = spec.directory.rsplit("/", 1)[0]
            recipe = self.text(wanted)[0].lstrip("\t")
            return add_recipe_line(lines, wanted.kind, recipe, re.compile(rf"-C {re.escape(folder)}/"))
        sibling = self._sibling(checkout, spec, wanted)
        if sibling is None:
            return anchor_missing("no BACKEND_ definitions to go by were found")
        return add_lines(lines, sibling.line - 1, self.text(wanted))

    def _sibling(self, checkout: Checkout, spec: BackendSpec, wanted: ExpectedFact) -> Fact | None:
        """The last definition (or the eval of one) of a backend of the same kind, else the last of all.

        None of those under a condition: the new line would be under it too.
        """
        lines = lines_of(checkout, MAKEFILE)
        facts = [fact for fact in self.observe(checkout) if not conditions_at(lines, fact.line - 1)]
        definitions = [fact for fact in facts if fact.kind == "define"]
        own = spec.language.own_dockerfile
        siblings = [
            fact for fact in definitions if fact.value[1] == (fact.value[0] if own else spec.language.makefile_type)
        ]
        siblings = siblings or definitions
        if wanted.kind == "eval":
            names = {fact.key.removeprefix("define:") for fact in siblings}
            evals = [fact for fact in facts if fact.kind == "eval"]
            siblings = [fact for fact in evals if fact.value in names] or evals
        return siblings[-1] if siblings else None

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        lines = lines_of(checkout, MAKEFILE)
        for fact in self.observe(checkout):
            if fact.backend != name:
                continue
            if fact.kind in LISTS:
                gone = drop_word(lines, fact.kind, str(fact.value))
            else:
                gone = drop_statements(lines, fact.line - 1, logical_end(lines, fact.line - 1))
            yield self.taken(checkout, gone, f"{fact.kind} of {name}", *_RULES[fact.kind])

    def text(self, wanted: ExpectedFact) -> list[str]:
        word = wanted.key.partition(":")[2]
        if wanted.kind in RECIPES:
            return [f"\t$(MAKE) -C {word} {wanted.value}".rstrip()]
        if wanted.kind == "define":
            return [f"BACKEND_{word} = {'|'.join(wanted.value)}"]
        if wanted.kind == "eval":
            return [f"$(eval $(call generate-docker-build-target,$(BACKEND_{wanted.value})))"]
        return [str(wanted.value)]


def _named(fact: Fact, names: dict[str, str]) -> Fact:
    """An eval in front of its definition still belongs to that backend."""
    return replace(fact, backend=names.get(str(fact.value), "")) if fact.kind == "eval" else fact


def backend_of_directory(path: str) -> str:
    """Backend name of a path below `backend/<lang>/`, or ""."""
    parts = path.split("/")
    known = {language.directory.split("/")[1] for language in languages().values()}
    return parts[2] if len(parts) > 2 and parts[0] == "backend" and parts[1] in known else ""


PLACE = RootMakefile()
