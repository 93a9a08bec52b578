"""Rules about `engineNamePreferenceRules`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from newbackend.checklist import ENGINE_RANK
from newbackend.findings import Finding, Severity
from newbackend.registrations.engine_preference import place as engine_preference
from newbackend.registrations.support.display_names import squeezed
from newbackend.rulebook import Scope
from newbackend.rules.context import Context
from newbackend.rules.registry import check, rule, unreadable

unreadable(
    "engine-preference",
    "REG609",
    "engine-preference-unreadable",
    what="`pkg/system/capabilities.go` is not Go, or `engineNamePreferenceRules` is not a plain list.",
    why="LocalAI does not compile, and no rule can see which backends the list names.",
    how="Repair the line that the message names; `go vet` shows the same one.",
    bad="{Nvidia, []string{engineDemo}",
    good="{Nvidia, []string{engineDemo}},",
)

_ENGINE = re.compile(r"engine(?=[A-Z0-9])")

ENGINE_UNKNOWN = rule(
    "REG604",
    "engine-preference-unknown",
    Severity.WARNING,
    what="`engineNamePreferenceRules` ranks an engine whose name no backend contains, or an engine constant that it "
    "does not rank is declared.",
    why="The table is matched against backend names; a token of another vocabulary (cuda, rocm, mtp) matches nothing "
    "and says nothing, so the preference does not exist.",
    how="Use the backend's name, or move the token to the table of its vocabulary.",
    incident="The guide: putting a token in the wrong table matches nothing and does not error.",
    bad='const engineDemo = "demo-cuda"',
    good='const engineDemo = "demo"',
    checklist=ENGINE_RANK,
)


@check(ENGINE_UNKNOWN, needs=("engine-preference",), scope=Scope.REPO)
def engines(context: Context) -> Iterable[Finding]:
    """The table is matched as a substring of backend names. A constant in no row has no effect, and a row with an
    undeclared constant does not compile."""
    names = [name for info in context.backends.values() for name in (info.name, info.gallery)]
    facts = context.facts("engine-preference")
    ranked = {fact.backend for fact in facts if fact.kind == "rank"}
    for fact in {(fact.kind, fact.backend): fact for fact in reversed(facts)}.values():
        if fact.kind == "engine" and not any(fact.backend in name for name in names):
            message = f"{fact.value} is {fact.backend!r}, and no backend's name contains that"
        elif fact.kind == "engine" and fact.backend not in ranked:
            message = f"{fact.value} stands in no row of {engine_preference.VARIABLE}, so nothing prefers it"
        elif fact.kind == "rank" and _ENGINE.match(fact.backend):
            message = f"{engine_preference.VARIABLE} ranks {fact.backend}, which is not declared"
        else:
            continue
        stem = squeezed(_ENGINE.sub("", fact.backend) or fact.backend)
        backend = next((name for name in context.backends if squeezed(name) == stem), "")
        yield Finding(ENGINE_UNKNOWN, fact.backend, fact.path, line=fact.line, message=message, backend=backend)
