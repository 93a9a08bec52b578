"""The root `Makefile` targets that build C++ backends on macOS (contract 7.4).

A C++ backend fits neither `build-darwin-go-backend` nor `build-darwin-python-backend`: it has a target
`backends/<name>-darwin` that runs its own script, and that target must not run beside another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from newbackend.checkout.layout import MAKEFILE
from newbackend.checkout.tree import Checkout
from newbackend.registrations.base import Change, ExpectedFact, Fact, Place, Probe, rules_of
from newbackend.registrations.makefile.place import makefile_lines
from newbackend.spec import BackendSpec
from newbackend.splice.lines import Lines
from newbackend.splice.make import add_word, drop_word, rules
from newbackend.splice.outcome import AnchorMissing, Inserted, Outcome, Splice

_TARGET = re.compile(r"backends/([a-z0-9-]+)-darwin\s*:(?![:=])")
_SCRIPT = re.compile(r"\t\s*bash \./scripts/build/([a-z0-9-]+)-darwin\.sh\s*\Z")
_LIST = ".NOTPARALLEL"
_RULES = {"darwin-target": ("REG821",), _LIST: ("REG301",)}


def script_path(name: str) -> str:
    """Where the script that builds a C++ backend on macOS stands."""
    return f"scripts/build/{name}-darwin.sh"


def bespoke(spec: BackendSpec) -> bool:
    """Whether a backend needs the pieces that C++ backends need on macOS."""
    return spec.language.own_dockerfile and "metal" in spec.variants


class DarwinMakefile(Place):
    """One target per C++ backend with macOS images, and its word on `.NOTPARALLEL`."""

    id = "darwin-makefile"
    title = "root Makefile, macOS targets"
    order = 40
    takes_facts = True

    def path(self, checkout: Checkout) -> str:
        return MAKEFILE

    def probe(self, checkout: Checkout) -> Probe:
        text = checkout.read(MAKEFILE)
        if text is None:
            return Probe(absent=f"{MAKEFILE} is not in this checkout")
        if "-darwin.sh" not in text:
            return Probe(absent=f"{MAKEFILE} builds nothing for macOS")
        return Probe()

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        lines = makefile_lines(checkout)
        facts = []
        for number in range(len(lines)):
            head = _TARGET.match(lines[number])
            if head and any(found == head[1] for found in _scripts(lines, number)):
                key = f"darwin-target:{head[1]}"
                facts.append(Fact("darwin-target", key, head[1], script_path(head[1]), MAKEFILE, number + 1))
        names = {fact.backend for fact in facts}
        for rule in rules(lines, _LIST):
            for word in rule.words:
                name = word.removeprefix("backends/").removesuffix("-darwin")
                if word == f"backends/{name}-darwin" and name in names:
                    facts.append(Fact(_LIST, f"{_LIST}:{word}", name, word, MAKEFILE, rule.first + 1))
        return facts

    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        if not bespoke(spec):
            return ()
        name = spec.name
        word = f"backends/{name}-darwin"
        target = f"builds {name} on macOS"
        alone = f"no two macOS builds of {name} and another backend at once"
        return [
            ExpectedFact(
                "darwin-target",
                f"darwin-target:{name}",
                script_path(name),
                target,
                _RULES["darwin-target"],
                "darwin-target",
            ),
            ExpectedFact(_LIST, f"{_LIST}:{word}", word, alone, _RULES[_LIST], _LIST),
        ]

    def from_answers(self, spec: BackendSpec, key: str, value: object) -> object:
        word = f"backends/{spec.name}-darwin"
        known = {f"darwin-target:{spec.name}": script_path(spec.name), f"{_LIST}:{word}": word}
        if known.get(key) != value:
            raise self.refuse_fact(key, f"is not the macOS target of {spec.name}")
        return value

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        lines = makefile_lines(checkout)
        for wanted in missing:
            outcome: Outcome
            if wanted.kind == _LIST:
                outcome = add_word(lines, _LIST, str(wanted.value))
            else:
                outcome = self._after_sibling(checkout, lines, wanted)
            yield Change(self.id, MAKEFILE, outcome, wanted.reason, rules_of([wanted]), self.snippet([wanted]))

    def _after_sibling(self, checkout: Checkout, lines: Lines, wanted: ExpectedFact) -> Outcome:
        """Behind the last target of its kind, in whose lines (but for the name) the new one is written."""
        targets = [fact for fact in self.observe(checkout) if fact.kind == "darwin-target"]
        if not targets:
            return AnchorMissing("no target backends/<name>-darwin that runs a script of its own was found")
        sibling = targets[-1]
        first, last = sibling.line - 1, _last(lines, sibling.line - 1)
        name = wanted.key.partition(":")[2]
        rows = [_renamed(lines[number], sibling.backend, name) for number in range(first, last + 1)]
        at, text = lines.after(last, ["", *rows])
        return Inserted((Splice(at, at, text),), last + 3)

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        lines = makefile_lines(checkout)
        for fact in self.observe(checkout):
            if fact.backend != name:
                continue
            if fact.kind == _LIST:
                splices = tuple(drop_word(lines, _LIST, str(fact.value)))
            else:
                first, last = fact.line - 1, _last(lines, fact.line - 1)
                blank = first > 0 and not lines[first - 1].strip()
                splices = (Splice(*lines.span(first - blank, last), ""),)
            yield Change(self.id, MAKEFILE, Inserted(splices, fact.line), f"{fact.kind} of {name}", _RULES[fact.kind])

    def own_files(self, checkout: Checkout, name: str) -> Sequence[str]:
        return [path for path in (script_path(name),) if checkout.exists(path)]

    def snippet(self, wanted: Sequence[ExpectedFact]) -> str:
        rows = []
        for one in wanted:
            if one.kind == _LIST:
                rows.append(str(one.value))
                continue
            name = one.key.partition(":")[2]
            install = f'./local-ai backends install "ocifile://$(abspath ./backend-images/{name}.tar)"'
            rows += [f"backends/{name}-darwin: build", f"\tbash ./{one.value}", f"\t{install}"]
        return "\n".join(rows)


def _last(lines: Lines, number: int) -> int:
    """The last recipe line of the rule whose head is at `number`."""
    while number + 1 < len(lines) and lines[number + 1].startswith("\t"):
        number += 1
    return number


def _scripts(lines: Lines, number: int) -> Iterable[str]:
    for row in range(number + 1, _last(lines, number) + 1):
        match = _SCRIPT.match(lines[row])
        if match:
            yield match[1]


def _renamed(line: str, old: str, new: str) -> str:
    """A line of a sibling with its name replaced where it stands as a whole word."""
    return re.sub(rf"(?<![a-z0-9-]){re.escape(old)}(?=-darwin|\.tar|\Z)", new, line)


PLACE = DarwinMakefile()
