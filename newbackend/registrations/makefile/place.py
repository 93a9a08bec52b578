"""The root `Makefile`: six edits per backend (contract 11.1, seed guide step 4).

Missing the eval means `make backends/<name>` has no rule; missing `.NOTPARALLEL` means two docker
builds fight over one image directory.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from newbackend.catalog.languages import languages
from newbackend.checkout.layout import MAKEFILE
from newbackend.checkout.tree import Checkout
from newbackend.registrations.base import Change, ExpectedFact, Fact, Place, Probe, rules_of
from newbackend.spec import BackendSpec
from newbackend.splice.lines import Lines
from newbackend.splice.make import add_recipe_line, add_word, drop_word, rules
from newbackend.splice.outcome import AnchorMissing, Inserted, Outcome, Splice

_DEFINITION = re.compile(r"BACKEND_([A-Z0-9_]+)\s*[:?]?=\s*([^|\s]+)\|([^|]*)\|([^|]*)\|([^|]*)\|([^|\s]*)\s*\Z")
_EVAL = re.compile(r"\$\(eval \$\(call generate-docker-build-target,\$\(BACKEND_([A-Z0-9_]+)\)\)\)\s*\Z")
_SUBMAKE = re.compile(r"\t\$\(MAKE\) -C (backend/\w+/([^/\s]+))/?(?:[ \t]+(\S.*?))?\s*\Z")
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


def makefile_lines(checkout: Checkout) -> Lines:
    """The root Makefile as lines, cached."""
    key = ("lines", MAKEFILE)
    if key not in checkout.memo:
        checkout.memo[key] = Lines(checkout.need(MAKEFILE))
    found = checkout.memo[key]
    assert isinstance(found, Lines)
    return found


class RootMakefile(Place):
    """`.NOTPARALLEL`, `prepare-test-extra`, `test-extra`, the definition, its eval, `docker-build-backends`."""

    id = "makefile"
    title = "root Makefile"
    order = 30
    takes_facts = True

    def path(self, checkout: Checkout) -> str:
        return MAKEFILE

    def probe(self, checkout: Checkout) -> Probe:
        text = checkout.read(MAKEFILE)
        if text is None:
            return Probe(absent=f"{MAKEFILE} is not in this checkout")
        if "generate-docker-build-target" not in text:
            return Probe(unrecognised="has no generate-docker-build-target definition")
        return Probe()

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        lines = makefile_lines(checkout)
        facts: list[Fact] = []

        def add(kind: str, word: str, backend: str, value: object, number: int) -> None:
            facts.append(Fact(kind, f"{kind}:{word}", backend, value, MAKEFILE, number + 1))

        for target, prefix in LISTS.items():
            for rule in rules(lines, target):
                for word in rule.words:
                    add(target, word, word.removeprefix(prefix), word, rule.first)
        for target in RECIPES:
            for rule in rules(lines, target):
                for number in rule.recipe:
                    call = _SUBMAKE.match(lines[number])
                    if call:
                        add(target, call[1], call[2], call[3] or "", number)
        names: dict[str, str] = {}
        for number in range(len(lines)):
            line = lines[number]
            if line.startswith("BACKEND_") and (definition := _DEFINITION.match(line)):
                names[definition[1]] = definition[2]
                value = [definition[i] for i in range(2, 7)]
                add("define", definition[1], definition[2], value, number)
            elif line.startswith("$(eval") and (call := _EVAL.match(line)):
                add("eval", call[1], names.get(call[1], ""), call[1], number)
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
        lines = makefile_lines(checkout)
        for wanted in missing:
            outcome = self._outcome(checkout, lines, spec, wanted)
            snippet = self.snippet([wanted])
            yield Change(self.id, MAKEFILE, outcome, wanted.reason, rules_of([wanted]), snippet)

    def _outcome(self, checkout: Checkout, lines: Lines, spec: BackendSpec, wanted: ExpectedFact) -> Outcome:
        if wanted.kind in LISTS:
            return add_word(lines, wanted.kind, str(wanted.value))
        if wanted.kind in RECIPES:
            folder = spec.directory.rsplit("/", 1)[0]
            return add_recipe_line(lines, wanted.kind, self._text(wanted), re.compile(rf"-C {re.escape(folder)}/"))
        return self._after_sibling(checkout, lines, spec, wanted)

    def _after_sibling(self, checkout: Checkout, lines: Lines, spec: BackendSpec, wanted: ExpectedFact) -> Outcome:
        facts = self.observe(checkout)
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
        if not siblings:
            return AnchorMissing("no BACKEND_ definitions to go by were found")
        number = siblings[-1].line - 1
        at, text = lines.after(number, [self._text(wanted)])
        return Inserted((Splice(at, at, text),), number + 2)

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        lines = makefile_lines(checkout)
        for fact in self.observe(checkout):
            if fact.backend != name:
                continue
            if fact.kind in LISTS:
                splices = tuple(drop_word(lines, fact.kind, str(fact.value)))
            else:
                splices = (Splice(*lines.span(fact.line - 1, fact.line - 1), ""),)
            reason = f"{fact.kind} of {name}"
            yield Change(self.id, MAKEFILE, Inserted(splices, fact.line), reason, _RULES[fact.kind])

    def snippet(self, wanted: Sequence[ExpectedFact]) -> str:
        return "\n".join(("\t" if one.kind in RECIPES else "") + self._text(one) for one in wanted)

    def _text(self, wanted: ExpectedFact) -> str:
        if wanted.kind in RECIPES:
            path = wanted.key.partition(":")[2]
            return f"$(MAKE) -C {path} {wanted.value}".rstrip()
        if wanted.kind == "define":
            return f"BACKEND_{wanted.key.partition(':')[2]} = {'|'.join(wanted.value)}"
        if wanted.kind == "eval":
            return f"$(eval $(call generate-docker-build-target,$(BACKEND_{wanted.value})))"
        return str(wanted.value)


def _named(fact: Fact, names: dict[str, str]) -> Fact:
    """An eval that stands before its definition still belongs to that backend."""
    from dataclasses import replace

    return replace(fact, backend=names.get(str(fact.value), "")) if fact.kind == "eval" else fact


def backend_of_directory(path: str) -> str:
    """Backend name of a path below `backend/<lang>/`, or ""."""
    parts = path.split("/")
    known = {language.directory.split("/")[1] for language in languages().values()}
    return parts[2] if len(parts) > 2 and parts[0] == "backend" and parts[1] in known else ""


PLACE = RootMakefile()
