"""A proposal as JSON, before and after it is carried out."""

from __future__ import annotations

from typing import Annotated, TypedDict

from newbackend.proposal.propose import Opened, Proposal

SCHEMA = "newbackend/pr-open/1"


class CommitJson(TypedDict):
    """The commit that is made; none when everything is committed already."""

    new: Annotated[bool, "Whether a commit is made."]
    message: str
    files: Annotated[list[str], "Every file in it; of those in `partly` only the backend's part."]


class RemoteJson(TypedDict):
    """Where the branch is pushed to."""

    name: str
    address: Annotated[str, "Without a password."]


class IntoJson(TypedDict):
    """What the pull request is for."""

    repository: Annotated[str, 'OWNER/REPO; "" when nothing says it.']
    branch: str


class PrOpenJson(TypedDict):
    """What `newbackend pr NAME --open --format json` prints."""

    schema: str
    backend: str
    title: str
    description: Annotated[str, "Markdown, with the filled checklist."]
    draft: bool
    commit: CommitJson
    partly: Annotated[list[str], "Shared files with other changes, which stay uncommitted."]
    not_committed: Annotated[list[str], "Changed files that are not the backend's."]
    earlier_commits: Annotated[list[str], "Commits of the branch that the pull request has anyhow, newest first."]
    branch: str
    remote: RemoteJson
    into: IntoJson
    notes: list[str]
    pushed: Annotated[str, 'The commit that was pushed; "" in a dry run.']
    pull_request: Annotated[str, 'Its address; "" when a person opens it.']
    open_at: Annotated[str, 'Where a person opens it; "" when it is open, or the remote is not on GitHub.']


def as_json(proposal: Proposal, opened: Opened | None) -> PrOpenJson:
    """The proposal, and what came of it (None: nothing was done)."""
    chosen, target = proposal.selection.chosen, proposal.target
    return {
        "schema": SCHEMA,
        "backend": proposal.name,
        "title": proposal.title,
        "description": proposal.body,
        "draft": proposal.draft,
        "commit": {"new": proposal.commits, "message": proposal.message, "files": list(chosen.paths)},
        "partly": list(proposal.selection.mixed),
        "not_committed": list(proposal.selection.left),
        "earlier_commits": list(proposal.earlier),
        "branch": proposal.branch,
        "remote": {"name": target.remote.name, "address": target.remote.shown},
        "into": {"repository": target.repository, "branch": target.base},
        "notes": list(proposal.notes),
        "pushed": opened.commit if opened else "",
        "pull_request": opened.url if opened else "",
        "open_at": "" if opened and opened.url else target.address(proposal.branch, proposal.title),
    }
