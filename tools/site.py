"""Hooks of mkdocs: what the site shows beside docs/, all made from its source. `mkdocs.yml` names this file.

The start page is the README; each rule and each command has a page; links that leave docs/ lead to pages of the site.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

from newbackend.address import REPOSITORY
from newbackend.cli.reference import commands, markdown
from newbackend.report.rule_page import rule_markdown
from newbackend.rulebooks import all_rules

ROOT = Path(__file__).resolve().parents[1]
OUTSIDE = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
_LINK = re.compile(r"\]\((?!https?:|#)([^)\s]+)\)")


def on_config(config: Any) -> Any:
    """Adds the address of the repository, where there is one."""
    if REPOSITORY:
        config.repo_url = f"https://github.com/{REPOSITORY}"
    return config


def on_files(files: Files, config: Any) -> Files:
    """Adds the pages that are no files of docs/."""
    made = {target: (ROOT / name).read_text(encoding="utf-8") for name, target in OUTSIDE.items()}
    for rule in all_rules().values():
        made[f"rules/{rule.id}.md"] = rule_markdown(rule)
    for command in commands():
        made[f"commands/{command.name.replace(' ', '-')}.md"] = markdown(command)
    for name in ("SECURITY.md", "LICENSE"):
        made[f"about/{name}"] = (ROOT / name).read_text(encoding="utf-8")
    for example in sorted((ROOT / "examples").iterdir()):
        made[f"examples/{example.name}"] = example.read_text(encoding="utf-8")
    for path, text in made.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(text: str, page: Any, **_: Any) -> str:
    """Leads links of the repository to pages of the site."""
    here = page.file.src_uri
    if here in OUTSIDE.values() or here.startswith("about/"):
        return _LINK.sub(lambda found: f"]({_from_root(found[1])})", text)
    if "/" not in here:
        return _LINK.sub(lambda found: f"]({_from_docs(found[1])})", text)
    return text


def _from_root(link: str) -> str:
    """A link in a file at the root of the repository."""
    path, hash_, anchor = link.partition("#")
    path = OUTSIDE.get(path, path.removeprefix("docs/"))
    return path + hash_ + anchor


def _from_docs(link: str) -> str:
    """A link in a file of docs/."""
    return _from_root(link.removeprefix("../")) if link.startswith("../") else link
