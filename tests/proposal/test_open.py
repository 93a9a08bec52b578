"""`newbackend pr NAME --open`: with a stand-in for gh and a bare repository for the fork."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from cli.runner import in_process as run
from conftest import git, tree

from newbackend.checkout.git import Git
from newbackend.checkout.layout import open_checkout
from newbackend.checkout.remotes import identity
from newbackend.checkout.tree import Checkout
from newbackend.cli.backend_spec import spec_of
from newbackend.cli.main import main
from newbackend.errors import NewbackendError, NotFoundError, RefusedChange, UsageError
from newbackend.proposal.github import find_gh
from newbackend.proposal.propose import Opened, Proposal, Wishes, open_, propose
from newbackend.proposal.selection import Selection, select
from newbackend.proposal.target import target_of
from newbackend.pullrequest.state import State, state_of

POLICY = "Attribute it with a trailer: `Assisted-by: AGENT_NAME:MODEL_VERSION [TOOL1] [TOOL2]`.\n"
GH = """#!/bin/sh
echo "$PWD $*" >> "$GH_LOG"
case "$2" in
  list) case "$*" in *--search*) cat "$GH_LIST" ;; *) echo "[]" ;; esac ;;
  create) [ -e "$GH_BODY.fail" ] && { echo "HTTP 401" >&2; exit 1; }
    cat > "$GH_BODY"; echo "Creating pull request"; echo "https://github.com/mudler/LocalAI/pull/7" ;;
esac
"""
AGENT = "Claude:claude-opus-4-7"


@dataclass(frozen=True)
class Place:
    """A checkout with a new backend, the fork that it is pushed to, and what gh was told."""

    root: Path
    fork: Path
    log: Path
    body: Path

    def say_exists(self, title: str) -> None:
        row = {"title": title, "url": "https://github.com/mudler/LocalAI/pull/3"}
        self.log.with_name("list").write_text(json.dumps([row]))

    def branches(self) -> list[str]:
        return git(self.fork, "for-each-ref", "--format=%(refname:short)").split()


@pytest.fixture(scope="module")
def _created(_sample_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample with LocalAI's policy and an uncommitted backend, and its fork beside it."""
    folder = tmp_path_factory.mktemp("created")
    root = Path(shutil.copytree(_sample_template, folder / "checkout", symlinks=True))
    (root / "AGENTS.md").write_text(POLICY)
    git(root, "add", "AGENTS.md")
    git(root, "-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "-qm", "Policy")
    subprocess.run(["git", "clone", "-q", "--bare", str(root), str(folder / "fork.git")], check=True)
    words = ["create", "newly", "--lang", "go", "--variants", "cpu", "--no-input", "--yes", "--repo", str(root)]
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert not stopped.value.code
    return folder


@pytest.fixture
def place(_created: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    folder = Path(shutil.copytree(_created, tmp_path / "here", symlinks=True))
    fork = folder / "fork.git"
    config = tmp_path / "gitconfig"
    config.write_text(
        f'[user]\nname = Ann\nemail = ann@example.net\n[url "{fork}"]\ninsteadOf = https://github.com/me/LocalAI\n'
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "gh").write_text(GH)
    (programs / "gh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / "list").write_text("[]")
    for name in ("GH_LOG", "GH_LIST", "GH_BODY"):
        monkeypatch.setenv(name, str(tmp_path / name.removeprefix("GH_").lower()))
    root = folder / "checkout"
    git(root, "remote", "add", "origin", "https://github.com/me/LocalAI")
    return Place(root, fork, tmp_path / "log", tmp_path / "body")


@pytest.fixture(scope="module")
def _state(_created: Path) -> State:
    """What the text says of the backend; it is the same in every copy."""
    return state_of(*spec_of("newly", open_checkout(_created / "checkout")))


@pytest.fixture(scope="module")
def _selection(_created: Path) -> Selection:
    root = _created / "checkout"
    return select("newly", Checkout(root), git(root, "rev-parse", "HEAD").strip())


@pytest.fixture
def proposed(place: Place, _state: State, _selection: Selection) -> Callable[..., Proposal]:
    """What would be done, for wishes; a draft, because the engine is still a placeholder. The changes are only looked
    through for a test that makes others (`looks`)."""

    def make(*, looks: bool = False, **wishes: object) -> Proposal:
        said = Wishes(**{"draft": True, "assisted_by": AGENT, **wishes})  # type: ignore[arg-type]
        with pytest.MonkeyPatch.context() as patch:
            if not looks:
                patch.setattr("newbackend.proposal.propose.select", lambda *_: _selection)
            return propose(_state, Checkout(place.root), said)

    return make


@pytest.fixture
def opened(place: Place, proposed: Callable[..., Proposal]) -> Callable[..., Opened]:
    """Does it."""
    return lambda **wishes: open_(proposed(**wishes), Checkout(place.root))


Propose = Callable[..., Proposal]
Open = Callable[..., Opened]
WORDS = ("--open", "--draft", "--yes", "--assisted-by", AGENT)


def test_the_backend_is_committed_pushed_and_opened(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    base = git(place.root, "rev-parse", "HEAD").strip()
    status, out, error = run(capsys, "pr", "newly", "--repo", str(place.root), *WORDS)
    assert status == 0, error
    assert out.splitlines()[-1] == "https://github.com/mudler/LocalAI/pull/7"
    assert git(place.root, "symbolic-ref", "--short", "HEAD").strip() == "add-newly"
    assert git(place.root, "status", "--porcelain") == ""
    assert git(place.root, "rev-parse", "HEAD") == git(place.fork, "rev-parse", "add-newly")
    assert git(place.root, "rev-parse", "HEAD^", "master").split() == [base, base]
    message = git(place.root, "log", "-1", "--format=%B")
    assert message.splitlines()[0] == "feat(backend): add newly text generation backend"
    assert message.rstrip().splitlines()[-1] == f"Assisted-by: {AGENT} newbackend"
    assert "Signed-off-by" not in message + place.body.read_text()
    assert f"Assisted-by: {AGENT}" in place.body.read_text()
    assert git(place.root, "log", "-1", "--format=%an <%ae>").strip() == "Ann <ann@example.net>"
    asked = place.log.read_text().splitlines()[-1]
    assert asked.startswith(f"{os.sep} pr create --repo mudler/LocalAI --base master --head me:add-newly --title feat")
    assert asked.endswith("--draft")
    assert "--signoff" in error


def test_nothing_but_the_backend_is_committed(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither another changed file, nor a staged one, nor another change of a file that all backends share."""
    for name in ("README.md", "notes.txt", "staged.txt"):
        (place.root / name).write_text("mine\n")
    git(place.root, "add", "staged.txt")
    makefile = place.root / "Makefile"
    makefile.write_text(f"# mine\n{makefile.read_text()}")
    before = tree(place.root)
    status, out, error = run(capsys, "pr", "newly", "--repo", str(place.root), *WORDS, "--format", "json")
    assert status == 0, error
    said = json.loads(out)
    assert said["partly"] == ["Makefile"]
    assert said["not_committed"] == ["README.md", "notes.txt", "staged.txt"]
    files = git(place.root, "diff", "--name-only", "HEAD^", "HEAD").split()
    assert files == said["commit"]["files"]
    assert {"Makefile", "backend/index.yaml", "backend/go/newly/run.sh"} <= set(files)
    assert not {"README.md", "notes.txt", "staged.txt"} & set(files)
    assert "newly" in git(place.root, "diff", "HEAD^", "HEAD", "--", "Makefile")
    assert "# mine" not in git(place.root, "show", "HEAD:Makefile")
    left = [" M Makefile", " M README.md", "?? notes.txt", "A  staged.txt"]
    assert sorted(git(place.root, "status", "--porcelain").splitlines()) == sorted(left)
    assert tree(place.root) == before


def test_changes_that_cannot_be_told_apart_are_refused(place: Place, proposed: Propose) -> None:
    makefile = place.root / "Makefile"
    lines = makefile.read_text().split("\n")
    at = next(number for number, line in enumerate(lines) if "newly" in line)
    lines[at - 1] += " # mine"
    lines[at + 1] += " # mine, too"
    makefile.write_text("\n".join(lines))
    with pytest.raises(UsageError, match="other uncommitted changes touch the same lines") as refused:
        proposed(looks=True)
    assert refused.value.where == "Makefile"
    assert "Makefile" in proposed(looks=True, include=("Makefile",)).selection.chosen.whole


def test_without_gh_the_address_is_printed(place: Place, proposed: Propose, opened: Open, no_gh: None) -> None:
    target = proposed().target
    assert opened().url == ""
    assert target.address("add-newly", "a b") == (
        "https://github.com/mudler/LocalAI/compare/master...me:add-newly?expand=1&title=a+b"
    )
    assert place.branches() == ["add-newly", "master"]
    with pytest.raises(RefusedChange, match="is on origin already") as refused:
        proposed()
    assert "compare/master...me:add-newly" in refused.value.hint


@pytest.fixture
def no_gh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newbackend.proposal.propose.find_gh", lambda *_: None)


@pytest.mark.parametrize(
    ("title", "same"),
    [
        ("feat(backend): add newly text generation backend", True),
        ("Adding `newly` (Go)", True),
        ("feat(backend): add newly-two backend", False),
        ("fix(newly): a leak", False),
    ],
)
def test_a_second_pull_request_for_the_backend_is_refused(
    place: Place, proposed: Propose, title: str, same: bool
) -> None:
    place.say_exists(title)
    if not same:
        assert proposed().gh is not None
        return
    with pytest.raises(RefusedChange, match="there is an open pull request for newly") as refused:
        proposed()
    assert refused.value.where == "https://github.com/mudler/LocalAI/pull/3"


def test_a_failed_push_loses_nothing_and_can_be_repeated(place: Place, opened: Open) -> None:
    hook = place.fork / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho not today >&2\nexit 1\n")
    hook.chmod(0o755)
    before = tree(place.root)
    with pytest.raises(UsageError, match=r"origin \(https://github.com/me/LocalAI\) was not pushed to: it rejects"):
        opened()
    assert tree(place.root) == before
    hook.unlink()
    assert opened().url.endswith("/pull/7")
    assert git(place.root, "rev-list", "--count", "master..add-newly").strip() == "1"


def test_gh_that_fails_leaves_the_pushed_branch_and_the_address(place: Place, opened: Open) -> None:
    place.body.with_name("body.fail").touch()
    with pytest.raises(UsageError, match="gh did not open a pull request: HTTP 401") as refused:
        opened()
    assert refused.value.hint.startswith("open it at https://github.com/mudler/LocalAI/compare/")
    place.body.with_name("body.fail").unlink()
    assert opened().url.endswith("/pull/7")


@pytest.mark.parametrize("command", ["update-index", "update-ref", "symbolic-ref"])
def test_ctrl_c_loses_nothing(
    place: Place, opened: Open, monkeypatch: pytest.MonkeyPatch, no_gh: None, command: str
) -> None:
    """Stopped right after each step that writes; the next run goes on."""
    call, before = Git.call, tree(place.root)
    stopped: list[str] = []

    def interrupted(self: Git, *words: str, **more: object) -> subprocess.CompletedProcess[bytes]:
        done = call(self, *words, **more)  # type: ignore[arg-type]
        scratch = "GIT_INDEX_FILE" in (more.get("env") or {})  # type: ignore[operator]
        if words[0] == command and words[1] != "--quiet" and not scratch and not stopped:
            stopped.append(command)
            raise KeyboardInterrupt
        return done

    monkeypatch.setattr(Git, "call", interrupted)
    with pytest.raises(KeyboardInterrupt, match="the same command goes on from here"):
        opened()
    assert (stopped, tree(place.root)) == ([command], before)
    opened()
    assert git(place.root, "status", "--porcelain") == ""
    assert git(place.root, "rev-list", "--count", "master..add-newly").strip() == "1"
    assert git(place.root, "rev-parse", "HEAD") == git(place.fork, "rev-parse", "add-newly")


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({"draft": False}, "is not ready for review"),
        ({"assisted_by": None}, "AGENTS.md asks which AI assistant took part"),
        ({"assisted_by": "a robot"}, "is not AGENT:MODEL"),
        ({"assisted_by": "a:b\nSigned-off-by: c"}, "is not AGENT:MODEL"),
        ({"branch": "master"}, "nothing is committed to it"),
        ({"branch": "a..b"}, "is no name for a branch"),
        ({"branch": "--mirror"}, "is no name for a branch"),
        ({"remote": "nobody"}, "--remote 'nobody'"),
        ({"title": "a\nb"}, "--title is one line"),
        ({"looks": True, "include": ("nothing.txt",)}, "has no uncommitted change"),
    ],
)
def test_what_is_refused_changes_nothing(
    place: Place, proposed: Propose, wishes: Mapping[str, object], said: str
) -> None:
    refs = git(place.root, "for-each-ref")
    with pytest.raises(NewbackendError) as refused:
        proposed(**wishes)
    assert said in refused.value.sentence()
    assert (git(place.root, "for-each-ref"), place.branches()) == (refs, ["master"])


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--draft"], "add --open"), (["--open", "--draft", "--assisted-by", "none"], "pass --yes to open it")],
)
def test_nobody_is_surprised(place: Place, capsys: pytest.CaptureFixture[str], words: Sequence[str], said: str) -> None:
    status, _, error = run(capsys, "pr", "newly", "--repo", str(place.root), *words)
    assert (status, said in error, place.branches()) == (2, True, ["master"]), error


def test_nobody_is_named_where_nobody_helped(proposed: Propose) -> None:
    assert "Assisted-by" not in proposed(assisted_by="none").message


def test_a_branch_of_that_name_with_other_commits_is_refused(place: Place, proposed: Propose) -> None:
    git(place.root, "branch", "add-newly", "HEAD^")
    with pytest.raises(UsageError, match="there is a branch 'add-newly' already, with other commits"):
        proposed()


def test_what_was_committed_by_hand_is_only_pushed(place: Place, proposed: Propose, opened: Open) -> None:
    git(place.root, "switch", "-qc", "mine")
    git(place.root, "add", "--all")
    git(place.root, "commit", "-qsm", "mine")
    assert not proposed(looks=True).commits
    assert opened().commit == git(place.fork, "rev-parse", "mine").strip()


def test_a_remote_that_runs_something_is_not_pushed_to(place: Place, proposed: Propose) -> None:
    git(place.root, "remote", "add", "evil", "./evil.git")
    git(place.root, "remote", "add", "run", "ext::sh -c touch% owned")
    for name, said in (("evil", "is a folder of the checkout itself"), ("run", "is not pushed to")):
        with pytest.raises(UsageError, match=said):
            proposed(remote=name)


def test_a_password_in_an_address_is_never_shown(place: Place, proposed: Propose) -> None:
    git(place.root, "remote", "set-url", "origin", "https://ann:secret@127.0.0.1:9/me/LocalAI")
    with pytest.raises(NotFoundError, match="origin cannot be asked") as refused:
        proposed()
    assert "secret" not in refused.value.sentence()


def test_errors_that_a_backend_had_before_do_not_count(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    git(place.root, "add", "--all")
    (place.root / "backend/go/newly/engine.go").write_text("package main\n")
    makefile = place.root / "Makefile"
    lines = makefile.read_text().split("\n")
    makefile.write_text("\n".join(line for line in lines if not line.startswith("BACKEND_NEWLY")))
    git(place.root, "commit", "-qam", "all of it")
    index = place.root / "backend/index.yaml"
    index.write_text(index.read_text() + "# newer\n")
    words = ["pr", "newly", "--repo", str(place.root), "--open", "--dry-run", "--assisted-by", "none"]
    words += ["--include", "backend/index.yaml"]
    status, out, error = run(capsys, *words)
    assert (status, out.startswith("feat(newly): change the newly backend")) == (0, True), error
    git(place.root, "reset", "-q", "--soft", "HEAD^")
    status, _, error = run(capsys, *words)
    assert (status, "`newbackend verify newly` finds an error (REG" in error) == (1, True), error


def test_a_gh_that_comes_with_the_checkout_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in (tmp_path / "checkout", tmp_path / "bin"):
        folder.mkdir()
        (folder / "gh").write_text(GH)
        (folder / "gh").chmod(0o755)
    for path, usable in (("checkout", False), ("bin", True)):
        monkeypatch.setenv("PATH", str(tmp_path / path))
        assert (find_gh("me/LocalAI", tmp_path / "checkout") is not None) == usable
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "bin")
    assert find_gh("me/LocalAI", tmp_path / "checkout") is None


def test_a_fork_is_preferred_and_its_absence_is_told(place: Place, proposed: Propose, no_gh: None) -> None:
    git(place.root, "remote", "set-url", "origin", "git@github.com:mudler/LocalAI.git")
    git(place.root, "remote", "add", "mine", str(place.fork))
    target = target_of(Checkout(place.root))
    assert (target.remote.name, target.head("b"), target.address("b", "t")) == ("mine", "b", "")
    git(place.root, "remote", "add", "fork", "https://github.com/me/LocalAI-2")
    target = target_of(Checkout(place.root))
    assert (target.remote.name, target.head("b")) == ("fork", "me:b")
    assert "/compare/master...me:LocalAI-2:b?" in target.address("b", "t")
    assert target_of(Checkout(place.root), into="a/b").repository == "a/b"
    git(place.root, "config", "remote.pushDefault", "mine")
    assert target_of(Checkout(place.root)).remote.name == "mine"
    config = Path(os.environ["GIT_CONFIG_GLOBAL"])
    config.write_text(f'[url "{place.fork}"]\ninsteadOf = git@github.com:mudler/LocalAI\n')
    (place.fork.parent / "fork.git.git").symlink_to(place.fork)
    assert "is mudler/LocalAI itself, where few may push" in " ".join(proposed(remote="origin").notes)


def test_the_author_is_that_of_the_repository(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    git(place.root, "config", "user.name", "Bea")
    git(place.root, "config", "user.email", "bea@example.net")
    monkeypatch.delenv("GIT_AUTHOR_NAME", raising=False)
    monkeypatch.setenv("GIT_COMMITTER_NAME", "Cy")
    said = identity(place.root)
    assert (said["GIT_AUTHOR_NAME"], said["GIT_AUTHOR_EMAIL"]) == ("Bea", "bea@example.net")
    assert "GIT_COMMITTER_NAME" not in said
