"""`newbackend update` in a repository of its own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from cli.runner import in_process as run
from conftest import git, tree

from newbackend.answers_file import parse_answers
from newbackend.checkout.tree import Checkout
from newbackend.cli.main import main
from newbackend.gallery.record import read_record
from newbackend.scaffold.render import RenderedFile, render
from newbackend.spec import make_spec
from newbackend.standalone.render import repository

PROTO = "backend/backend.proto"
COMMON = "backend/python/common/libbackend.sh"
ANSWERS = "backend/python/my-engine/.newbackend.yml"
IDENTITY = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}


@pytest.fixture(scope="module")
def _made(_sample_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LocalAI checkout and a repository made from it, with a first commit."""
    folder = tmp_path_factory.mktemp("made")
    shutil.copytree(_sample_template, folder / "localai", symlinks=True)
    words = ["create", "my-engine", "--lang", "python", "--variants", "cpu,cuda12", "--license", "MIT", "--no-input"]
    words += ["--standalone", str(folder / "own"), "--image-base", "ghcr.io/me/my-engine", "--yes", "--git"]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in IDENTITY.items():
            patch.setenv(name, value)
        with pytest.raises(SystemExit) as stopped:
            main([*words, "--repo", str(folder / "localai")])
    assert not stopped.value.code
    return folder


@pytest.fixture
def own(_made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The repository, which is the current directory; the checkout is `../localai`."""
    folder = Path(shutil.copytree(_made, tmp_path / "made", symlinks=True))
    monkeypatch.chdir(folder / "own")
    for name, value in IDENTITY.items():
        monkeypatch.setenv(name, value)
    return folder / "own"


def newer(own: Path, path: str, text: str) -> None:
    """A commit in the LocalAI checkout."""
    file = own.parent / "localai" / path
    file.write_text(text)
    git(own.parent / "localai", "commit", "-qam", "newer")


def newer_template(monkeypatch: pytest.MonkeyPatch, path: str, old: str, new: str) -> None:
    """Another newbackend, whose template of one file differs."""

    def other(*args: object, **more: object) -> Mapping[str, RenderedFile]:
        files = repository(*args, **more)  # type: ignore[arg-type]
        assert old in files[path].text
        return {**files, path: replace(files[path], text=files[path].text.replace(old, new))}

    monkeypatch.setattr("newbackend.standalone.update.repository", other)


def test_nothing_is_to_do_right_after_it_was_made(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = tree(own)
    status, out, error = run(capsys, "update", "--yes", "--repo", "../localai")
    assert (status, tree(own) == before) == (0, True), error
    assert "nothing to do" in out


def test_localais_files_follow_the_checkout_that_is_named(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    newer(own, PROTO, (own / PROTO).read_text() + "// newer\n")
    old = read_record(own).revision
    status, out, error = run(capsys, "update", "my-engine", "--yes", "--repo", "../localai")
    assert status == 0, error
    new = git(own.parent / "localai", "rev-parse", "HEAD").strip()
    assert f"LocalAI's files: from {old} to {new}" in out
    assert (own / PROTO).read_text().endswith("// newer\n")
    assert read_record(own).revision == new
    assert new in (own / "README.md").read_text()
    changed = git(own, "diff", "--name-only").split()
    assert changed == ["README.md", PROTO, "standalone.yml"]
    status, _, error = run(capsys, "verify", "--fail-on", "warning")
    assert status == 0, error
    assert run(capsys, "undo")[0] == 0
    assert git(own, "status", "--porcelain") == ""


def test_an_update_makes_what_would_be_made_anew(
    own: Path, old_sample: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Here from a checkout of another layout."""
    status, out, error = run(capsys, "update", "--yes", "--repo", str(old_sample))
    assert status == 0, error + out
    known, theirs = read_record(own), Checkout(old_sample)
    assert known.revision == git(old_sample, "rev-parse", "HEAD").strip()
    wanted = make_spec(parse_answers((own / ANSWERS).read_text(), ANSWERS))
    base = known.image_base
    anew = repository(wanted, render(wanted, theirs), theirs, image_base=base, revision=known.revision)
    assert {path: text.decode() for path, (_, text) in tree(own).items()} == {p: f.text for p, f in anew.items()}


def test_an_older_checkout_is_named_as_such(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    newer(own, PROTO, (own / PROTO).read_text() + "// newer\n")
    assert run(capsys, "update", "--yes", "--repo", "../localai")[0] == 0
    git(own.parent / "localai", "checkout", "-q", "HEAD^")
    status, out, _ = run(capsys, "update", "--dry-run", "--repo", "../localai")
    assert (status, "which is older" in out) == (0, True)


def test_what_people_changed_is_merged_with_a_newer_template(
    own: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files around the backend, its own files, and the versions of a release."""
    index = own / "gallery/index.yaml"
    index.write_text(index.read_text().replace("0.1.0", "0.2.0"))
    makefile = own / "Makefile"
    makefile.write_text(f"# mine\n{makefile.read_text()}")
    engine = own / "backend/python/my-engine/engine.py"
    engine.write_text("# my engine\n")
    git(own, "commit", "-qam", "mine")
    last = makefile.read_text().rstrip().splitlines()[-1]
    newer_template(monkeypatch, "Makefile", last, f"{last} # newer")
    status, out, error = run(capsys, "update", "--yes", "--repo", "../localai")
    assert status == 0, error + out
    assert makefile.read_text().startswith("# mine\n")
    assert makefile.read_text().rstrip().endswith(" # newer")
    assert engine.read_text() == "# my engine\n"
    assert "0.2.0" in index.read_text()
    assert run(capsys, "update", "--yes", "--repo", "../localai")[1].startswith("nothing to do")


def test_a_conflict_writes_nothing_until_it_is_allowed(
    own: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    dockerfile = own / "Dockerfile"
    dockerfile.write_text(dockerfile.read_text().replace("FROM scratch", "FROM scratch AS mine"))
    git(own, "commit", "-qam", "mine")
    newer_template(monkeypatch, "Dockerfile", "FROM scratch", "FROM scratch AS theirs")
    before = tree(own)
    status, _, error = run(capsys, "update", "--yes", "--repo", "../localai")
    assert (status, tree(own) == before) == (1, True)
    assert "Dockerfile" in error
    assert run(capsys, "update", "--yes", "--conflicts", "--repo", "../localai")[0] == 1
    assert "<<<<<<< edited here" in dockerfile.read_text()
    status, _, error = run(capsys, "update", "--yes", "--repo", "../localai")
    assert (status, "still has conflict markers" in error) == (2, True)


def test_an_edited_file_of_localais_is_merged_too(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (own / COMMON).write_text(f"{(own / COMMON).read_text()}# mine\n")
    git(own, "commit", "-qam", "mine")
    text = (own.parent / "localai" / COMMON).read_text()
    first, _, rest = text.partition("\n")
    newer(own, COMMON, f"{first}\n# newer\n{rest}")
    assert run(capsys, "update", "--yes", "--repo", "../localai")[0] == 0
    merged = (own / COMMON).read_text()
    assert ("# newer" in merged, merged.endswith("# mine\n")) == (True, True)
    status, out, _ = run(capsys, "verify", "--format", "concise", "--fail-on", "warning")
    assert (status, "GAL651" in out) == (1, True)


def test_another_platform_in_the_answers_reaches_gallery_and_workflow(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = own / ANSWERS
    answers.write_text(answers.read_text().replace("cuda12", "cuda13"))
    status, out, error = run(capsys, "update", "--yes", "--repo", "../localai")
    assert status == 0, error + out
    for path in ("gallery/index.yaml", ".github/workflows/release.yml", "README.md"):
        text = (own / path).read_text()
        assert ("cuda13" in text, "cuda12" in text) == (True, False), path
    assert (own / "backend/python/my-engine/requirements-cublas13.txt").is_file()
    assert not (own / "backend/python/my-engine/requirements-cublas12.txt").exists()
    assert run(capsys, "verify", "--fail-on", "warning")[0] == 0


def test_dirty_files_are_left_alone(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    newer(own, PROTO, (own / PROTO).read_text() + "// newer\n")
    (own / "README.md").write_text((own / "README.md").read_text() + "mine\n")
    before = tree(own)
    status, _, error = run(capsys, "update", "--yes", "--repo", "../localai")
    assert (status, tree(own) == before) == (2, True)
    assert "README.md: has uncommitted changes" in error


def test_json_is_a_plan_and_a_dry_run_writes_nothing(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    newer(own, PROTO, (own / PROTO).read_text() + "// newer\n")
    before = tree(own)
    status, out, _ = run(capsys, "update", "--dry-run", "--repo", "../localai", "--format", "json")
    assert (status, tree(own) == before) == (0, True)
    plan = json.loads(out)
    assert plan["schema"] == "newbackend/plan/1"
    assert PROTO in [edit["path"] for edit in plan["edits"]]


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--yes"], 2, "pass --repo with a LocalAI checkout of that commit"),
        (["other", "--yes", "--repo", "../localai"], 3, "this repository has the backend 'my-engine', not 'other'"),
        (["--yes", "--repo", "../nothing"], 3, "nothing"),
    ],
)
def test_what_is_refused(
    own: Path, capsys: pytest.CaptureFixture[str], words: list[str], status: int, said: str
) -> None:
    before = tree(own)
    found, _, error = run(capsys, "update", *words)
    assert (found, said in error, tree(own) == before) == (status, True, True), error


def test_a_repository_of_an_older_newbackend_is_updated_where_nothing_was_edited(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its record has no ids of the files around the backend."""
    record = own / "standalone.yml"
    record.write_text(record.read_text().partition("generated:")[0])
    git(own, "commit", "-qam", "older")
    newer(own, PROTO, (own / PROTO).read_text() + "// newer\n")
    status, out, error = run(capsys, "update", "--yes", "--allow-manual", "--repo", "../localai")
    assert status == 1
    assert "README.md" in out
    assert (own / PROTO).read_text().endswith("// newer\n"), error
    assert "generated:" in record.read_text()
