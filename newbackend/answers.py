"""The answers about one backend: every key of the answers file, declared once.

The fields below are the keys of the file, of `--set KEY=VALUE` and of the wizard's questions (a dotted path reaches
into a section: `import.kind`). Reading, merging and writing answers follow the fields' types, so a new key is one new
field. None means "not answered"; an empty text or list is an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields, is_dataclass, replace
from enum import Enum
from functools import cache
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from newbackend.errors import UsageError
from newbackend.overrides import SECTIONS, check_overrides
from newbackend.records import dataclass
from newbackend.suggest import did_you_mean, nearest

Text = str | None
Words = tuple[str, ...] | None
Flag = bool | None
OTHER_WORDS = {
    "lang": ("language",),
    "modalities": ("modality", "serves"),
    "variants": ("platforms", "platform"),
    "license": ("licence",),
    "description": ("summary",),
    "like": ("beside",),
    "repo": ("repository", "url", "upstream"),
    "sha": ("commit", "ref", "version"),
}
"""What people call a key, where the spelling does not tell."""


@dataclass(frozen=True)
class PinAnswers:
    """The upstream commit. Without a repository: the backend has no upstream. Before it is resolved, `sha` may be
    a branch or a tag."""

    repo: Text = None
    sha: Text = None
    branch: Text = None
    variable: Text = None


@dataclass(frozen=True)
class ImportAnswers:
    """How LocalAI's import form finds the backend."""

    kind: Text = None
    of: Text = None
    extensions: Words = None
    pipeline_tags: Words = None
    modality: Text = None
    description: Text = None


@dataclass(frozen=True)
class DocsAnswers:
    """Where the documentation lists the backend; `page`: it has a feature page of its own."""

    category: Text = None
    in_house: Flag = None
    page: Flag = None


@dataclass(frozen=True)
class OptionAnswers:
    """Options of the templates."""

    bundle_libs: Words = None
    glibc_floor: Text = None
    native_march: Flag = None
    cpu_variants: Words = None
    readme: Flag = None


@dataclass(frozen=True)
class EngineAnswers:
    """How the pinned upstream is built, as `engine inspect` reads it; without it only the placeholder is.

    `target` is the library to link, `shared` whether it is a shared one, which the package has to hold, `header` and
    `version` its C API and the function that tells its version, `calls` the functions of the C API that may be the ones
    to call, for each modality and to `load` a model: {"vad": "foo_detect:37"} with the line in the header. `load` and
    `free` are those that the backend calls. `native` the option that is off in an image, `on` options without which
    that library is not built, `off` options for what no backend needs, `packages` what CMake has to find on the system,
    `switches` the options for each BUILD_TYPE, for instance {"cublas": "-DSD_CUDA=ON"}.

    An upstream with a plain Makefile has `objects` in place of a target: the files to link for each BUILD_TYPE (`cpu`
    for none), and `libraries` to link with them; `native` is then the make variable with `-march=native`. Of a Python
    distribution or a Rust crate: `package` is its name, `module` what Python imports, `folder` where the crate is
    (or the CMake project, where that is not at the top), `extras` the distribution's extra for each BUILD_TYPE.
    `pip` is a release on PyPI to install in place of the pinned sources, `torch` what it needs of PyTorch (an empty
    list: nothing; unknown: not answered).
    """

    target: Text = None
    shared: Flag = None
    header: Text = None
    version: Text = None
    load: Text = None
    free: Text = None
    calls: Mapping[str, str] | None = None
    native: Text = None
    on: Words = None
    off: Words = None
    packages: Words = None
    switches: Mapping[str, str] | None = None
    objects: Mapping[str, str] | None = None
    libraries: Mapping[str, str] | None = None
    package: Text = None
    module: Text = None
    folder: Text = None
    extras: Mapping[str, str] | None = None
    pip: Text = None
    torch: Words = None


@dataclass(frozen=True)
class ModelAnswers:
    """A model of the gallery to try the backend with: its address, and what is said about it there.

    Without a name it is called as its file. Nothing is invented: what is neither answered nor told by the model's own
    page is left out.
    """

    uri: Text = None
    name: Text = None
    description: Text = None
    license: Text = None
    icon: Text = None
    size: Text = None
    sha256: Text = None
    urls: Words = None
    tags: Words = None
    usecases: Words = None
    options: Words = None


@dataclass(frozen=True)
class Generated:
    """Not an answer: a record of the last rendering, kept in the backend's answers file (docs/adr/0021)."""

    newbackend: Text = None
    answers: Text = None
    digest: Text = None
    files: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Answers:
    """All answers about one backend that are known so far."""

    name: Text = None
    lang: Text = None
    flavour: Text = None
    pin: PinAnswers | None = None
    modalities: Words = None
    variants: Words = None
    description: Text = None
    license: Text = None
    icon: Text = None
    urls: Words = None
    tags: Words = None
    like: Text = None
    imports: ImportAnswers | None = field(default=None, metadata={"key": "import"})
    docs: DocsAnswers | None = None
    os_excluded: Mapping[str, str] | None = field(default=None, metadata={"keys": ("linux", "darwin")})
    overrides: Mapping[str, Any] | None = field(default=None, metadata={"keys": SECTIONS})
    options: OptionAnswers | None = None
    engine: EngineAnswers | None = None
    models: tuple[ModelAnswers, ...] | None = None
    generated: Generated | None = None

    @property
    def upstream(self) -> str:
        """OWNER/REPO of the pin, "" without one."""
        return (self.pin.repo if self.pin else None) or ""

    @property
    def plain_description(self) -> str:
        """What the description is when nobody gave one."""
        source = f" on {self.upstream}" if self.upstream else ""
        return f"{self.name}: a LocalAI backend{source}"


class ValueKind(Enum):
    """What a key's value is, in the words of an error."""

    TEXT = "a text"
    WORDS = "a list of text"
    FLAG = "true or false"
    MAPPING = "a mapping"
    SECTIONS = "a list of mappings"


@dataclass(frozen=True)
class Key:
    """One key: its name in the file, its field and the kind of its value. `section` declares the keys of a mapping, or
    of each in a list of them. A mapping without a section accepts the keys in `known`, or any key."""

    name: str
    field: str
    kind: ValueKind
    section: type[Any] | None = None
    known: tuple[str, ...] = ()


def keys_of(section: Any) -> Mapping[str, Key]:
    """The keys that a section declares, by name and in order."""
    return _keys_of(section)


@cache
def _keys_of(section: type[Any]) -> Mapping[str, Key]:
    hints = get_type_hints(section)
    keys = (_key(row.metadata, row.name, _inner(hints[row.name])) for row in fields(section))
    return {key.name: key for key in keys}


def _key(metadata: Mapping[str, Any], field_name: str, hint: Any) -> Key:
    inner = get_args(hint)[0] if get_origin(hint) is tuple else hint
    section = inner if isinstance(inner, type) and is_dataclass(inner) else None
    return Key(metadata.get("key", field_name), field_name, _kind(hint), section, metadata.get("keys", ()))


def _inner(hint: Any) -> Any:
    """`X` of `X | None`."""
    return next((part for part in get_args(hint) if part is not NoneType), hint) if NoneType in get_args(hint) else hint


def _kind(hint: Any) -> ValueKind:
    if hint is str:
        return ValueKind.TEXT
    if hint is bool:
        return ValueKind.FLAG
    if get_origin(hint) is tuple:
        return ValueKind.WORDS if get_args(hint)[0] is str else ValueKind.SECTIONS
    return ValueKind.MAPPING


def key_at(path: str) -> Key | None:
    """The declaration of a dotted path; None when the path is unknown."""
    key: Key | None = None
    section: type[Any] | None = Answers
    for name in path.split("."):
        key = keys_of(section).get(name) if section else None
        section = key.section if key else None
    return key


def value_at(answers: Answers, path: str) -> Any:
    """The answer at a dotted path; None when it is not answered."""
    value: Any = answers
    for name in path.split("."):
        value = getattr(value, keys_of(type(value))[name].field) if value is not None else None
    return value


def with_value(answers: Answers, path: str, value: Any) -> Answers:
    """The answers with a new value at a dotted path; None removes the value."""
    name, _, rest = path.partition(".")
    key = keys_of(Answers)[name]
    if rest:
        assert key.section is not None  # paths are those of declared keys
        inner = getattr(answers, key.field) or key.section()
        value = replace(inner, **{keys_of(key.section)[rest].field: value})
    return replace(answers, **{key.field: value})


def read_answers(data: Any, where: str) -> Answers:
    """Answers from plain data, as YAML or JSON has it. Raises UsageError for an unknown key or a value of the
    wrong kind: a silently ignored answer would be worse than a missing one."""
    if data is None:
        return Answers()
    if not isinstance(data, dict):
        raise UsageError("answers-not-mapping", "the answers must be a mapping of keys to values", where=where)
    answers = _read(Answers, data, where, "")
    assert isinstance(answers, Answers)
    if answers.overrides is not None:
        check_overrides(answers.overrides, where)
    return answers


def _read(section: type[Any], data: Mapping[Any, Any], where: str, path: str) -> Any:
    known = keys_of(section)
    values: dict[str, Any] = {}
    for name, value in data.items():
        if name not in known:
            raise _unknown(path, str(name), tuple(known), where)
        if value is not None:
            values[known[name].field] = _value(known[name], value, where, f"{path}{name}")
    return section(**values)


def _value(key: Key, value: Any, where: str, path: str) -> Any:
    if key.kind is ValueKind.TEXT and "." in path and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)  # YAML's reading of an unquoted number, such as 2.28
    if not _is(value, key.kind):
        raise UsageError("answers-wrong-type", f"{path} must be {key.kind.value}", where=where)
    if key.kind is ValueKind.WORDS:
        return tuple(value)
    if key.kind is ValueKind.SECTIONS:
        return tuple(_read(key.section, item, where, f"{path}.") for item in value)  # type: ignore[arg-type]
    if key.section is not None:
        return _read(key.section, value, where, f"{path}.")
    unknown = sorted(set(value) - set(key.known)) if key.known else []
    if unknown:
        raise _unknown(f"{path}.", unknown[0], key.known, where)
    return value


def _is(value: Any, kind: ValueKind) -> bool:
    if kind in (ValueKind.TEXT, ValueKind.FLAG):
        return isinstance(value, str if kind is ValueKind.TEXT else bool)
    if kind is ValueKind.SECTIONS:
        return isinstance(value, list) and all(_is(item, ValueKind.MAPPING) for item in value)
    items = isinstance(value, list if kind is ValueKind.WORDS else dict)
    return items and all(isinstance(item, str) for item in value)


def _unknown(path: str, name: str, known: tuple[str, ...], where: str) -> UsageError:
    close = nearest(name, known, OTHER_WORDS)
    every = f"known: {', '.join(known)}" if known else ""
    hint = did_you_mean([f"{path}{key}" for key in close]) or every
    shown = f"{path}{name}"
    choices = dict.fromkeys((*close, *known))
    return UsageError("answers-unknown-key", f"unknown key {shown!r}", where=where, hint=hint, choices=choices)


def as_data(section: Any) -> dict[str, Any]:
    """A section as the file has it: mappings, lists and texts, without what is not answered."""
    rows = {key.name: getattr(section, key.field) for key in keys_of(type(section)).values()}
    return {name: _plain(value) for name, value in rows.items() if value is not None}


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return as_data(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return dict(value) if isinstance(value, Mapping) else value


def merge(*layers: Answers) -> Answers:
    """Later layers win, key by key, also inside sections and mappings."""
    merged = Answers()
    for layer in layers:
        merged = _over(merged, layer)
    return merged


def _over(below: Any, above: Any) -> Any:
    if type(below) is type(above) and is_dataclass(below):
        pairs = {row.name: (getattr(below, row.name), getattr(above, row.name)) for row in fields(below)}
        return replace(below, **{name: _over(*pair) for name, pair in pairs.items()})  # type: ignore[type-var]
    if isinstance(below, Mapping) and isinstance(above, Mapping):
        return {**below, **above}
    return below if above is None else above
