"""`remove` takes everything of a backend, nothing of another, and nothing that others need."""

from __future__ import annotations

import pytest

from newbackend.checkout.layout import MATRIX
from newbackend.checkout.tree import Checkout
from newbackend.errors import NotFoundError, UsageError
from newbackend.plan.build import planned
from newbackend.plan.dependents import dependents
from newbackend.plan.remove import plan_remove
from newbackend.registrations import places


def removed(checkout: Checkout, name: str) -> Checkout:
    plan = plan_remove(name, checkout)
    return planned(plan, checkout)


@pytest.mark.parametrize("name", ["pyecho", "pywhistle", "goquill", "rustlark", "cppreed", "neo-cppanvil"])
def test_nothing_is_left_and_nobody_else_loses_anything(checkout: Checkout, name: str) -> None:
    after = removed(checkout, name)
    for place in places():
        assert [fact.key for fact in place.observe(after) if fact.backend == name] == []
        others = {fact.key for fact in place.observe(checkout) if fact.backend not in (name, f"{name}-darwin")}
        kept = {fact.key for fact in place.observe(after)}
        assert others <= kept
    assert not any(after.is_dir(f"backend/{lang}/{name}") and list(after.files_below(f"backend/{lang}/{name}"))
                   for lang in ("python", "go", "cpp", "rust"))  # fmt: skip


def test_a_backend_that_a_fork_builds_upon_stays(checkout: Checkout) -> None:
    with pytest.raises(UsageError, match="neo-cppanvil is built upon 'cppanvil'") as caught:
        plan_remove("cppanvil", checkout)
    assert "neo-cppanvil/" in caught.value.where
    assert "--keep-files" in caught.value.hint


def test_its_registration_alone_may_go(checkout: Checkout) -> None:
    plan = plan_remove("cppanvil", checkout, keep_files=True)
    assert {edit.op for edit in plan.edits} == {"modify"}


def test_a_name_that_only_begins_alike_is_no_dependent(checkout: Checkout) -> None:
    assert dependents(checkout, "pywhistle") == {}
    assert set(dependents(checkout, "cppanvil")) == {"neo-cppanvil"}


def test_a_comment_is_no_dependency(checkout: Checkout) -> None:
    path = "backend/python/pyecho/Makefile"
    said = checkout.with_changes({path: checkout.need(path) + "\n# like ../pywhistle\n"})
    assert dependents(said, "pywhistle") == {}
    used = checkout.with_changes({path: checkout.need(path) + "\ninclude ../pywhistle/Makefile\n"})
    assert dependents(used, "pywhistle") == {"pyecho": path}


@pytest.mark.parametrize("name", ["common", "nobody"])
def test_what_is_no_backend_is_not_touched(checkout: Checkout, name: str) -> None:
    with pytest.raises(NotFoundError):
        plan_remove(name, checkout)


def test_the_gallerys_name_of_a_backend_is_not_taken_for_the_backend(checkout: Checkout) -> None:
    text = checkout.need(MATRIX).replace("backend: \"pyecho\"", "backend: \"pyecho-cpp\"")  # fmt: skip
    with pytest.raises(UsageError, match="'pyecho' is what the gallery calls the backend 'pyecho-cpp'"):
        plan_remove("pyecho", checkout.with_changes({MATRIX: text}))


def test_collateral_damage_stops_the_removal(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    from newbackend.registrations.dockerignore.place import Dockerignore
    from newbackend.registrations.makefile.place import RootMakefile

    honest = RootMakefile.revert
    assert Dockerignore().probe(checkout).usable

    def greedy(self: RootMakefile, where: Checkout, name: str) -> object:
        yield from honest(self, where, name)
        yield from honest(self, where, "fast-pywhistle")

    monkeypatch.setattr(RootMakefile, "revert", greedy)
    with pytest.raises(UsageError, match="fast-pywhistle would lose"):
        plan_remove("pywhistle", checkout)
