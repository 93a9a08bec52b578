"""A pinned Rust upstream is a section of `.gitmodules` and a commit that is left to git."""

from __future__ import annotations

from pathlib import Path

from conftest import git
from specs import PIN, SHA, spec

from newbackend.checkout.layout import open_checkout
from newbackend.places.submodules import Submodules
from newbackend.plan.build import plan_create, plan_remove, texts

MODULES = """\
[submodule "docs/theme"]
\tpath = docs/theme
\turl = https://example.org/theme.git
"""
RUST = spec(name="ferris", lang="rust", variants=["cpu"], pin={**PIN, "variable": "FERRIS_VERSION"})
PATH = "backend/rust/ferris/sources/ds4"


def modules(root: Path) -> None:
    (root / ".gitmodules").write_text(MODULES)


def test_the_section_is_added_and_the_commit_is_a_command_to_run(sample: Path) -> None:
    modules(sample)
    checkout = open_checkout(sample)
    entry, commit = Submodules().plan(checkout, RUST).changes
    plan = plan_create(RUST, checkout)
    text = next(c.after for c in plan.changes(texts(plan, checkout)) if c.path == ".gitmodules")
    assert text == MODULES + f'[submodule "{PATH}"]\n\tpath = {PATH}\n\turl = https://github.com/antirez/ds4\n'
    assert entry.path == commit.path == ".gitmodules"
    command = next(item.snippet for item in plan.manual if item.place == "submodules")
    assert f"160000,{SHA},{PATH}" in command


def test_the_command_satisfies_the_next_run(sample: Path) -> None:
    modules(sample)
    (sample / PATH).mkdir(parents=True)
    git(sample, "update-index", "--add", "--cacheinfo", f"160000,{SHA},{PATH}")
    kinds = [wanted.kind for wanted in Submodules().expect(RUST, open_checkout(sample))]
    assert kinds == ["submodule"]


def test_removing_gives_back_the_file_and_leaves_other_submodules(sample: Path) -> None:
    modules(sample)
    checkout = open_checkout(sample)
    plan = plan_create(RUST, checkout)
    created = checkout.with_changes({c.path: c.after for c in plan.changes(texts(plan, checkout))})
    gone = plan_remove("ferris", created)
    texts_after = {c.path: c.after for c in gone.changes(texts(gone, created))}
    assert texts_after[".gitmodules"] == MODULES


def test_other_languages_pin_in_their_makefile(sample: Path) -> None:
    modules(sample)
    assert Submodules().expect(spec(), open_checkout(sample)) == ()


def test_without_the_file_it_is_skipped_with_the_reason(sample: Path) -> None:
    assert not (sample / ".gitmodules").exists()
    assert "git submodule add" in Submodules().plan(open_checkout(sample), RUST).skipped
