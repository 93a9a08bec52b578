"""`newbackend rule [ID]`: what a rule checks, why, an incident, and how to fix it."""

from __future__ import annotations

from typing import Annotated

import typer

from newbackend.cli.common import FormatOption, check_format, print_out, verb_app
from newbackend.cli.completion import rule_ids

app = verb_app()


@app.command()
def rule(
    rule_id: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID]", help="A rule id such as REG401, or its name.", show_default=False, autocompletion=rule_ids
        ),
    ] = None,
    format_: FormatOption = "text",
) -> int:
    """Explain a rule, or list them all."""
    import json
    import sys

    from newbackend.report.rule_page import rule_json, rule_list, rule_text
    from newbackend.rulebooks import all_rules, find_rule
    from newbackend.style import columns

    check_format(format_)
    every = all_rules()
    if rule_id is None:
        if format_ == "json":
            rows = [rule_json(entry) for entry in every.values()]
            print_out(json.dumps({"schema": "newbackend/rules/1", "rules": rows}, indent=2))
        else:
            print_out(rule_list(every.values(), width=columns(sys.stdout, otherwise=0)))
        return 0
    entry = find_rule(rule_id)
    if format_ == "json":
        print_out(json.dumps({"schema": "newbackend/rule/1", **rule_json(entry)}, indent=2))
    else:
        print_out(rule_text(entry, width=min(columns(sys.stdout, otherwise=80), 100)))
    return 0
