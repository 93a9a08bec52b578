"""The root `Makefile` targets that build C++ backends on macOS.

C++ backends use neither `build-darwin-go-backend` nor `build-darwin-python-backend`. Each has a target
`backends/<name>-darwin` that runs its own script, and these targets must not run in parallel.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from newbackend.catalog import variant_table
from newbackend.checkout.layout import MAKEFILE
from newbackend.checkout.tree import Checkout
from newbackend.registrations.base import Change, ExpectedFact, Fact, Place, Probe
from newbackend.registrations.support.backend_names import backend_names
from newbackend.registrations.support.makefiles import probe_makefile
from newbackend.registrations.support.text_files import lines_of
from newbackend.spec import BackendSpec
from newbackend.splice.lines import Lines
from newbackend.splice.make import Rule, add_lines, add_word, drop_statements, drop_word, rules, rules_of
from newbackend.splice.operation import Operation, anchor_missing

_TARGET = re.compile(r"backends/([a-z0-9-]+)-darwin\Z")
_SCRIPT = re.compile(r"\s*bash \./scripts/build/([a-z0-9-]+)-darwin\.sh\s*\Z")
_LIST = ".NOTPARALLEL"
_RULES = {"darwin-target": ("REG821",), _LIST: ("REG301",)}


def script_path(name: str) -> str:
    """The path of the script that builds a C++ backend on macOS."""
    return f"scripts/build/{name}-darwin.sh"


def bespoke(spec: BackendSpec) -> bool:
    """Whether a backend needs the pieces that C++ backends need on macOS."""
    darwin = any(variant_table().variants[key].darwin for key in spec.variants)
    return darwin and spec.language.own_darwin_build


class DarwinMakefile(Place):
    """One target per C++ backend with macOS images, and its word on `.NOTPARALLEL`."""

    id = "darwin-makefile"
    title = "root Makefile, macOS targets"
    order = 40
    file = MAKEFILE
    takes_facts = True

    def shape(self, checkout: Checkout, text: str) -> Probe:
        if "-darwin.sh" not in text:
            return Probe(absent=f"{MAKEFILE} builds nothing for macOS")
        return probe_makefile(checkout, MAKEFILE)

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        lines = lines_of(checkout, MAKEFILE)
        facts = []
        for name, rule in _targets(lines).items():
            facts.append(
                Fact("darwin-target", f"darwin-target:{name}", name, script_path(name), MAKEFILE, rule.first + 1)
            )
        names = {fact.backend for fact in facts}
        for rule in rules_of(lines, _LIST):
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
        wanted = {
            "darwin-target": (name, script_path(name), f"builds {name} on macOS"),
            _LIST: (word, word, f"no two macOS builds of {name} and another backend at once"),
        }
        return [
            ExpectedFact(kind, f"{kind}:{key}", value, reason, _RULES[kind], kind)
            for kind, (key, value, reason) in wanted.items()
        ]

    def from_answers(self, spec: BackendSpec, key: str, value: object) -> object:
        word = f"backends/{spec.name}-darwin"
        known = {f"darwin-target:{spec.name}": script_path(spec.name), f"{_LIST}:{word}": word}
        if known.get(key) != value:
            raise self.refuse_fact(key, f"is not the macOS target of {spec.name}")
        return value

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        lines = lines_of(checkout, MAKEFILE)
        for wanted in missing:
            if wanted.kind == _LIST:
                operation = add_word(lines, _LIST, str(wanted.value))
            else:
                operation = _add_target(lines, wanted.key.partition(":")[2])
            yield self.added(checkout, [wanted], operation)

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        lines = lines_of(checkout, MAKEFILE)
        for fact in self.observe(checkout):
            if fact.backend != name:
                continue
            if fact.kind == _LIST:
                gone = drop_word(lines, _LIST, str(fact.value))
            else:
                rule = _targets(lines)[name]
                blank = rule.first > 0 and not lines[rule.first - 1].strip()
                gone = drop_statements(lines, rule.first - blank, rule.end, line=rule.first)
            yield self.taken(checkout, gone, f"{fact.kind} of {name}", *_RULES[fact.kind])
        yield from self._lone_word(checkout, name)

    def _lone_word(self, checkout: Checkout, name: str) -> Iterable[Change]:
        """The word of a C++ backend's target that was left to do by hand: no fact tells of it.

        Of other languages it is left: `describe` does not know it, so nothing could give it back.
        """
        if not checkout.is_dir(f"backend/cpp/{name}"):
            return
        lines = lines_of(checkout, MAKEFILE)
        word = f"backends/{name}-darwin"
        listed = any(word in rule.words for rule in rules_of(lines, _LIST))
        known = any(fact.kind == _LIST and fact.value == word for fact in self.observe(checkout))
        if listed and not known and f"{name}-darwin" not in backend_names(checkout):
            yield self.taken(checkout, drop_word(lines, _LIST, word), f"{_LIST} of {name}", *_RULES[_LIST])

    def own_files(self, checkout: Checkout, name: str) -> Sequence[str]:
        return [path for path in (script_path(name),) if checkout.exists(path)]

    def text(self, wanted: ExpectedFact) -> list[str]:
        if wanted.kind == _LIST:
            return [str(wanted.value)]
        name = wanted.key.partition(":")[2]
        install = f'./local-ai backends install "ocifile://$(abspath ./backend-images/{name}.tar)"'
        return [f"backends/{name}-darwin: build", f"\tbash ./{wanted.value}", f"\t{install}"]


def _targets(lines: Lines) -> dict[str, Rule]:
    """The rule by backend of every target `backends/<name>-darwin` that runs the backend's own script."""
    targets: dict[str, Rule] = {}
    for rule in rules(lines):
        match = _TARGET.match(rule.targets[0]) if len(rule.targets) == 1 else None
        scripts = [script[1] for row in rule.recipe if (script := _SCRIPT.match(row.text))]
        if match and match[1] in scripts:
            targets[match[1]] = rule
    return targets


def _add_target(lines: Lines, name: str) -> Operation:
    """Adds a target after the last one of its kind, as a copy of that one with another name."""
    targets = {key: rule for key, rule in _targets(lines).items() if not rule.under}
    if not targets:
        return anchor_missing("no target backends/<name>-darwin that runs a script of its own was found")
    sibling, rule = list(targets.items())[-1]
    rows = [_renamed(lines[number], sibling, name) for number in range(rule.first, rule.end + 1)]
    return add_lines(lines, rule.end, ["", *rows])


def _renamed(line: str, old: str, new: str) -> str:
    """A line of a sibling with its name replaced where it is a whole word."""
    return re.sub(rf"(?<![a-z0-9-]){re.escape(old)}(?=-darwin|\.tar|\Z)", new, line)


PLACE = DarwinMakefile()
