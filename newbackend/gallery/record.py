"""`standalone.yml` at the root of a repository of its own: what it was made from, and the hashes of LocalAI's files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from newbackend.checkout.layout import STANDALONE
from newbackend.checkout.reading import Files
from newbackend.errors import NotFoundError, UsageError
from newbackend.splice.yaml_nodes import YamlBroken, compose, plain_value

NAME = STANDALONE
_HEADER = """\
# What newbackend made this repository from; `newbackend verify` reads it.
# `files` are LocalAI's own, unchanged, with their SHA-256.
"""


@dataclass(frozen=True)
class Record:
    """`revision` is LocalAI's commit, or which newbackend the files come with; `directory` the backend's."""

    directory: str
    image_base: str
    revision: str
    files: Mapping[str, str]

    def text(self) -> str:
        """The file."""
        lines = [f"directory: {self.directory}", f"image_base: {self.image_base}", f'revision: "{self.revision}"']
        return (
            _HEADER
            + "\n".join([*lines, "files:", *(f"  {path}: {digest}" for path, digest in self.files.items())])
            + "\n"
        )


def sha256(text: str) -> str:
    """The digest of a text as it is written."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def find_standalone(start: Path) -> Path | None:
    """The repository of its own that a path is in, or None."""
    start = start.absolute()
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
    files = {str(path): str(digest) for path, digest in value["files"].items()}
    directory, image_base, revision = (str(value.get(key) or "") for key in ("directory", "image_base", "revision"))
    return Record(directory, image_base, revision, files)
