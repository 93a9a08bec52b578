"""What changes of a C API mean for code that is compiled against its header, where a struct may grow."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from newbackend.upstream.c_api import Api
from newbackend.upstream.diff import Change

_GONE = "is gone"


def for_compiled(change: Change, old: Api, new: Api, words: Collection[str]) -> Change:
    """A change as it is for C or C++ code with these words, which sees the new header when it is built.

    Nothing crashes: what does not fit does not compile. Layouts and values matter where the code names what is gone.
    """
    if change.text.startswith(_GONE) and change.kind in ("struct", "constant", "callback", "handle"):
        return replace(change, severity="breaks" if change.name in words else "harmless")
    if change.severity == "harmless" or change.kind not in ("function", "struct", "constant", "callback"):
        return change
    if change.kind == "constant":
        return replace(change, severity="harmless")
    if change.kind != "struct":
        return replace(change, severity="breaks")
    lost = _lost_fields(change.name, old, new) & set(words)
    if lost:
        return replace(change, severity="breaks", text=f"{change.text}; the code names {', '.join(sorted(lost))}")
    return replace(change, severity="harmless", text=f"{change.text}; the code is compiled against it")


def _lost_fields(name: str, old: Api, new: Api) -> set[str]:
    """Fields of a struct that are gone, or have another type."""
    before, after = (
        {part.name: part.type for struct in api.structs if struct.name == name for part in struct.fields}
        for api in (old, new)
    )
    return {field for field, kind in before.items() if after.get(field) != kind}
