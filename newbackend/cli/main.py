"""The entry point: finds the verb, imports only its module, turns errors into one sentence and a status."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from newbackend.cli import completion
from newbackend.cli.failure import fail, silence
from newbackend.cli.verbs import VERBS
from newbackend.console import write
from newbackend.errors import Exit, UsageError


class LazyGroup(TyperGroup):
    """Lists every verb by name and help; imports a verb's module only when that verb is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The verb as a list shows it: `--help` and shell completion ask for each."""
        verb = VERBS.get(cmd_name)
        return None if verb is None else TyperCommand(cmd_name, help=verb.help, short_help=verb.help)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The verb that is called, with its options."""
        if ctx.params.get("verbose"):
            raise UsageError("verbose-alone", "--verbose before a verb only goes with --version")
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            raise _unknown_verb(args[0])
        name, listed, rest = super().resolve_command(ctx, args)
        if not name:
            return name, listed, rest
        command = typer.main.get_command(importlib.import_module(f"newbackend.cli.{VERBS[name].module}").app)
        command.name = name
        return name, command, rest


def _unknown_verb(word: str) -> UsageError:
    from newbackend.suggest import did_you_mean, nearest

    close = nearest(word, VERBS, {key: verb.also for key, verb in VERBS.items()})
    hint = did_you_mean(close) or "see `newbackend --help`"
    return UsageError("usage", f"there is no verb {word!r}", hint=hint, choices=dict.fromkeys((*close, *VERBS)))


app = typer.Typer(
    cls=LazyGroup,
    name="newbackend",
    help="Add, verify and prove LocalAI backends.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(context: typer.Context, value: bool) -> None:
    """Prints the version. `--verbose` is eager, so its value is known here, wherever it stands."""
    if not value:
        return
    from newbackend.cli.about import about, line

    write(sys.stdout, f"{about() if context.params.get('verbose') else line()}\n")
    raise typer.Exit


def _manual(value: bool) -> None:
    """Prints the manual page."""
    if value:
        from newbackend.cli.reference import manual

        write(sys.stdout, manual())
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, help="Print version, revision, Python and platform, and exit."),
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option("--verbose", is_eager=True, help="With --version: Python, platform, checkout and dependencies."),
    ] = False,
    man: Annotated[
        bool, typer.Option("--man", callback=_manual, help="Print the manual page: newbackend --man | man -l -")
    ] = False,
    show_completion: Annotated[
        bool,
        typer.Option("--show-completion", help="Print the completion script of this shell, or of bash, zsh or fish."),
    ] = False,
    install_completion: Annotated[
        bool, typer.Option("--install-completion", help="Install it for this shell, or for bash, zsh or fish.")
    ] = False,
) -> None:
    """Add, verify and prove LocalAI backends."""


def run(words: list[str]) -> Any:
    """Runs one command line and returns the verb's exit status. Errors are raised.

    The command is invoked directly: the library's own `main` would turn Ctrl-C into its own status.
    """
    command = typer.main.get_command(app)
    if os.environ.get(completion.VARIABLE):
        completion.prepare()
        return command.main(prog_name="newbackend")
    if words and words[0] in completion.OPTIONS:
        return completion.run_option(command, *words)
    with command.make_context("newbackend", list(words)) as context:
        return command.invoke(context)


def main(argv: list[str] | None = None) -> None:
    """Runs the command line and exits with a documented status (`errors.Exit`)."""
    words = sys.argv[1:] if argv is None else argv
    try:
        status = run(words)
        sys.stdout.flush()
    except typer.Exit as done:
        sys.exit(done.exit_code)
    except BrokenPipeError:
        # The reader closed the pipe: not an error, but nothing more can be printed.
        silence(sys.stdout)
        sys.exit(Exit.OK)
    except (Exception, KeyboardInterrupt) as error:
        fail(error, words)
    else:
        sys.exit(status if isinstance(status, int) else Exit.OK)
