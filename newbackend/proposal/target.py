"""Where a pull request goes: the remote that is pushed to, the repository and branch that it is for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote, urlencode

from newbackend.checkout.commit import tip
from newbackend.checkout.git import Git
from newbackend.checkout.remotes import Remote, check_url, push_default, remotes
from newbackend.checkout.tree import Checkout
from newbackend.errors import NewbackendError, NotFoundError, UsageError
from newbackend.pin import parse_pin
from newbackend.records import dataclass
from newbackend.suggest import unknown

_MODULE = re.compile(r"^module github\.com/([\w.-]+/[\w.-]+)\s*$", re.M)
TRUNKS = ("master", "main")


@dataclass(frozen=True)
class Target:
    """`repository` is OWNER/REPO on GitHub, "" when nothing says it; `base` its branch. `pushed_to` is OWNER/REPO of
    the remote, "" for one elsewhere. `base_commit` is that branch as this clone knows it, "" when it does not."""

    remote: Remote
    pushed_to: str
    repository: str
    base: str
    base_commit: str

    def head(self, branch: str) -> str:
        """The branch as GitHub names it from the repository that the pull request is for."""
        if self.pushed_to in ("", self.repository):
            return branch
        return f"{self.pushed_to.partition('/')[0]}:{branch}"

    def address(self, branch: str, title: str) -> str:
        """The page on which a person opens the pull request; "" for a remote that is not on GitHub."""
        if not self.pushed_to:
            return ""
        owner, _, name = self.pushed_to.partition("/")
        same = name == self.repository.partition("/")[2]
        head = (
            branch if self.pushed_to == self.repository else f"{owner}:{branch}" if same else f"{owner}:{name}:{branch}"
        )
        compare = f"{quote(self.base, safe='/')}...{quote(head, safe='/:')}"
        return f"https://github.com/{self.repository}/compare/{compare}?{urlencode({'expand': 1, 'title': title})}"


def target_of(checkout: Checkout, *, remote: str = "", into: str = "") -> Target:
    """The target of a checkout. `remote` names the one to push to, `into` the repository for the pull request.

    Without them: the checkout's go.mod names the repository; pushed is to `remote.pushDefault`, else to a remote that
    is not that repository, because few may push there, else to the only one.
    Raises NotFoundError without remotes, UsageError for an unknown one and for one that is not pushed to.
    """
    known = remotes(checkout.root)
    if not known:
        hint = "add your fork: `git remote add fork https://github.com/YOU/LocalAI`"
        raise NotFoundError("pr-no-remote", "the checkout has no remote to push to", hint=hint)
    if into:
        into, ref = parse_pin(into)
        if ref:
            raise UsageError("pr-into", f"--into {into}@{ref}: only OWNER/REPO; the branch is the repository's own")
    module = _MODULE.search(checkout.read("go.mod") or "")
    repository = into or (module[1] if module else "")
    chosen = _chosen(known, repository, remote, push_default(checkout.root))
    check_url(chosen, checkout.root)
    repository = repository or slug(chosen.url)
    theirs = [each for each in known if slug(each.url).lower() == repository.lower()]
    base, commit = _base(Git(checkout.root), [*theirs, chosen])
    return Target(chosen, slug(chosen.url), repository, base, commit)


def slug(url: str) -> str:
    """OWNER/REPO of an address on GitHub, else ""."""
    if "github.com" not in url:
        return ""
    try:
        return parse_pin(url)[0]
    except NewbackendError:
        return ""


def _chosen(known: Sequence[Remote], repository: str, wanted: str, default: str) -> Remote:
    by_name = {each.name: each for each in known}
    if wanted and wanted not in by_name:
        raise unknown("pr-remote-unknown", "--remote", wanted, list(by_name))
    if wanted or default in by_name:
        return by_name[wanted or default]
    forks = [each for each in known if slug(each.url).lower() != repository.lower()]
    return min(forks or known, key=lambda each: (each.name != "fork", each.name != "origin"))


def _base(git: Git, known: Sequence[Remote]) -> tuple[str, str]:
    """The default branch of the first remote of which this clone knows one, and its commit."""
    for each in known:
        there = f"refs/remotes/{each.name}/"
        done = git.call("symbolic-ref", "--quiet", f"{there}HEAD")
        named = [done.stdout.decode("utf-8", "replace").strip().removeprefix(there)] if done.returncode == 0 else []
        for branch in (*named, *TRUNKS):
            commit = tip(git, there + branch)
            if commit:
                return branch, commit
    return TRUNKS[0], ""
