"""`newbackend pr`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from newbackend.cli.common import FormatOption, RepoOption, check_format, open_repo, print_out

if TYPE_CHECKING:
    from newbackend.checkout.tree import Checkout
    from newbackend.spec import BackendSpec

app = typer.Typer(rich_markup_mode=None)


@app.command()
def pr(
    name: Annotated[str, typer.Argument(help="The backend's name.")],
    repo: RepoOption = None,
    format_: FormatOption = "text",
) -> int:
    """Title and description for the pull request that adds a backend.

    The first line is the title; the rest is Markdown with the filled checklist. What is not there yet
    is shown as not done.
    """
    import json

    from newbackend.pullrequest.state import state_of
    from newbackend.pullrequest.text import as_json, description, title

    check_format(format_)
    checkout = open_repo(repo)
    state = state_of(_spec(name, checkout), checkout)
    if format_ == "json":
        print_out(json.dumps(as_json(state), indent=2, ensure_ascii=False))
    else:
        print_out(f"{title(state)}\n\n{description(state)}")
    return 0


def _spec(name: str, checkout: Checkout) -> BackendSpec:
    """What was wanted: the answers that `create` left beside the backend's files, else what is registered."""
    from newbackend.answers import check_answers, parse_yaml
    from newbackend.catalog.languages import languages
    from newbackend.describe import describe
    from newbackend.scaffold.generated import ANSWERS_NAME
    from newbackend.spec import make_spec

    for language in languages().values():
        path = f"{language.directory_of(name)}/{ANSWERS_NAME}"
        text = checkout.read(path) if "/" not in name else None
        if text is not None:
            return make_spec(check_answers(parse_yaml(text, path), path))
    return make_spec(describe(checkout, name).answers)
