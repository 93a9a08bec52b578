"""`newbackend pr`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from newbackend.cli.common import FormatOption, RepoOption, check_format, open_repo, print_out, verb_app
from newbackend.cli.completion import backends

if TYPE_CHECKING:
    from newbackend.checkout.tree import Checkout
    from newbackend.pullrequest.state import Source
    from newbackend.spec import BackendSpec

app = verb_app()


@app.command()
def pr(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The backend's name.", autocompletion=backends)],
    repo: RepoOption = None,
    format_: FormatOption = "text",
) -> int:
    """Title and description for the pull request that adds a backend.

    The first line is the title; the rest is Markdown with the filled-in checklist.
    """
    from newbackend.pullrequest.state import state_of
    from newbackend.pullrequest.text import as_json, description, title
    from newbackend.registrations.support.backend_names import named
    from newbackend.sanitize import json_text

    check_format(format_)
    checkout = open_repo(repo)
    state = state_of(*_spec(named(name, checkout), checkout))
    if format_ == "json":
        print_out(json_text(as_json(state)))
    else:
        print_out(f"{title(state)}\n\n{description(state)}")
    return 0


def _spec(name: str, checkout: Checkout) -> tuple[BackendSpec, Checkout, Source]:
    """The spec from the backend's answers file if there is one, else from its registration; the checkout; and how
    its modalities are known."""
    from newbackend.answers_file import ANSWERS_NAME, parse_answers
    from newbackend.catalog.languages import languages
    from newbackend.describe import describe
    from newbackend.describe.guess import BY_TAGS
    from newbackend.pullrequest.state import Source
    from newbackend.spec import make_spec

    for language in languages().values():
        path = f"{language.directory_of(name)}/{ANSWERS_NAME}"
        text = checkout.read(path) if "/" not in name else None
        if text is not None:
            return make_spec(parse_answers(text, path)), checkout, Source.STATED
    description = describe(checkout, name)
    guessed = Source.TAGS if description.guess == BY_TAGS else Source.NOTHING
    return make_spec(description.answers), checkout, guessed if description.guess else Source.STATED
