"""`newbackend pr NAME --open`: shows what will be committed, pushed and said; asks; does it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from newbackend.cli.common import agreed, asked_line, interactive, print_err, print_out
from newbackend.records import dataclass

if TYPE_CHECKING:
    from newbackend.checkout.tree import Checkout
    from newbackend.proposal.propose import Opened, Proposal, Wishes
    from newbackend.pullrequest.state import State

_MOST = 30


@dataclass(frozen=True)
class PrOpenOptions:
    """How the verb talks and whether it asks."""

    format_: str
    yes: bool
    dry_run: bool
    no_input: bool


def open_pull_request(state: State, checkout: Checkout, wishes: Wishes, options: PrOpenOptions) -> int:
    """Shows the proposal and carries it out after confirmation."""
    from newbackend.proposal.as_json import as_json
    from newbackend.proposal.propose import open_, propose
    from newbackend.sanitize import json_text

    asks = interactive(no_input=options.no_input)
    if wishes.assisted_by is None and asks and not options.yes:
        wishes = replace(wishes, assisted_by=_assistant(checkout))
    proposal = propose(state, checkout, wishes)
    if options.format_ == "text":
        print_out("\n".join(_shown(proposal)))
    opened = None
    if not options.dry_run and _agreed(proposal, asks, options):
        opened = open_(proposal, checkout)
        _say(proposal, opened)
    if options.format_ == "json":
        print_out(json_text(as_json(proposal, opened)))
    elif opened:
        print_out(
            opened.url or proposal.target.address(proposal.branch, proposal.title) or proposal.target.remote.shown
        )
    return 0


def _assistant(checkout: Checkout) -> str | None:
    """Asks for the assistant that the checkout's policy wants named; None where it has no policy."""
    from newbackend.proposal.disclosure import NOBODY, policy

    asking = policy(checkout)
    if not asking:
        return None
    example = f"AGENT:MODEL, for example Claude:claude-opus-4-7; empty for {NOBODY}: "
    return asked_line(f"{asking} asks which AI assistant took part.\n{example}") or NOBODY


def _agreed(proposal: Proposal, asks: bool, options: PrOpenOptions) -> bool:
    then = " and open the pull request" if proposal.gh else ""
    question = f"Push {proposal.branch} to {proposal.target.remote.name}{then}?"
    return agreed(question, yes=options.yes, asks=asks, nothing="nothing was committed or pushed", to="open it")


def _shown(proposal: Proposal) -> Iterator[str]:
    """The pull request, then what will be done for it."""
    from newbackend.sanitize import one_line, printable_name

    yield f"{proposal.title}\n"
    yield proposal.body
    chosen, target = proposal.selection.chosen, proposal.target
    yield f"Branch   {proposal.branch}"
    yield f"Push to  {target.remote.name}, {one_line(target.remote.shown)}"
    yield f"Into     {target.repository or 'the repository there'}, branch {one_line(target.base)}"
    yield f"By       {'gh' if proposal.gh else 'you'}{', as a draft' if proposal.draft else ''}"
    if proposal.commits:
        yield "Commit message"
        yield from (f"  {line}".rstrip() for line in proposal.message.rstrip().split("\n"))
    groups = (
        ("Earlier commits, which come along", proposal.earlier),
        ("Files", [path for path in chosen.paths if path not in proposal.selection.mixed] if proposal.commits else ()),
        ("Files of which only the backend's part is committed", proposal.selection.mixed),
        ("Changed, and not committed", proposal.selection.left),
        ("Notes", proposal.notes),
    )
    for heading, rows in groups:
        if rows:
            yield heading
            yield from (f"  {printable_name(row)}" for row in rows[:_MOST])
            if len(rows) > _MOST:
                yield f"  and {len(rows) - _MOST} more"


def _say(proposal: Proposal, opened: Opened) -> None:
    """What was done, and what is left to the user."""
    name, branch = proposal.target.remote.name, proposal.branch
    print_err(f"newbackend: {opened.commit[:12]} on {branch}, pushed to {name}")
    if not opened.url:
        where = "at this address" if proposal.target.pushed_to else f"where {name} is hosted"
        print_err(f"newbackend: open the pull request {where}; `newbackend pr` prints its text")
    if proposal.commits:
        sign = f"git commit --amend --only --no-edit --signoff && git push --force-with-lease {name} {branch}"
        print_err(f"newbackend: the commit is not signed off, which only you can do: {sign}")
