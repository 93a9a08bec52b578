"""A pull request before it is opened: everything that will be committed, pushed and said; and its opening."""

from __future__ import annotations

from dataclasses import replace

from newbackend.checkout.commit import commit_on, current_branch, refuse_busy, reusable, tree_of
from newbackend.checkout.git import Git
from newbackend.checkout.remotes import push, remote_branch
from newbackend.checkout.revision import RevisionCheckout
from newbackend.checkout.tree import Checkout
from newbackend.errors import RefusedChange, UsageError
from newbackend.proposal.disclosure import trailer
from newbackend.proposal.github import Gh, GhFailed, find_gh
from newbackend.proposal.selection import Selection, select
from newbackend.proposal.target import TRUNKS, Target, target_of
from newbackend.pullrequest.state import State, errors_of
from newbackend.pullrequest.text import description, title
from newbackend.records import dataclass
from newbackend.rules.run import verify
from newbackend.sanitize import one_line

_EARLIER = 50


@dataclass(frozen=True)
class Wishes:
    """What a user said about the pull request; "" and None where nothing was said."""

    branch: str = ""
    remote: str = ""
    into: str = ""
    title: str = ""
    include: tuple[str, ...] = ()
    assisted_by: str | None = None
    draft: bool = False


@dataclass(frozen=True)
class Proposal:
    """`parent` is HEAD's commit; `commits` says whether one is made on top of it; `earlier` are the commits that the
    pull request has anyhow, newest first. `gh` is None when it cannot be used, `notes` then say why."""

    name: str
    title: str
    body: str
    message: str
    branch: str
    parent: str
    commits: bool
    selection: Selection
    earlier: tuple[str, ...]
    target: Target
    draft: bool
    gh: Gh | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Opened:
    """What was done: the branch's commit, and the address of the pull request, "" when a person has to open it."""

    commit: str
    url: str


def propose(state: State, checkout: Checkout, wishes: Wishes) -> Proposal:
    """Looks at the checkout, the remote and GitHub; changes nothing.

    Raises RefusedChange when there is such a pull request already and for a backend that is not ready (unless it is to
    be a draft), UsageError when there is nothing to open or the branch has something else.
    """
    name = state.spec.name
    assisted = trailer(wishes.assisted_by, checkout)
    refuse_busy(checkout.root)
    git, target = Git(checkout.root), target_of(checkout, remote=wishes.remote, into=wishes.into)
    parent = git.commit("HEAD")
    branch = _branch(git, name, target, wishes.branch)
    selection = select(name, checkout, parent, wishes.include)
    if not wishes.draft:
        _refuse_unready(state, checkout, parent, known=selection.known)
    commits = not reusable(git, parent, tree_of(git, parent, selection.chosen), branch)
    earlier = _earlier(git, target, parent)
    if not selection.chosen.paths and target.base_commit and not earlier:
        message = f"nothing of {name} is uncommitted, and HEAD has no commit that {target.base} has not"
        raise UsageError("pr-nothing", message, hint="pass --include PATH for other files")
    verb = "Changes" if selection.known else "Adds"
    head = wishes.title or (f"feat({name}): change the {name} backend" if selection.known else title(state))
    if one_line(head) != head:
        raise UsageError("pr-title", "--title is one line of plain text")
    body = description(state, verb=verb) + (f"\n{assisted}\n" if assisted else "")
    message = "\n\n".join(part for part in (head, _summary(state, verb), assisted) if part) + "\n"
    proposal = Proposal(
        name=name,
        title=head,
        body=body,
        message=message,
        branch=branch,
        parent=parent,
        commits=commits,
        selection=selection,
        earlier=earlier,
        target=target,
        draft=wishes.draft,
    )
    return _known_there(proposal, checkout)


def open_(proposal: Proposal, checkout: Checkout) -> Opened:
    """Commits, pushes and opens. Whatever stops it leaves what was done before, and the next run goes on from there.

    Raises UsageError when git or gh refuses, KeyboardInterrupt with a sentence on Ctrl-C.
    """
    try:
        return _opened(proposal, checkout)
    except KeyboardInterrupt as error:
        raise KeyboardInterrupt("stopped; no file was changed, and the same command goes on from here") from error


def _opened(proposal: Proposal, checkout: Checkout) -> Opened:
    git, target = Git(checkout.root), proposal.target
    commit = commit_on(git, proposal.parent, proposal.selection.chosen, proposal.message, proposal.branch)
    push(checkout.root, target.remote, commit, proposal.branch)
    if proposal.gh is None:
        return Opened(commit, "")
    try:
        url = proposal.gh.create(
            base=target.base,
            head=target.head(proposal.branch),
            title=proposal.title,
            body=proposal.body,
            draft=proposal.draft,
        )
    except GhFailed as error:
        address = target.address(proposal.branch, proposal.title) or f"the repository that {target.remote.name} is in"
        message = f"the branch {proposal.branch} is pushed, but gh did not open a pull request: {error}"
        raise UsageError("gh-failed", message, hint=f"open it at {address}") from error
    return Opened(commit, url)


def _refuse_unready(state: State, checkout: Checkout, parent: str, *, known: bool) -> None:
    """Raises RefusedChange for a backend that is not ready for review. Errors that it had before do not count."""
    why, errors = state.unready, state.errors
    if errors and known:
        git = Git(checkout.root)
        before = RevisionCheckout(checkout.root, parent, git, now=checkout, differ=git.changed(parent))
        before.prefetch_backends()
        had = {row.fingerprint for row in errors_of(verify(before, names=(state.spec.name,)))}
        errors = tuple(row for row in errors if row.fingerprint not in had)
    if errors:
        first = f"{errors[0].rule.id}, {errors[0].path}:{errors[0].line}"
        more = f" and {len(errors) - 1} more" if len(errors) > 1 else ""
        why = f"`newbackend verify {state.spec.name}` finds an error ({first}){more}"
    if why:
        hint = "mend that first, or pass --draft"
        raise RefusedChange("pr-not-ready", f"{state.spec.name} is not ready for review: {why}", hint=hint)


def _branch(git: Git, name: str, target: Target, wanted: str) -> str:
    """The branch that is named, else the current one, else a new one where that is the trunk."""
    current = current_branch(git)
    trunks = {target.base, *TRUNKS}
    branch = wanted or (current if current not in {"", *trunks} else f"add-{name}")
    if git.call("check-ref-format", "--branch", branch).returncode != 0 or branch.startswith("-"):
        raise UsageError("pr-branch", f"--branch {branch!r} is no name for a branch")
    if branch in trunks:
        message = f"the branch {branch} is where the pull request goes, so nothing is committed to it"
        raise UsageError("pr-branch-trunk", message, hint="pass another name with --branch")
    return branch


def _earlier(git: Git, target: Target, parent: str) -> tuple[str, ...]:
    if not target.base_commit:
        return ()
    words = ("log", "--no-show-signature", f"--max-count={_EARLIER}", "--format=%h %s")
    listed = git.run(*words, f"{target.base_commit}..{parent}").decode("utf-8", "replace")
    return tuple(one_line(line) for line in listed.splitlines())


def _summary(state: State, verb: str) -> str:
    spec = state.spec
    upstream = f" It is built from {spec.pin.repo} at {spec.pin.sha[:12]}." if spec.pin else ""
    return f"{verb} the {spec.language.title} backend {spec.name} and its registration.{upstream}"


def _known_there(proposal: Proposal, checkout: Checkout) -> Proposal:
    """The proposal with what the remote and GitHub say. Raises RefusedChange for a second one."""
    target, branch = proposal.target, proposal.branch
    there = remote_branch(checkout.root, target.remote, branch)
    pushed = there == proposal.parent and not proposal.commits
    if there and Git(checkout.root).call("merge-base", "--is-ancestor", there, proposal.parent).returncode != 0:
        message = f"{target.remote.name} has a branch {branch} already, with other commits"
        raise RefusedChange("pr-branch-there", message, hint="pass another name with --branch")
    gh = find_gh(target.repository, checkout.root)
    notes = [] if gh else ["there is no gh to open it with, so the address to open it at is printed"]
    if target.pushed_to.lower() == target.repository.lower() != "":
        notes.append(
            f"{target.remote.name} is {target.repository} itself, where few may push; "
            "`gh repo fork --remote --remote-name fork` makes a fork to push to"
        )
    if gh is not None:
        try:
            existing = gh.existing(proposal.name, branch, proposal.title)
        except GhFailed as error:
            gh = None
            notes.append(f"gh cannot be used ({one_line(str(error))}), so the address to open it at is printed")
        else:
            if existing is not None:
                raise RefusedChange(
                    "pr-exists",
                    f"there is an open pull request for {proposal.name}: {one_line(existing.title)}",
                    where=one_line(existing.url),
                    hint=f"push to its branch, or close it first; `git push {target.remote.name} {branch}`",
                )
    if pushed and gh is None:
        message = f"the branch {branch} is on {target.remote.name} already, so there may be a pull request"
        hint = f"look at {target.address(branch, proposal.title) or target.remote.shown}"
        raise RefusedChange("pr-pushed", message, hint=hint)
    return replace(proposal, gh=gh, notes=tuple(notes))
