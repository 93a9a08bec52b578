"""Where the answers of `create` come from: an answers file, `--set`, flags, an interrupted run, and questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from newbackend.answers import (
    Answers,
    EngineAnswers,
    ImportAnswers,
    ModelAnswers,
    PinAnswers,
    merge,
    value_at,
    with_value,
)
from newbackend.answers_file import load_answers, parse_set
from newbackend.catalog import modalities
from newbackend.checkout.tree import Checkout
from newbackend.cli.common import note_doubts
from newbackend.cli.create_options import CreateOptions
from newbackend.cli.output.progress import progress
from newbackend.describe.like import with_sibling, with_wiring
from newbackend.errors import UsageError
from newbackend.pin import check_commit, full_commit, parse_pin
from newbackend.plan.collisions import check_collisions
from newbackend.registrations.matrix.moved import moved_fields, with_moved
from newbackend.registrations.support.backend_names import placed
from newbackend.spec import BackendSpec, make_spec, to_answers
from newbackend.upstream.commit import fetching_once
from newbackend.upstream.prose import sentence
from newbackend.validate import checked
from newbackend.wizard.complete import InterfaceReader, WizardOptions, complete
from newbackend.wizard.headless import Headless
from newbackend.wizard.protocol import Frontend
from newbackend.wizard.question import words
from newbackend.wizard.questions import KEYS, told
from newbackend.wizard.session import Session
from newbackend.wizard.upstream import Upstream, read_upstream

if TYPE_CHECKING:
    from newbackend.child import Beside
    from newbackend.cli.engine_facts import EngineFacts
    from newbackend.online.hub import Page
    from newbackend.upstream.interface import Interface


def split(text: str | None) -> tuple[str, ...] | None:
    """The values of an option that takes a comma-separated list."""
    return None if text is None else words(text)


def pin_answers(text: str | None) -> PinAnswers | None:
    """`--pin OWNER/REPO[@REF]`. Raises UsageError when malformed."""
    if text is None:
        return None
    repo, ref = parse_pin(text)
    return PinAnswers(repo=repo, sha=ref)


def placed_answers(name: str | None, lang: str | None, checkout: Checkout) -> tuple[str | None, str | None]:
    """Name and language; a path such as backend/go/NAME says both. Raises UsageError when --lang says another."""
    if name is None:
        return None, lang
    found, said = placed(name, checkout)
    if said and lang not in (None, said):
        raise UsageError("name-other-language", f"{name!r} is a path of {said} backends, and --lang says {lang!r}")
    return found, lang or said or None


def import_answers(
    kind: str | None, of: str | None, extensions: str | None, pipeline_tags: str | None
) -> ImportAnswers | None:
    """`--import` and the options that go with it; what the others imply need not be said."""
    implied = "drop-in" if of else "importer" if extensions or pipeline_tags else None
    given = ImportAnswers(kind=kind or implied, of=of, extensions=split(extensions), pipeline_tags=split(pipeline_tags))
    return None if given == ImportAnswers() else given


def given_answers(file: Path | None, flags: Answers, sets: Sequence[str]) -> Answers:
    """Merges the answers file, flags and --set; later ones win. A name in both file and flags must be the same."""
    saved = load_answers(file) if file else Answers()
    for layer, where in ((saved, str(file)), (parse_set(sets), "--set")):
        if layer.pin and layer.pin.sha:
            check_commit(full_commit(layer.pin.sha), where)
    if flags.name and saved.name and saved.name != flags.name:
        message = f"the answers are for {saved.name!r}, not {flags.name!r}"
        raise UsageError("answers-other-name", message, where=str(file))
    if flags.pin:
        saved = replace(saved, pin=None)
    return merge(saved, flags, parse_set(sets))


@fetching_once()
def asked_spec(
    given: Answers, checkout: Checkout, front: Frontend, session: Session, options: CreateOptions
) -> EngineFacts:
    """The spec after all questions, files of its engine, and notes about what was assumed.

    Raises UsageError or NotFoundError.
    """
    resumed = Answers()
    given, notes = with_sibling(given, checkout)
    checked(given)
    note_doubts(given)
    if given.like and given.modalities is None and given.generated is None and not options.asks:
        raise UsageError(
            "modality-guess",
            f"nothing states what {given.like} serves, so it is no model for that",
            hint="pass --modality",
            choices=modalities(),
        )
    if options.asks and not options.settled:
        given, resumed = _resumed(given, front, session)
    wizard = WizardOptions(
        resumed=resumed,
        keep=session.save if options.asks else lambda _: None,
        busy=progress,
        settled=Headless() if options.settled else None,
        read_upstream=read_upstream if options.asks or options.engine != "placeholder" else _nothing_read,
        read_interface=_interface_reader(options),
    )
    answers, assumed = complete(given, checkout, front, wizard)
    spec = make_spec(with_wiring(answers, checkout))
    if not options.settled and not spec.keeps_files:
        moved = moved_fields(spec, checkout)
        spec = make_spec(with_moved(to_answers(spec), moved))
        assumed += [one.note for one in moved]
    check_collisions(spec, checkout)
    spec, missed = _with_models(spec, options)
    found = _with_engine(spec, checkout, options)
    return replace(found, notes=(*notes, *assumed, *missed, *found.notes))


def _nothing_read(_repo: str, _sha: str) -> Upstream:
    """Nothing is asked for only the placeholder, and nobody is asked either."""
    return Upstream()


def _interface_reader(options: CreateOptions) -> InterfaceReader:
    """What looks at a pinned engine for the flavour that fits it: nobody when the answers are complete, or when only
    the placeholder is to be built."""

    def read(repo: str, sha: str) -> Interface | None:
        if options.settled or options.engine == "placeholder":
            return None
        from newbackend.upstream.interface import read_interface

        return read_interface(repo, sha)

    return read


def _with_models(spec: BackendSpec, options: CreateOptions) -> tuple[BackendSpec, list[str]]:
    """The spec with what the pages of its models say, and notes on what they do not. Answers from a file are taken as
    they are: the same file gives the same backend."""
    if options.settled or not spec.models:
        return spec, []
    models, notes = models_told(spec.models, spec.modalities, options.pages)
    return make_spec(replace(to_answers(spec), models=models)), notes


def models_told(
    models: tuple[ModelAnswers, ...], served: tuple[str, ...], asked: Beside[dict[str, Page]] | None = None
) -> tuple[tuple[ModelAnswers, ...], list[str]]:
    """The models with what their pages say, and notes on what they do not; `served` are the backend's modalities,
    `asked` are pages that the hub was asked for before."""
    if not models:
        return (), []
    from newbackend.model_address import read_address
    from newbackend.online.hub import completed, pages_of

    with progress("asking Hugging Face about the models"):
        pages = asked.result() if asked else {}
        uris = [model.uri or "" for model in models]
        pages |= pages_of(uri for uri in uris if read_address(uri).repo not in pages)
        rows = [completed(model, served, pages) for model in models]
    return tuple(model for model, _ in rows), [note for _, note in rows if note]


def _with_engine(spec: BackendSpec, checkout: Checkout, options: CreateOptions) -> EngineFacts:
    """The spec with what its pinned upstream says about its build, and notes about that.

    Without --engine, answers from a file are taken as they are: the same file gives the same backend. Only the files
    that come from the engine's header are made again.
    """
    from newbackend.cli.engine_facts import EngineFacts, bindings_at, described, with_engine
    from newbackend.cli.release_facts import with_release

    flavour = spec.its_flavour
    mode = options.engine or ("placeholder" if options.settled and not flavour.binds else "auto")
    links = (flavour.links_engine or flavour.takes_package) and not spec.keeps_files
    chosen = EngineAnswers(pip=spec.engine.pip, header=spec.engine.header, target=spec.engine.target)
    known = spec.engine != chosen  # these three choose between readings; the rest is read with them
    if options.engine == "auto" and not links:
        able = [key for key, other in spec.language.flavours.items() if other.links_engine or other.takes_package]
        message = f"flavour {spec.flavour} of {spec.language.title} builds no engine, so there is nothing to read"
        raise UsageError("engine-not-built", message, hint="leave --engine out", choices=able)
    if mode == "placeholder" or spec.keeps_files:
        return EngineFacts(spec)
    if not links:
        if spec.pin is None or options.settled:
            return EngineFacts(spec)
        upstream = read_upstream(spec.pin.repo, spec.pin.sha)
        spec, notes = described(spec, (upstream.license, ""), (sentence(upstream.description), ""))
        return EngineFacts(spec, notes=tuple(notes))
    if spec.pin is None:
        asks = spec.engine.pip and not known
        return with_release(spec, explicit=options.engine == "auto") if asks else EngineFacts(spec)
    if known:
        return bindings_at(spec, checkout, spec.pin.sha) if flavour.binds else EngineFacts(spec)
    return with_engine(spec, checkout, explicit=options.engine == "auto")


def _resumed(given: Answers, front: Frontend, session: Session) -> tuple[Answers, Answers]:
    """The given answers, with those of an interrupted run if the user wants them; given ones win."""
    saved = session.find(given.name)
    if saved is None or (given.upstream and saved.upstream and given.upstream != saved.upstream):
        return given, Answers()
    front.say(f"There are answers of an interrupted run: {told(saved)}.")
    if not front.confirm("Go on with them?", default=True):
        session.drop()
        return given, Answers()
    unasked = saved
    for key in KEYS:
        if value_at(saved, key) is not None:
            unasked = with_value(unasked, key, None)
    return merge(unasked, given), saved
