"""What a stranger's checkout may hold in place of a file, and that none of it is read."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.runner import newbackend
from conftest import git

from newbackend.checkout.layout import BUMP, FILTER_MODULE, INDEX, MAKEFILE, MATRIX, PROTO
from newbackend.checkout.reading import LIMIT_BYTES, Files
from newbackend.checkout.revision import RevisionCheckout
from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError

SECRET = "s3cret-of-the-reader"
OUTSIDE = "leads out of the checkout, so it is not read"
IRREGULAR = "is not a regular file, so it is not read"
OTHERS = ("README.md", ".dockerignore", "core/config/backend_capabilities.go", ".newbackend.toml", ".gitmodules")
REGISTRATIONS = (MAKEFILE, MATRIX, INDEX, BUMP, PROTO, FILTER_MODULE, *OTHERS)


def _secret(file: Path) -> None:
    outside = next(folder for folder in file.parents if folder.name == "checkout").parent / "secret"
    outside.write_text(f"{SECRET}\n")
    file.symlink_to(outside)


def _big(file: Path) -> None:
    with file.open("wb") as sink:
        sink.truncate(200_000_000)


def _git_config(file: Path) -> None:
    file.symlink_to(next(folder for folder in file.parents if folder.name == "checkout") / ".git" / "config")


def _relative(file: Path) -> None:
    file.symlink_to("/".join([".."] * 40) + "/proc/self/environ")


HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "zero": (lambda file: file.symlink_to("/dev/zero"), OUTSIDE),
    "environ": (lambda file: file.symlink_to("/proc/self/environ"), OUTSIDE),
    "relative": (_relative, OUTSIDE),
    "secret": (_secret, OUTSIDE),
    "nowhere": (lambda file: file.symlink_to("/nowhere/at/all"), OUTSIDE),
    "git-config": (_git_config, OUTSIDE),
    "fifo": (os.mkfifo, IRREGULAR),
    "big": (_big, "has 200 MB and is not read: the limit is 32 MiB"),
}


def planted(root: Path, path: str, kind: str) -> str:
    """Puts the hostile thing at a path and gives what is to be said of it."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    plant, message = HOSTILE[kind]
    plant(file)
    return message


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_registration_file_is_read_through_something_hostile(sample: Path, kind: str) -> None:
    for path in REGISTRATIONS:
        message = planted(sample, path, kind)
        with pytest.raises(UsageError) as refused:
            Checkout(sample).read(path)
        assert refused.value.sentence() == f"{path}: {message}"


@pytest.mark.parametrize("kind", HOSTILE)
def test_verify_ends_soon_and_prints_nothing_of_it(sample: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All files at once, in a process with little memory: each is named, none is quoted."""
    monkeypatch.setenv("CI_TOKEN", SECRET)
    git(sample, "config", "http.extraheader", SECRET)
    paths = [path for path in REGISTRATIONS if path not in (MATRIX, INDEX, ".newbackend.toml")]
    for path in paths:
        planted(sample, path, kind)
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30));"
        "from newbackend.__main__ import main; main()"
    )
    for words in (["verify", "--all"], ["list"], ["describe", "cppreed"], ["pr", "cppreed"]):
        command = [sys.executable, "-c", code, *words, "--repo", str(sample)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert SECRET not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        assert "this is a bug" not in done.stderr
        if words[0] == "verify":
            assert f"{MAKEFILE}" in done.stdout
            assert HOSTILE[kind][1] in done.stdout


@pytest.mark.parametrize("kind", HOSTILE)
def test_create_refuses_in_one_sentence(sample: Path, kind: str) -> None:
    message = planted(sample, MAKEFILE, kind)
    result = newbackend("create", "reed2", "--lang", "cpp", "--modality", "llm", "--yes", "--repo", sample)
    assert result.status != 0
    assert f"{MAKEFILE}: {message}" in result.err
    assert SECRET not in result.out + result.err


def test_a_directory_in_place_of_a_file_is_named(sample: Path) -> None:
    (sample / MAKEFILE).unlink()
    (sample / MAKEFILE).mkdir()
    with pytest.raises(UsageError, match="is a directory, not a file"):
        Checkout(sample).need(MAKEFILE)


def test_a_link_that_stays_inside_is_read_as_before(sample: Path) -> None:
    text = (sample / MAKEFILE).read_text()
    (sample / MAKEFILE).rename(sample / "Makefile.real")
    (sample / MAKEFILE).symlink_to("docs/../Makefile.real")
    (sample / "copied").symlink_to(sample / "backend")
    checkout = Checkout(sample)
    assert checkout.read(MAKEFILE) == text
    assert checkout.raw(MAKEFILE) == text.encode()
    assert checkout.children("copied") == checkout.children("backend")
    assert checkout.read("copied/index.yaml") == checkout.read(INDEX)
    assert checkout.read("backend/../README.md") == checkout.read("README.md")


def test_nothing_outside_is_seen_through_a_directory(sample: Path) -> None:
    """Nor its names: a directory that is a link, `..`, and the git directory."""
    (sample.parent / "out").mkdir()
    (sample.parent / "out" / "run.sh").write_text(SECRET)
    (sample / "backend" / "go" / "out").symlink_to(sample.parent / "out")
    checkout = Checkout(sample)
    assert checkout.children("backend/go/out") == []
    assert not checkout.is_dir("backend/go/out")
    for path in ("backend/go/out/run.sh", "../out/run.sh", "backend/../../out/run.sh", ".git/config"):
        assert not checkout.exists(path)
        with pytest.raises(UsageError, match=OUTSIDE):
            checkout.read(path)
    assert checkout.exists("backend/go/out/../../index.yaml") is False


def test_names_that_no_file_can_have(sample: Path) -> None:
    for path in ("a\0b", "a\ud800"):
        assert not Checkout(sample).exists(path)
        with pytest.raises(UsageError, match="cannot be read"):
            Checkout(sample).read(path)


def test_the_limit_is_exact(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * LIMIT_BYTES)
    data = Files(str(tmp_path)).read("file")
    assert data is not None
    assert len(data) == LIMIT_BYTES
    with (tmp_path / "file").open("ab") as file:
        file.write(b"x")
    with pytest.raises(UsageError, match="the limit is 32 MiB"):
        Files(str(tmp_path)).read("file")


def test_a_big_file_of_a_revision_is_not_read_either(sample: Path) -> None:
    _big(sample / MAKEFILE)
    git(sample, "add", MAKEFILE)
    git(sample, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "big")
    old = RevisionCheckout(sample, git(sample, "rev-parse", "HEAD").strip())
    old.prefetch_backends()
    assert old.read("README.md")
    with pytest.raises(UsageError, match="the limit is 32 MiB"):
        old.read(MAKEFILE)
