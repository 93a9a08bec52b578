"""The entry point: finds the verb, imports only its module, turns errors into one sentence and a status."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from typing import Annotated, Any, TextIO

import typer
from typer.core import TyperGroup

from newbackend import __version__
from newbackend.cli.verbs import VERBS
from newbackend.errors import Exit, NewbackendError

COMPLETE = "_NEWBACKEND_COMPLETE"
COMPLETION_OPTIONS = ("--show-completion", "--install-completion")
_LIBRARY_OPTIONS = ("show_completion", "install_completion")


DEBUG = "NEWBACKEND_DEBUG"


class LazyGroup(TyperGroup):
    """Knows every verb by name and imports a verb's module when it is asked for it."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        verb = VERBS.get(cmd_name)
        if verb is None:
            return None
        module = importlib.import_module(f"newbackend.cli.{verb.module}")
        command = typer.main.get_command(module.app)
        command.name = cmd_name
        command.short_help = verb.help
        for one in (command, *getattr(command, "commands", {}).values()):
            # A verb has no completion of its own to install.
            one.params = [param for param in one.params if param.name not in _LIBRARY_OPTIONS]
            if COMPLETE in os.environ:
                from newbackend.cli.completion import attach

                attach(cmd_name, one.params)
        return command

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """The verbs from their table, so that listing them imports none; else the options."""
        from newbackend.cli.completion import items

        if not incomplete.startswith("-"):
            return items(((name, verb.help) for name, verb in VERBS.items()), incomplete)
        return items(((flag, getattr(one, "help", "")) for one in self.params for flag in one.opts), incomplete)


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


def _version(value: bool) -> None:
    if value:
        typer.echo(f"newbackend {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
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


def _completion(option: str, *shell: str) -> int:
    """`--show-completion [SHELL]` and `--install-completion [SHELL]`, whose value may be left out."""
    from newbackend.cli.completion import install, script, this_shell

    name = shell[0] if shell else this_shell()
    if option == "--show-completion":
        typer.echo(script(name))
    else:
        typer.echo(f"completion for {name} is in {install(name)}; it takes effect in a new shell", err=True)
    return 0


def run(words: list[str]) -> Any:
    """Runs one command line and returns the verb's status; errors come out as exceptions.

    The command is invoked directly: the library's own `main` would turn Ctrl-C into its own status.
    """
    if COMPLETE in os.environ:
        from newbackend.cli.completion import answer

        return answer(typer.main.get_command(app), os.environ[COMPLETE])
    if words and words[0] in COMPLETION_OPTIONS:
        return _completion(*words)
    command = typer.main.get_command(app)
    with command.make_context("newbackend", list(words)) as context:
        return command.invoke(context)


_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
"""What a machine, not a bug, makes of a write: to our output, or to the folder for temporary files."""


def main(argv: list[str] | None = None) -> None:
    """Runs the command line and exits with a documented status (design, section 2)."""
    try:
        status = run(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
    except NewbackendError as error:
        _fail(f"newbackend: error: {error.sentence()}", error.exit_status)
    except KeyboardInterrupt as stop:
        _fail(f"newbackend: {stop or 'stopped; nothing was changed'}", Exit.USAGE)
    except typer.Exit as done:
        sys.exit(done.exit_code)
    except BrokenPipeError:
        # The reader of our output went away: not an error, but nothing more can be said.
        _silence(sys.stdout)
        sys.exit(Exit.OK)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            where = error.filename or "the output"
            _fail(f"newbackend: error: {where} cannot be written: {error.strerror}", Exit.USAGE)
        _click_error(error)
    else:
        sys.exit(status if isinstance(status, int) else Exit.OK)


def _click_error(error: Exception) -> None:
    """Usage errors and aborts of the command-line library, whichever click it carries."""
    name = type(error).__name__
    if name == "Abort":
        _fail("newbackend: stopped; nothing was changed", Exit.USAGE)
    if hasattr(error, "format_message"):
        context = getattr(error, "ctx", None)
        path = context.command_path if context is not None else "newbackend"
        if name == "NoArgsIsHelpError":
            sys.stderr.write(error.format_message() + "\n")
            sys.exit(Exit.USAGE)
        _fail(f"newbackend: error: {error.format_message()} (see `{path} --help`)", Exit.USAGE)
    if os.environ.get(DEBUG):
        raise error
    what = str(error).splitlines()[0] if str(error) else "no message"
    _fail(f"newbackend: internal error: {name}: {what}; this is a bug, {DEBUG}=1 shows where", Exit.USAGE)


def _fail(sentence: str, status: Exit) -> None:
    for stream, text in ((sys.stdout, ""), (sys.stderr, sentence + "\n")):
        try:
            stream.write(text)
            stream.flush()
        except OSError:  # a closed terminal: the status is all that can still be told
            _silence(stream)
    sys.exit(int(status))


def _silence(stream: TextIO) -> None:
    """Sends a stream that nobody reads nowhere, so that the interpreter's last flush cannot fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
