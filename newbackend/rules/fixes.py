"""Repairs through the places: what `create` would have put in for a backend that is already there.

A fixer returns the place's own changes, so a fix is proved and applied like every other plan. Where the
place answers with anything but an insertion, the plan says so and shows what to paste.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from newbackend.catalog.languages import languages
from newbackend.checkout.layout import INDEX
from newbackend.findings import Finding
from newbackend.registrations.base import Change, ExpectedFact
from newbackend.registrations.path_filter.place import FUNCTIONS
from newbackend.registrations.support.yaml_files import removal, sequence
from newbackend.rules.base import Fixer
from newbackend.rules.context import DEV, BackendInfo, Context, capabilities_of
from newbackend.spec import BackendSpec
from newbackend.splice.outcome import Inserted, Splice
from newbackend.splice.prove import ListEdit
from newbackend.splice.yaml_list import insert_after


@dataclass(frozen=True)
class ObservedSpec(BackendSpec):
    """A spec read back from the checkout: enough for a place to put in one missing thing."""

    observed_anchor: str = ""

    @property
    def anchor(self) -> str:
        """The anchor that the gallery really has."""
        return self.observed_anchor or super().anchor


def observed_spec(info: BackendInfo) -> ObservedSpec | None:
    """The spec of a registered backend, or None for a language without a template."""
    language = languages().get(info.lang)
    if language is None:
        return None
    anchor = str(info.meta.value.get("&") or "") if info.meta else ""
    return ObservedSpec(info.name, info.lang, language.default_flavour, (), (), observed_anchor=anchor)


def makefile_wanted(context: Context, info: BackendInfo, kind: str) -> list[ExpectedFact]:
    """What the root Makefile should have of one kind for a backend, by its language."""
    spec = observed_spec(info)
    if spec is None:
        return []
    return [one for one in context.places["makefile"].expect(spec, context.checkout) if one.kind == kind]


def fix_makefile(*kinds: str) -> Fixer:
    """A fixer that puts Makefile edits in: the first of `kinds`, and those of the others that lack as well.

    A definition without its eval, or a preparation without its test, would only be the next finding.
    """

    def fix(context: Context, finding: Finding) -> Iterable[Change]:
        info = context.backends[finding.backend]
        spec = observed_spec(info)
        wanted = [
            one for kind in kinds if not info.makefile_facts(kind) for one in makefile_wanted(context, info, kind)
        ]
        return context.places["makefile"].insert(context.checkout, spec, wanted) if spec and wanted else ()

    return fix


def route_wanted(info: BackendInfo, system: str) -> list[ExpectedFact]:
    """The routes that a backend's rows should have, as the path filter's place wants them."""
    rows = info.rows if system == "linux" else info.darwin
    rule = "REG401" if system == "linux" else "REG402"
    reason = f"a change below {info.directory}/ starts {info.name}'s {'macOS ' if system == 'darwin' else ''}jobs"
    return [
        ExpectedFact(
            system,
            f"{system}:{fact.key}",
            {"row": fact.value, "route": f"{info.directory}/"},
            reason,
            (rule,),
            system,
        )
        for fact in rows
    ]


def fix_route(system: str) -> Fixer:
    """A fixer that puts the backend's branch into the path filter."""
    assert system in FUNCTIONS

    def fix(context: Context, finding: Finding) -> Iterable[Change]:
        info = context.backends[finding.backend]
        spec = observed_spec(info)
        wanted = route_wanted(info, system)
        return context.places["path-filter"].insert(context.checkout, spec, wanted) if spec and wanted else ()

    return fix


def dev_meta(info: BackendInfo) -> ExpectedFact | None:
    """The development meta that belongs to a production meta, or None when it has no anchor to merge."""
    meta = info.meta
    anchor = meta.value.get("&") if meta else None
    if meta is None or not anchor:
        return None
    capabilities: Mapping[str, str] = capabilities_of(meta)
    name = f"{meta.value.get('name')}{DEV}"
    value = {"<<": anchor, "name": name, "capabilities": {key: f"{to}{DEV}" for key, to in capabilities.items()}}
    return ExpectedFact(
        "meta", f"meta:{name}", value, f"the development channel of {info.name}", ("REG202",), "dev-meta"
    )


def fix_dev_meta(context: Context, finding: Finding) -> Iterable[Change]:
    """Puts the development meta in: where `create` would, or right behind a meta that stands further down,
    for an anchor can only be merged after it is defined."""
    info = context.backends[finding.backend]
    spec, wanted = observed_spec(info), dev_meta(info)
    found = sequence(context.checkout, INDEX, ())
    if spec is None or wanted is None or found is None or info.meta is None:
        return
    line = info.meta.line
    meta = next(item for item in found.items if item.line == line)
    for change in context.places["gallery-index"].insert(context.checkout, spec, [wanted]):
        if isinstance(change.outcome, Inserted) and change.outcome.line - 1 <= meta.last:
            rows = context.places["gallery-index"].snippet([wanted]).split("\n")
            splice = insert_after(found, meta, [[" " * meta.indent + row for row in rows]])
            lists = [proof for proof in change.proofs if isinstance(proof, ListEdit)]
            added = tuple((meta.index + 1, value) for proof in lists for _, value in proof.added)
            change = replace(change, outcome=Inserted((splice,), meta.last + 2), proofs=(ListEdit((), added),))
        yield change


def drop_repeat(context: Context, finding: Finding) -> Iterable[Change]:
    """Deletes the later of two gallery entries that say the same."""
    found = sequence(context.checkout, INDEX, ())
    later = [fact for fact in context.facts("gallery-index") if str(fact.value.get("name")) == finding.subject][1:]
    lines = {fact.line for fact in later if context.field_line(fact, "name") == finding.line}
    gone = removal(found, lambda item: item.line in lines) if found else None
    if gone:
        splices, proof, line = gone
        reason = f"the second {finding.subject}"
        yield Change("gallery-index", INDEX, Inserted(splices, line), reason, (finding.rule.id,), "", (proof,))


def align_suffix(context: Context, finding: Finding) -> Iterable[Change]:
    """Writes the row's tag suffix into the uri and mirrors of the entries that miss it."""
    found = sequence(context.checkout, INDEX, ())
    wrong = finding.subject
    right = finding.expected.rpartition(f":{_channel(finding.expected)}")[2].rstrip('"')
    if found is None or not right:
        return
    for entry in context.backends[finding.backend].entries:
        item = next((item for item in found.items if item.line == entry.line), None)
        uri = str(entry.value.get("uri") or "")
        if item is None or not uri.endswith(wrong):
            continue
        splices = []
        for number in range(item.first, item.last + 1):
            row = found.lines[number]
            if row.rstrip().rstrip("\"'").endswith(wrong):
                at = found.lines.starts[number] + row.rindex(wrong)
                splices.append(Splice(at, at + len(wrong), right))
        meta = context.backends[finding.backend].meta
        base = {key: value for key, value in meta.value.items() if key not in ("&", "<<")} if meta else {}
        own = {key: value for key, value in entry.value.items() if key not in ("&", "<<")}
        own["uri"] = uri.removesuffix(wrong) + right
        mirrors = own.get("mirrors")
        if isinstance(mirrors, list):
            own["mirrors"] = [
                str(one).removesuffix(wrong) + right if str(one).endswith(wrong) else one for one in mirrors
            ]
        value = {**base, **own} if "<<" in entry.value else own
        proof = ListEdit((), ((item.index, value),), frozenset((item.index,)))
        reason = f"the tag that the row builds, in {entry.value.get('name')}"
        yield Change(
            "gallery-index", INDEX, Inserted(tuple(splices), entry.line), reason, (finding.rule.id,), "", (proof,)
        )


def _channel(expected: str) -> str:
    return "master" if ":master" in expected else "latest"
