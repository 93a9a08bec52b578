"""The remotes of a repository, and a push to one of them.

They are read from the repository's configuration as data: git itself is given the plain address, so that nothing else
that stands in that configuration takes part (`checkout.git`). The user's own configuration counts as always: helpers
for passwords, `insteadOf`, `remote.pushDefault`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from newbackend.checkout.git import Git, run_outside, settings
from newbackend.checkout.gitdir import git_directory
from newbackend.errors import NotFoundError, UsageError
from newbackend.records import dataclass

PUSH_SECONDS = 300.0
_KEY = re.compile(r"remote\.(.+)\.(url|pushurl)\Z", re.S)
_NAME = re.compile(r"[\w./-]{1,100}\Z")
_SCHEMES = ("https", "ssh", "git+ssh", "file")
_SCP = re.compile(r"(?:[\w.-]+@)?[\w.-]+:(?!/?/)[\w./~-]+\Z")
_ENV = {"LC_ALL": "C", "GIT_ALLOW_PROTOCOL": "https:ssh:file"}
_TELLING = ("fatal: ", "error: ", "remote: error: ", "remote: ")


@dataclass(frozen=True)
class Remote:
    """A remote and where it is pushed to."""

    name: str
    url: str

    @property
    def shown(self) -> str:
        """The address without a password."""
        parts = urlsplit(self.url) if "://" in self.url else None
        if parts is None or "@" not in parts.netloc:
            return self.url
        return self.url.replace(parts.netloc, parts.netloc.rpartition("@")[2], 1)


def remotes(root: Path) -> tuple[Remote, ...]:
    """The remotes of a repository in their order; those whose name is unusual are left out."""
    found: dict[str, dict[str, str]] = {}
    for key, value in _own(root):
        match = _KEY.match(key)
        if match and value and _NAME.match(match[1]) and not match[1].startswith("-"):
            found.setdefault(match[1], {}).setdefault(match[2], value)
    return tuple(Remote(name, urls.get("pushurl") or urls["url"]) for name, urls in found.items() if "url" in urls)


def push_default(root: Path) -> str:
    """`remote.pushDefault` of the repository, else of the user; "" without one."""
    own = [value for key, value in _own(root) if key == "remote.pushdefault" and value]
    return own[-1] if own else _users("remote.pushDefault")


def identity(root: Path) -> dict[str, str]:
    """The name and address that the repository's configuration gives its author, as git's environment wants them, but
    for those that the environment has. They are not read with the rest of that configuration."""
    own = {key: value for key, value in _own(root) if value and value.strip()}
    found = {"NAME": own.get("user.name", ""), "EMAIL": own.get("user.email", "")}
    named = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in found.items()}
    return {variable: value for variable, value in named.items() if value and variable not in os.environ}


def signs_commits() -> bool:
    """Whether the user's own configuration asks git to sign every commit."""
    return _users("commit.gpgSign", "--type=bool") == "true"


def check_url(remote: Remote, root: Path) -> None:
    """Raises UsageError for an address that runs a command, or that lies in the checkout: hooks there would be run."""
    url = remote.url
    scheme = url.partition("://")[0] if "://" in url else ""
    local = url.removeprefix("file://") if scheme in ("", "file") else ""
    if "::" in url or url.startswith("-") or (scheme and scheme not in _SCHEMES):
        hint = "give it an address of https or ssh"
        raise UsageError("remote-address", f"the remote {remote.name!r} is not pushed to: {remote.shown}", hint=hint)
    if not local or (not scheme and _SCP.match(url)):
        return
    place, top = (root / local).resolve(), root.resolve()
    if place == top or top in place.parents:
        raise UsageError("remote-inside", f"the remote {remote.name!r} is a folder of the checkout itself")


def remote_branch(root: Path, remote: Remote, branch: str) -> str:
    """The commit of a branch there, "" when it has none. Raises NotFoundError when it cannot be asked."""
    done = Git(root).call("ls-remote", "--", remote.url, f"refs/heads/{branch}", env=_ENV)
    if done.returncode != 0:
        raise NotFoundError("remote-unreachable", f"{remote.name} cannot be asked: {_reason(done.stderr, remote)}")
    rows = (line.split("\t") for line in done.stdout.decode("utf-8", "replace").splitlines())
    return next((row[0] for row in rows if row[1:] == [f"refs/heads/{branch}"]), "")


def push(root: Path, remote: Remote, commit: str, branch: str) -> None:
    """Pushes one commit to one branch, never by force. Raises UsageError with git's reason when it is not taken."""
    git = Git(root)
    words = ("--porcelain", "--no-follow-tags", "--recurse-submodules=no", "--no-signed")
    ref = f"refs/heads/{branch}"
    done = git.call("push", *words, "--", remote.url, f"{commit}:{ref}", env=_ENV, seconds=PUSH_SECONDS)
    if done.returncode != 0:
        rejected = re.search(r"^!\t.*\[(?:remote )?rejected\] ?\((.*)\)$", done.stdout.decode("utf-8", "replace"), re.M)
        why = f"it rejects the branch ({rejected[1]})" if rejected else _reason(done.stderr, remote)
        hint = f"the commit is on the branch {branch}; another remote: --remote NAME"
        raise UsageError("push-failed", f"{remote.name} ({remote.shown}) was not pushed to: {why}", hint=hint)
    git.call("update-ref", f"refs/remotes/{remote.name}/{branch}", commit)  # as a push by name would


def _reason(said: bytes, remote: Remote) -> str:
    """What git says, in one line, without the password that an address may have."""
    lines = said.decode("utf-8", "replace").replace(remote.url, remote.shown).strip().splitlines()
    for start in _TELLING:
        for line in lines:
            if line.startswith(start) and line.removeprefix(start).strip():
                return line.removeprefix(start).strip()
    return lines[-1] if lines else "no message"


def _own(root: Path) -> tuple[tuple[str, str | None], ...]:
    directory = git_directory(root)
    return settings(directory.common / "config") if directory else ()


def _users(key: str, *options: str) -> str:
    done = run_outside("config", *options, "--get", key)
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else ""
