"""The answers file: the whole intent of one backend, as YAML (design, section 2).

ruamel.yaml is the YAML of record for files this project owns. Unknown keys, tags and wrong types are
refused, because an answer that is silently ignored is worse than one that is missing.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from newbackend.errors import NotFoundError, UsageError
from newbackend.overrides import SECTIONS, check_overrides
from newbackend.spec import BackendSpec

_TEXT, _LIST, _MAP = "text", "list of text", "mapping"
GENERATED = "generated"
KEYS: Mapping[str, str] = {
    "name": _TEXT,
    "lang": _TEXT,
    "flavour": _TEXT,
    "pin": _MAP,
    "modalities": _LIST,
    "variants": _LIST,
    "description": _TEXT,
    "license": _TEXT,
    "icon": _TEXT,
    "urls": _LIST,
    "tags": _LIST,
    "like": _TEXT,
    "import": _MAP,
    "docs": _MAP,
    "os_excluded": _MAP,
    "overrides": _MAP,
    "options": _MAP,
    # Not an answer: what was rendered last (docs/adr/0021), kept in the file beside the backend.
    GENERATED: _MAP,
}
SUBKEYS: Mapping[str, frozenset[str]] = {
    "pin": frozenset({"repo", "sha", "branch", "variable"}),
    "options": frozenset({"bundle_libs", "cpu_variants", "glibc_floor", "native_march"}),
    "overrides": frozenset(SECTIONS),
    GENERATED: frozenset({"newbackend", "files"}),
    "import": frozenset({"kind", "of", "modality", "description", "extensions", "pipeline_tags"}),
    "docs": frozenset({"category", "in_house"}),
    "os_excluded": frozenset({"linux", "darwin"}),
}
# Lists inside mappings; `--set` takes them with commas, as it takes the lists that are keys themselves.
SUBLISTS = frozenset({"import.extensions", "import.pipeline_tags", "options.bundle_libs", "options.cpu_variants"})


def check_answers(data: Any, where: str) -> dict[str, Any]:
    """The answers with only known keys of the right types. Raises UsageError otherwise."""
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise UsageError("answers-not-mapping", "the answers must be a mapping of keys to values", where=where)
    for key, value in data.items():
        kind = KEYS.get(str(key))
        if kind is None:
            raise UsageError("answers-unknown-key", f"unknown key {key!r}; known: {', '.join(KEYS)}", where=where)
        if value is not None and not _is_kind(value, kind):
            raise UsageError("answers-wrong-type", f"{key} must be a {kind}", where=where)
        unknown = sorted(set(value or ()) - SUBKEYS[key]) if key in SUBKEYS and isinstance(value, dict) else []
        if unknown:
            raise UsageError("answers-unknown-key", f"unknown key {key}.{unknown[0]}", where=where)
        for name in value if isinstance(value, dict) else ():
            if f"{key}.{name}" in SUBLISTS and value[name] is not None and not _is_kind(value[name], _LIST):
                raise UsageError("answers-wrong-type", f"{key}.{name} must be a {_LIST}", where=where)
        if key == "overrides" and value is not None:
            check_overrides(value, where)
    return dict(data)


def _is_kind(value: Any, kind: str) -> bool:
    if kind == _TEXT:
        return isinstance(value, str)
    items = isinstance(value, list if kind == _LIST else dict)
    return items and all(isinstance(item, str) for item in value)


def load_answers(path: Path) -> dict[str, Any]:
    """Reads an answers file. Raises NotFoundError (no file) or UsageError (not what it should be)."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NotFoundError("answers-missing", "there is no such answers file", where=str(path)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("answers-unreadable", f"the answers file cannot be read: {error}", where=str(path)) from error
    return check_answers(parse_yaml(text, str(path)), str(path))


def parse_yaml(text: str, where: str) -> Any:
    """The plain value of a small YAML text; tags, aliases to nowhere and syntax errors are UsageErrors."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        value = YAML(typ="safe", pure=True).load(text)
        json.dumps(value, ensure_ascii=False, default=str).encode()  # a lone surrogate is not text
        return value
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f"{where}:{mark.line + 1}" if mark else where
        raise UsageError(
            "answers-not-yaml", f"is not plain YAML: {error.problem or error.context}", where=line
        ) from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise UsageError("answers-not-yaml", f"is not plain YAML: {error}", where=where) from error


def parse_set(pairs: Sequence[str]) -> dict[str, Any]:
    """`--set KEY=VALUE` pairs (dotted keys, YAML values) as answers."""
    result: dict[str, Any] = {}
    for pair in pairs:
        key, separator, raw = pair.partition("=")
        if not separator or not key:
            raise UsageError("set-malformed", f"--set {pair!r} is not KEY=VALUE")
        head, *rest = key.split(".")
        kind = KEYS.get(head)
        value: Any = raw if kind == _TEXT and not rest else parse_yaml(raw, f"--set {key}")
        if (kind == _LIST or key in SUBLISTS) and isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
        if (rest or kind == _TEXT) and not isinstance(value, dict | list | bool | str):
            value = raw
        target = result
        for step in [head, *rest][:-1]:
            target = target.setdefault(step, {})
            if not isinstance(target, dict):
                raise UsageError("set-malformed", f"--set {pair!r}: {step} is not a mapping")
        target[[head, *rest][-1]] = value
    return check_answers(result, "--set")


def merge(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Later layers win, key by key; mappings are merged one level down."""
    result: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            if isinstance(value, dict) and isinstance(result.get(key), dict):
                result[key] = {**result[key], **value}
            elif value is not None:
                result[key] = value
    return result


def to_answers(spec: BackendSpec) -> dict[str, Any]:
    """A spec as answers, without keys that say nothing; `make_spec` of it gives the spec back."""
    data: dict[str, Any] = {
        "name": spec.name,
        "lang": spec.lang,
        "flavour": spec.flavour,
        "pin": None
        if spec.pin is None
        else {
            "repo": spec.pin.repo,
            "sha": spec.pin.sha,
            "branch": spec.pin.branch,
            "variable": spec.pin.variable,
        },
        "modalities": list(spec.modalities),
        "variants": list(spec.variants),
        "description": spec.description,
        "license": spec.license,
        "icon": spec.icon,
        "urls": list(spec.urls),
        "tags": list(spec.tags),
        "like": spec.like,
        "import": dict(spec.imports),
        "docs": dict(spec.docs),
        "os_excluded": dict(spec.os_excluded),
        "overrides": dict(spec.overrides),
        "options": dict(spec.options),
    }
    return {key: value for key, value in data.items() if value}


def _readable(value: Any) -> Any:
    """The value with texts of several lines as literal blocks, where YAML would read them back the same."""
    from ruamel.yaml.scalarstring import LiteralScalarString

    if isinstance(value, Mapping):
        return {key: _readable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_readable(item) for item in value]
    if isinstance(value, str) and "\n" in value and not value.startswith((" ", "\n")):
        rows = value.split("\n")
        if all(row == row.rstrip() and row.isprintable() for row in rows) and not value.endswith("\n\n"):
            return LiteralScalarString(value)
    return value


def dump_answers(answers: Mapping[str, Any], header: str = "") -> str:
    """Answers as YAML text that `load_answers` reads back to the same value."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    yaml.dump(_readable(dict(answers)), stream)
    return header + stream.getvalue()
