"""`newbackend create`: answers -> spec -> plan -> review -> apply."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newbackend.cli.common import (
    AllowDirtyOption,
    DryRunOption,
    FormatOption,
    RepoOption,
    YesOption,
    check_format,
    interactive,
    open_repo,
    print_err,
    print_out,
    style,
    write_output,
)
from newbackend.cli.output.style import style_for

if TYPE_CHECKING:
    from newbackend.checkout.tree import Checkout
    from newbackend.plan.model import Plan
    from newbackend.spec import BackendSpec
    from newbackend.wizard.protocol import Frontend
    from newbackend.wizard.session import Session

app = typer.Typer(rich_markup_mode=None)


@app.command()
def create(
    name: Annotated[str | None, typer.Argument(help="The backend's name, e.g. ds4.", show_default=False)] = None,
    lang: Annotated[
        str | None, typer.Option(metavar="python|go|cpp|rust", help="Its language.", show_default=False)
    ] = None,
    pin: Annotated[
        str | None,
        typer.Option(metavar="OWNER/REPO[@REF|@SHA]", help="The upstream commit it builds.", show_default=False),
    ] = None,
    like: Annotated[
        str | None,
        typer.Option(metavar="BACKEND", help="Place its rows beside this backend's.", show_default=False),
    ] = None,
    variants: Annotated[
        str | None,
        typer.Option(
            metavar="a,b,c",
            help="Platforms: cpu cuda12 cuda13 rocm intel sycl-f16 sycl-f32 vulkan l4t-cuda12 l4t-cuda13 metal.",
            show_default=False,
        ),
    ] = None,
    modality: Annotated[
        str | None,
        typer.Option(
            metavar="m[,m]", help="What it serves: llm, embeddings, tts, transcription, …", show_default=False
        ),
    ] = None,
    glibc_floor: Annotated[
        str | None,
        typer.Option(
            metavar="2.28", help="Add a portable build that runs on this glibc (cpp, go, rust).", show_default=False
        ),
    ] = None,
    answers: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Answers file (YAML).", show_default=False)
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="One answer, dotted keys allowed; repeatable.",
            show_default=False,
        ),
    ] = None,
    no_input: Annotated[bool, typer.Option("--no-input", help="Never ask anything.")] = False,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    plan_out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Save the plan (JSON) for `newbackend apply`.", show_default=False),
    ] = None,
    diff_out: Annotated[Path | None, typer.Option(metavar="FILE", help="Save the diff.", show_default=False)] = None,
    review: Annotated[
        bool, typer.Option("--review", help="Decide hunk by hunk what goes in, as `git add -p` does.")
    ] = False,
    allow_dirty: AllowDirtyOption = False,
    repo: RepoOption = None,
    format_: FormatOption = "text",
) -> int:
    """Scaffold a backend and register it everywhere, all or nothing.

    Shows the whole change first. Without --yes it asks before writing.
    """
    check_format(format_)
    checkout = open_repo(repo)
    flags: dict[str, Any] = {"name": name, "lang": lang, "like": like}
    flags["variants"] = _split(variants)
    flags["modalities"] = _split(modality)
    flags["options"] = {"glibc_floor": glibc_floor} if glibc_floor is not None else None
    layers = _layers(flags, pin, answers, set_ or [])
    how = CreateOptions(
        asks=interactive(no_input=no_input),
        settled=answers is not None,
        review=review,
        yes=yes,
        dry_run=dry_run,
        allow_dirty=allow_dirty,
        json=format_ == "json",
        plan_out=plan_out,
        diff_out=diff_out,
    )
    return _create(layers, checkout, how)


@dataclass(frozen=True)
class CreateOptions:
    """How to go about it: everything on the command line that is not an answer. `settled`: an answers file
    was given, so that only what has no default is asked."""

    asks: bool
    settled: bool
    review: bool
    yes: bool
    dry_run: bool
    allow_dirty: bool
    json: bool
    plan_out: Path | None
    diff_out: Path | None


def _create(layers: dict[str, Any], checkout: Checkout, how: CreateOptions) -> int:
    from newbackend.cli.output.progress import progress
    from newbackend.wizard.session import Session
    from newbackend.wizard.stop import stoppable

    session = Session(checkout.root)
    front = _front_end(how)
    with stoppable(session):
        spec, notes = _spec(layers, checkout, front, session, how)
        with progress("planning the change"):
            plan = _plan(spec, checkout, notes)
        if how.review and not plan.empty:
            plan = _reviewed(plan, spec, checkout, front)
            if plan.empty and not how.json:
                print_err("newbackend: every hunk was left out; nothing was written")
                return 0
        _save(plan, how.plan_out, how.diff_out)
        _show(plan, how)
        if how.dry_run:
            return 0
        if not plan.empty and not how.yes and not front.apply(plan):
            kept = f"; your answers are kept: `{session.command}` offers them again" if session.kept else ""
            print_err(f"newbackend: nothing was written{kept}")
            return 0
        if not plan.empty:
            _apply(plan, checkout, how)
    session.drop()
    return 0


def _front_end(how: CreateOptions) -> Frontend:
    from newbackend.wizard.headless import Headless

    if not how.asks:
        return Headless()
    from newbackend.cli.output.hunk_text import hunk
    from newbackend.cli.output.pager import page
    from newbackend.cli.output.progress import progress
    from newbackend.wizard.tty import Tty

    paint = style_for(sys.stderr)
    return Tty(
        progress,
        show=lambda turn: print_err("\n" + hunk(turn, paint, full=False)),
        show_all=lambda turn: page(hunk(turn, paint, full=True) + "\n", sys.stderr),
    )


def _split(text: str | None) -> list[str] | None:
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


def _layers(flags: dict[str, Any], pin: str | None, answers: Path | None, sets: list[str]) -> dict[str, Any]:
    """The answers file, then --set, then flags: the later wins. A name in both places must agree."""
    from newbackend.answers import load_answers, merge, parse_set
    from newbackend.errors import UsageError
    from newbackend.pin import parse_pin

    saved = load_answers(answers) if answers else {}
    if flags["name"] and saved.get("name") and saved["name"] != flags["name"]:
        raise UsageError(
            "answers-other-name",
            f"the answers are for {saved['name']!r}, not {flags['name']!r}",
            where=str(answers),
        )
    if pin is not None:
        repo, ref = parse_pin(pin)
        flags["pin"] = {"repo": repo, "sha": ref}
        saved.pop("pin", None)
    return merge(saved, {key: value for key, value in flags.items() if value is not None}, parse_set(sets))


def _spec(
    layers: dict[str, Any], checkout: Checkout, front: Frontend, session: Session, how: CreateOptions
) -> tuple[BackendSpec, list[str]]:
    from newbackend.cli.output.progress import progress
    from newbackend.describe.like import with_profile
    from newbackend.plan.collisions import check_collisions
    from newbackend.spec import make_spec
    from newbackend.wizard.complete import WizardOptions, complete
    from newbackend.wizard.headless import Headless

    resumed: dict[str, Any] = {}
    layers, profile_notes = with_profile(layers, checkout)
    if how.asks and not how.settled:
        layers, resumed = _resumed(layers, checkout, front, session)
    setting = WizardOptions(
        resumed=resumed,
        keep=session.save if how.asks else lambda _: None,
        busy=progress,
        settled=Headless() if how.settled else None,
    )
    done, notes = complete(layers, checkout, front, setting)
    done, _ = with_profile(done, checkout)  # again: `like` may have been asked
    spec = make_spec(done)
    check_collisions(spec, checkout)
    return spec, [*profile_notes, *notes]


def _resumed(
    layers: dict[str, Any], checkout: Checkout, front: Frontend, session: Session
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The given answers, and those of an interrupted run if the user wants them; what is given now wins."""
    from newbackend.answers import merge
    from newbackend.wizard.steps import KEYS, flat, nested

    saved = session.find(layers.get("name"))
    if saved is None:
        return layers, {}
    if not front.resume(saved, checkout):
        session.drop()
        return layers, {}
    unasked = nested({key: value for key, value in flat(saved).items() if key not in KEYS})
    return merge(unasked, layers), saved


def _plan(spec: BackendSpec, checkout: Checkout, notes: list[str]) -> Plan:
    from dataclasses import replace

    from newbackend.plan.build import plan_create

    plan = plan_create(spec, checkout)
    return replace(plan, notes=(*plan.notes, *notes)) if notes else plan


def _reviewed(plan: Plan, spec: BackendSpec, checkout: Checkout, front: Frontend) -> Plan:
    """What was taken, proved again, with a note for each check that `verify` will fail for what was not."""
    from dataclasses import replace

    from newbackend.cli.output.progress import progress
    from newbackend.plan.review import new_findings, prove_reviewed, review

    chosen = review(plan, front.hunk)
    if len(chosen.edits) == len(plan.edits):
        return chosen
    with progress("checking what is left out"):
        prove_reviewed(chosen, checkout, spec)
        red = new_findings(plan, chosen, checkout, spec.name) if not chosen.empty else ()
    notes = [f"left red: {one.rule.id} {one.rule.name}, {one.path}:{one.line}: {one.message}" for one in red]
    return replace(chosen, notes=(*chosen.notes, *notes))


def _save(plan: Plan, plan_out: Path | None, diff_out: Path | None) -> None:
    import json

    from newbackend.cli.output.plan_text import diff
    from newbackend.cli.output.style import Style
    from newbackend.plan.as_json import plan_to_json

    if plan_out:
        write_output(plan_out, json.dumps(plan_to_json(plan), indent=2, ensure_ascii=False) + "\n")
        print_err(f"newbackend: plan written to {plan_out}")
    if diff_out:
        text = diff(plan, Style(colour=False))
        write_output(diff_out, text + "\n" if text else "")
        print_err(f"newbackend: diff written to {diff_out}")


def _show(plan: Plan, how: CreateOptions) -> None:
    """The plan as JSON; or the summary alone with --yes, which nobody reads first; or all of it, paged."""
    import json

    from newbackend.cli.output.pager import page, pages
    from newbackend.cli.output.plan_text import diff, manual, notes, recap, summary
    from newbackend.plan.as_json import plan_to_json

    if how.json:
        print_out(json.dumps(plan_to_json(plan), indent=2, ensure_ascii=False))
        return
    paint = style()
    parts = [summary(plan, paint), *([manual(plan, paint)] if plan.manual else [])]
    if plan.empty or (how.yes and not how.dry_run):
        print_out("\n".join(parts))
    elif pages():
        page("\n".join([*parts, "", diff(plan, paint), ""]))
        print_err("\n".join([recap(plan), *notes(plan, style_for(sys.stderr))]))
    else:
        print_out("\n".join([diff(plan, paint), "", *parts]))


def _apply(plan: Plan, checkout: Checkout, how: CreateOptions) -> None:
    from newbackend.apply.run import ApplyOptions, apply_plan
    from newbackend.scaffold.generated import remember_created

    paths = apply_plan(plan, checkout.root, ApplyOptions(allow_dirty=how.allow_dirty))
    remember_created(checkout.root, plan)
    if not how.json:
        print_err(f"newbackend: {len(paths)} files written; `newbackend undo` takes them back")
    if plan.manual:
        print_err(f"newbackend: {len(plan.manual)} place(s) could not be edited safely and are left to you, see above")
