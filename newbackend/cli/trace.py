"""`newbackend trace NAME`: what CI does with each row of a backend."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from newbackend.cli.common import FORMATS, RepoOption, check_choice, open_repo, print_out, style, verb_app
from newbackend.cli.completion import backends, one_of
from newbackend.errors import Exit

if TYPE_CHECKING:
    from newbackend.checkout.tree import Checkout
    from newbackend.trace.proof import Proof
    from newbackend.trace.rowtrace import RowTrace

app = verb_app()

TRACE_FORMATS = (*FORMATS, "svg", "mermaid")


@app.command()
def trace(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A backend.", autocompletion=backends)],
    variant: Annotated[
        str,
        typer.Option("--variant", metavar="V", help="Only rows of this variant, as cuda13, or with this tag suffix."),
    ] = "",
    diff: Annotated[
        tuple[str, str] | None, typer.Option("--diff", metavar="A B", help="Two variants side by side.")
    ] = None,
    run: Annotated[
        bool,
        typer.Option("--run", help="Ask GNU make too: `make -n` in a sandbox without network, compared line by line."),
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="Every command, not each line of a file once.")] = False,
    repo: RepoOption = None,
    format_: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="|".join(TRACE_FORMATS),
            help="Output format; svg and mermaid are drawings for documents.",
            autocompletion=one_of(*TRACE_FORMATS),
        ),
    ] = "text",
) -> int:
    """Follow the rows of a backend through CI: job, Dockerfile, make, package, image, tags, gallery, hosts.

    Everything is read; no command of the checkout runs, except with --run. What only the build machine knows is said
    as unknown.
    """
    from newbackend.errors import UsageError
    from newbackend.registrations.support.backend_names import named
    from newbackend.rules.context import Context
    from newbackend.trace.rowtrace import PLACES
    from newbackend.trace.rowtrace import trace as trace_rows

    check_choice("format", format_, TRACE_FORMATS)
    if format_ not in FORMATS and (diff or run or full):
        raise UsageError("options-exclusive", f"--format {format_} goes with none of --diff, --run and --full")
    if diff and (variant or run or full):
        raise UsageError("options-exclusive", "--diff takes two variants and none of --variant, --run and --full")
    checkout = open_repo(repo)
    name = named(name, checkout)
    context = Context(checkout, only=PLACES)
    if diff:
        first, second = (trace_rows(context, name, one)[0] for one in diff)
        return _diff(first, second, format_)
    traces = trace_rows(context, name, variant)
    proofs = _proofs(checkout, traces) if run else {}
    if format_ == "json":
        from newbackend.trace.as_json import as_json

        print_out(json.dumps(as_json(traces[0].backend, traces, proofs), indent=2))
    elif format_ not in FORMATS:
        from newbackend.trace.drawings import as_mermaid, as_svg

        print_out(as_svg(traces) if format_ == "svg" else as_mermaid(traces))
    else:
        from newbackend.trace.tree import as_text

        print_out(as_text(traces, style(), full=full, proofs=proofs))
    statuses = {proof.status for proof in proofs.values()}
    return Exit.FINDINGS if "differs" in statuses else Exit.NOT_FOUND if "unknown" in statuses else Exit.OK


def _diff(first: RowTrace, second: RowTrace, format_: str) -> int:
    from newbackend.trace.as_json import as_json
    from newbackend.trace.compare import as_text, compare, differences_json

    found = compare(first, second)
    if format_ == "json":
        whole = as_json(first.backend, [first, second])
        whole["differences"] = differences_json(found.differences)
        print_out(json.dumps(whole, indent=2))
    else:
        print_out(as_text(found, style()))
    return Exit.OK


def _proofs(checkout: Checkout, traces: Sequence[RowTrace]) -> dict[str, Proof]:
    """The proof of each row, by its tag suffix and platform."""
    from newbackend.trace.proof import prove

    return {f"{entry.suffix} {entry.platform}": prove(checkout, entry) for entry in traces}
