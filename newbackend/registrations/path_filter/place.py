"""The CI path filter: `inferBackendPath` in `scripts/lib/backend-filter.mjs` or, before 2026-07-20, in
`scripts/changed-backends.js` (contract 11.2).

A C++ backend without a branch is silently never rebuilt after its first merge. Routes are facts read by
running the repository's own function; only the edit looks at source text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from newbackend.catalog import variant_table
from newbackend.checkout.filter_engine import FilterUnavailable, path_filter
from newbackend.checkout.tree import Checkout
from newbackend.registrations.base import Change, ExpectedFact, Fact, Probe, rules_of
from newbackend.registrations.matrix.place import Matrix, row_key, rows_of
from newbackend.registrations.support.filter_script import FilterScript
from newbackend.spec import BackendSpec
from newbackend.splice.javascript import Branch, FilterFunction, filter_function
from newbackend.splice.lines import Lines, step_of
from newbackend.splice.outcome import Ambiguous, AnchorMissing, Inserted, Outcome, Splice

FUNCTIONS = {"linux": "inferBackendPath", "darwin": "inferBackendPathDarwin"}
_RULES = {"linux": "REG401", "darwin": "REG402"}


class PathFilterPlace(FilterScript):
    """One branch per C++ backend; the generic branches serve the other languages."""

    id = "path-filter"
    title = "CI path filter"
    order = 50

    def shape(self, checkout: Checkout, text: str) -> Probe:
        if filter_function(text, FUNCTIONS["linux"]) is None:
            return Probe(unrecognised="has no single function inferBackendPath")
        try:
            path_filter(checkout)
        except FilterUnavailable as error:
            return Probe(unrecognised=str(error))
        return Probe()

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        engine, path = path_filter(checkout), self.path(checkout)
        rows = Matrix().observe(checkout)
        facts: list[Fact] = []
        for system, kind in (("linux", "row"), ("darwin", "darwin")):
            mine = [fact for fact in rows if fact.kind == kind]
            routes = engine.linux if system == "linux" else engine.darwin
            function = _function(checkout, path, system)
            for row, route in zip(mine, routes([fact.value for fact in mine]), strict=True):
                line = _line_of(function, row.value)
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

    def same(self, wanted: Any, found: Any) -> bool:
        return bool(wanted["route"] == found)

    def plan_missing(self, checkout: Checkout, wanted: Sequence[ExpectedFact]) -> list[ExpectedFact]:
        """The wanted routes that the checkout's function does not already give to their rows."""
        engine = path_filter(checkout)
        missing: list[ExpectedFact] = []
        for one in wanted:
            route = (engine.linux if one.kind == "linux" else engine.darwin)([one.value["row"]])[0]
            if route != one.value["route"]:
                missing.append(one)
        return missing

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        path = self.path(checkout)
        text = checkout.need(path)
        for system in FUNCTIONS:
            group = [one for one in self.plan_missing(checkout, missing) if one.kind == system]
            if not group:
                continue
            function = filter_function(text, FUNCTIONS[system])
            outcome: Outcome
            if function is None:
                outcome = AnchorMissing(f"has no single function {FUNCTIONS[system]}")
            elif system == "linux":
                outcome = _insert_linux(Lines(text), function, spec)
            else:
                outcome = _insert_darwin(Lines(text), function, spec)
            yield Change(self.id, path, outcome, group[0].reason, rules_of(group), self.snippet(group))

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        path = self.path(checkout)
        text = checkout.need(path)
        lines = Lines(text)
        for system, function_name in FUNCTIONS.items():
            function = filter_function(text, function_name)
            for branch in function.branches if function else ():
                if _speaks_of(branch, name):
                    splice = Splice(*lines.span(branch.first, branch.last), "")
                    reason = f"the branch of {name} in {function_name}"
                    yield Change(self.id, path, Inserted((splice,), branch.line), reason, (_RULES[system],))

    def snippet(self, wanted: Sequence[ExpectedFact]) -> str:
        one = wanted[0]
        row: Mapping[str, str] = one.value["row"]
        if one.kind == "linux":
            suffix = str(row["dockerfile"]).rsplit("Dockerfile.", 1)[-1]
            test = f'item.dockerfile.endsWith("{suffix}")'
        else:
            test = f'item.backend === "{row["backend"]}"'
        return f"  if ({test}) {{\n    return `{one.value['route']}`;\n  }}"


def _function(checkout: Checkout, path: str, system: str) -> FilterFunction | None:
    key = ("filter-function", system)
    if key not in checkout.memo:
        checkout.memo[key] = filter_function(checkout.need(path), FUNCTIONS[system])
    found = checkout.memo[key]
    assert found is None or isinstance(found, FilterFunction)
    return found


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

    It must stand before every branch that would take its rows, after every branch whose rows it would
    take, and by custom before the last C++ branch, the most generic one.
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
            f"it must stand before {branches[highest].word!r} and after {branches[lowest - 1].word!r}",
            branches[highest].line,
        )
    return branches[highest]


def _insert_linux(lines: Lines, function: FilterFunction, spec: BackendSpec) -> Outcome:
    suffix = spec.language.dockerfile_of(spec.name).rsplit("Dockerfile.", 1)[-1]
    branch = insertion_point(function, suffix)
    if not isinstance(branch, Branch):
        return branch
    test = f'{function.parameter}.dockerfile.endsWith("{suffix}")'
    return _before(lines, branch, test, f"{spec.directory}/")


def _insert_darwin(lines: Lines, function: FilterFunction, spec: BackendSpec) -> Outcome:
    generic = next((b for b in function.branches if b.kind in ("other", "return")), None)
    if generic is None:
        return AnchorMissing("the function has no generic branch to stand before", function.line + 1)
    return _before(lines, generic, f'{function.parameter}.backend === "{spec.name}"', f"{spec.directory}/")


def _before(lines: Lines, branch: Branch, test: str, route: str) -> Outcome:
    at = lines.starts[branch.first]
    pad = lines.indent(branch.first)
    step = step_of(pad)
    rows = [f"{pad}if ({test}) {{", f"{pad}{step}return `{route}`;", f"{pad}}}"]
    return Inserted((Splice(at, at, "".join(row + lines.newline for row in rows)),), branch.first + 1)


def _speaks_of(branch: Branch, name: str) -> bool:
    """Whether a branch is this backend's own: it returns the backend's directory and nothing else's."""
    parts = branch.result.strip("/").split("/")
    if len(parts) != 3 or parts[0] != "backend" or parts[2] != name:
        return False
    return branch.kind in ("suffix", "backend")


PLACE = PathFilterPlace()
