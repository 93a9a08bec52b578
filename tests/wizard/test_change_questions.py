"""The wizard of `change`: the present answers, one of them answered again."""

from __future__ import annotations

from newbackend.answers import Answers, DocsAnswers, EngineAnswers
from newbackend.checkout.tree import Checkout
from newbackend.cli.change_questions import asked_wish
from newbackend.plan.wish import Wish
from wizard.scripted import Scripted


def test_nothing_is_asked_but_what_is_chosen(checkout: Checkout) -> None:
    front = Scripted([("summary", "description"), ("description", "Says it twice."), ("summary", "")])
    assert asked_wish("pyecho", checkout, front) == Wish(Answers(description="Says it twice."))
    assert front.done


def test_agreeing_at_once_changes_nothing(checkout: Checkout) -> None:
    assert asked_wish("pyecho", checkout, Scripted([("summary", "")])) == Wish()


def test_another_name_is_a_wish_like_the_others(checkout: Checkout) -> None:
    front = Scripted([("summary", "name"), ("name", "echo-two"), ("summary", "")])
    assert asked_wish("pyecho", checkout, front) == Wish(rename="echo-two")


def test_a_release_on_pypi_can_be_named_later(checkout: Checkout) -> None:
    front = Scripted([("pin", ""), ("summary", "engine.pip"), ("engine.pip", "wood==2.0"), ("summary", "")])
    wish = asked_wish("pywhistle", checkout, front)
    assert wish == Wish(Answers(engine=EngineAnswers(pip="wood==2.0")))


def test_a_page_of_its_own_can_be_wished_for(checkout: Checkout) -> None:
    front = Scripted([("summary", "docs.page"), ("docs.page", "yes"), ("summary", "")])
    assert asked_wish("pyecho", checkout, front) == Wish(Answers(docs=DocsAnswers(page=True)))
