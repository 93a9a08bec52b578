"""The table of verbs: name -> module and one-line help. Only the verb that is called is imported."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Verb:
    """`module` below `newbackend.cli` defines `app`, a Typer with the verb's command."""

    module: str
    help: str


VERBS: dict[str, Verb] = {
    "create": Verb("create", "Scaffold a backend and register it everywhere, all or nothing."),
    "apply": Verb("apply", "Apply a plan that `create --plan-out` saved; a stale plan is refused."),
    "undo": Verb("undo", "Take back the last apply."),
    "remove": Verb("remove", "Take a backend out of every registration place."),
    "demo": Verb("demo", "Run the main job on a small embedded checkout; no LocalAI clone needed."),
}
