"""All rule books together: every rule of `verify`, `package check` and `gallery check`, looked up, named and printed.

`python -m newbackend.rulebooks [FILE]` writes docs/rules.md; a test compares it with the file in the tree.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

from newbackend.errors import NotFoundError
from newbackend.findings import Rule
from newbackend.suggest import did_you_mean, nearest

PAGE = Path("docs/rules.md")
_PACKAGE = Path(__file__).parent
_NAMED = re.compile(r'\b(?:rule\(|unreadable\(\s*"[a-z-]+",)\s*"((?:REG|PKG|GAL)\d{3})",\s*"([a-z0-9-]+)"')


def all_rules() -> Mapping[str, Rule]:
    """Every rule of `verify`, `package check` and `gallery check`, by id."""
    from newbackend.gallery.book import GALLERY
    from newbackend.gallery.online import ONLINE as GALLERY_ONLINE
    from newbackend.online.book import ONLINE
    from newbackend.package import RULES_BY_ID
    from newbackend.rules import rules

    return dict(sorted({**rules(), **ONLINE.rules, **RULES_BY_ID, **GALLERY.rules, **GALLERY_ONLINE.rules}.items()))


def rule_names() -> Mapping[str, str]:
    """Id -> name of every rule, in order of id, read from the source text of the modules, because importing them is too
    slow for shell completion. So `rule` must be called under this name, with id and name as literals."""
    folders = [path for path in _PACKAGE.iterdir() if path.is_dir() and path.name != "sample"]
    texts = (path.read_text(encoding="utf-8") for folder in folders for path in folder.rglob("*.py"))
    naming = (text for text in texts if "rule(" in text or "unreadable(" in text)
    return dict(sorted(row for text in naming for row in _NAMED.findall(text)))


def find_rule(wanted: str) -> Rule:
    """The rule of an id, in any case, or of a name. Raises NotFoundError with the nearest ones."""
    every = all_rules()
    by_name = {rule.name: rule for rule in every.values()}
    rule = every.get(wanted.upper()) or by_name.get(wanted.lower())
    if rule is None:
        close = nearest(wanted, (*every, *by_name))
        hint = did_you_mean(close) or "`newbackend rule` lists them"
        raise NotFoundError("rule-unknown", f"there is no rule {wanted!r}", hint=hint, choices=close)
    return rule


def page() -> str:
    """docs/rules.md."""
    from newbackend.report.rule_page import rules_markdown

    return rules_markdown(all_rules().values())


def main(argv: list[str]) -> None:
    """Writes the page to the path given, else to docs/rules.md below the current directory."""
    target = Path(argv[0]) if argv else PAGE
    target.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
