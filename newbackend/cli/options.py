"""`newbackend options`: what this checkout lets one choose for a new backend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from newbackend.cli.common import FormatOption, RepoOption, check_format, open_repo, print_out, style, verb_app
from newbackend.cli.completion import languages
from newbackend.style import wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from newbackend.queries.options import FlavourOptions, LanguageOptions
    from newbackend.style import Style

app = verb_app()

_LEAST = 40


@app.command()
def options(
    lang: Annotated[
        str | None,
        typer.Option(metavar="LANG", help="Only this language.", show_default=False, autocompletion=languages),
    ] = None,
    repo: RepoOption = None,
    format_: FormatOption = "text",
) -> int:
    """List what `create` takes in this checkout: languages, flavours, platforms, modalities, and what it refuses.

    Each refusal has its reason.
    """
    from newbackend.queries.options import options as choices
    from newbackend.sanitize import json_text

    check_format(format_)
    found = choices(open_repo(repo), lang)
    if format_ == "json":
        print_out(json_text(found))
    else:
        print_out("\n\n".join("\n".join(_language(row, style())) for row in found["languages"]))
    return 0


def _language(language: LanguageOptions, paint: Style) -> Iterable[str]:
    yield paint.bold(f"{language['id']}  {language['title']}, in {language['directory'].replace('{name}', 'NAME')}")
    if language["unavailable"]:
        yield f"  {paint.yellow('not here')}: {language['unavailable']}"
    yield from _row("serves", " ".join(language["modalities"]), paint)
    yield from _refused(language["refused_modalities"], paint)
    for flavour in language["flavours"]:
        yield from _flavour(flavour, paint)


def _flavour(flavour: FlavourOptions, paint: Style) -> Iterable[str]:
    facts = {"default": flavour["default"], "needs a pin": flavour["needs_pin"]}
    remarks = [word for word, there in facts.items() if there]
    yield f"  {paint.bold(flavour['id'])}  {flavour['title']}" + (f" ({', '.join(remarks)})" if remarks else "")
    if flavour["unavailable"]:
        yield from _row("not here", flavour["unavailable"], paint, indent=4)
    yield from _row("ships", " ".join(flavour["variants"]), paint, indent=4)
    yield from _refused(flavour["refused"], paint, indent=4)


def _refused(refused: Mapping[str, str], paint: Style, indent: int = 2) -> Iterable[str]:
    """The refusals, those with the same reason in one row."""
    for reason in dict.fromkeys(refused.values()):
        names = " ".join(name for name, why in refused.items() if why == reason)
        yield from _row("not", f"{names}: {reason}", paint, indent)


def _row(word: str, text: str, paint: Style, indent: int = 2) -> Iterable[str]:
    head = f"{' ' * indent}{word}: "
    width = max(_LEAST, paint.width - len(head)) if paint.width else 0
    first, *rest = wrapped(text or "nothing", width) if width else [text or "nothing"]
    yield head + first
    yield from (" " * len(head) + line for line in rest)
