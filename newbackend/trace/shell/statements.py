"""Which function reads which node of bash's grammar."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tree_sitter import Node

from newbackend.trace.shell import control, simple
from newbackend.trace.shell.run import Shell, Status

STATEMENTS: Mapping[str, Callable[[Shell, Node, bytes], Status]] = {
    "command": simple.command,
    "list": simple.list_,
    "pipeline": simple.pipeline,
    "redirected_statement": simple.redirected,
    "variable_assignment": simple.assignment,
    "variable_assignments": simple.assignment,
    "declaration_command": simple.declaration,
    "unset_command": simple.unset,
    "subshell": simple.subshell,
    "compound_statement": simple.compound,
    "negated_command": simple.negation,
    "test_command": simple.test,
    "if_statement": control.if_,
    "case_statement": control.case_,
    "for_statement": control.for_,
    "c_style_for_statement": control.counting_for,
    "while_statement": control.while_,
    "do_group": Shell.statements,
}
