"""The name of the new backend: whether it is free, and a free one to propose."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newbackend.catalog import name_rules
from newbackend.catalog.languages import languages
from newbackend.checkout.tree import Checkout
from newbackend.errors import NewbackendError, UsageError
from newbackend.plan.collisions import holds_files
from newbackend.registrations.gallery_index.place import GalleryIndex
from newbackend.registrations.matrix.place import Matrix
from newbackend.validate import check_name
from newbackend.wizard.question import PartialAnswers

EXPLAIN = "What users install it by, and what every registration calls it."


def no_name(_: PartialAnswers) -> str:
    """Raises UsageError: a name has no default."""
    raise UsageError("name-missing", "the backend's name is missing", hint="pass it: newbackend create NAME")


def free_name(name: str, checkout: Checkout) -> str:
    """Returns the name. Raises UsageError when another backend of the checkout has it."""
    for language in languages().values():
        directory = language.directory_of(name)
        if checkout.exists(f"{directory}/.newbackend.yml"):
            return name  # made by an earlier run, which may be completed
        if holds_files(checkout, directory):
            raise UsageError("name-taken", f"there is a backend {name!r} already in {directory}")
    for place in (Matrix(), GalleryIndex()):
        for fact in place.observe(checkout):
            if fact.backend == name:
                raise UsageError("name-taken", f"the name {name!r} is registered already, at {fact.path}:{fact.line}")
    return name


def name_default(partial: PartialAnswers) -> str:
    """The name of the pinned repository, or a free one near it; "" without an upstream."""
    before = partial.text_before("name")
    return before or next((name for name in _candidates(partial.answers.upstream) if not _problem(name, partial)), "")


def name_explain(partial: PartialAnswers) -> str:
    """Explains the question, and why the repository's own name is not proposed."""
    own = _slug(partial.answers.upstream.rpartition("/")[2])
    problem = _problem(own, partial) if own and not partial.text_before("name") else ""
    return f"{EXPLAIN} Not {own}: {problem}." if problem else EXPLAIN


def _problem(name: str, partial: PartialAnswers) -> str:
    """Why a name cannot be taken, or ""."""
    try:
        free_name(check_name(name), partial.checkout)
    except NewbackendError as error:
        return error.message.removeprefix(f"backend name {name!r} ")
    return ""


def _candidates(upstream: str) -> Iterator[str]:
    """Names for a repository: its own, without words that LocalAI reads as hardware, with its owner, with a number."""
    owner, _, repo = (_slug(part) for part in upstream.partition("/"))
    if not repo:
        return
    plain = "-".join(word for word in repo.split("-") if not any(token in word for token in name_rules().tokens))
    for name in dict.fromkeys((repo, plain)):
        if name:
            yield from (name, f"{owner}-{name}", f"{name}-{owner}", *(f"{name}-{number}" for number in range(2, 10)))


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
