"""`newbackend create`: answers -> spec -> plan -> review -> apply."""

from __future__ import annotations

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
    confirm,
    interactive,
    open_repo,
    out,
    style,
    talk,
    write_output,
)

if TYPE_CHECKING:
    from newbackend.checkout.tree import Checkout
    from newbackend.plan.model import Plan
    from newbackend.spec import BackendSpec

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
    layers = _layers(flags, pin, answers, set_ or [])
    asks = interactive(no_input=no_input)
    spec, notes = _spec(layers, checkout, asks=asks)
    plan = _plan(spec, checkout, notes)
    _save(plan, plan_out, diff_out)
    if format_ == "json":
        import json

        from newbackend.plan.as_json import plan_to_json

        out(json.dumps(plan_to_json(plan), indent=2, ensure_ascii=False))
    else:
        _show(plan, full=dry_run or not yes)
    if dry_run:
        return 0
    return _apply(plan, checkout, yes=yes, asks=asks, allow_dirty=allow_dirty, quiet=format_ == "json")


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


def _spec(layers: dict[str, Any], checkout: Checkout, *, asks: bool) -> tuple[BackendSpec, list[str]]:
    from newbackend.plan.collisions import check_collisions
    from newbackend.spec import make_spec
    from newbackend.wizard.complete import complete
    from newbackend.wizard.headless import Headless

    if asks:
        from newbackend.wizard.tty import Tty

        done, notes = complete(layers, checkout, Tty())
    else:
        done, notes = complete(layers, checkout, Headless())
    spec = make_spec(done)
    check_collisions(spec, checkout)
    return spec, notes


def _plan(spec: BackendSpec, checkout: Checkout, notes: list[str]) -> Plan:
    from dataclasses import replace

    from newbackend.plan.build import plan_create

    plan = plan_create(spec, checkout)
    return replace(plan, notes=(*plan.notes, *notes)) if notes else plan


def _save(plan: Plan, plan_out: Path | None, diff_out: Path | None) -> None:
    import json

    from newbackend.cli.output.plan_text import diff
    from newbackend.cli.output.style import Style
    from newbackend.plan.as_json import plan_to_json

    if plan_out:
        write_output(plan_out, json.dumps(plan_to_json(plan), indent=2, ensure_ascii=False) + "\n")
        talk(f"newbackend: plan written to {plan_out}")
    if diff_out:
        text = diff(plan, Style(colour=False))
        write_output(diff_out, text + "\n" if text else "")
        talk(f"newbackend: diff written to {diff_out}")


def _show(plan: Plan, *, full: bool) -> None:
    from newbackend.cli.output.plan_text import diff, manual, summary

    paint = style()
    if full and not plan.empty:
        out(diff(plan, paint) + "\n")
    out(summary(plan, paint))
    if plan.manual:
        out(manual(plan, paint))


def _apply(plan: Plan, checkout: Checkout, *, yes: bool, asks: bool, allow_dirty: bool, quiet: bool) -> int:
    from newbackend.apply.run import ApplyOptions, apply_plan
    from newbackend.errors import UsageError

    if plan.empty:
        return 0
    if not yes:
        if not asks:
            raise UsageError(
                "not-confirmed", "nothing was written", hint="pass --yes to apply, or --dry-run to only look"
            )
        if not confirm("Apply this change?"):
            talk("newbackend: nothing was written")
            return 0
    paths = apply_plan(plan, checkout.root, ApplyOptions(allow_dirty=allow_dirty))
    if not quiet:
        talk(f"newbackend: {len(paths)} files written; `newbackend undo` takes them back")
    if plan.manual:
        talk(f"newbackend: {len(plan.manual)} place(s) could not be edited safely and are left to you, see above")
    return 0
