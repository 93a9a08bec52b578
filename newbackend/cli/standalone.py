"""`newbackend create --standalone`: a backend in a repository of its own, with its own gallery."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from newbackend.cli.common import open_repo, print_err, print_out
from newbackend.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from newbackend.answers import Answers
    from newbackend.checkout.tree import Checkout
    from newbackend.cli.create_options import CreateOptions
    from newbackend.scaffold.render import RenderedFile
    from newbackend.spec import BackendSpec
    from newbackend.wizard.protocol import Frontend


@dataclass(frozen=True)
class StandaloneOptions:
    """Where the repository goes, where its images are published, whether git begins there, and whether the branch main
    has images, too."""

    target: Path
    image_base: str | None
    git: bool
    development: bool


@contextmanager
def localai(repo: Path | None) -> Iterator[tuple[Checkout, str]]:
    """The checkout that LocalAI's files are taken from and its revision: the one named, the one around, or the one that
    comes with newbackend."""
    from newbackend import __version__
    from newbackend.checkout.git import Git
    from newbackend.checkout.layout import find_root
    from newbackend.checkout.tree import Checkout
    from newbackend.errors import NewbackendError, NotFoundError
    from newbackend.sample import materialise

    if repo is not None and not repo.is_dir():
        raise NotFoundError("repo-missing", "there is no such directory", where=str(repo))
    try:
        found = find_root(repo or Path.cwd())
    except NotFoundError:
        if repo is not None:
            raise
        with tempfile.TemporaryDirectory(prefix="newbackend-") as scratch:
            yield Checkout(materialise(Path(scratch) / "localai")), f"those that come with newbackend {__version__}"
        return
    checkout = open_repo(found)
    try:
        revision = Git(checkout.root).commit("HEAD")
    except NewbackendError:
        revision = "of a checkout without git"
    yield checkout, revision


def create_standalone(
    given: Answers, source: tuple[Checkout, str], options: CreateOptions, standalone: StandaloneOptions, front: Frontend
) -> int:
    """Asks what is missing and writes the repository."""
    from newbackend.cli.create_answers import asked_spec
    from newbackend.standalone.gallery import refuse_macos, without_macos
    from newbackend.standalone.write import check_target
    from newbackend.wizard.session import Session
    from newbackend.wizard.stop import stoppable

    check_target(standalone.target)
    refuse_macos(given.variants or ())
    checkout, revision = source
    session = Session(checkout.root)
    with stoppable(session):
        base = _image_base(checkout, standalone, options, front)
        asked = asked_spec(_without_localais(given), checkout, front, session, options)
        spec, left_out = without_macos(asked.spec)
    files = asked.scaffold(spec, checkout)
    status = _finish(spec, files, (checkout, revision), base, options, standalone, front)
    for note in (*asked.notes, *left_out):
        print_err(f"newbackend: note: {note}")
    session.drop()
    return status


def _without_localais(given: Answers) -> Answers:
    """The answers with those filled in that are about LocalAI's own lists, so that nobody is asked about them."""
    from dataclasses import replace

    from newbackend.answers import DocsAnswers, ImportAnswers
    from newbackend.catalog.import_kinds import DEFAULT_IMPORT

    return replace(
        given,
        like=given.like or "",
        imports=given.imports or ImportAnswers(kind=DEFAULT_IMPORT),
        models=given.models if given.models is not None else (),
        docs=given.docs or DocsAnswers(page=False),
    )


def move_out(
    name: str, source: tuple[Checkout, str], options: CreateOptions, standalone: StandaloneOptions, front: Frontend
) -> int:
    """A backend of a checkout in a repository of its own, with its files as they are. The checkout is not changed."""
    from newbackend.standalone.adopt import existing
    from newbackend.standalone.write import check_target

    check_target(standalone.target)
    checkout, revision = source
    base = _image_base(checkout, standalone, options, front)
    spec, files, notes = existing(checkout, name)
    status = _finish(spec, files, (checkout, revision), base, options, standalone, front)
    for note in notes:
        print_err(f"newbackend: note: {note}")
    print_err(f"newbackend: the checkout still has {name}; `newbackend remove {name}` takes it out there")
    return status


def _image_base(checkout: Checkout, standalone: StandaloneOptions, options: CreateOptions, front: Frontend) -> str:
    from newbackend.errors import UsageError
    from newbackend.standalone.gallery import check_image_base

    text = standalone.image_base
    if text is None and options.asks:
        text = _asked(checkout, front)
    if text is None:
        hint = "pass --image-base ghcr.io/OWNER/REPO"
        raise UsageError("image-base-missing", "where the images will be published is not known", hint=hint)
    return check_image_base(text)


def _asked(checkout: Checkout, front: Frontend) -> str:
    """The address of the images, from the user."""
    from newbackend.answers import Answers
    from newbackend.standalone.gallery import check_image_base
    from newbackend.wizard.question import Kind, PartialAnswers, Question

    question = Question(
        key="image_base",
        kind=Kind.TEXT,
        prompt="Images under",
        explain=lambda _: "Where the release workflow publishes the images: ghcr.io/OWNER/REPO, in lower case.",
        unasked=lambda _: "",
        check=lambda text, _: check_image_base(text),
    )
    return front.text(question, PartialAnswers(Answers(), checkout))


def _finish(
    spec: BackendSpec,
    backend: Mapping[str, RenderedFile],
    source: tuple[Checkout, str],
    base: str,
    options: CreateOptions,
    standalone: StandaloneOptions,
    front: Frontend,
) -> int:
    from newbackend.sanitize import json_text
    from newbackend.standalone.render import repository
    from newbackend.standalone.write import commit_all, write_repository

    development = standalone.development
    files = repository(spec, backend, source[0], image_base=base, revision=source[1], development=development)
    if not options.json:
        print_out("\n".join(f"{'x' if file.mode & 0o100 else ' '} {path}" for path, file in files.items()))
    question = f"Write these {len(files)} files to {standalone.target}?"
    agreed = not options.dry_run and (options.yes or (options.asks and front.confirm(question, default=False)))
    if agreed:
        write_repository(standalone.target, files)
        if standalone.git:
            commit_all(standalone.target, spec.name)
    if options.json:
        shown = {"schema": "newbackend/standalone/1", "directory": str(standalone.target), "written": agreed}
        print_out(json_text({**shown, "image_base": base, "files": list(files)}))
    if agreed:
        print_err(f"newbackend: {standalone.target} is a repository of its own; go on with its README.md")
    elif not options.dry_run:
        print_err("newbackend: nothing was written; pass --yes to write it")
    return 0
