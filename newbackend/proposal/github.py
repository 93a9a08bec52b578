"""GitHub's `gh`: is there such a pull request already, and make one. It runs outside of the checkout."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from newbackend.checkout.git import environment
from newbackend.records import dataclass

SECONDS = 60.0
_LIMIT = 1 << 20
_ADDRESS = re.compile(r"https?://\S+")


class GhFailed(Exception):
    """gh did not do it; the text is its own reason, in one line."""


@dataclass(frozen=True)
class Existing:
    """An open pull request."""

    title: str
    url: str


@dataclass(frozen=True)
class Gh:
    """gh, asked about one repository."""

    program: str
    repository: str

    def existing(self, name: str, branch: str, title: str) -> Existing | None:
        """An open pull request from this branch, or one that adds this backend. Raises GhFailed."""
        adds = re.compile(rf"\badd(?:s|ing)?\b.*(?<![\w-]){re.escape(name)}(?![\w-])", re.I)
        for row in self._listed("--head", branch):
            return Existing(str(row.get("title")), str(row.get("url")))
        for row in self._listed("--search", f"{name} in:title"):
            theirs = str(row.get("title"))
            if theirs == title or adds.search(theirs):
                return Existing(theirs, str(row.get("url")))
        return None

    def create(self, *, base: str, head: str, title: str, body: str, draft: bool) -> str:
        """Opens a pull request and returns its address. Raises GhFailed."""
        words = ["--base", base, "--head", head, "--title", title, "--body-file", "-", *(["--draft"] if draft else [])]
        said = self._run("create", *words, body=body)
        found = _ADDRESS.findall(said)
        if not found:
            raise GhFailed("it names no address of the pull request")
        return str(found[-1])

    def _listed(self, *words: str) -> list[dict[str, object]]:
        try:
            rows = json.loads(self._run("list", "--state", "open", "--json", "title,url", *words) or "[]")
        except ValueError as error:
            raise GhFailed("its list of pull requests cannot be read") from error
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    def _run(self, verb: str, *words: str, body: str = "") -> str:
        command = [self.program, "pr", verb, "--repo", self.repository, *words]
        env = {**environment(), "GH_PROMPT_DISABLED": "1", "NO_COLOR": "1"}
        try:
            done = subprocess.run(
                command,
                input=body.encode("utf-8"),
                capture_output=True,
                check=False,
                env=env,
                cwd=os.sep,
                timeout=SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise GhFailed(f"it cannot be run: {type(error).__name__}") from error
        out, said = (text[:_LIMIT].decode("utf-8", "replace").strip() for text in (done.stdout, done.stderr))
        if done.returncode != 0:
            raise GhFailed(next(iter((said or out).splitlines()), "no message"))
        return out


def find_gh(repository: str, checkout: Path) -> Gh | None:
    """gh for a repository; None when it is not installed, lies in the checkout, or the repository is not known."""
    found, root = shutil.which("gh"), checkout.resolve()
    if not found or not repository or not Path(found).is_absolute():
        return None
    if any(root in place.parents for place in (Path(found), Path(found).resolve())):
        return None
    return Gh(found, repository)
