"""`create --standalone`: what is in the repository, for every language, and what it refuses."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest
import yaml
from cli.runner import newbackend
from conftest import tool
from specs import spec

from newbackend.answers import Answers
from newbackend.checkout.tree import Checkout
from newbackend.cli.create_options import CreateOptions
from newbackend.cli.standalone import StandaloneOptions, create_standalone
from newbackend.gallery.check import check_gallery
from newbackend.gallery.document import read_index
from newbackend.gallery.record import read_record
from newbackend.gallery.source import open_source
from newbackend.gallery.table import host_table
from newbackend.scaffold.render import RenderedFile, render
from newbackend.standalone.gallery import PATH, check_image_base
from newbackend.standalone.move_in import with_edits
from newbackend.standalone.render import repository
from newbackend.standalone.write import write_repository
from newbackend.wizard.headless import Headless
from newbackend.wizard.question import PartialAnswers, Question

BASE = "ghcr.io/me/my-engine"
KINDS = [
    ("python", "default", "cpu,cuda12,cuda13,rocm,intel,l4t-cuda12"),
    ("go", "pure", "cpu"),
    ("go", "purego", "cpu,cuda12,vulkan,rocm,l4t-cuda13,sycl-f16"),
    ("cpp", "self-contained", "cpu,cuda12,vulkan"),
    ("cpp", "shared-base", "cpu,rocm"),
    ("rust", "default", "cpu"),
]


def words(target: Path, lang: str, flavour: str, variants: str, *more: str) -> list[str]:
    said = ["create", "my-engine", "--lang", lang, "--set", f"flavour={flavour}", "--modality", "llm,tts"]
    return [*said, "--variants", variants, "--license", "MIT", "--standalone", str(target), "--no-input", *more]


def made(target: Path, lang: str, flavour: str, variants: str) -> Path:
    done = newbackend(*words(target, lang, flavour, variants, "--image-base", BASE, "--yes"), cwd=target.parent)
    assert done.status == 0, done.err
    return target


@pytest.mark.parametrize(("lang", "flavour", "variants"), KINDS, ids=lambda value: value.replace(",", "+"))
def test_a_generated_repository_is_clean(tmp_path: Path, lang: str, flavour: str, variants: str) -> None:
    root = made(tmp_path / "r", lang, flavour, variants)
    checked = newbackend("gallery", "check", root, "--format", "json", cwd=tmp_path)
    assert checked.status == 0
    assert json.loads(checked.out)["findings"] == []
    for arguments, status in (([], 0), (["v0.1.0"], 0), (["v0.2.0"], 1)):
        script = subprocess.run(
            ["bash", "scripts/check-release.sh", *arguments], cwd=root, capture_output=True, check=False
        )
        assert script.returncode == status, script.stderr
    for file in (root / ".github/workflows").iterdir():
        assert yaml.safe_load(file.read_text())["permissions"] == {"contents": "read"}
    assert (root / f"backend/{lang}/my-engine/.newbackend.yml").is_file()
    for script_name in ("scripts/install-test.sh", f"backend/{lang}/my-engine/run.sh"):
        assert (root / script_name).stat().st_mode & stat.S_IXUSR
        assert subprocess.run(["bash", "-n", script_name], cwd=root, check=False).returncode == 0


@pytest.mark.parametrize(("lang", "flavour", "variants"), KINDS, ids=lambda value: value.replace(",", "+"))
def test_linters_have_nothing_to_say(tmp_path: Path, lang: str, flavour: str, variants: str) -> None:
    hadolint, zizmor = tool("hadolint"), tool("zizmor")
    root = made(tmp_path / "r", lang, flavour, variants)
    dockerfile = next(path for path in (root / "Dockerfile", root / "backend/Dockerfile.my-engine") if path.exists())
    # As for LocalAI's own: distribution packages are not pinned, and the last stage is a file system.
    lint = [hadolint, "--no-color", "--ignore", "DL3008", "--ignore", "DL3045", str(dockerfile)]
    done = subprocess.run(lint, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout
    audit = [zizmor, "--offline", "--no-progress", str(root / ".github/workflows")]
    done = subprocess.run(audit, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("lang", "flavour", "variants"), KINDS, ids=lambda value: value.replace(",", "+"))
def test_actionlint_has_nothing_to_say(tmp_path: Path, lang: str, flavour: str, variants: str) -> None:
    actionlint = tool("actionlint")
    root = made(tmp_path / "r", lang, flavour, variants)
    files = sorted(str(path) for path in (root / ".github/workflows").iterdir())
    done = subprocess.run([actionlint, "-no-color", *files], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout


def test_every_host_gets_the_best_build_there_is(tmp_path: Path) -> None:
    root = made(tmp_path / "r", "go", "purego", "cpu,cuda12,vulkan,l4t-cuda12")
    row = host_table(read_index("index.yaml", (root / "gallery/index.yaml").read_text()))["my-engine"]
    names = {host: pick.entry.name.removesuffix("-my-engine") for host, pick in row.items() if pick.entry}
    assert names["nvidia"] == names["nvidia-cuda-12"] == names["nvidia-cuda-13"] == "cuda12"
    assert names["nvidia-l4t"] == names["nvidia-l4t-cuda-13"] == "nvidia-l4t-arm64"
    assert (names["vulkan"], names["amd"], names["default"]) == ("vulkan", "cpu", "cpu")


def test_a_cuda_13_build_is_not_given_to_cuda_12(tmp_path: Path) -> None:
    root = made(tmp_path / "r", "go", "purego", "cpu,cuda13")
    row = host_table(read_index("index.yaml", (root / "gallery/index.yaml").read_text()))["my-engine"]
    names = {host: pick.entry.name for host, pick in row.items() if pick.entry}
    assert names["nvidia-cuda-12"] == "cpu-my-engine"
    assert names["nvidia-cuda-13"] == names["nvidia"] == "cuda13-my-engine"


def test_localais_files_and_their_revision_are_recorded(tmp_path: Path, sample: Path) -> None:
    done = newbackend(*words(tmp_path / "r", "go", "pure", "cpu", "--image-base", BASE, "--yes", "--repo", str(sample)))
    assert done.status == 0, done.err
    record = yaml.safe_load((tmp_path / "r/standalone.yml").read_text())
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=sample, capture_output=True, text=True, check=True)
    assert record["revision"] == head.stdout.strip()
    assert (tmp_path / "r/pkg/grpc/server.go").read_text() == (sample / "pkg/grpc/server.go").read_text()
    assert {"backend/backend.proto", "pkg/grpc/server.go"} <= set(record["files"])
    assert not list((tmp_path / "r").rglob("*_test.go")) or all(
        "backend/go" in str(p) for p in (tmp_path / "r").rglob("*_test.go")
    )


def test_the_answers_lead_back_into_a_checkout(tmp_path: Path, sample: Path) -> None:
    root = made(tmp_path / "r", "python", "default", "cpu,cuda12")
    answers = root / "backend/python/my-engine/.newbackend.yml"
    done = newbackend("create", "--answers", answers, "--no-input", "--yes", "--repo", sample)
    assert done.status == 0, done.err
    for name in ("backend.py", "engine.py", "run.sh"):
        assert (sample / "backend/python/my-engine" / name).read_text() == (answers.parent / name).read_text()


def test_what_was_written_in_a_repository_comes_along_into_a_checkout(tmp_path: Path, sample: Path) -> None:
    """Edited and added files do; what is built there, and what nobody edited, does not."""
    wanted, theirs = spec(name="my-engine", lang="python", variants=["cpu"], pin=None), Checkout(sample)
    root = tmp_path / "r"
    write_repository(root, repository(wanted, render(wanted, theirs), theirs, image_base=BASE, revision="r"))
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    own = root / wanted.directory
    (own / "engine.py").write_text("# mine\n")
    (own / "more.py").write_text("# more\n")
    (own / "backend_pb2.py").write_text("# built\n")
    fresh = {**render(wanted, theirs), f"{wanted.directory}/run.sh": RenderedFile(0o755, "# of another checkout\n")}
    files = with_edits(lambda *_: fresh, own / ".newbackend.yml")(wanted, theirs)
    changed = {path.rpartition("/")[2]: file.text for path, file in files.items() if fresh.get(path) != file}
    assert changed == {"engine.py": "# mine\n", "more.py": "# more\n"}
    other = spec(name="another", lang="python", variants=["cpu"], pin=None)
    assert with_edits(lambda *_: fresh, own / ".newbackend.yml")(other, theirs) == fresh
    assert with_edits(lambda *_: fresh, sample / "answers.yml")(wanted, theirs) == fresh


def test_the_wizard_is_about_the_repository_alone(tmp_path: Path, sample: Path) -> None:
    """Like which backend, the import form and models of LocalAI's gallery are not asked about; a build for macOS, which
    the wizard proposes, is left out with a note."""
    checkout = Checkout(sample)
    front = Scripted()
    options = CreateOptions(
        asks=True,
        settled=False,
        review=False,
        yes=True,
        dry_run=False,
        allow_dirty=False,
        allow_manual=False,
        json=False,
        no_diff=False,
        engine=None,
        plan_out=None,
        diff_out=None,
    )
    target = StandaloneOptions(tmp_path / "r", None, git=False, development=False)
    assert create_standalone(Answers(name="oak", lang="go"), (checkout, "here"), options, target, front) == 0
    assert "image_base" in front.keys
    assert not {"like", "models", "import.kind"} & set(front.keys)
    assert "metal" not in (tmp_path / "r/gallery/index.yaml").read_text()


class Scripted(Headless):
    """A person who takes every proposal, and all of the platforms."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def text(self, question: Question, partial: PartialAnswers) -> str:
        self.keys.append(question.key)
        return BASE if question.key == "image_base" else super().text(question, partial)

    def one(self, question: Question, partial: PartialAnswers) -> str:
        self.keys.append(question.key)
        return super().one(question, partial)

    def many(self, question: Question, partial: PartialAnswers) -> tuple[str, ...]:
        self.keys.append(question.key)
        return ("cpu", "metal") if question.key == "variants" else super().many(question, partial)


@pytest.mark.parametrize("name", ["pyecho", "gotide", "cppanvil", "rustlark"])
def test_a_backend_moves_out_of_a_checkout(tmp_path: Path, sample: Path, name: str) -> None:
    before = subprocess.run(["git", "status", "--porcelain"], cwd=sample, capture_output=True, check=True).stdout
    beside = os.path.relpath(tmp_path / "r", sample)  # `../r`, from inside of the checkout
    out = ["create", name, "--standalone", beside, "--from", ".", "--image-base", BASE]
    done = newbackend(*out, "--no-input", "--yes", cwd=sample)
    assert done.status == 0, done.err
    assert f"newbackend remove {name}" in done.err
    assert (
        subprocess.run(["git", "status", "--porcelain"], cwd=sample, capture_output=True, check=True).stdout == before
    )
    (folder,) = (tmp_path / "r/backend").glob(f"*/{name}")
    here = sample / folder.relative_to(tmp_path / "r")
    for file in here.iterdir():
        if file.is_file():
            assert (folder / file.name).read_bytes() == file.read_bytes()
    checked = newbackend("gallery", "check", tmp_path / "r", "--format", "concise", "--fail-on", "error")
    assert checked.status == 0, checked.out


def test_verify_in_such_a_repository_checks_it(tmp_path: Path) -> None:
    root = made(tmp_path / "r", "go", "pure", "cpu")
    inside = root / "backend/go/my-engine"
    done = newbackend("verify", "--format", "json", cwd=inside)
    assert done.status == 0, done.err
    assert json.loads(done.out)["schema"] == "newbackend/gallery/1"
    proto = root / "backend/backend.proto"
    proto.write_text(proto.read_text() + "// mine\n")
    (root / "Dockerfile").write_text((root / "Dockerfile").read_text().replace("FROM scratch", "FROM ubuntu:24.04"))
    done = newbackend("verify", "--format", "concise", "--fail-on", "warning", cwd=inside)
    assert done.status == 1
    assert "GAL651" in done.out
    assert "GAL611" in done.out
    refused = newbackend("verify", "my-engine", cwd=inside)
    assert (refused.status, "verify takes only" in refused.error()) == (2, True)


def test_git_begins_on_request_only(tmp_path: Path) -> None:
    root = made(tmp_path / "a", "rust", "default", "cpu")
    assert not (root / ".git").exists()
    identity = {
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@b",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@b",
    }
    said = words(tmp_path / "b", "rust", "default", "cpu", "--image-base", BASE, "--yes", "--git")
    assert newbackend(*said, env=identity).status == 0
    log = subprocess.run(["git", "log", "--format=%s"], cwd=tmp_path / "b", capture_output=True, text=True, check=True)
    assert log.stdout == "Add my-engine, a backend for LocalAI\n"
    left = subprocess.run(
        ["git", "status", "--porcelain"], cwd=tmp_path / "b", capture_output=True, text=True, check=True
    )
    assert left.stdout == ""


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    done = newbackend(*words(tmp_path / "r", "go", "pure", "cpu", "--image-base", BASE, "--dry-run"))
    assert done.status == 0
    assert "  gallery/index.yaml" in done.out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ghcr.io/chipmunk/demo", "image-base-hardware"),
        ("ghcr.io/amd-tools/demo", "image-base-hardware"),
        ("ghcr.io/Me/demo", "image-base"),
        ("me/demo", "image-base"),
        ("ghcr.io/OWNER/REPO", "image-base"),
        ("ghcr.io/owner/demo", "image-base"),
        ("ghcr.io/me/demo:1", "image-base"),
        ("https://ghcr.io/me/demo", "image-base"),
        ("ghcr.io/me", "image-base"),
        ("ghcr.io/me/../demo", "image-base"),
    ],
)
def test_an_address_that_would_hide_or_lose_every_image_is_refused(tmp_path: Path, text: str, code: str) -> None:
    from newbackend.errors import UsageError

    with pytest.raises(UsageError) as refused:
        check_image_base(text)
    assert refused.value.code == code
    done = newbackend(*words(tmp_path / "r", "go", "pure", "cpu", "--image-base", text, "--yes"))
    assert done.status == 2
    done.error()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "case", ["not-empty", "inside", "file", "no-parent", "no-base", "metal", "fork", "options", "plan"]
)
def test_what_cannot_be_made_leaves_nothing(tmp_path: Path, sample: Path, case: str) -> None:
    target, more, variants, flavour, lang = tmp_path / "r", ["--image-base", BASE, "--yes"], "cpu", "pure", "go"
    if case == "not-empty":
        target.mkdir()
        (target / "mine").write_text("x")
    elif case == "inside":
        target = sample / "r"
    elif case == "file":
        target.write_text("x")
    elif case == "no-parent":
        target = tmp_path / "a/b"
    elif case == "no-base":
        more = ["--yes"]
    elif case == "metal":
        variants = "cpu,metal"
    elif case == "fork":
        lang, flavour = "cpp", "llama-fork"
    elif case == "plan":
        more += ["--plan-out", str(tmp_path / "plan.json")]
    said = words(target, lang, flavour, variants, *more)
    if case == "options":
        said = [word for word in said if word not in ("--standalone", str(target))]
    before = sorted(path for path in tmp_path.rglob("*") if ".git" not in path.parts)
    done = newbackend(*said, cwd=tmp_path)
    assert done.status == 2, done.out
    done.error()
    assert sorted(path for path in tmp_path.rglob("*") if ".git" not in path.parts) == before


def test_the_branch_main_has_images_on_request(tmp_path: Path, sample: Path) -> None:
    """A second map and second images, which no release touches, and which one workflow makes."""
    wanted = spec(name="my-engine", lang="rust", variants=["cpu"], pin=None)
    plain = repository(wanted, {}, Checkout(sample), image_base=BASE, revision="r")
    moving = repository(wanted, {}, Checkout(sample), image_base=BASE, revision="r", development=True)
    write_repository(tmp_path / "r", moving)
    index = moving[PATH].text
    assert index.startswith(plain[PATH].text)
    row = host_table(read_index(PATH, index))["my-engine-development"]
    assert {pick.entry.name for pick in row.values() if pick.entry} == {"cpu-my-engine-development"}
    assert index.endswith(f'  uri: "{BASE}:main-cpu"\n')
    assert [row.rule.id for row in check_gallery(open_source(str(tmp_path / "r" / PATH))).findings] == []
    check = ["bash", "scripts/check-release.sh", "v0.1.0"]
    assert subprocess.run(check, cwd=tmp_path / "r", capture_output=True, check=False).returncode == 0
    workflow = yaml.safe_load(moving[".github/workflows/release.yml"].text)
    assert workflow[True]["push"] == {"tags": ["v*"], "branches": ["main"]}
    assert "refs/(heads/main|tags/v.+)$" in moving["README.md"].text
    assert "main" not in yaml.safe_load(plain[".github/workflows/release.yml"].text)[True]["push"].get("branches", ())
    assert read_record(tmp_path / "r").development
