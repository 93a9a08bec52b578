"""The options of `create` that are not answers, and how each is declared."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from newbackend.catalog import variant_table
from newbackend.catalog.languages import language_ids
from newbackend.cli.completion import backends, languages, modalities, variants

NameArgument = Annotated[str | None, typer.Argument(help="The backend's name, e.g. ds4.", show_default=False)]
LangOption = Annotated[
    str | None,
    typer.Option(metavar="|".join(language_ids()), help="Its language.", show_default=False, autocompletion=languages),
]
PinOption = Annotated[
    str | None,
    typer.Option(metavar="OWNER/REPO[@REF|@SHA]", help="The upstream commit it builds.", show_default=False),
]
LikeOption = Annotated[
    str | None,
    typer.Option(
        metavar="BACKEND", help="Place its rows beside this backend's.", show_default=False, autocompletion=backends
    ),
]
VariantsOption = Annotated[
    str | None,
    typer.Option(
        metavar="a,b,c",
        help=f"Platforms: {' '.join(variant_table().variants)}.",
        show_default=False,
        autocompletion=variants,
    ),
]
ModalityOption = Annotated[
    str | None,
    typer.Option(
        metavar="m[,m]",
        help="What it serves, e.g. llm, embeddings, tts or transcription.",
        show_default=False,
        autocompletion=modalities,
    ),
]
GlibcFloorOption = Annotated[
    str | None,
    typer.Option(metavar="2.28", help="Add a portable build that runs on this glibc.", show_default=False),
]
AnswersOption = Annotated[Path | None, typer.Option(metavar="FILE", help="Answers file (YAML).", show_default=False)]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="One answer, dotted keys allowed; repeatable.", show_default=False),
]
NoInputOption = Annotated[bool, typer.Option("--no-input", help="Never ask anything.")]
PlanOutOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Save the plan (JSON) for `newbackend apply`.", show_default=False),
]
DiffOutOption = Annotated[Path | None, typer.Option(metavar="FILE", help="Save the diff.", show_default=False)]
ReviewOption = Annotated[
    bool, typer.Option("--review", help="Choose the hunks to apply one by one, like `git add -p`.")
]


@dataclass(frozen=True)
class CreateOptions:
    """Everything on the command line that is not an answer. `settled`: an answers file was given, so only questions
    without a default are asked."""

    asks: bool
    settled: bool
    review: bool
    yes: bool
    dry_run: bool
    allow_dirty: bool
    allow_manual: bool
    json: bool
    plan_out: Path | None
    diff_out: Path | None
