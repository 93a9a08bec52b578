"""Answers of a run that was interrupted, kept beside the journal, where `git status` does not see them.

Like a journal they are believed only with the seal of this user's newbackend: a checkout may come with a git directory.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from newbackend.answers import Answers
from newbackend.answers_file import dump_answers, parse_answers
from newbackend.apply.seal import seal, sealed
from newbackend.apply.state import ensure, state_dir
from newbackend.checkout.reading import read_regular
from newbackend.errors import NewbackendError
from newbackend.records import dataclass
from newbackend.validate import check_name

_HEADER = "# The answers of an interrupted `newbackend create`, which offers them again.\n"
_SEAL = "# Sealed: "


@dataclass
class Session:
    """The saved answers of one run. `kept` says whether any were saved. The backend's name, once known, is part of the
    file name."""

    root: Path
    kept: bool = False
    _path: Path | None = None

    @property
    def command(self) -> str:
        """The command that offers the saved answers."""
        name = self._path.stem.removeprefix("wizard").removeprefix("-") if self._path else ""
        return f"newbackend create {name}".strip()

    def find(self, name: str | None) -> Answers | None:
        """The saved answers for a name, or, without a name, the latest ones; None when there are none that this user's
        newbackend wrote, or the file is damaged."""
        for path in self._candidates(name):
            try:
                saved = _believed(path)
            except (NewbackendError, OSError, UnicodeDecodeError):
                continue
            if saved != Answers():
                self._path, self.kept = path, True
                return saved
        return None

    def _candidates(self, name: str | None) -> list[Path]:
        folder = state_dir(self.root)
        if name is not None:
            try:
                return [folder / f"wizard-{check_name(name)}.yml"]
            except NewbackendError:
                return []
        paths = [path for path in folder.glob("wizard*.yml") if path.is_file()] if folder.is_dir() else []
        return sorted(paths, key=lambda path: path.stat().st_mtime, reverse=True)

    def save(self, answers: Answers) -> None:
        """Saves the answers so far. A failing write does not stop the questions."""
        name = answers.name or ""
        folder = state_dir(self.root)
        path = folder / (f"wizard-{name}.yml" if name else "wizard.yml")
        temporary = folder / f".{path.name}.{os.getpid()}"
        text = dump_answers(answers, _HEADER)
        mark = seal(_SEAL + text)
        if not mark:
            return  # nothing would be offered again
        try:
            ensure(folder)
            temporary.write_text(f"{text}{_SEAL}{mark}\n", encoding="utf-8")
            temporary.replace(path)
        except (OSError, UnicodeEncodeError):
            temporary.unlink(missing_ok=True)
            return
        if self._path and self._path != path:
            self._path.unlink(missing_ok=True)
        self._path, self.kept = path, True

    def drop(self) -> None:
        """Deletes the saved answers, because the backend was written or the user does not want them."""
        if self._path:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)
        self._path, self.kept = None, False


def _believed(path: Path) -> Answers:
    """The answers in a file with this user's seal; no answers from any other file."""
    text, _, mark = read_regular(str(path), path.name).decode("utf-8").rpartition(_SEAL)
    return parse_answers(text, path.name) if sealed(_SEAL + text, mark.strip()) else Answers()
