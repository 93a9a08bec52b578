"""How the import form gets to know a backend: the answer `import`, validated in one place.

The guide's three ways: an importer of its own when its models can be told apart beyond doubt, the
drop-in path of another importer when it reads the same models, and otherwise a line among the backends
that are only ever chosen by hand. When in doubt the last: a wrong guess is worse than a choice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from newbackend.catalog import modalities
from newbackend.errors import UsageError
from newbackend.spec import DEFAULT_KIND, BackendSpec

KINDS = (DEFAULT_KIND, "importer", "drop-in", "none")
_EXTENSION = re.compile(r"\.[a-z0-9][a-z0-9._-]{0,31}\Z")
_TAG = re.compile(r"[a-z0-9][a-z0-9-]{0,63}\Z")


@dataclass(frozen=True)
class ImportChoice:
    """`kind` is one of KINDS. `modality` is the import form's chip, `of` the backend whose importer a
    drop-in shares; `extensions` and `pipeline_tags` are what an importer of its own goes by."""

    kind: str
    modality: str
    description: str
    of: str = ""
    extensions: tuple[str, ...] = ()
    pipeline_tags: tuple[str, ...] = ()


def import_choice(spec: BackendSpec) -> ImportChoice:
    """The choice that the answers make; raises UsageError naming the key that will not do."""
    said = spec.imports
    kind = str(said.get("kind") or DEFAULT_KIND)
    if kind not in KINDS:
        raise UsageError("import-kind", f"import.kind {kind!r} is not one of {', '.join(KINDS)}")
    choice = ImportChoice(
        kind=kind,
        modality=str(said.get("modality") or modalities()[spec.modalities[0]].chip),
        description=one_line(str(said.get("description") or spec.description or spec.name)),
        of=str(said.get("of") or ""),
        extensions=_words(said.get("extensions"), "extensions", _EXTENSION, "a file extension such as .gguf"),
        pipeline_tags=_words(said.get("pipeline_tags"), "pipeline_tags", _TAG, "a tag such as text-to-speech"),
    )
    if not _TAG.match(choice.modality):
        raise UsageError("import-modality", f"import.modality {choice.modality!r} is not one word")
    if kind == "drop-in" and (not choice.of or choice.of == spec.name):
        raise UsageError(
            "import-of-missing",
            "a drop-in shares another backend's importer, so it must say which",
            hint="pass --set import.of=llama-cpp, for instance",
        )
    if kind == "importer" and not (choice.extensions or choice.pipeline_tags):
        raise UsageError(
            "import-no-signal",
            "an importer needs something to tell this backend's models by",
            hint="pass --set import.extensions=[.ext] or import.pipeline_tags, or leave import.kind at preference",
        )
    return choice


def one_line(text: str) -> str:
    """Text with its line breaks and repeated blanks folded."""
    return " ".join(text.split())


def _words(value: object, key: str, pattern: re.Pattern[str], what: str) -> tuple[str, ...]:
    rows = [value] if isinstance(value, str) else list(value) if isinstance(value, list | tuple) else []
    for row in rows:
        if not isinstance(row, str) or not pattern.match(row):
            raise UsageError(f"import-{key.replace('_', '-')}", f"import.{key} {row!r} is not {what}")
    return tuple(dict.fromkeys(rows))
