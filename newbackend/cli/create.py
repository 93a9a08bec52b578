"""`newbackend create`: answers -> spec -> plan -> review -> apply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from newbackend.cli.common import (
    AllowDirtyOption,
    AllowManualOption,
    DryRunOption,
    FormatOption,
    RepoOption,
    YesOption,
    cannot_ask,
    check_choice,
    check_format,
    interactive,
    open_repo,
    places_by_hand,
    print_err,
    refuse_by_hand,
    verb_app,
)
from newbackend.cli.create_options import (
    ENGINES,
    AnswersOption,
    CreateOptions,
    DescriptionOption,
    DevelopmentOption,
    DiffOutOption,
    DocsPageOption,
    EngineOption,
    FlavourOption,
    FromOption,
    GitOption,
    GlibcFloorOption,
    ImageBaseOption,
    ImportExtensionsOption,
    ImportOfOption,
    ImportOption,
    ImportTagsOption,
    LangOption,
    LicenseOption,
    LikeOption,
    ModalityOption,
    ModelOption,
    NameArgument,
    NoDiffOption,
    NoInputOption,
    PinOption,
    PipOption,
    PlanOutOption,
    ReviewOption,
    SetOption,
    StandaloneOption,
    TagsOption,
    VariantsOption,
)
from newbackend.cli.output.create_text import save, show

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from newbackend.answers import Answers
    from newbackend.checkout.tree import Checkout
    from newbackend.child import Beside
    from newbackend.cli.engine_facts import EngineFacts
    from newbackend.online.hub import Page
    from newbackend.plan.model import Plan
    from newbackend.spec import BackendSpec
    from newbackend.wizard.protocol import Frontend

app = verb_app()


@app.command()
def create(
    name: NameArgument = None,
    lang: LangOption = None,
    flavour: FlavourOption = None,
    pin: PinOption = None,
    pip: PipOption = None,
    engine: EngineOption = None,
    like: LikeOption = None,
    variants: VariantsOption = None,
    modality: ModalityOption = None,
    description: DescriptionOption = None,
    license_: LicenseOption = None,
    tags: TagsOption = None,
    import_: ImportOption = None,
    import_of: ImportOfOption = None,
    import_extensions: ImportExtensionsOption = None,
    import_tags: ImportTagsOption = None,
    glibc_floor: GlibcFloorOption = None,
    model: ModelOption = None,
    docs_page: DocsPageOption = False,
    answers: AnswersOption = None,
    set_: SetOption = None,
    no_input: NoInputOption = False,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    no_diff: NoDiffOption = False,
    plan_out: PlanOutOption = None,
    diff_out: DiffOutOption = None,
    review: ReviewOption = False,
    allow_dirty: AllowDirtyOption = False,
    allow_manual: AllowManualOption = False,
    standalone: StandaloneOption = None,
    image_base: ImageBaseOption = None,
    from_: FromOption = None,
    git: GitOption = False,
    development: DevelopmentOption = False,
    repo: RepoOption = None,
    format_: FormatOption = "text",
) -> int:
    """Scaffold a backend and register it everywhere, all or nothing.

    Shows the whole change first. Without --yes it asks before writing. With --standalone it is a repository of its own.
    """
    from newbackend.scaffold.copying import start_copier

    start_copier()  # first of all: it imports copier while this process imports the rest
    pages = _pages(model) if model and answers is None and standalone is None else None
    from newbackend.answers import Answers, DocsAnswers, EngineAnswers, OptionAnswers
    from newbackend.checkout.filter_engine import start_filter
    from newbackend.cli.create_answers import given_answers, import_answers, pin_answers, placed_answers, split
    from newbackend.cli.standalone import StandaloneOptions, create_standalone, localai, move_out
    from newbackend.errors import UsageError
    from newbackend.model_address import model_answers
    from newbackend.registrations.support.backend_names import named
    from newbackend.requirement import parse_requirement

    check_format(format_)
    if engine is not None:
        check_choice("engine", engine, ENGINES)
    asks = interactive(no_input=no_input)
    if review and not asks:
        raise cannot_ask("review-needs-terminal", "--review asks about every hunk", no_input=no_input)
    options = CreateOptions(
        asks=asks,
        settled=answers is not None,
        review=review,
        yes=yes,
        dry_run=dry_run,
        allow_dirty=allow_dirty,
        allow_manual=allow_manual,
        json=format_ == "json",
        no_diff=no_diff,
        engine=engine,
        plan_out=plan_out,
        diff_out=diff_out,
        pages=pages,
    )

    def flags(checkout: Checkout) -> Answers:
        own_name, own_lang = placed_answers(name, lang, checkout)
        return Answers(
            name=own_name,
            lang=own_lang or ("python" if pip else None),
            flavour=flavour,
            pin=pin_answers(pin),
            like=named(like, checkout) if like else like,
            variants=split(variants),
            modalities=split(modality),
            description=description,
            license=license_,
            tags=split(tags),
            imports=import_answers(import_, import_of, import_extensions, import_tags),
            docs=DocsAnswers(page=True) if docs_page else None,
            options=OptionAnswers(glibc_floor=glibc_floor) if glibc_floor is not None else None,
            engine=EngineAnswers(pip=str(parse_requirement(pip))) if pip else None,
            models=tuple(model_answers(uri) for uri in model) if model else None,
        )

    if standalone is not None:
        if review or plan_out or diff_out or model or docs_page:
            message = "--review, --plan-out, --diff-out, --model and --docs-page do not go with --standalone"
            raise UsageError("standalone-plan", message)
        where = StandaloneOptions(standalone, image_base, git, development)
        with localai(from_ or repo) as source:
            if from_ is not None:
                return move_out(_needed(name), source, options, where, _front_end(options))
            given = given_answers(answers, flags(source[0]), set_ or ())
            return create_standalone(given, source, options, where, _front_end(options))
    if image_base is not None or from_ is not None or git or development:
        message = "--image-base, --from, --git and --development go with --standalone DIR only"
        raise UsageError("standalone-options", message)
    checkout = open_repo(repo, writes=not dry_run)
    start_filter(checkout)
    return _create(given_answers(answers, flags(checkout), set_ or ()), checkout, options, answers)


def _pages(uris: Sequence[str]) -> Beside[dict[str, Page]]:
    """Asks Hugging Face about models while the checkout is read."""
    from newbackend.child import Beside

    def asked() -> dict[str, Page]:
        from newbackend.online.hub import pages_of

        return pages_of(uris)

    return Beside(asked)


def _needed(name: str | None) -> str:
    from newbackend.errors import UsageError

    if name is None:
        raise UsageError("name-missing", "--from needs the NAME of the backend to take", hint="name it")
    return name


def _create(given: Answers, checkout: Checkout, options: CreateOptions, answers: Path | None) -> int:
    from newbackend.cli.create_answers import asked_spec
    from newbackend.cli.output.progress import progress
    from newbackend.wizard.session import Session
    from newbackend.wizard.stop import stoppable

    session = Session(checkout.root)
    front = _front_end(options)
    with stoppable(session):
        asked = asked_spec(given, checkout, front, session, options)
        spec = asked.spec
        with progress("planning the change"):
            plan = _plan(asked, checkout, answers)
        if options.review and not plan.empty:
            plan = _reviewed(plan, spec, checkout, front)
            if plan.empty and not options.json:
                print_err("newbackend: every hunk was left out; nothing was written")
                return 0
        save(plan, options)
        if options.dry_run or (plan.empty and not plan.by_hand):
            show(plan, options)
        elif not _written(plan, checkout, front, options):
            kept = f"; your answers are kept: `{session.command}` offers them again" if session.kept else ""
            print_err(f"newbackend: nothing was written{kept}")
            return 0
        if options.dry_run:
            return 0
    session.drop()
    return 0


def _written(plan: Plan, checkout: Checkout, front: Frontend, options: CreateOptions) -> bool:
    """Shows the plan and writes it after confirmation. JSON is printed last, because an error prints JSON of its
    own."""
    if not options.json:
        show(plan, options)
    if (options.yes or not options.asks or plan.empty) and not options.allow_manual:
        refuse_by_hand(plan)
    count = len({edit.path for edit in plan.made})
    left = f" It leaves {places_by_hand(plan)}." if plan.by_hand else ""
    agreed = options.yes or plan.empty or front.confirm(f"Write these {count} files?{left}", default=False)
    if agreed:
        _apply(plan, checkout, options)
    if options.json:
        show(plan, options)
    return agreed


def _front_end(options: CreateOptions) -> Frontend:
    from newbackend.cli.output.terminal import terminal
    from newbackend.wizard.headless import Headless

    return terminal() if options.asks else Headless()


def _plan(asked: EngineFacts, checkout: Checkout, answers: Path | None) -> Plan:
    from dataclasses import replace
    from functools import partial

    from newbackend.plan.build import plan_create
    from newbackend.registrations.remaining import remaining
    from newbackend.registrations.support.siblings import searching
    from newbackend.scaffold.render import rendered_ahead

    scaffold = asked.scaffold
    if answers is not None:
        from newbackend.standalone.move_in import with_edits

        scaffold = with_edits(scaffold, answers)
    with rendered_ahead(asked.spec, checkout), searching(checkout, asked.spec.name) as search:
        plan = plan_create(asked.spec, checkout, scaffold=scaffold, remaining=partial(remaining, search=search))
    return replace(plan, notes=(*plan.notes, *asked.notes)) if asked.notes else plan


def _reviewed(plan: Plan, spec: BackendSpec, checkout: Checkout, front: Frontend) -> Plan:
    """The reviewed plan, proved again, with a note for each check that fails because of a declined hunk."""
    from newbackend.cli.output.progress import progress
    from newbackend.plan.review import prove_reviewed, review, with_new_findings

    chosen = review(plan, front.hunk)
    if len(chosen.edits) == len(plan.edits):
        return chosen
    with progress("checking without the declined hunks"):
        prove_reviewed(chosen, checkout, spec)
        return with_new_findings(plan, chosen, checkout, spec.name)


def _apply(plan: Plan, checkout: Checkout, options: CreateOptions) -> None:
    from newbackend.apply.run import ApplyOptions, apply_plan
    from newbackend.cli.output.next_steps import print_written
    from newbackend.plan.change import remember_created

    paths = apply_plan(plan, checkout.root, ApplyOptions(allow_dirty=options.allow_dirty))
    remember_created(checkout.root, plan)
    if not options.json:
        print_written(plan, checkout.root, len(paths))
