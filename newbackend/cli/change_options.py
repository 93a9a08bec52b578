"""The options of `change` that are wishes, and how each is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from newbackend.catalog.import_kinds import IMPORT_KINDS
from newbackend.cli.completion import licenses, modalities, one_of, tags, variants

if TYPE_CHECKING:
    from newbackend.answers import Answers
    from newbackend.checkout.tree import Checkout

AddVariantsOption = Annotated[
    str | None,
    typer.Option(metavar="a,b", help="Platforms to add.", show_default=False, autocompletion=variants),
]
DropVariantsOption = Annotated[
    str | None,
    typer.Option(metavar="a,b", help="Platforms to take away.", show_default=False, autocompletion=variants),
]
AddModalityOption = Annotated[
    str | None,
    typer.Option(metavar="m[,m]", help="What it serves as well.", show_default=False, autocompletion=modalities),
]
DropModalityOption = Annotated[
    str | None,
    typer.Option(metavar="m[,m]", help="What it serves no longer.", show_default=False, autocompletion=modalities),
]
DescriptionOption = Annotated[str | None, typer.Option(metavar="TEXT", help="Its description.", show_default=False)]
LicenseOption = Annotated[
    str | None,
    typer.Option("--license", metavar="SPDX", help="Its licence.", show_default=False, autocompletion=licenses),
]
IconOption = Annotated[str | None, typer.Option(metavar="URL", help="Its icon.", show_default=False)]
UrlsOption = Annotated[str | None, typer.Option(metavar="a,b", help="Its links.", show_default=False)]
TagsOption = Annotated[
    str | None,
    typer.Option(metavar="a,b", help="Its tags in the gallery.", show_default=False, autocompletion=tags),
]
RenameOption = Annotated[str | None, typer.Option(metavar="NEW", help="Its new name.", show_default=False)]
ImportOption = Annotated[
    str | None,
    typer.Option(
        "--import",
        metavar="|".join(IMPORT_KINDS),
        help="How the import form finds it; details by --set import.KEY=VALUE.",
        show_default=False,
        autocompletion=one_of(*IMPORT_KINDS),
    ),
]
DocsOption = Annotated[
    str | None, typer.Option(metavar="CATEGORY", help="Where the documentation lists it.", show_default=False)
]


def told(
    *,
    pin: str | None,
    modality: str | None,
    description: str | None,
    license_: str | None,
    icon: str | None,
    urls: str | None,
    tags: str | None,
    import_: str | None,
    docs: str | None,
    sets: list[str],
) -> Answers:
    """The answers on the command line; `--set` wins. Raises UsageError for a malformed one."""
    from newbackend.answers import Answers, DocsAnswers, ImportAnswers, merge
    from newbackend.answers_file import parse_set
    from newbackend.cli.create_answers import pin_answers, split

    flags = Answers(
        pin=pin_answers(pin),
        modalities=split(modality),
        description=description,
        license=license_,
        icon=icon,
        urls=split(urls),
        tags=split(tags),
        imports=ImportAnswers(kind=import_) if import_ is not None else None,
        docs=DocsAnswers(category=docs) if docs is not None else None,
    )
    return merge(flags, parse_set(sets))


def with_commit(answers: Answers, name: str, checkout: Checkout) -> Answers:
    """The answers with the pin as one commit: a branch or tag is looked up. Raises NotFoundError when it cannot be."""
    from dataclasses import replace

    from newbackend.cli.output.progress import progress
    from newbackend.pin import resolve
    from newbackend.plan.registered import registered_answers

    if answers.pin is None:
        return answers
    repo = answers.pin.repo or registered_answers(checkout, name).answers.upstream
    if not repo:
        return answers
    with progress(f"asking {repo} for its commits"):
        sha, branch = resolve(repo, answers.pin.sha or "")
    return replace(answers, pin=replace(answers.pin, repo=repo, sha=sha, branch=answers.pin.branch or branch or None))
