"""Shell completion: the candidates, and the scripts for bash, zsh and fish.

Options and arguments complete their values with Typer's `autocompletion`. A completion must take less than a tenth of a
second, so nothing here parses YAML or builds a rule registry: backends are found by directories and rows, rules in the
text of their modules.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import Any

import typer

from newbackend.errors import NotFoundError, UsageError

VARIABLE = "_NEWBACKEND_COMPLETE"
"""Set by a shell that asks; Typer's name for the program `newbackend`."""
OPTIONS = ("--show-completion", "--install-completion")
SHELLS = ("bash", "zsh", "fish")
Offer = tuple[str, str]
_BACKEND = re.compile(r"^[ \t]*-?[ \t]*backend:\s*[\"']?([a-z0-9][a-z0-9-]*)", re.M)


def run_option(group: Any, option: str, *shell: str) -> int:
    """`--show-completion [SHELL]` and `--install-completion [SHELL]`, whose value is optional.

    Raises UsageError for an unsupported shell, NotFoundError when the current shell cannot be detected.
    """
    from typer.completion import install_callback, show_callback

    name = shell[0] if shell else _this_shell()
    if name not in SHELLS:
        message = f"there is no completion for {name!r}, only for {', '.join(SHELLS)}"
        raise UsageError("shell-unsupported", message, choices=SHELLS)
    with group.make_context("newbackend", ["undo"]) as context, suppress(SystemExit):
        if option == "--show-completion":
            show_callback(context, context.command.params[0], name)
        with _written(), redirect_stdout(sys.stderr):
            install_callback(context, context.command.params[0], name)
    return 0


@contextmanager
def _written() -> Any:
    try:
        yield
    except OSError as error:
        where = str(error.filename or "")
        raise UsageError("completion-not-written", f"cannot be written: {error.strerror}", where=where) from error


def _this_shell() -> str:
    import shellingham  # type: ignore[import-untyped]

    try:
        return str(shellingham.detect_shell()[0])
    except shellingham.ShellDetectionFailure as error:
        hint = f"name it: newbackend --show-completion {'|'.join(SHELLS)}"
        raise NotFoundError("shell-unknown", "cannot tell which shell this is", hint=hint) from error


def prepare() -> None:
    """Prepares Typer for a completion request: registers its shells, and turns markup off. The help texts have none,
    and importing the renderer takes longer than everything else."""
    from typer.completion import get_completion_inspect_parameters

    sys.modules.setdefault("rich", None)  # type: ignore[arg-type]
    get_completion_inspect_parameters()


def one_of(*values: str) -> Callable[[], list[str]]:
    """Completes fixed values."""
    return lambda: list(values)


def backends(ctx: typer.Context) -> list[Offer]:
    """Backend names of the checkout in `--repo`, or of the current one; none outside a checkout."""
    from newbackend.checkout.layout import MATRIX, open_checkout
    from newbackend.errors import NewbackendError

    try:
        text = open_checkout(Path(ctx.params.get("repo") or Path.cwd())).need(MATRIX)
    except (NewbackendError, OSError):
        return []
    return [(name, "") for name in sorted(set(_BACKEND.findall(text)))]


def languages() -> list[Offer]:
    """Language ids with their titles."""
    from newbackend.catalog import languages as catalog

    return [(key, language.title) for key, language in catalog.languages().items()]


def flavours(ctx: typer.Context) -> list[Offer]:
    """The flavours of the language in `--lang`; without it those of all."""
    from newbackend.catalog.languages import flavour_titles, language_ids

    known = language_ids()
    wanted = ctx.params.get("lang")
    return [row for key in ([wanted] if wanted in known else known) for row in flavour_titles(key).items()]


def licenses() -> list[str]:
    """The SPDX ids of the licences whose texts are known."""
    from newbackend.upstream.licences import known_licenses

    return list(known_licenses())


def tags(incomplete: str) -> list[Offer]:
    """The gallery's tags of each modality, also after a comma."""
    from newbackend import catalog

    rows = {tag: modality.title for modality in catalog.modalities().values() for tag in modality.tags}
    return _after_comma(incomplete, rows.items())


def variants(incomplete: str) -> list[Offer]:
    """Variant ids with their titles, also after a comma."""
    from newbackend.catalog import variant_table

    return _after_comma(incomplete, ((key, variant.title) for key, variant in variant_table().variants.items()))


def modalities(incomplete: str) -> list[Offer]:
    """Modality ids with their titles, also after a comma."""
    from newbackend import catalog

    return _after_comma(incomplete, ((key, modality.title) for key, modality in catalog.modalities().items()))


def _after_comma(incomplete: str, offers: Iterable[Offer]) -> list[Offer]:
    """Comma-separated values: completes the last one, without those that are listed already."""
    head, comma, _ = incomplete.rpartition(",")
    given = set(head.split(","))
    return [(head + comma + value, title) for value, title in offers if value not in given]


def rule_ids() -> list[Offer]:
    """Every rule of `verify` and `package check`, with its name."""
    from newbackend.rulebooks import rule_names

    return list(rule_names().items())


def schemas() -> list[str]:
    """The names of the JSON Schemas."""
    from newbackend.schema.registry import SCHEMAS

    return list(SCHEMAS)
