"""Shell completion: the scripts for bash, zsh and fish, and what a key press is answered with.

An answer has to come within a tenth of a second, so nothing here reads YAML or builds a rule registry:
backends are directories and rows, rules are read from the modules that only hold their texts.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from newbackend.cli.main import COMPLETE
from newbackend.errors import NotFoundError, UsageError

SHELLS = ("bash", "zsh", "fish")
Offer = tuple[str, str]
Offers = Callable[[Mapping[str, Any]], Iterable[Offer]]
_BACKEND = re.compile(r"^\s*-?\s*backend:\s*[\"']?([a-z0-9][a-z0-9-]*)", re.M)


def script(shell: str) -> str:
    """The completion script of a shell. Raises UsageError for a shell that has none."""
    from typer._completion_shared import get_completion_script

    return get_completion_script(prog_name="newbackend", complete_var=COMPLETE, shell=_known(shell))


def install(shell: str) -> Path:
    """Puts the script where the shell looks for it, and says where that is. Raises UsageError."""
    from typer._completion_shared import install as put

    try:
        _, path = put(shell=_known(shell), prog_name="newbackend", complete_var=COMPLETE)
    except OSError as error:
        where = str(error.filename or "")
        raise UsageError("completion-not-written", f"cannot be written: {error.strerror}", where=where) from error
    return Path(path)


def this_shell() -> str:
    """The shell that started us. Raises NotFoundError when that cannot be told."""
    from typer._completion_shared import _get_shell_name

    found = _get_shell_name()
    if found is None:
        hint = f"name it: newbackend --show-completion {'|'.join(SHELLS)}"
        raise NotFoundError("shell-unknown", "cannot tell which shell this is", hint=hint)
    return found


def _known(shell: str) -> str:
    if shell not in SHELLS:
        raise UsageError("shell-unsupported", f"there is no completion for {shell!r}, only for {', '.join(SHELLS)}")
    return shell


def answer(group: Any, instruction: str) -> int:
    """Answers a shell's question by the library's own protocol; what stands in the environment is the line."""
    # Help texts here have no markup, and importing the renderer takes longer than everything else.
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type]
    from typer._completion_classes import completion_init
    from typer.completion import shell_complete

    completion_init()
    return shell_complete(group, {}, "newbackend", COMPLETE, instruction)


def attach(verb: str, parameters: Iterable[Any]) -> None:
    """Gives a verb's parameters their values."""
    for parameter in parameters:
        metavar = str(getattr(parameter, "metavar", None) or "")
        offers = _OFFERS.get(str(parameter.name))
        if verb == "create" and parameter.name == "name":
            continue  # a new name
        if parameter.name in _LISTS:
            parameter._custom_shell_complete = _list(_LISTS[parameter.name])
        elif offers is not None:
            parameter._custom_shell_complete = _single(offers)
        elif re.fullmatch(r"[a-z0-9-]+(\|[a-z0-9-]+)+", metavar):
            parameter._custom_shell_complete = _single(_words(metavar))


def _words(metavar: str) -> Offers:
    offers = [(word, "") for word in metavar.split("|")]
    return lambda _: offers


def items(offers: Iterable[Offer], incomplete: str) -> list[Any]:
    """Those that go on from what was typed, as the library wants them."""
    kind = _item()
    return [kind(value, help=text or None) for value, text in offers if value.startswith(incomplete)]


def _item() -> Any:
    """The library's class of one offer; Typer carries its own click since 0.26."""
    for module in ("typer._click.shell_completion", "click.shell_completion"):
        with suppress(ImportError):
            return import_module(module).CompletionItem
    raise AssertionError("no click")


def _single(offers: Offers) -> Callable[[Any, Any, str], list[Any]]:
    return lambda context, _, incomplete: items(offers(context.params), incomplete)


def _list(offers: Offers) -> Callable[[Any, Any, str], list[Any]]:
    """Values with commas between: the last one is completed, those before it are not offered again."""

    def complete(context: Any, _: Any, incomplete: str) -> list[Any]:
        head, comma, _ = incomplete.rpartition(",")
        given = set(head.split(","))
        rest = [(head + comma + value, text) for value, text in offers(context.params) if value not in given]
        return items(rest, incomplete)

    return complete


def backends(parameters: Mapping[str, Any]) -> list[Offer]:
    """Names of the checkout that the line speaks of, or that we are in; none outside of one."""
    from newbackend.checkout.layout import MATRIX, find_root
    from newbackend.errors import NewbackendError

    try:
        root = find_root(Path(parameters.get("repo") or Path.cwd()))
        text = (root / MATRIX).read_text(encoding="utf-8", errors="replace")
    except (NewbackendError, OSError):
        return []
    return [(name, "") for name in sorted(set(_BACKEND.findall(text)))]


def variants(_: Mapping[str, Any]) -> list[Offer]:
    """Variant ids with their titles."""
    from newbackend.catalog import variant_table

    return [(key, variant.title) for key, variant in variant_table().variants.items()]


def modalities(_: Mapping[str, Any]) -> list[Offer]:
    """Modality ids with their titles."""
    from newbackend import catalog

    return [(key, modality.title) for key, modality in catalog.modalities().items()]


def rule_ids(_: Mapping[str, Any]) -> list[Offer]:
    """Every rule of `verify` and `package check`, with its name."""
    import tomllib
    from pkgutil import iter_modules

    import newbackend.package
    from newbackend.findings import Rule
    from newbackend.rules import texts
    from newbackend.rules.unreadable import PLACE_RULES
    from newbackend.suppress.rules import SUPPRESSION_RULES

    modules = [import_module(f"{texts.__name__}.{entry.name}") for entry in iter_modules(texts.__path__)]
    held = [value for module in modules for value in vars(module).values() if isinstance(value, Rule)]
    found = {rule.id: rule.name for rule in (*held, *PLACE_RULES.values(), *SUPPRESSION_RULES)}
    file = Path(newbackend.package.__path__[0]) / "data/rules.toml"
    rows = tomllib.loads(file.read_text(encoding="utf-8"))
    found |= {row["id"]: row["name"] for table in rows.values() if isinstance(table, list) for row in table}
    return sorted(found.items())


_OFFERS: Mapping[str, Offers] = {"name": backends, "names": backends, "like": backends, "rule_id": rule_ids}
_LISTS: Mapping[str, Offers] = {"variants": variants, "modality": modalities}
