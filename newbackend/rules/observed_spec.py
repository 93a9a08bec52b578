"""The spec of a registered backend, which a repair passes to a place's `insert`."""

from __future__ import annotations

from newbackend.catalog.languages import languages
from newbackend.records import dataclass
from newbackend.rules.backend import BackendInfo
from newbackend.spec import BackendSpec


@dataclass(frozen=True)
class ObservedSpec(BackendSpec):
    """A spec read from the checkout, sufficient for a place to insert one missing fact."""

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
