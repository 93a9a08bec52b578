"""`verify --base`: what a change introduces, still breaks or heals, in those words."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import git

from newbackend.checkout.git import Git
from newbackend.checkout.layout import INDEX, MATRIX
from newbackend.checkout.revision import RevisionCheckout
from newbackend.checkout.tree import Checkout
from newbackend.errors import NotFoundError, UsageError
from newbackend.rules.baseline import introduced, verify_change
from newbackend.rules.run import verify


def _edit(root: Path, path: str, old: str, new: str) -> None:
    text = (root / path).read_text()
    assert old in text
    (root / path).write_text(text.replace(old, new, 1))


def _commit(root: Path) -> None:
    who = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")
    git(root, *who, "commit", "--quiet", "--all", "--message", "break goquill")


def _words(root: Path, revision: str = "HEAD") -> dict[str, str]:
    report = verify_change(Checkout(root), revision)
    return {f"{found.rule.id} {found.backend}": found.message.split(":", 1)[0] for found in report.findings}


def test_a_clean_work_tree_has_nothing_to_say(sample: Path) -> None:
    report = verify_change(Checkout(sample), "HEAD")

    assert (report.findings, report.healed, report.backends) == ((), (), ())


def test_a_new_defect_is_introduced(sample: Path) -> None:
    _edit(sample, INDEX, '    metal: "metal-goquill"\n', "")

    assert _words(sample) == {"REG208 goquill": "introduced"}


def test_an_old_defect_of_a_touched_backend_is_still_broken_and_does_not_count(sample: Path) -> None:
    _edit(sample, INDEX, '    metal: "metal-goquill"\n', "")
    _commit(sample)
    (sample / "backend/go/goquill/main.go").write_text("package main\n")

    words = _words(sample)
    report = verify_change(Checkout(sample), "HEAD")

    assert words["REG208 goquill"] == "still broken"
    assert "REG208" not in {found.rule.id for found in introduced(report).findings}
    assert [backend.name for backend in report.backends] == ["goquill"]


def test_an_old_defect_of_another_backend_is_nobodys_business(sample: Path) -> None:
    _edit(sample, INDEX, '    metal: "metal-goquill"\n', "")
    _commit(sample)
    (sample / "backend/python/pyecho/new.txt").write_text("hello\n")

    assert "REG208 goquill" not in _words(sample)


def test_a_repaired_defect_is_healed(sample: Path) -> None:
    _edit(sample, INDEX, '    metal: "metal-goquill"\n', "")
    _commit(sample)
    git(sample, "checkout", "--quiet", "HEAD~1", "--", INDEX)

    report = verify_change(Checkout(sample), "HEAD")

    assert [(found.rule.id, found.backend) for found in report.healed] == [("REG208", "goquill")]
    assert introduced(report).findings == ()


def test_a_change_of_one_row_touches_its_backend_only(sample: Path) -> None:
    _edit(sample, MATRIX, "tag-suffix: '-gpu-rocm-hipblas-goquill'", "tag-suffix: '-gpu-rocm-goquill'")

    report = verify_change(Checkout(sample), "HEAD")

    assert {backend.name for backend in report.backends} == {"goquill"}
    assert {found.rule.id for found in report.findings} == {"REG204"}


def test_an_untracked_backend_directory_is_found_as_added(sample: Path) -> None:
    folder = sample / "backend/go/orphan"
    folder.mkdir()
    (folder / "run.sh").write_text("#!/bin/bash\n")

    assert _words(sample)["REG118 orphan"] == "introduced"


def test_a_revision_reads_as_the_work_tree_did(sample: Path) -> None:
    on_disk = verify(Checkout(sample))
    tree = RevisionCheckout(sample, Git(sample).commit("HEAD"))
    (sample / MATRIX).unlink()

    assert [found.fingerprint for found in verify(tree).findings] == [found.fingerprint for found in on_disk.findings]
    assert tree.mode("backend/go/goquill/run.sh") == 0o755
    assert "goquill" in tree.children("backend/go")
    assert "backend/go/goquill/run.sh" in tree.files_below("backend/go/goquill")


@pytest.mark.parametrize(("revision", "error"), [("no-such-branch", NotFoundError), ("--output=x", UsageError)])
def test_a_revision_that_is_none_is_refused(sample: Path, revision: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        verify_change(Checkout(sample), revision)
