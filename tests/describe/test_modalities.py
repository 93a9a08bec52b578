"""Every language with every single modality: nothing to find right after `create`, and `describe` gives it back."""

from __future__ import annotations

import pytest
from specs import PIN, spec

from newbackend.catalog import modalities
from newbackend.catalog.languages import languages
from newbackend.checkout.tree import Checkout
from newbackend.describe import describe
from newbackend.findings import Severity
from newbackend.plan.build import plan_create, planned
from newbackend.rules.run import verify

CASES = [
    pytest.param(lang, modality, variants, id=f"{lang}-{modality}-{'all' if len(variants) > 1 else variants[0]}")
    for lang, language in languages().items()
    for its in (language.flavours[language.default_flavour],)
    for modality in modalities()
    if modality in its.modalities
    for variants in ([its.variants[:1]] if modality != its.modalities[0] else [its.variants[:1], its.variants])
]


@pytest.mark.parametrize(("lang", "modality", "variants"), CASES)
def test_a_modality_is_registered_found_and_described(
    checkout: Checkout, lang: str, modality: str, variants: tuple[str, ...]
) -> None:
    pin = {**PIN, "repo": "owner/oak", "variable": "OAK_VERSION"}
    oak = spec(name="oak", lang=lang, flavour=None, variants=list(variants), modalities=[modality], pin=pin)
    plan = plan_create(oak, checkout)
    assert plan.by_hand == ()
    created = planned(plan, checkout)
    found = verify(created, names=["oak"]).findings
    assert [one.message for one in found if one.level is not Severity.NOTE] == []
    described = describe(created, "oak")
    assert described.answers.modalities == (modality,)
    assert not any("guess" in note for note in described.notes)


def test_a_modality_that_the_table_of_rpcs_cannot_name_stays_beside_one_that_it_can(checkout: Checkout) -> None:
    created = planned(plan_create(spec(modalities=["llm", "vector-store"]), checkout), checkout)
    assert describe(created, "ds4").answers.modalities == ("llm", "vector-store")


def test_an_rpc_that_only_says_unimplemented_is_not_served(checkout: Checkout) -> None:
    path = "backend/rust/rustlark/src/service.rs"
    stub = 'async fn stores_set(&self, r: Request<X>) -> R {\n    Err(Status::unimplemented("no"))\n}\n'
    served = "async fn stores_set(&self, r: Request<X>) -> R {\n    self.set(r)\n}\n"
    for text, expected in ((stub, False), (served, True)):
        edited = checkout.with_changes({path: checkout.need(path).replace("stores_set", "other") + text})
        assert ("vector-store" in (describe(edited, "rustlark").answers.modalities or ())) is expected


@pytest.mark.parametrize(
    ("name", "path", "source"),
    [
        ("goquill", "backend/go/goquill/tags.go", "func (q *Quill) SoundDetection(ctx context.Context) {\n}\n"),
        ("pyecho", "backend/python/pyecho/tags.py", "    def SoundDetection(self, request, context):\n        pass\n"),
        ("cppanvil", "backend/cpp/cppanvil/tags.cpp", "grpc::Status SoundDetection(ServerContext* context) {\n}\n"),
    ],
)
def test_what_a_backend_serves_is_read_in_its_sources_where_no_table_has_it(
    checkout: Checkout, name: str, path: str, source: str
) -> None:
    table = "core/config/backend_capabilities.go"
    unlisted = {table: checkout.need(table).replace(f'"{name}": {{', '"somebody-else": {')}
    assert "sound-classification" not in (describe(checkout.with_changes(unlisted), name).answers.modalities or ())
    found = describe(checkout.with_changes({**unlisted, path: source}), name)
    assert "sound-classification" in (found.answers.modalities or ())
    assert not any("guess" in note or "assumed" in note for note in found.notes)
