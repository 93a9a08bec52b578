"""The wizard of `change`: the questions of `create`, with the present answers to start from."""

from __future__ import annotations

from dataclasses import fields, replace

from newbackend.answers import Answers, DocsAnswers, EngineAnswers, ImportAnswers
from newbackend.catalog.languages import languages
from newbackend.checkout.tree import Checkout
from newbackend.cli.output.progress import progress
from newbackend.cli.output.terminal import terminal
from newbackend.errors import UsageError
from newbackend.plan.registered import registered_answers
from newbackend.plan.wish import Wish
from newbackend.spec import make_spec, to_answers
from newbackend.wizard.complete import WizardOptions, complete
from newbackend.wizard.protocol import Frontend
from newbackend.wizard.upstream import read_upstream

_FIXED = ("name", "lang", "flavour", "overrides", "options", "os_excluded", "engine")


def asked_wish(name: str, checkout: Checkout, front: Frontend | None = None) -> Wish:
    """What a person at the terminal wants changed: the summary of the present answers, each of which can be answered
    again. Raises UsageError for another language: that is no change of this kind."""
    known = registered_answers(checkout, name).answers
    kept = {row.name: getattr(known, row.name) for row in fields(Answers) if row.name in _FIXED}
    unasked = replace(known.imports or ImportAnswers(), kind=None, of=None, extensions=None, pipeline_tags=None)
    engine = known.engine or EngineAnswers()
    if languages()[known.lang or ""].takes_pip and not known.upstream:
        engine = replace(engine, pip=engine.pip or "")  # no question about it unless it is chosen
    docs = known.docs or DocsAnswers()
    docs = replace(docs, page=bool(docs.page))
    given = Answers(**{**kept, "engine": engine}, like="", imports=unasked, docs=docs)
    options = WizardOptions(resumed=known, busy=progress, read_upstream=read_upstream)
    answers, _ = complete(given, checkout, front or terminal(), options)
    if (answers.lang, answers.flavour) != (known.lang, known.flavour):
        raise UsageError("change-language", f"what {name} is written in cannot be changed; nothing was written")
    old, new = (to_answers(make_spec(one)) for one in (known, answers))
    differing = {
        row.name: getattr(answers, row.name)
        for row in fields(Answers)
        if row.name not in (*_FIXED, "like", "generated") and getattr(old, row.name) != getattr(new, row.name)
    }
    if new.engine != old.engine:
        differing["engine"] = EngineAnswers(pip=answers.engine.pip if answers.engine else "")
    rename = (answers.name or "") if answers.name != known.name else ""
    return Wish(replace(Answers(), **differing), rename=rename)
