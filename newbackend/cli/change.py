"""`newbackend change`: wishes -> new answers -> plan -> review -> apply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from newbackend.cli.carry_out import ChangeOptions
from newbackend.cli.change_options import (
    AddModalityOption,
    AddVariantsOption,
    DescriptionOption,
    DocsOption,
    DropModalityOption,
    DropVariantsOption,
    IconOption,
    ImportOption,
    LicenseOption,
    RenameOption,
    TagsOption,
    UrlsOption,
)
from newbackend.cli.common import (
    AllowDirtyOption,
    AllowManualOption,
    ConflictsOption,
    DryRunOption,
    FormatOption,
    RepoOption,
    YesOption,
    cannot_ask,
    check_format,
    interactive,
    note_doubts,
    open_repo,
    print_err,
    verb_app,
)
from newbackend.cli.completion import backends
from newbackend.cli.create_options import (
    DiffOutOption,
    ModalityOption,
    ModelOption,
    NoInputOption,
    PinOption,
    PlanOutOption,
    ReviewOption,
    SetOption,
)

if TYPE_CHECKING:
    from newbackend.checkout.tree import Checkout
    from newbackend.plan.change import Changed

app = verb_app()


@app.command()
def change(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A registered backend.", show_default=False, autocompletion=backends)
    ],
    add_variants: AddVariantsOption = None,
    drop_variants: DropVariantsOption = None,
    add_modality: AddModalityOption = None,
    drop_modality: DropModalityOption = None,
    modality: ModalityOption = None,
    pin: PinOption = None,
    description: DescriptionOption = None,
    license_: LicenseOption = None,
    icon: IconOption = None,
    urls: UrlsOption = None,
    tags: TagsOption = None,
    import_: ImportOption = None,
    docs: DocsOption = None,
    model: ModelOption = None,
    rename: RenameOption = None,
    set_: SetOption = None,
    no_input: NoInputOption = False,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    plan_out: PlanOutOption = None,
    diff_out: DiffOutOption = None,
    review: ReviewOption = False,
    conflicts: ConflictsOption = False,
    allow_dirty: AllowDirtyOption = False,
    allow_manual: AllowManualOption = False,
    repo: RepoOption = None,
    format_: FormatOption = "text",
) -> int:
    """Change a registered backend, its files and every registration of it, all or nothing.

    Starts from its .newbackend.yml, or, for a backend that newbackend did not make, from what is registered. Only the
    difference is edited; what people wrote by hand beside it stays.
    """
    from newbackend.cli.change_options import told, with_commit
    from newbackend.cli.create_answers import models_told, split
    from newbackend.cli.engine_facts import planned_change
    from newbackend.cli.output.create_text import save_plan
    from newbackend.cli.update import finish, sources_of
    from newbackend.errors import UsageError
    from newbackend.model_address import model_answers
    from newbackend.plan.wish import Wish
    from newbackend.registrations.support.backend_names import named

    check_format(format_)
    if review and not interactive(no_input=no_input):
        raise cannot_ask("review-needs-terminal", "--review asks about every hunk", no_input=no_input)
    checkout = open_repo(repo, writes=not dry_run)
    name = named(name, checkout)
    answers = told(
        pin=pin,
        modality=modality,
        description=description,
        license_=license_,
        icon=icon,
        urls=urls,
        tags=tags,
        import_=import_,
        docs=docs,
        sets=set_ or [],
    )
    note_doubts(answers)
    add_models, missed = models_told(tuple(model_answers(uri) for uri in model or ()), ())
    for note in missed:
        print_err(f"newbackend: note: {note}")
    wish = Wish(
        with_commit(answers, name, checkout),
        add_variants=split(add_variants) or (),
        drop_variants=split(drop_variants) or (),
        add_modalities=split(add_modality) or (),
        drop_modalities=split(drop_modality) or (),
        add_models=add_models,
        rename=rename or "",
    )
    if wish.empty and not interactive(no_input=no_input):
        hint = "pass for instance --add-variants, --pin or --description; see `newbackend change --help`"
        raise UsageError("change-nothing", f"nothing is said that should change of {name}", hint=hint)
    if wish.empty:
        from newbackend.cli.change_questions import asked_wish

        wish = asked_wish(name, checkout)
    if review and wish.rename:
        hint = "look at it with --dry-run, or rename first and change the rest with --review"
        raise UsageError(
            "review-rename", "a name changes everywhere or nowhere, so --review cannot go with --rename", hint=hint
        )
    changed = planned_change(name, wish, checkout, sources_of(checkout, markers=conflicts))
    if review and not changed.plan.empty:
        changed = _reviewed(changed, checkout)
        if changed.plan.empty and format_ == "text":
            print_err("newbackend: every hunk was left out; nothing was written")
            return 0
    save_plan(changed.plan, plan_out, diff_out)
    options = ChangeOptions(format_, dry_run, yes, allow_dirty, allow_manual, no_input)
    return finish(changed, wish.rename or name, f"Change {name}?", checkout, options)


def _reviewed(changed: Changed, checkout: Checkout) -> Changed:
    from dataclasses import replace

    from newbackend.cli.output.progress import progress
    from newbackend.cli.output.terminal import terminal
    from newbackend.plan.change_review import without_declined
    from newbackend.plan.review import review

    chosen = review(changed.plan, terminal().hunk)
    if len(chosen.edits) == len(changed.plan.edits):
        return replace(changed, plan=chosen)
    with progress("checking without the declined hunks"):
        return without_declined(changed, chosen, checkout)
