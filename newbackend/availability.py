"""What a checkout cannot build or serve, with the reason: it may be older than a language, a flavour or a call."""

from __future__ import annotations

from newbackend.catalog import Modality
from newbackend.catalog.languages import Flavour, Language
from newbackend.checkout.layout import PROTO, layout_of
from newbackend.checkout.tree import Checkout


def why_no_language(language: Language, checkout: Checkout) -> str:
    """Why the checkout cannot build backends of a language; "" when it can."""
    if language.own_dockerfile or checkout.exists(language.shared_dockerfile):
        return ""
    return f"this checkout has no {language.shared_dockerfile}"


def why_no_flavour(flavour: Flavour, checkout: Checkout) -> str:
    """Why the checkout cannot build a flavour; "" when it can."""
    if flavour.needs_path and not checkout.exists(flavour.needs_path):
        return f"it builds on {flavour.needs_path}, which this checkout does not have"
    return ""


def why_no_modality(modality: Modality, language: Language, flavour: Flavour, checkout: Checkout) -> str:
    """Why a flavour cannot serve a modality in the checkout; "" when it can."""
    if modality.id not in flavour.modalities:
        return language.refused_modalities.get(modality.id, f"the {language.title} template does not implement it")
    missing = [rpc for rpc in modality.rpcs if rpc not in layout_of(checkout).proto.rpcs]
    return f"this checkout's {PROTO} has no {', '.join(missing)}" if missing else ""
