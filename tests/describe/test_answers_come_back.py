"""Answers -> `create` on the sample -> `describe`: the same answers again, in every language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from specs import PIN, spec

from newbackend.catalog.languages import languages
from newbackend.checkout.layout import open_checkout
from newbackend.checkout.tree import Checkout
from newbackend.describe import describe
from newbackend.errors import UsageError
from newbackend.findings import Severity
from newbackend.plan.build import plan_create, planned
from newbackend.rules.run import verify
from newbackend.spec import make_spec

KEPT = ("name", "lang", "flavour", "pin", "variants", "modalities", "description", "license", "icon", "urls", "tags")
TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
URL = st.sampled_from(["https://a.org/x", "https://a.org/a|b", "https://a.org/(x)", "http://a.org/{{x}}?q=[1]#y"])


@st.composite
def wanted(draw: st.DrawFn, lang: str) -> dict[str, Any]:
    """Answers of a language with texts of every kind."""
    pinned = languages()[lang].flavours[languages()[lang].default_flavour].needs_pin or draw(st.booleans())
    return {
        "name": "oak",
        "lang": lang,
        "flavour": None,
        "variants": ["cpu"],
        "pin": {**PIN, "repo": "owner/oak", "variable": "OAK_VERSION"} if pinned else None,
        "description": draw(TEXT),
        "license": draw(st.sampled_from(["mit", "Apache-2.0 OR MIT"])),
        "icon": draw(st.one_of(st.just(""), URL)),
        "urls": draw(st.lists(URL, min_size=1, max_size=2, unique=True)),
        "tags": draw(st.lists(TEXT.filter(bool), min_size=1, max_size=2, unique=True)),
    }


@pytest.mark.parametrize("lang", languages())
@settings(max_examples=5)
@given(data=st.data())
def test_what_was_answered_is_described(checkout: Checkout, lang: str, data: st.DataObject) -> None:
    answers = data.draw(wanted(lang))
    try:
        first = spec(**answers)
    except UsageError as error:
        assert error.code in ("answers-control", "description-control", "tags-invalid")  # noqa: PT017
        return
    created = planned(plan_create(first, checkout), checkout)
    again = make_spec(describe(created, "oak").answers)
    for key in KEPT:
        assert getattr(again, key) == getattr(first, key), key


def test_a_rust_pin_comes_back_beside_urls(sample: Path) -> None:
    checkout = open_checkout(sample)
    pin = {**PIN, "repo": "owner/Oak", "variable": "DS4_VERSION"}
    first = spec(lang="rust", flavour=None, variants=["cpu"], pin=pin, urls=["https://a.org/x"])
    described = describe(planned(plan_create(first, checkout), checkout), "ds4")
    assert make_spec(described.answers).pin == first.pin
    assert described.answers.urls == ("https://a.org/x",)
    assert "submodules" not in (described.answers.overrides or {}).get("places", {})


def test_a_description_of_spaces_is_none(checkout: Checkout) -> None:
    created = planned(plan_create(spec(description=" \t "), checkout), checkout)
    assert describe(created, "ds4").answers.description == ""


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("tags", ["a\u0085b"]),
        ("tags", ["a\u2028b"]),
        ("urls", ["https://a.org/\u009b"]),
        ("docs", {"category": "a\x1bb"}),
        ("imports", {"description": "a\x00b"}),
        ("os_excluded", {"darwin": "a\u0085b"}),
        ("options", {"bundle_libs": ["a\x07"]}),
    ],
)
def test_a_control_character_is_refused_wherever_it_stands(key: str, value: Any) -> None:
    with pytest.raises(UsageError) as error:
        spec(**{key: value})
    assert error.value.code in ("answers-control", f"{key}-invalid")


@pytest.mark.parametrize("url", ["https://a.org/a|b", "https://a.org/(x", "https://a.org/x)y", "https://a.org/{{x}}"])
def test_a_url_breaks_neither_the_table_nor_its_link(checkout: Checkout, url: str) -> None:
    created = planned(
        plan_create(spec(lang="go", flavour=None, variants=["cpu"], pin=None, urls=[url]), checkout), checkout
    )
    found = verify(created, names=["ds4"]).findings
    assert [one.message for one in found if one.level is not Severity.NOTE] == []
    page = created.need("docs/content/reference/compatibility-table.md")
    row = next(line for line in page.splitlines() if "[ds4](" in line)
    target = row.split("](")[1].split(")")[0]
    assert not set("|({") & set(target)
    assert row.count("|") == next(line for line in page.splitlines() if "Capability" in line).count("|")


def test_a_backend_that_is_not_to_be_imported_is_no_finding(checkout: Checkout) -> None:
    created = planned(plan_create(spec(imports={"kind": "none"}), checkout), checkout)
    found = verify(created, names=["ds4"]).findings
    assert [one.message for one in found if one.level is not Severity.NOTE] == []
    path = "backend/cpp/ds4/.newbackend.yml"
    unsaid = created.with_changes({path: created.need(path).replace("kind: none", "kind: preference")})
    assert "REG601" in {one.rule.id for one in verify(unsaid, names=["ds4"]).findings}
