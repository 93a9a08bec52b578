"""Values as YAML text: scalars in the wanted quoting, and literal blocks."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./+-]*(?: [A-Za-z0-9_./+-]+)*\Z")


def scalar(value: str, style: str | None) -> str:
    """A string as a YAML scalar in the wanted style (`'`, `"` or plain when that is safe)."""
    printable = all(ch.isprintable() for ch in value)
    if style == "'" and printable:
        return "'" + value.replace("'", "''") + "'"
    if style is None and _PLAIN.match(value) and not _looks_typed(value):
        return value
    return '"' + "".join(_escaped(ch) for ch in value) + '"'


def _escaped(ch: str) -> str:
    """One character of a double-quoted scalar. Not JSON's escapes, because YAML has no surrogate pairs."""
    if ch in '"\\':
        return "\\" + ch
    if ch.isprintable() and ch != "\ufeff":
        return ch
    named = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
    code = ord(ch)
    return named.get(ch) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}")


def _looks_typed(value: str) -> bool:
    """Whether YAML 1.1 or 1.2 would read a plain scalar as something other than a string."""
    if re.fullmatch(r"(?i)(y|n|yes|no|on|off|true|false|null|~|\.nan|[-+]?\.inf)", value):
        return True
    return bool(re.match(r"[-+.]?[0-9]", value)) and bool(re.fullmatch(r"[-+]?[0-9a-fA-FxXoO_:.,eE+-]+", value))


def block_text(value: str, indent: int) -> list[str] | None:
    """The lines of `value` as a literal block (`|`), or None when the block form would change it."""
    rows = value.rstrip("\n").split("\n")
    clean = all(all(ch.isprintable() for ch in row) and row == row.rstrip() for row in rows)
    if not clean or not rows[0] or rows[0][0].isspace() or not value.endswith("\n"):
        return None
    return [(" " * indent + row) if row else "" for row in rows]
