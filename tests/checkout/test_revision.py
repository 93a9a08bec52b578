"""The tree of a commit beside its work tree: what did not change is read there, and it says the same as git."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import git

from newbackend.checkout.git import Git
from newbackend.checkout.layout import INDEX, MATRIX
from newbackend.checkout.revision import RevisionCheckout
from newbackend.checkout.tree import Checkout
from newbackend.rules.baseline import verify_change
from newbackend.rules.run import verify

RUN = "backend/go/goquill/run.sh"


def _beside(root: Path) -> RevisionCheckout:
    own = Git(root)
    commit = own.commit("HEAD")
    now = Checkout(root)
    verify(now)
    return RevisionCheckout(root, commit, own, now=now, differ=own.changed(commit))


def _edit_row(root: Path) -> None:
    path = root / MATRIX
    path.write_text(path.read_text().replace("'-gpu-rocm-hipblas-goquill'", "'-gpu-rocm-goquill'", 1))


def _break_index(root: Path) -> None:
    with (root / INDEX).open("a") as file:
        file.write("<<<<<<< HEAD\n")


def _delete_backend(root: Path) -> None:
    for path in sorted((root / "backend/go/goquill").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


def _link_elsewhere(root: Path) -> None:
    (root / RUN).unlink()
    (root / RUN).symlink_to("/etc/passwd")


def _directory_for_file(root: Path) -> None:
    (root / RUN).unlink()
    (root / RUN).mkdir()
    (root / RUN / "file").write_text("x")


def _not_text(root: Path) -> None:
    (root / "Makefile").write_bytes(b"all: \xff\n")


def _not_executable(root: Path) -> None:
    (root / RUN).chmod(0o644)


def _stage_removal(root: Path) -> None:
    git(root, "rm", "--quiet", "--cached", RUN)


CHANGES = (
    _edit_row, _break_index, _delete_backend, _link_elsewhere, _directory_for_file, _not_text, _not_executable,
    _stage_removal,
)  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_change_leaves_alone_is_what_git_has(sample: Path, change: Callable[[Path], None]) -> None:
    alone = RevisionCheckout(sample, Git(sample).commit("HEAD"))
    alone.prefetch_backends()
    expected = verify(alone)
    change(sample)

    tree = _beside(sample)

    assert verify(tree) == expected
    paths = list(alone.files_below("backend"))
    assert RUN in paths
    assert list(tree.files_below("backend")) == paths
    assert [tree.raw(path) for path in paths] == [alone.raw(path) for path in paths]
    assert [tree.mode(path) for path in paths] == [alone.mode(path) for path in paths]


def test_git_is_asked_a_few_times_whatever_the_number_of_files(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = sample / "gallery"
    folder.mkdir(exist_ok=True)
    for number in range(60):
        (folder / f"m{number}.yaml").write_text(f"name: m{number}\n")
    git(sample, "add", ".")
    git(sample, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "models")
    for number in range(0, 60, 2):
        (folder / f"m{number}.yaml").write_text(f"name: n{number}\n")
    calls: list[str] = []
    call = Git.call

    def counted(self: Git, *words: str, **options: object) -> object:
        calls.append(words[0])
        return call(self, *words, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Git, "call", counted)
    monkeypatch.setattr("os.cpu_count", lambda: 1)

    verify_change(Checkout(sample), "HEAD")

    assert calls.count("cat-file") == 2
    assert len(calls) < 12


def test_a_sparse_checkout_is_completed_from_git(sample: Path) -> None:
    git(sample, "reset", "--quiet", "--hard")
    git(sample, "sparse-checkout", "set", "--no-cone", "/*", f"!/{INDEX}")
    assert not (sample / INDEX).exists()

    assert "goquill" in (_beside(sample).read(INDEX) or "")


def test_line_ends_that_git_makes_are_no_change(sample: Path) -> None:
    """With core.autocrlf a work tree has CRLF where the commit has LF: nobody changed anything."""
    git(sample, "config", "core.autocrlf", "true")
    (sample / RUN).unlink()
    git(sample, "checkout", "--", RUN)
    assert b"\r\n" in (sample / RUN).read_bytes()

    report = verify_change(Checkout(sample), "HEAD")

    assert (report.findings, report.healed) == ((), ())


def test_what_git_lacks_and_nobody_changed_is_not_missed(sample: Path, tmp_path: Path) -> None:
    """As in a shallow clone without the blobs of older commits."""
    git(sample, "config", "uploadpack.allowFilter", "true")
    (sample / RUN).write_text("#!/bin/bash\nexec true\n")
    git(sample, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qam", "run")
    git(tmp_path, "clone", "-q", "--filter=blob:none", f"file://{sample}", "partial")
    clone = tmp_path / "partial"
    git(clone, "-c", "core.hooksPath=/dev/null", "fetch", "-q", "--refetch", "origin")
    old = git(clone, "rev-parse", "HEAD~1").strip()
    own = Git(clone)

    tree = RevisionCheckout(clone, old, own, now=Checkout(clone), differ=own.changed(old))

    assert tree.read("Makefile") == (sample / "Makefile").read_text()
