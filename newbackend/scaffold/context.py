"""The data that templates see: the spec, the pin and what was probed from the checkout."""

from __future__ import annotations

from typing import Any

from newbackend import __version__
from newbackend.catalog import modalities
from newbackend.checkout.layout import layout_of
from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.registrations.dockerignore.place import pin_directory
from newbackend.registrations.matrix.place import rows_of
from newbackend.spec import BackendSpec


def identifier(name: str, keywords: frozenset[str]) -> str:
    """A lower-case identifier that is valid in every language: `b_` in front of digits and keywords."""
    ident = name.replace("-", "_")
    return f"b_{ident}" if ident[0].isdigit() or ident in keywords else ident


def rpcs_of(spec: BackendSpec, checkout: Checkout) -> list[str]:
    """The RPCs of the modalities that the checkout's proto has. Raises UsageError when one that a
    modality cannot do without is missing."""
    have = set(layout_of(checkout).proto.rpcs)
    found: list[str] = []
    for key in spec.modalities:
        modality = modalities()[key]
        gone = [rpc for rpc in modality.rpcs if rpc not in have]
        if gone:
            raise UsageError(
                "modality-not-in-proto",
                f"this checkout's backend/backend.proto has no rpc {gone[0]}, so it cannot serve {key}",
            )
        found += [rpc for rpc in (*modality.rpcs, *modality.optional_rpcs) if rpc in have]
    return list(dict.fromkeys(found))


def context(spec: BackendSpec, checkout: Checkout) -> dict[str, Any]:
    """All variables that a template may use; every one is always defined."""
    layout = layout_of(checkout)
    ident = identifier(spec.name, spec.language.keywords)
    build_types = {row.get("build-type", "") for v in spec.variants for row in rows_of(spec, v)}
    options = {"bundle_libs": [], "cpu_variants": [], "glibc_floor": "", "native_march": False, **spec.options}
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
        "darwin": "metal" in spec.variants,
        "proto": {
            "rpcs": list(layout.proto.rpcs),
            "messages": {k: list(v) for k, v in layout.proto.messages.items()},
        },
        "features": dict(layout.features),
        "newbackend_version": __version__,
        "options": options,
    }


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
