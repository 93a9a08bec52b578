"""The template variables: from the spec, the pin and features of the checkout."""

from __future__ import annotations

import posixpath
from typing import Any, TypedDict

from newbackend import __version__
from newbackend.answers import EngineAnswers, as_data
from newbackend.catalog import modalities, variant_table
from newbackend.catalog.portable import images_for
from newbackend.checkout.layout import layout_of
from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.registrations.dockerignore.place import pin_directory
from newbackend.registrations.matrix.place import rows_of
from newbackend.requirement import parse_requirement
from newbackend.scaffold.versions import Versions, versions_of
from newbackend.spec import BackendSpec


def identifier(name: str, keywords: frozenset[str]) -> str:
    """A lower-case identifier that is valid in every language: `b_` in front of digits and keywords."""
    ident = name.replace("-", "_")
    return f"b_{ident}" if ident[0].isdigit() or ident in keywords else ident


def symbol_table(spec: BackendSpec) -> str:
    """What the table of the engine's bound functions is called in C."""
    return f"{identifier(spec.name, spec.language.keywords)}_symbols"


def rpcs_of(spec: BackendSpec, checkout: Checkout) -> list[str]:
    """The RPCs of the modalities that the checkout's proto has. Raises UsageError when one that a modality requires is
    missing."""
    have = set(layout_of(checkout).proto.rpcs)
    rpcs: list[str] = []
    for key in spec.modalities:
        modality = modalities()[key]
        missing = [rpc for rpc in modality.rpcs if rpc not in have]
        if missing:
            raise UsageError(
                "modality-not-in-proto",
                f"this checkout's backend/backend.proto has no rpc {missing[0]}, so it cannot serve {key}",
            )
        rpcs += [rpc for rpc in (*modality.rpcs, *modality.optional_rpcs) if rpc in have]
    return list(dict.fromkeys(rpcs))


class ProtoNames(TypedDict):
    """What the checkout's `backend/backend.proto` declares: RPCs, and the fields of each message."""

    rpcs: list[str]
    messages: dict[str, list[str]]


class Variables(TypedDict):
    """All variables that a template may use; every one is always defined."""

    name: str
    ident: str  # the name as an identifier of the language
    pascal: str  # `ident` as a type name
    upper: str  # the name in environment and make variables
    lang: str
    flavour: str
    description: str
    license: str
    urls: list[str]
    pin: dict[str, str] | None
    modalities: list[str]
    rpcs: list[str]  # those of the modalities that the checkout's proto has
    variants: list[str]
    build_types: list[str]
    darwin: bool
    proto: ProtoNames
    features: dict[str, bool]  # checkout/layout.py
    newbackend_version: str
    options: dict[str, Any]  # those of the answers, with their defaults
    engine: dict[str, Any] | None  # how the pinned upstream is built; None builds the placeholder alone
    siblings: Versions  # what the siblings in the checkout have
    portable: dict[str, str]  # the images for `options.glibc_floor`; empty without one


def context(spec: BackendSpec, checkout: Checkout) -> Variables:
    """The variables for one backend in one checkout. Raises UsageError when the checkout does not support it."""
    layout = layout_of(checkout)
    ident = identifier(spec.name, spec.language.keywords)
    build_types = {row.get("build-type", "") for v in spec.variants for row in rows_of(spec, v)}
    unset = {"bundle_libs": [], "cpu_variants": [], "glibc_floor": "", "native_march": False, "readme": False}
    options = {**unset, **as_data(spec.options)}
    return {
        "name": spec.name,
        "ident": ident,
        "pascal": "".join(part[:1].upper() + part[1:] for part in ident.split("_")),
        "upper": ("B_" if spec.name[0].isdigit() else "") + spec.upper,
        "lang": spec.lang,
        "flavour": spec.flavour,
        "description": spec.description,
        "license": spec.license,
        "urls": list(spec.urls) or ([spec.pin.url] if spec.pin else []),
        "pin": _pin(spec),
        "modalities": list(spec.modalities),
        "rpcs": rpcs_of(spec, checkout),
        "variants": list(spec.variants),
        "build_types": sorted(build_types),
        "darwin": any(variant_table().variants[key].darwin for key in spec.variants),
        "proto": {
            "rpcs": list(layout.proto.rpcs),
            "messages": {message: list(fields) for message, fields in layout.proto.messages.items()},
        },
        "features": dict(layout.features),
        "newbackend_version": __version__,
        "options": options,
        "engine": _engine(spec),
        "siblings": versions_of(checkout),
        "portable": images_for(str(options["glibc_floor"])) if options["glibc_floor"] else {},
    }


def _engine(spec: BackendSpec) -> dict[str, Any] | None:
    its, engine = spec.its_flavour, spec.engine
    usable = engine.package if its.takes_package else its.links_engine and (engine.target or engine.objects)
    if not (engine.pip or (spec.pin and usable)):
        return None
    texts = dict.fromkeys(
        ("target", "header", "version", "load", "free", "native", "package", "module", "folder", "pip"), ""
    )
    tables: dict[str, Any] = {key: {} for key in ("switches", "objects", "libraries", "extras", "calls")}
    facts = {**texts, **tables, "on": [], "off": [], "torch": None, "shared": False, **as_data(spec.engine)}
    name = parse_requirement(engine.pip).key if engine.pip else ""
    return {
        **facts,
        "header_folder": posixpath.dirname(facts["header"]),
        "name": name,
        "releases": _releases(engine),
    }


def _releases(engine: EngineAnswers) -> dict[str, str]:
    """The line of a requirement file for each BUILD_TYPE that has an extra of its own, `""` for the others."""
    if not engine.pip:
        return {}
    wanted = parse_requirement(engine.pip)
    extras = {"": "", **(engine.extras or {})}
    return {kind: wanted.with_extra(extra) for kind, extra in extras.items()}


def _pin(spec: BackendSpec) -> dict[str, str] | None:
    if spec.pin is None:
        return None
    stem = spec.pin.variable.removesuffix("_VERSION")
    return {
        "repo": spec.pin.repo,
        "url": spec.pin.url,
        "sha": spec.pin.sha,
        "branch": spec.pin.branch,
        "variable": spec.pin.variable,
        "repo_variable": f"{stem}_REPO",
        "src_variable": f"{stem}_SRC",
        "dir": pin_directory(spec),
    }
