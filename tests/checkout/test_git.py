"""Nothing that a checkout brings is executed, and git still answers: in every kind of repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import git, tree

import newbackend.checkout.git
from newbackend.checkout.git import Git
from newbackend.checkout.gitlink import commit_at, record_link
from newbackend.cli.main import main
from newbackend.errors import NotFoundError, UsageError
from newbackend.pin import resolve
from newbackend.scaffold.generated import REFS, blob_id, remember, text_of

PACKAGE = Path(newbackend.checkout.git.__file__).parents[1]
COMMIT = "a" * 40


def run(*words: str) -> None:
    """A command, whatever its exit status."""
    with pytest.raises(SystemExit):
        main(list(words))


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """Where a planted program leaves a line when it runs."""
    return tmp_path / "mark"


def plant(root: Path, mark: Path) -> None:
    """Every setting that names a program, and every hook, of this repository and in this work tree."""
    program = root / ".git/planted"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >> {mark}\ncat\n')
    program.chmod(0o755)
    settings = (
        "core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "core.askPass", "core.gitProxy",
        "core.alternateRefsCommand", "diff.external", "diff.planted.textconv", "diff.planted.command",
        "merge.planted.driver", "filter.planted.clean", "filter.planted.smudge", "filter.lfs.clean",
        "filter.lfs.process",
        "credential.helper", "gpg.program", "gpg.ssh.program", "pager.diff", "pager.status", "sequence.editor",
        "uploadpack.packObjectsHook", "remote.origin.uploadpack", "interactive.diffFilter",
        "trailer.planted.command",
    )  # fmt: skip
    for name in settings:
        git(root, "config", name, str(program))
    verbs = (
        "status",
        "diff",
        "ls-files",
        "rev-parse",
        "merge-base",
        "cat-file",
        "ls-tree",
        "update-index",
        "ls-remote",
    )
    for verb in verbs:
        git(root, "config", f"alias.{verb}", f"!{program}")
    for setting, value in (
        ("core.hooksPath", str(root / ".git/planted-hooks")),
        ("filter.planted.required", "true"),
        ("url.ext::" + str(program) + " .insteadOf", "https://github.com/"),
        ("url.ext::" + str(program) + " %S .insteadOf", "file:///"),
        ("protocol.ext.allow", "always"),
        ("remote.origin.url", f"ext::{program}"),
        ("remote.origin.promisor", "true"),
        ("remote.origin.partialclonefilter", "blob:none"),
        ("gc.auto", "1"),
        ("maintenance.auto", "true"),
        ("diff.ignoreSubmodules", "none"),
    ):
        git(root, "config", setting, value)
    names = "post-index-change reference-transaction pre-commit post-checkout pre-auto-gc fsmonitor-watchman"
    for folder in ("planted-hooks", "hooks"):
        (root / ".git" / folder).mkdir(exist_ok=True)
        for name in names.split():
            shutil.copy(program, root / ".git" / folder / name)
    (root / ".git/info").mkdir(exist_ok=True)
    (root / ".git/info/attributes").write_text("* filter=planted diff=planted merge=planted\n")
    (root / ".gitattributes").write_text("*.yaml filter=lfs diff=planted\n*.md filter=planted\n")
    git(root, "config", "extensions.worktreeConfig", "true")
    (root / ".git/config.worktree").write_text(f"[core]\n\tfsmonitor = {program}\n")


def touch_all(root: Path) -> None:
    """As after a copy: git cannot tell by the times that a file is as it was."""
    for file in root.rglob("*"):
        if ".git" not in file.parts and file.is_file():
            os.utime(file, (1, 1))


def test_no_verb_executes_what_a_checkout_brings(sample: Path, mark: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(sample, mark)
    monkeypatch.chdir(sample)
    monkeypatch.setenv("NEWBACKEND_GIT_BASE", "https://github.com/")
    monkeypatch.setattr("newbackend.pin.TIMEOUT_SECONDS", 3)
    for words in (
        ["list"],
        ["verify", "--all"],
        ["verify", "--base", "HEAD"],
        ["create", "zz", "--lang", "python", "--variants", "cpu", "--no-input", "--yes"],
        ["verify", "--base", "HEAD"],
        ["verify", "--all", "--fix"],
        ["verify", "--all", "--unsafe-fixes", "--allow-dirty"],
        ["undo"],
        ["create", "zz", "--lang", "python", "--variants", "cpu", "--no-input", "--yes", "--allow-dirty"],
        ["describe", "zz"],
        ["pr", "zz"],
        ["update", "zz", "--yes", "--allow-dirty"],
        ["remove", "zz", "--yes", "--allow-dirty"],
        ["undo"],
        ["create", "rr", "--lang", "rust", "--pin", f"o/r@{COMMIT}", "--no-input", "--yes", "--allow-dirty"],
        ["create", "yy", "--lang", "cpp", "--pin", "o/r@main", "--no-input", "--dry-run"],
    ):
        touch_all(sample)
        run(*words)
        assert not mark.exists(), (words, mark.read_text()[:300])
    assert (sample / "backend/python/zz").is_dir()
    # The same settings do run when git is called as anybody would call it: the test can fail.
    touch_all(sample)
    subprocess.run(["git", "-C", str(sample), "status"], capture_output=True, check=False)
    assert mark.exists()


def test_a_submodules_own_configuration_is_not_read_either(sample: Path, tmp_path: Path, mark: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(sample, other)
    git(sample, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other), "sub")
    git(sample, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "sub")
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {mark}\n")
    program.chmod(0o755)
    git(sample / "sub", "config", "core.fsmonitor", str(program))
    run("verify", "--base", "HEAD", "--repo", str(sample))
    run("create", "zz", "--lang", "python", "--variants", "cpu", "--no-input", "--yes", "--repo", str(sample))
    assert not mark.exists()


def test_a_pin_is_resolved_outside_of_the_checkout(
    sample: Path, tmp_path: Path, mark: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(sample, tmp_path / "o/r")
    commit = git(sample, "rev-parse", "HEAD").strip()
    plant(sample, mark)
    monkeypatch.chdir(sample)
    monkeypatch.setenv("NEWBACKEND_GIT_BASE", f"file://{tmp_path}")
    assert resolve("o/r", "master") == (commit, "master")
    monkeypatch.setenv("NEWBACKEND_GIT_BASE", f"ext::{sample}/.git/planted")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "protocol.ext.allow")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "always")
    with pytest.raises(NotFoundError, match="not allowed"):
        resolve("o/r", "master")
    assert not mark.exists()


def _linked(sample: Path, tmp_path: Path) -> Path:
    git(sample, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    return tmp_path / "linked"


def _shallow(sample: Path, tmp_path: Path) -> Path:
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{sample}", "shallow")
    return tmp_path / "shallow"


def _shared(sample: Path, tmp_path: Path) -> Path:
    git(tmp_path, "clone", "-q", "--shared", str(sample), "shared")
    return tmp_path / "shared"


def _sha256(sample: Path, tmp_path: Path) -> Path:
    root = tmp_path / "sha256"
    shutil.copytree(sample, root, ignore=shutil.ignore_patterns(".git"))
    git(root, "init", "-q", "--object-format=sha256")
    git(root, "add", "-A")
    git(root, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "all")
    return root


def _separate(sample: Path, tmp_path: Path) -> Path:
    git(tmp_path, "clone", "-q", "--separate-git-dir", str(tmp_path / "elsewhere"), str(sample), "separate")
    git(tmp_path / "separate", "config", "core.worktree", str(tmp_path / "separate"))
    return tmp_path / "separate"


def _submodule(sample: Path, tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "super")
    git(tmp_path / "super", "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(sample), "sub")
    return tmp_path / "super/sub"


def _plain(sample: Path, _: Path) -> Path:
    return sample


@pytest.mark.parametrize("kind", [_plain, _linked, _shallow, _shared, _sha256, _separate, _submodule])
def test_git_answers_as_in_the_repository_itself(
    sample: Path, tmp_path: Path, kind: Callable[[Path, Path], Path]
) -> None:
    root = kind(sample, tmp_path)
    ours = Git(root)
    (root / ".git/info").mkdir(exist_ok=True) if (root / ".git").is_dir() else None
    (root / "new.txt").write_text("new\n")
    (root / "README.md").write_text("other\n")
    for words in (
        ["rev-parse", "HEAD"],
        ["rev-parse", "--verify", "HEAD^{commit}"],
        ["merge-base", "HEAD", "HEAD"],
        ["status", "--porcelain=v1", "-z", "--untracked-files=all"],
        ["diff", "--name-only", "-z", "HEAD", "--"],
        ["ls-files", "--stage", "-z"],
        ["ls-files", "--others", "--exclude-standard", "-z"],
        ["ls-tree", "-r", "-z", "--full-tree", "HEAD"],
        ["cat-file", "blob", "HEAD:Makefile"],
        ["for-each-ref"],
    ):
        assert ours.run(*words).decode() == git(root, *words), words
    assert ours.changed(ours.commit("HEAD")) == ("README.md", "new.txt")
    if kind is not _sha256:
        assert remember(root, "zz", ["text\n"])
        assert text_of(root, blob_id("text\n")) == "text\n"
        assert git(root, "ls-tree", "--name-only", f"{REFS}/zz").strip() == blob_id("text\n")
    commit = COMMIT if kind is not _sha256 else "a" * 64
    record_link(root, "third", commit)
    assert git(root, "ls-files", "--stage", "third").split()[:2] == ["160000", commit]
    assert commit_at(root, "third") == commit
    record_link(root, "third", None)
    assert commit_at(root, "third") is None
    assert git(root, "fsck", "--no-dangling") is not None


def test_settings_of_storage_are_kept_and_exclusions_too(sample: Path) -> None:
    git(sample, "config", "core.fileMode", "false")
    (sample / "Makefile").chmod(0o755)
    (sample / ".git/info").mkdir(exist_ok=True)
    (sample / ".git/info/exclude").write_text("ignored.txt\n")
    (sample / "ignored.txt").write_text("x\n")
    assert Git(sample).changed("HEAD") == ()


def test_the_users_own_configuration_is_read(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ignore = tmp_path / "ignore"
    ignore.write_text("mine.txt\n")
    (tmp_path / "config").write_text(f"[core]\n\texcludesFile = {ignore}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    (sample / "mine.txt").write_text("x\n")
    assert Git(sample).changed("HEAD") == ()


@pytest.mark.parametrize("name", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR"])
def test_another_repository_in_the_environment_is_refused(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    shutil.copytree(sample, other)
    value = {"GIT_WORK_TREE": other, "GIT_INDEX_FILE": other / ".git/index"}.get(name, other / ".git")
    monkeypatch.setenv(name, str(value))
    before = tree(sample), tree(other)
    with pytest.raises(UsageError) as caught:
        Git(sample).run("status")
    assert caught.value.code == "git-environment"
    assert name in caught.value.sentence()
    run("create", "zz", "--lang", "python", "--variants", "cpu", "--no-input", "--yes", "--repo", str(sample))
    assert name in capfd.readouterr().err
    assert (tree(sample), tree(other)) == before


def test_in_a_hook_the_index_of_the_commit_is_used(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(sample / ".git/index", sample / ".git/next-index-1.lock")
    git(sample, "rm", "-q", "--cached", "Makefile")
    monkeypatch.chdir(sample)
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", str(sample / ".git/next-index-1.lock"))
    assert Git(sample).run("ls-files", "Makefile") == b"Makefile\n"


def test_objects_that_lie_elsewhere_are_refused(sample: Path, tmp_path: Path) -> None:
    (sample / ".git/objects").rename(tmp_path / "objects")
    (sample / ".git/objects").symlink_to(tmp_path / "objects")
    with pytest.raises(UsageError) as caught:
        Git(sample).run("status")
    assert caught.value.code == "git-elsewhere"


@pytest.mark.parametrize("name", ["HEAD", "index", "packed-refs", "shallow", "info/exclude", "config", "commondir"])
def test_a_pipe_in_the_git_directory_is_not_waited_for(sample: Path, name: str) -> None:
    path = sample / ".git" / name
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    with pytest.raises(UsageError, match="not a"):
        Git(sample).run("status")


def test_git_has_a_limit_of_time(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (sample / ".gitignore").unlink(missing_ok=True)
    os.mkfifo(sample / ".gitignore")
    monkeypatch.setattr("newbackend.checkout.git.TIMEOUT_SECONDS", 0.5)
    with pytest.raises(UsageError) as caught:
        Git(sample).run("ls-files", "--others", "--exclude-standard")
    assert caught.value.code == "git-timeout"


def test_nothing_is_fetched_for_a_partial_clone(sample: Path, tmp_path: Path) -> None:
    git(sample, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", "--no-checkout", f"file://{sample}", "partial")
    from newbackend.checkout.revision import RevisionCheckout

    with pytest.raises(NotFoundError) as caught:
        RevisionCheckout(tmp_path / "partial", "HEAD").read("Makefile")
    assert caught.value.code == "object-missing"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_checkout_of_another_owner_is_read(sample: Path) -> None:
    """Git itself refuses it as dubious ownership; here nothing of it is executed."""
    commit = git(sample, "rev-parse", "HEAD").strip()
    for path in (sample, *sample.rglob("*")):
        os.chown(path, 12345, 12345, follow_symlinks=False)
    assert Git(sample).merge_base("HEAD") == commit
    assert Git(sample).changed(commit) == ()


def test_git_is_called_in_one_place() -> None:
    """Beside it only the demo checkout, which makes a repository of its own."""
    calls = re.compile(r"""\[\s*(?:"git"|git,)|which\("git"\).*\n.*subprocess""")
    files = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if calls.search(path.read_text())}
    assert files == {"sample/__init__.py"}


@pytest.mark.parametrize("name", ["commondir", "gitdir", ".git"])
@pytest.mark.parametrize("text", ["a\0b", "x" * 5000, "loop", "\ud800"])
def test_a_path_that_nothing_can_have_is_a_refusal(sample: Path, name: str, text: str) -> None:
    folder = sample / ".git"
    (folder / "loop").symlink_to("loop")
    if name == ".git":
        shutil.rmtree(folder)
        folder.write_bytes(b"gitdir: " + text.encode("utf-8", "surrogatepass"))
    else:
        (folder / name).write_bytes(text.encode("utf-8", "surrogatepass"))
    if name == "gitdir":
        assert Git(sample).run("ls-files")  # of no importance for a git directory in its place
        return
    with pytest.raises((UsageError, NotFoundError)) as refused:
        Git(sample).run("ls-files")
    assert refused.value.code in ("git-elsewhere", "git-failed")
