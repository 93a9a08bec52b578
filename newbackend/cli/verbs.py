"""The table of verbs: name -> module and one-line help. Only the verb that is called is imported."""

from __future__ import annotations

from newbackend.records import dataclass


@dataclass(frozen=True)
class Verb:
    """`module` below `newbackend.cli` defines `app`, a Typer with the verb's command. `also` is what people call it."""

    module: str
    help: str
    also: tuple[str, ...] = ()


VERBS: dict[str, Verb] = {
    "create": Verb("create", "Scaffold a backend and register it everywhere, all or nothing.", ("add", "new", "init")),
    "apply": Verb("apply", "Apply a plan that `create --plan-out` saved; a stale plan is refused."),
    "undo": Verb("undo", "Take back the last apply.", ("revert", "rollback")),
    "change": Verb("change", "Change a registered backend: its platforms, pin, texts, name.", ("edit", "modify")),
    "adopt": Verb("adopt", "Write an answers file for a backend that newbackend did not make; nothing else."),
    "remove": Verb("remove", "Take a backend out of every registration place.", ("delete", "rm")),
    "describe": Verb(
        "describe", "Print the answers file of a registered backend, for `create --answers`.", ("show", "export")
    ),
    "update": Verb("update", "Bring a backend in line with its answers file and the templates of today."),
    "pr": Verb("pr", "Title, description and filled checklist of the pull request; --open opens it."),
    "demo": Verb("demo", "Create and verify a backend on a small embedded checkout; no LocalAI clone needed."),
    "verify": Verb(
        "verify", "Find incomplete registrations: of one backend, in a change, or everywhere.", ("check", "lint")
    ),
    "list": Verb("list", "Every backend: language, variants, health.", ("ls", "backends")),
    "route": Verb("route", "Which CI jobs a change to some files would start, and why a file starts none."),
    "siblings": Verb("siblings", "Files that name most backends of a kind and not this one.", ("missing",)),
    "trace": Verb("trace", "What CI does with a row, from the change that starts it to the hosts that install it."),
    "map": Verb("map", "All backends on one page: images, places, hosts, and what a change does to them.", ("page",)),
    "rule": Verb("rule", "What a rule checks, why, an incident, and how to fix it.", ("explain", "rules")),
    "engine": Verb("engine", "What an engine's repository needs and offers: build, switches, C API.", ("inspect",)),
    "options": Verb("options", "What `create` takes in this checkout, and why it refuses the rest.", ("choices",)),
    "schema": Verb("schema", "The JSON Schema of what newbackend reads and prints.", ("schemas",)),
    "doctor": Verb("doctor", "What is here, and what will not work because of what is missing.", ("check-env", "env")),
    "gallery": Verb("gallery", "Check any gallery of backends by what LocalAI does with it.", ("index",)),
    "package": Verb("package", "Check that a built package starts on somebody else's host."),
}
