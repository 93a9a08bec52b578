"""How the import form gets to know the backend: the three ways of LocalAI's guide, in its order of caution.

A guess that is wrong costs every user of the form, a choice by hand costs one click. So the way without
a guess is first and is the default (contract 11.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from newbackend.errors import UsageError
from newbackend.registrations.known_backends.place import PATH
from newbackend.registrations.support.importers_dir import FOLDER, REGISTRY
from newbackend.spec import DEFAULT_KIND
from newbackend.wizard.offers import claimants, host_of, hosts, takes_importer
from newbackend.wizard.protocol import PartialAnswers
from newbackend.wizard.question import Choice, OneQuestion, TextQuestion
from newbackend.wizard.questions import words
from newbackend.wizard.steps import possible


def kind(so_far: PartialAnswers) -> OneQuestion:
    """The ways that this checkout can take; what the sibling does is said, not taken over."""
    name, spec = str(so_far.answers["name"]), possible(so_far.answers)
    choices = [Choice(DEFAULT_KIND, "Chosen by hand", f"when in doubt: nothing is guessed; one line in {PATH}")]
    if hosts(spec, so_far.checkout):
        effect = f"it loads the same files, so one importer serves both: a name in its lists in {FOLDER}"
        choices.append(Choice("drop-in", "With another backend's importer", effect))
    if takes_importer(spec, so_far.checkout):
        effect = f"its models look like nobody else's: {FOLDER}/{name}.go, its test, one line in {REGISTRY}"
        choices.append(Choice("importer", "By an importer of its own", effect))
    explain = "When somebody imports a model: a wrong guess is worse than a choice."
    like = str(so_far.answers.get("like") or "")
    if like and (host := host_of(like, so_far.checkout)):
        explain += f" {like} is found with the importer of {host}."
    default = str(so_far.before.get("import.kind") or DEFAULT_KIND)
    return OneQuestion("import.kind", "How does the import form find it?", explain, tuple(choices), default)


def of(so_far: PartialAnswers) -> OneQuestion:
    """Whose importer; the sibling's, or the sibling itself, is the default."""
    found = hosts(possible(so_far.answers), so_far.checkout)
    choices = tuple(
        Choice(one.name, one.name, f"{one.path}, as for {', '.join(one.drop_ins)}" if one.drop_ins else one.path)
        for one in found
    )
    like = str(so_far.answers.get("like") or "")
    default = str(so_far.before.get("import.of") or host_of(like, so_far.checkout) or like)
    explain = "That one's importer recognises the models; this backend is then a choice there."
    return OneQuestion("import.of", "Whose models does it load?", explain, choices, default)


def extensions(so_far: PartialAnswers) -> TextQuestion:
    """File extensions, each with its dot."""
    return TextQuestion(
        "import.extensions",
        "File extensions",
        "What its model files end with and no other backend's do, such as .abc, with commas between; "
        "empty if they are told by a tag.",
        _touches(so_far),
        ", ".join(so_far.before.get("import.extensions") or ()),
        lambda text: _fits({"extensions": words(text)}),
    )


def pipeline_tags(so_far: PartialAnswers) -> TextQuestion:
    """Pipeline tags; at least one when there is no extension."""
    its = so_far.answers.get("import.extensions") or []
    narrows = f"A model must then have it beside a {' or '.join(its)} file; empty for any."
    alone = "A tag alone claims every model that has it and that no importer further up knows."
    rivals = _rivals([one for one in claimants(its, so_far.checkout) if one != so_far.answers["name"]])
    return TextQuestion(
        "import.pipeline_tags",
        "Pipeline tags",
        f"What Hugging Face files its models under, such as text-to-speech. {narrows if its else alone}{rivals}",
        _touches(so_far),
        ", ".join(so_far.before.get("import.pipeline_tags") or ()),
        lambda text: _fits({"extensions": its, "pipeline_tags": words(text)}),
    )


def _rivals(names: list[str]) -> str:
    """Who else goes by such files: without a tag, one of them loses its models to the other."""
    if not names:
        return ""
    more = f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
    return f" Such files are also looked for by {', '.join(names[:_TOLD])}{more}."


_TOLD = 3
_SHORT = {
    "import-extensions": "Each starts with a dot, as .abc",
    "import-pipeline-tags": "In lower case, as text-to-speech",
    "import-no-signal": "Without an extension, name a tag",
}


def _fits(said: Mapping[str, Any]) -> None:
    """The check of what an importer goes by, in words that a narrow terminal has room for."""
    try:
        possible({"import": {"kind": "importer", **said}})
    except UsageError as error:
        raise UsageError(error.reference, _SHORT.get(error.reference, error.message)) from error


def _touches(so_far: PartialAnswers) -> str:
    return f"{FOLDER}/{so_far.answers['name']}.go, its test, {REGISTRY}"
