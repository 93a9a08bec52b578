"""`standalone.yml` at the root of a repository of its own: what it was made from, and the hashes of LocalAI's files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from newbackend.checkout.layout import STANDALONE
from newbackend.checkout.reading import Files
from newbackend.errors import NotFoundError, UsageError
from newbackend.records import dataclass
from newbackend.splice.yaml_nodes import YamlBroken, compose, plain_value

NAME = STANDALONE
_HEADER = """\
# What newbackend made this repository from; `newbackend verify` and `newbackend update` read it.
# `files` are LocalAI's own, unchanged, with their SHA-256; `generated` are all files around the backend, as git names
# what was written.
"""


@dataclass(frozen=True)
class Record:
    """`revision` is LocalAI's commit, or which newbackend the files come with; `directory` the backend's; `generated`
    the blob ids of what was rendered or taken besides the backend's own files. `development`: there are images of the
    branch main, too."""

    directory: str
    image_base: str
    revision: str
    files: Mapping[str, str]
    generated: Mapping[str, str] = field(default_factory=dict)
    development: bool = False

    def text(self) -> str:
        """The file."""
        lines = [f"directory: {self.directory}", f"image_base: {self.image_base}", f'revision: "{self.revision}"']
        lines += ["development: true"] if self.development else []
        for title, digests in (("files", self.files), ("generated", self.generated)):
            lines += [f"{title}:", *(f"  {path}: {digest}" for path, digest in digests.items())]
        return _HEADER + "\n".join(lines) + "\n"


def sha256(text: str) -> str:
    """The digest of a text as it is written."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def find_standalone(start: Path) -> Path | None:
    """The repository of its own that a path is in, or None."""
    start = start.resolve()
    return next((folder for folder in (start, *start.parents) if (folder / NAME).is_file()), None)


def read_record(root: Path) -> Record:
    """The record of a repository. Raises NotFoundError without one, UsageError for one that cannot be read."""
    data = Files(str(root)).read(NAME)
    if data is None:
        raise NotFoundError("standalone-missing", f"there is no {NAME} here", where=str(root))
    try:
        value = plain_value(compose(data.decode("utf-8")))
    except (YamlBroken, UnicodeDecodeError) as error:
        line = error.line if isinstance(error, YamlBroken) else 1
        raise UsageError("standalone-record", f"cannot be read: {error}", where=f"{NAME}:{line}") from error
    if not isinstance(value, dict) or not isinstance(value.get("files"), dict):
        raise UsageError("standalone-record", "has no `files`", where=NAME)
    if not isinstance(value.get("generated") or {}, dict):
        raise UsageError("standalone-record", "`generated` is no mapping", where=NAME)
    files, generated = (
        {str(p): str(d) for p, d in dict(value.get(key) or {}).items()} for key in ("files", "generated")
    )
    directory, image_base, revision = (str(value.get(key) or "") for key in ("directory", "image_base", "revision"))
    return Record(directory, image_base, revision, files, generated, value.get("development") is True)
