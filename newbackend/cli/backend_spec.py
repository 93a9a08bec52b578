"""The spec of a backend that is there already."""

from __future__ import annotations

from newbackend.answers_file import ANSWERS_NAME, parse_answers
from newbackend.catalog.languages import languages
from newbackend.checkout.tree import Checkout
from newbackend.describe import describe
from newbackend.describe.guess import BY_TAGS
from newbackend.pullrequest.state import Source
from newbackend.spec import BackendSpec, make_spec


def spec_of(name: str, checkout: Checkout) -> tuple[BackendSpec, Checkout, Source]:
    """The spec from the backend's answers file if there is one, else from its registration; the checkout; and how
    its modalities are known."""
    for language in languages().values():
        path = f"{language.directory_of(name)}/{ANSWERS_NAME}"
        text = checkout.read(path) if "/" not in name else None
        if text is not None:
            return make_spec(parse_answers(text, path)), checkout, Source.STATED
    description = describe(checkout, name)
    guessed = Source.TAGS if description.guess == BY_TAGS else Source.NOTHING
    return make_spec(description.answers), checkout, guessed if description.guess else Source.STATED
