"""All rules, of the checkout and of packages: looked up by id or name, and written as docs/rules.md.

`python -m newbackend.rules.docs [FILE]` writes the page; a test compares it with the file in the tree.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from newbackend.errors import NotFoundError
from newbackend.findings import Rule
from newbackend.report.rule_page import rules_markdown

DEFAULT = Path("docs/rules.md")


def all_rules() -> Mapping[str, Rule]:
    """Every rule of `verify` and of `package check`, by id."""
    from newbackend.package.rules.base import RULES_BY_ID
    from newbackend.rules import rules

    return {**rules(), **dict(sorted(RULES_BY_ID.items()))}


def find_rule(wanted: str) -> Rule:
    """The rule of an id, in any case, or of a name. Raises NotFoundError with the nearest ones."""
    every = all_rules()
    by_name = {rule.name: rule for rule in every.values()}
    found = every.get(wanted.upper()) or by_name.get(wanted.lower())
    if found is None:
        close = get_close_matches(wanted.upper(), every, n=3) + get_close_matches(wanted.lower(), by_name, n=3)
        hint = f"did you mean {', '.join(close)}?" if close else "`newbackend rule` lists them"
        raise NotFoundError("rule-unknown", f"there is no rule {wanted!r}", hint=hint)
    return found


def page() -> str:
    """docs/rules.md."""
    return rules_markdown(all_rules().values())


def main(argv: list[str]) -> None:
    """Writes the page to the path given, else to docs/rules.md below the current directory."""
    target = Path(argv[0]) if argv else DEFAULT
    target.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
