"""The rules of `verify --online`, over answers that were asked for before."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from newbackend.checklist import BUMP, IMAGES, IMPORTABLE
from newbackend.checkout.layout import INDEX
from newbackend.findings import CheckResult, Finding, Rule, Severity, Status
from newbackend.online.book import ONLINE, Asked, Result
from newbackend.online.questions import Kind, Question, Said, State
from newbackend.registrations.base import Fact
from newbackend.registrations.support import importers_dir
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.rules.gallery import suffix_of

_SHA = re.compile(r"[0-9a-f]{40}\Z")
_REPO = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9_.-]+\Z")
_FIXTURE = re.compile(
    r'(?:\buri\s*:?=\s*|DiscoverModelConfig\(\s*)"(?:https://huggingface\.co/|huggingface://|hf://)([\w.-]+/[\w.-]+)["/]'
)


rule, check = ONLINE.rule, ONLINE.check

IMAGE_ABSENT = rule(
    "REG230",
    "image-absent",
    Severity.ERROR,
    what="A gallery entry points at an image that its registry does not have (only with --online).",
    why="Installing it fails with a pull error. The row may be right and its job may never have run, or have failed.",
    how="Start the backend's jobs again, or correct the uri; a backend that is not merged yet has no images.",
    bad='uri: "quay.io/go-skynet/local-ai-backends:latest-cpu-demo"      # and the registry has no such tag',
    good='uri: "quay.io/go-skynet/local-ai-backends:latest-cpu-demo"      # which was pushed',
    checklist=IMAGES,
)

IMAGE_PLATFORM = rule(
    "REG231",
    "image-platform-absent",
    Severity.ERROR,
    what="The registry's image lacks an architecture that a row of the matrix builds (only with --online).",
    why="One leg failed, and the tag was merged without it: hosts of that architecture get nothing.",
    how="Start the jobs of the missing leg again, and then those that merge the tag.",
    bad="rows for linux/amd64 and linux/arm64; the image is linux/amd64",
    good="rows for linux/amd64 and linux/arm64; the image is both",
    checklist=IMAGES,
)

BRANCH_ABSENT = rule(
    "REG520",
    "upstream-branch-absent",
    Severity.ERROR,
    what="The upstream repository of a bump row, or the branch that it follows, does not exist (only with --online).",
    why="The nightly bump of that row fails or does nothing, so the engine stays at its old commit.",
    how="Write the repository's present name and its default branch.",
    bad='repository: "example/demo.cpp"\nbranch: "master"      # the repository has only main',
    good='repository: "example/demo.cpp"\nbranch: "main"',
    checklist=BUMP,
)

COMMIT_ABSENT = rule(
    "REG521",
    "upstream-commit-absent",
    Severity.ERROR,
    what="The pinned commit does not exist in the upstream repository (only with --online).",
    why="The image build clones it and fails: it was mistyped, or upstream has rewritten its history.",
    how="Pin a commit of the branch that the bump bot follows.",
    bad="DEMO_VERSION?=0000000000000000000000000000000000000000",
    good="DEMO_VERSION?=4e4fbf3e3dbc4df9d1e791818dde7a25ff493dfc",
    checklist=BUMP,
)

MODEL_ABSENT = rule(
    "REG620",
    "test-model-absent",
    Severity.WARNING,
    what="An importer's test names a model that Hugging Face does not have, or does not show (only with --online).",
    why="The test asks the live API and fails, for everybody, and hides the next real failure.",
    how="Name a public model of the same kind.",
    bad='uri := "https://huggingface.co/example/gone"',
    good='uri := "https://huggingface.co/example/there"',
    checklist=IMPORTABLE,
)


@check(IMAGE_ABSENT, IMAGE_PLATFORM)
def images(asked: Asked) -> Iterable[Result]:
    """Every image entry of the gallery."""
    for info in asked.backends():
        for entry, question in images_of(info):
            said = asked.answers[question]
            name, line = str(entry.value.get("name")), asked.context.lines.field(entry, "uri")
            if said.state is State.UNKNOWN:
                yield from (_unknown(rule, info.name, said) for rule in (IMAGE_ABSENT, IMAGE_PLATFORM))
            elif said.state is State.ABSENT:
                message = f"{name} points at {question.subject}, and {said.why}"
                yield Finding(IMAGE_ABSENT, name, INDEX, line=line, message=message, backend=info.name)
            elif missing := sorted(_promised(asked.context, entry) - set(said.platforms)):
                message = (
                    f"the image of {name} has no {', '.join(missing)}; it has {', '.join(said.platforms) or 'none'}"
                )
                yield Finding(IMAGE_PLATFORM, name, INDEX, line=line, message=message, backend=info.name)


def images_of(info: BackendInfo) -> Iterator[tuple[Fact, Question]]:
    """The image entries of a backend; entries of other kinds (a path, a file) are not asked about."""
    for entry in info.entries:
        uri = str(entry.value.get("uri") or "").removeprefix("oci://")
        if suffix_of(entry) and "://" not in uri:
            yield entry, Question(Kind.IMAGE, uri)


def _promised(context: Context, entry: Fact) -> set[str]:
    rows = context.rows_by_suffix.get(suffix_of(entry), ())
    return {str(row.value.get("platforms")) for row in rows if row.kind == "row"}


@check(BRANCH_ABSENT, COMMIT_ABSENT)
def pins(asked: Asked) -> Iterable[Result]:
    """Every row of the bump bot, and the pin that it moves."""
    for info in asked.backends():
        for fact in bumped(asked.context, info):
            for rule, question, where in questions_of_row(asked.context, fact):
                said = asked.answers[question]
                if said.state is State.UNKNOWN:
                    yield _unknown(rule, info.name, said)
                elif said.state is State.ABSENT:
                    path, line = where
                    yield Finding(rule, question.subject, path, line=line, message=said.why, backend=info.name)


def bumped(context: Context, info: BackendInfo) -> list[Fact]:
    """The rows of the bump bot that are about a backend."""
    return [fact for fact in context.facts("bump-bot") if fact.backend == info.name]


def questions_of_row(context: Context, fact: Fact) -> Iterator[tuple[Rule, Question, tuple[str, int]]]:
    """The branch that a row follows and the commit that its variable pins, each with its place."""
    repo, branch = str(fact.value.get("repository") or ""), str(fact.value.get("branch") or "")
    if not _REPO.match(repo):
        return
    if branch and not branch.startswith("-"):
        line = context.lines.field(fact, "branch")
        yield BRANCH_ABSENT, Question(Kind.BRANCH, f"{repo} {branch}"), (fact.path, line)
    path, variable = str(fact.value.get("file") or ""), str(fact.value.get("variable") or "")
    source = context.read(path) if path else None
    pinned = re.search(rf"^{re.escape(variable)}\s*[:?]?=\s*([0-9a-f]{{40}})\s*$", source or "", re.M)
    if pinned:
        line = (source or "").count("\n", 0, pinned.start()) + 1
        yield COMMIT_ABSENT, Question(Kind.COMMIT, f"{repo} {pinned[1]}"), (path, line)


@check(MODEL_ABSENT)
def models(asked: Asked) -> Iterable[Result]:
    """Models that tests of importers ask the live API about."""
    for backend, path, line, question in fixtures(asked.context, asked.names):
        said = asked.answers[question]
        if said.state is State.UNKNOWN:
            yield _unknown(MODEL_ABSENT, backend, said)
        elif said.state is State.ABSENT:
            yield Finding(MODEL_ABSENT, question.subject, path, line=line, message=said.why, backend=backend)


def fixtures(context: Context, names: Iterable[str]) -> Iterator[tuple[str, str, int, Question]]:
    """(backend, test file, line, question) of each model in the tests of importers that use the live API."""
    wanted = set(names)
    owners = {
        importer.path.removesuffix(".go"): importer.backend for importer in importers_dir.importers(context.checkout)
    }
    for file in context.checkout.children(importers_dir.FOLDER):
        path = f"{importers_dir.FOLDER}/{file}"
        backend = context.known(owners.get(path.removesuffix("_test.go"), ""))
        if not file.endswith("_test.go") or backend not in wanted:
            continue
        source = context.read(path) or ""
        if "DiscoverModelConfig" in source:
            for match in _FIXTURE.finditer(source):
                yield backend, path, source.count("\n", 0, match.start()) + 1, Question(Kind.MODEL, match[1])


def _unknown(rule: Rule, backend: str, said: Said) -> CheckResult:
    return CheckResult(rule, Status.UNKNOWN, backend, said.why)
