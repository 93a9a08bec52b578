"""Repairs through the places: what `create` would have put in for a backend that is already there.

A fixer returns the place's own changes, so a fix is proved and applied like every other plan. Where the
place answers with anything but an insertion, the plan says so and shows what to paste.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from newbackend.catalog.languages import languages
from newbackend.findings import Finding
from newbackend.places.base import Change, Wanted
from newbackend.places.path_filter import FUNCTIONS
from newbackend.rules.base import Fixer
from newbackend.rules.context import DEV, BackendInfo, Context
from newbackend.spec import BackendSpec


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


def makefile_wanted(context: Context, info: BackendInfo, kind: str) -> list[Wanted]:
    """What the root Makefile should have of one kind for a backend, by its language."""
    spec = observed_spec(info)
    if spec is None:
        return []
    return [one for one in context.places["makefile"].expect(spec, context.checkout) if one.kind == kind]


def fix_makefile(kind: str) -> Fixer:
    """A fixer that puts one of the six Makefile edits in."""

    def fix(context: Context, finding: Finding) -> Iterable[Change]:
        info = context.backends[finding.backend]
        spec = observed_spec(info)
        wanted = makefile_wanted(context, info, kind)
        return context.places["makefile"].insert(context.checkout, spec, wanted) if spec and wanted else ()

    return fix


def route_wanted(context: Context, info: BackendInfo, system: str) -> list[Wanted]:
    """The routes that a backend's rows should have, as the path filter's place wants them."""
    rows = info.rows if system == "linux" else info.darwin
    rule = "REG401" if system == "linux" else "REG402"
    reason = f"a change below {info.directory}/ starts {info.name}'s {'macOS ' if system == 'darwin' else ''}jobs"
    return [
        Wanted(
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
        wanted = route_wanted(context, info, system)
        return context.places["path-filter"].insert(context.checkout, spec, wanted) if spec and wanted else ()

    return fix


def dev_meta(info: BackendInfo) -> Wanted | None:
    """The development meta that belongs to a production meta, or None when it has no anchor to merge."""
    meta = info.meta
    anchor = meta.value.get("&") if meta else None
    if meta is None or not anchor:
        return None
    capabilities: Mapping[str, str] = meta.value.get("capabilities") or {}
    name = f"{meta.value.get('name')}{DEV}"
    value = {"<<": anchor, "name": name, "capabilities": {key: f"{to}{DEV}" for key, to in capabilities.items()}}
    return Wanted("meta", f"meta:{name}", value, f"the development channel of {info.name}", ("REG202",), "dev-meta")


def fix_dev_meta(context: Context, finding: Finding) -> Iterable[Change]:
    """Puts the development meta in."""
    info = context.backends[finding.backend]
    spec, wanted = observed_spec(info), dev_meta(info)
    return context.places["gallery-index"].insert(context.checkout, spec, [wanted]) if spec and wanted else ()


Fix = Callable[[Context, Finding], Iterable[Change]]
