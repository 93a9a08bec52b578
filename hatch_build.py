"""What the build adds to the wheel and the source archive: the revision, and the addresses of the project."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

REVISION = "newbackend/_revision"
_SETTING = re.compile(r'^REPOSITORY = "(.*)"$', re.M)


class Revision(BuildHookInterface[Any]):
    """Puts the commit into `newbackend/_revision`. A source archive has it already; without git there is none."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before a build."""
        if (Path(self.root) / REVISION).exists():
            return
        git = ["git", "-C", self.root, "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
        try:
            if not (Path(self.root) / ".git").exists():
                return
            found = subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
        except (OSError, subprocess.CalledProcessError):
            return
        folder = Path(tempfile.mkdtemp(prefix="newbackend-build-"))
        (folder / "revision").write_text(f"{found}\n", encoding="utf-8")
        build_data["force_include"][str(folder / "revision")] = REVISION


class Addresses(MetadataHookInterface):
    """Makes the addresses on PyPI from the one setting, `newbackend/address.py`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Called when the metadata are read."""
        found = _SETTING.search((Path(self.root) / "newbackend/address.py").read_text(encoding="utf-8"))
        home = f"https://github.com/{found[1]}" if found and found[1] else ""
        pages = {"Source": "", "Issues": "/issues", "Changelog": "/blob/main/CHANGELOG.md"}
        metadata["urls"] = {name: home + page for name, page in pages.items()} if home else {}
