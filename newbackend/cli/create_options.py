"""The options of `create` that are not answers, and how each is declared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newbackend.catalog import variant_table
from newbackend.catalog.import_kinds import IMPORT_KINDS
from newbackend.catalog.languages import language_ids
from newbackend.cli.completion import backends, flavours, languages, licenses, modalities, one_of, tags, variants
from newbackend.records import dataclass

if TYPE_CHECKING:
    from newbackend.child import Beside
    from newbackend.online.hub import Page

NameArgument = Annotated[
    str | None, typer.Argument(metavar="[NAME]", help="The backend's name, e.g. ds4.", show_default=False)
]
LangOption = Annotated[
    str | None,
    typer.Option(metavar="|".join(language_ids()), help="Its language.", show_default=False, autocompletion=languages),
]
FlavourOption = Annotated[
    str | None,
    typer.Option(
        metavar="FLAVOUR",
        help="How it is built, where the language has several ways.",
        show_default=False,
        autocompletion=flavours,
    ),
]
PinOption = Annotated[
    str | None,
    typer.Option(
        metavar="OWNER/REPO[@REF|@SHA]",
        help="The upstream commit it builds; an address of GitHub will do.",
        show_default=False,
    ),
]
ENGINES = ("auto", "placeholder")
EngineOption = Annotated[
    str | None,
    typer.Option(
        metavar="|".join(ENGINES),
        help="auto: build the pinned upstream beside the placeholder, where it can be read and CMake builds it.",
        show_default=False,
        autocompletion=one_of(*ENGINES),
    ),
]
PipOption = Annotated[
    str | None,
    typer.Option(
        metavar="PACKAGE==VERSION",
        help="The release on PyPI that is the engine of a Python backend.",
        show_default=False,
    ),
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
DescriptionOption = Annotated[
    str | None, typer.Option(metavar="TEXT", help="What users read in the gallery.", show_default=False)
]
LicenseOption = Annotated[
    str | None,
    typer.Option(
        "--license", metavar="SPDX", help="Its licence, e.g. MIT.", show_default=False, autocompletion=licenses
    ),
]
TagsOption = Annotated[
    str | None,
    typer.Option(metavar="a,b,c", help="What the gallery can be searched by.", show_default=False, autocompletion=tags),
]
ImportOption = Annotated[
    str | None,
    typer.Option(
        "--import",
        metavar="|".join(IMPORT_KINDS),
        help="How the import form finds it.",
        show_default=False,
        autocompletion=one_of(*IMPORT_KINDS),
    ),
]
ImportOfOption = Annotated[
    str | None,
    typer.Option(
        metavar="BACKEND", help="Found by this backend's importer.", show_default=False, autocompletion=backends
    ),
]
ImportExtensionsOption = Annotated[
    str | None,
    typer.Option(metavar=".a,.b", help="Found by these file extensions.", show_default=False),
]
ImportTagsOption = Annotated[
    str | None,
    typer.Option(metavar="a,b", help="Found by these pipeline tags of Hugging Face.", show_default=False),
]
GlibcFloorOption = Annotated[
    str | None,
    typer.Option(metavar="2.28", help="Add a portable build that runs on this glibc.", show_default=False),
]
ModelOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="URI[#sha256=HEX]",
        help="A model to try it with: huggingface://OWNER/REPO/FILE or https://…; repeatable.",
        show_default=False,
    ),
]
DocsPageOption = Annotated[
    bool,
    typer.Option("--docs-page", help="Write a feature page of its own, for a backend that has one's worth to say."),
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
StandaloneOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Make a repository of its own there, with its own gallery, instead of changing a checkout.",
        show_default=False,
    ),
]
ImageBaseOption = Annotated[
    str | None,
    typer.Option(
        metavar="ghcr.io/OWNER/REPO", help="With --standalone: where its images are published.", show_default=False
    ),
]
FromOption = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="CHECKOUT",
        help="With --standalone: take NAME's files from this LocalAI checkout.",
        show_default=False,
    ),
]
GitOption = Annotated[bool, typer.Option("--git", help="With --standalone: git init and a first commit.")]
DevelopmentOption = Annotated[
    bool, typer.Option("--development", help="With --standalone: images of the branch main, too, and their entries.")
]
ReviewOption = Annotated[
    bool, typer.Option("--review", help="Choose the hunks to apply one by one, like `git add -p`.")
]


NoDiffOption = Annotated[
    bool, typer.Option("--no-diff", help="Leave out the texts: which files change where, and why; for agents.")
]


@dataclass(frozen=True)
class CreateOptions:
    """Everything on the command line that is not an answer. `settled`: an answers file was given, so only questions
    without a default are asked. `pages`: what Hugging Face says of the models on the command line."""

    asks: bool
    settled: bool
    review: bool
    yes: bool
    dry_run: bool
    allow_dirty: bool
    allow_manual: bool
    json: bool
    no_diff: bool
    engine: str | None
    plan_out: Path | None
    diff_out: Path | None
    pages: Beside[dict[str, Page]] | None = None
