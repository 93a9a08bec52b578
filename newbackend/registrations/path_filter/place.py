"""The CI path filter: `inferBackendPath` in `scripts/lib/backend-filter.mjs` or, before 2026-07-20, in
`scripts/changed-backends.js`.

A C++ backend without a branch is silently never rebuilt after its first merge. Routes are facts read by
running the repository's own function; only the edit looks at source text.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from newbackend.catalog import variant_table
from newbackend.checkout.filter_engine import FilterUnavailable, path_filter
from newbackend.checkout.tree import Checkout, cached, cached_by_file
from newbackend.registrations.base import Change, ExpectedFact, Fact, Probe, groups
from newbackend.registrations.manual import Manual
from newbackend.registrations.matrix.place import Matrix, row_key, rows_of
from newbackend.registrations.support.filter_script import FilterScript
from newbackend.registrations.support.text_files import holds_name, lines_of, text_or_none
from newbackend.spec import BackendSpec
from newbackend.splice.javascript import Branch, FilterFunction, filter_function
from newbackend.splice.lines import Lines, step_of
from newbackend.splice.operation import Operation, add_lines_before, anchor_missing, drop_lines
from newbackend.splice.outcome import Ambiguous, AnchorMissing

FUNCTIONS = {"linux": "inferBackendPath", "darwin": "inferBackendPathDarwin"}
_RULES = {"linux": "REG401", "darwin": "REG402"}


class PathFilterPlace(FilterScript):
    """One branch per C++ backend; the generic branches serve the other languages."""

    id = "path-filter"
    title = "CI path filter"
    order = 50

    def shape(self, checkout: Checkout, text: str) -> Probe:
        probe = super().shape(checkout, text)
        if not probe.usable:
            return probe
        if filter_function(text, FUNCTIONS["linux"]) is None:
            return Probe(unrecognised="has no single function inferBackendPath")
        try:
            routes(checkout)
        except FilterUnavailable as error:
            return Probe(unrecognised=str(error), line=_line(text, error.function))
        return Probe()

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        path = self.path(checkout)
        facts: list[Fact] = []
        for row, route in routes(checkout):
            system = "linux" if row.kind == "row" else "darwin"
            line = _line_of(_function(checkout, path, system), row.value)
            facts.append(Fact(system, f"{system}:{row.key}", row.backend, route, path, line))
        return facts

    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        wanted: list[ExpectedFact] = []
        for variant_id in spec.variants:
            system = "darwin" if variant_table().variants[variant_id].darwin else "linux"
            reason = (
                f"a change below {spec.directory}/ starts {spec.name}'s {'macOS ' if system == 'darwin' else ''}jobs"
            )
            for row in rows_of(spec, variant_id):
                value = {"row": row, "route": f"{spec.directory}/"}
                prefix = "darwin:" if system == "darwin" else ""  # as the matrix keys its rows
                key = f"{system}:{prefix}{row_key(row)}"
                wanted.append(ExpectedFact(system, key, value, reason, (_RULES[system],), system))
        return wanted

    def same(self, wanted: Any, observed: Any) -> bool:
        return bool(wanted["route"] == observed)

    def plan_missing(self, checkout: Checkout, wanted: Sequence[ExpectedFact]) -> list[ExpectedFact]:
        """The wanted routes that the checkout's function does not already give to their rows."""
        engine = path_filter(checkout)
        missing: list[ExpectedFact] = []
        for fact in wanted:
            route = (engine.linux if fact.kind == "linux" else engine.darwin)([fact.value["row"]])[0]
            if route != fact.value["route"]:
                missing.append(fact)
        return missing

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        path = self.path(checkout)
        lines = lines_of(checkout, path)
        try:
            wanted = self.plan_missing(checkout, missing)
        except FilterUnavailable as error:
            refused = anchor_missing(str(error), _line(lines.text, error.function))
            yield from (self.added(checkout, group, refused) for group in groups(missing))
            return
        for system in FUNCTIONS:
            group = [fact for fact in wanted if fact.kind == system]
            if not group:
                continue
            function = _function(checkout, path, system)
            if function is None:
                operation = anchor_missing(f"has no single function {FUNCTIONS[system]}")
            elif system == "linux":
                operation = _add_linux(lines, function, spec)
            else:
                operation = _add_darwin(lines, function, spec)
            yield self.added(checkout, group, operation)

    def remove(self, checkout: Checkout, facts: Sequence[Fact]) -> Iterable[Change]:
        """A branch goes with the last row that it serves."""
        name, gone = facts[0].backend, {fact.key for fact in facts}
        left = {fact.kind for fact in self.observe(checkout) if fact.backend == name and fact.key not in gone}
        return self._reverted(checkout, name, [system for system in FUNCTIONS if system not in left])

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        return self._reverted(checkout, name, list(FUNCTIONS))

    def _reverted(self, checkout: Checkout, name: str, systems: Sequence[str]) -> Iterable[Change]:
        path = self.path(checkout)
        for system, function_name in FUNCTIONS.items():
            if system not in systems:
                continue
            function = _function(checkout, path, system)
            for branch in function.branches if function else ():
                if _speaks_of(branch, name):
                    gone = drop_lines(lines_of(checkout, path), branch.first, branch.last, line=branch.line - 1)
                    yield self.taken(checkout, gone, f"the branch of {name} in {function_name}", _RULES[system])

    def tasks(self, checkout: Checkout, spec: BackendSpec) -> Iterable[Manual]:
        """A test of the backend's own branch, where the script has tests that name backends."""
        script = self.path(checkout)
        stem, ending = posixpath.splitext(script)
        tests = f"{stem}_test{ending}"
        text = text_or_none(checkout, tests)
        function = _function(checkout, script, "linux")
        own = [branch for branch in (function.branches if function else ()) if _speaks_of(branch, spec.name)]
        rows = [row for variant in spec.variants for row in rows_of(spec, variant) if row.get("dockerfile")]
        if not own or not rows or FUNCTIONS["linux"] not in text or holds_name(text, spec.name):
            return
        reason = f"a test that changes of {spec.name} start its own jobs, as others have one"
        yield Manual(tests, text.count("\n") + 1, _test(spec, rows[0]), reason, self.id, needed=False)

    def text(self, wanted: ExpectedFact) -> list[str]:
        row: Mapping[str, str] = wanted.value["row"]
        if wanted.kind == "linux":
            suffix = str(row["dockerfile"]).rsplit("Dockerfile.", 1)[-1]
            test = f'item.dockerfile.endsWith("{suffix}")'
        else:
            test = f'item.backend === "{row["backend"]}"'
        return _branch(test, wanted.value["route"], "  ")

    def snippet(self, wanted: Sequence[ExpectedFact]) -> str:
        """One branch serves all rows."""
        return super().snippet(wanted[:1])


@cached
def routes(checkout: Checkout) -> list[tuple[Fact, str | None]]:
    """Every row of the matrix and the directory that starts it, by the checkout's own functions.

    Raises FilterUnavailable.
    """
    engine = path_filter(checkout)
    linux, darwin = ([row for row in Matrix().observe(checkout) if row.kind == kind] for kind in ("row", "darwin"))
    answers = [*engine.linux([row.value for row in linux]), *engine.darwin([row.value for row in darwin])]
    return list(zip([*linux, *darwin], answers, strict=True))


def _line(text: str, function: str) -> int:
    """The line of a function of the script, 1 when there is no such function."""
    declared = filter_function(text, function) if function else None
    return declared.line + 1 if declared else 1


@cached_by_file
def _function(checkout: Checkout, path: str, system: str) -> FilterFunction | None:
    return filter_function(checkout.need(path), FUNCTIONS[system])


def _line_of(function: FilterFunction | None, row: Mapping[str, Any]) -> int:
    """The line of the branch that decides a row, for messages; the function's own when none is seen."""
    for branch in function.branches if function else ():
        if branch.kind == "suffix" and str(row.get("dockerfile") or "").endswith(branch.word):
            return branch.line
        if branch.kind == "backend" and row.get("backend") == branch.word:
            return branch.line
        if branch.kind == "return":
            return branch.line
    return function.line + 1 if function else 1


def insertion_point(function: FilterFunction, suffix: str) -> Branch | Ambiguous | AnchorMissing:
    """The branch before which a new `endsWith(suffix)` branch belongs.

    It must come before every branch that would match its rows, after every branch whose rows it would match, and by
    convention before the last C++ branch, the most generic one.
    """
    full = f"./backend/Dockerfile.{suffix}"
    branches = function.branches
    shadowing = [n for n, b in enumerate(branches) if b.kind == "suffix" and full.endswith(b.word)]
    takes = [n for n, b in enumerate(branches) if b.kind == "suffix" and b.word != suffix and b.word.endswith(suffix)]
    unknown = [n for n, b in enumerate(branches) if b.kind == "other"]
    cpp = [n for n, b in enumerate(branches) if b.kind == "suffix" and b.result.startswith("backend/cpp/")]
    ends = [n for n, b in enumerate(branches) if b.kind == "return"]
    if not ends:
        return AnchorMissing("the function has no final return", function.line + 1)
    if any(n < ends[-1] for n in unknown):
        first = branches[unknown[0]]
        return Ambiguous("a branch tests something this tool does not know, so its order is unclear", first.line)
    lowest = max(takes, default=-1) + 1
    highest = min(shadowing, default=cpp[-1] if cpp else ends[-1])
    if takes and highest < lowest and not shadowing:
        highest = lowest
    if highest < lowest:
        return Ambiguous(
            f"it must come before {branches[highest].word!r} and after {branches[lowest - 1].word!r}",
            branches[highest].line,
        )
    return branches[highest]


def _add_linux(lines: Lines, function: FilterFunction, spec: BackendSpec) -> Operation:
    suffix = spec.language.dockerfile_of(spec.name).rsplit("Dockerfile.", 1)[-1]
    branch = insertion_point(function, suffix)
    if not isinstance(branch, Branch):
        return Operation(branch)
    test = f'{function.parameter}.dockerfile.endsWith("{suffix}")'
    return _before(lines, branch, test, f"{spec.directory}/")


def _add_darwin(lines: Lines, function: FilterFunction, spec: BackendSpec) -> Operation:
    generic = next((b for b in function.branches if b.kind in ("other", "return")), None)
    if generic is None:
        return anchor_missing("the function has no generic branch to insert before", function.line + 1)
    return _before(lines, generic, f'{function.parameter}.backend === "{spec.name}"', f"{spec.directory}/")


def _before(lines: Lines, branch: Branch, test: str, route: str) -> Operation:
    return add_lines_before(lines, branch.first, _branch(test, route, lines.indent(branch.first)))


def _branch(test: str, route: str, pad: str) -> list[str]:
    return [f"{pad}if ({test}) {{", f"{pad}{step_of(pad)}return `{route}`;", f"{pad}}}"]


def _test(spec: BackendSpec, row: Mapping[str, Any]) -> str:
    """A test of node's runner."""
    asked = f"{{ backend: {json.dumps(spec.name)}, dockerfile: {json.dumps(row['dockerfile'])} }}"
    return "\n".join(
        (
            f"test({json.dumps(f'{spec.name} maps to its source directory')}, () => {{",
            f"  assert.equal({FUNCTIONS['linux']}({asked}), {json.dumps(f'{spec.directory}/')});",
            "});",
        )
    )


def _speaks_of(branch: Branch, name: str) -> bool:
    """Whether a branch is this backend's own: it returns the backend's directory and nothing else's."""
    parts = branch.result.strip("/").split("/")
    if len(parts) != 3 or parts[0] != "backend" or parts[2] != name:
        return False
    return branch.kind in ("suffix", "backend")


PLACE = PathFilterPlace()
