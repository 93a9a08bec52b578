"""`--pin OWNER/REPO[@REF|@SHA]`: an upstream commit, resolved by `git ls-remote` if necessary.

The pin is a full commit of 40 hex digits, which is what LocalAI's .github/bump_deps.sh writes.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from newbackend.checkout.git import run_outside
from newbackend.errors import NotFoundError, UsageError

_PIN = re.compile(r"(?P<repo>[A-Za-z0-9][A-Za-z0-9-]*/(?!\.{1,2}(?:@|\Z))[A-Za-z0-9._-]+)(?:@(?P<ref>[^\s@]+))?\Z")
_SHA = re.compile(r"[0-9a-f]{40}\Z")
_REF = re.compile(r"(?!-)(?!.*\.\.)[A-Za-z0-9._/+-]+\Z")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*\Z")
DEFAULT_BRANCH = "main"
DEFAULT_BASE = "https://github.com"
TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Pin:
    """An upstream commit: `repo` is OWNER/REPO, `sha` 40 hex digits, `branch` what the bump bot follows."""

    repo: str
    sha: str
    branch: str
    variable: str

    @property
    def url(self) -> str:
        """Where the generated Makefile clones from."""
        return f"{DEFAULT_BASE}/{self.repo}"


def default_variable(name: str) -> str:
    """The Makefile variable of a backend's pin: `ds4` -> `DS4_VERSION`."""
    stem = name.upper().replace("-", "_")
    return f"{'V' if stem[0].isdigit() else ''}{stem}_VERSION"


def parse_pin(text: str) -> tuple[str, str]:
    """OWNER/REPO and the ref after `@` (empty when there is none). Raises UsageError when malformed."""
    match = _PIN.match(text)
    if not match or (match["ref"] and not _REF.match(match["ref"])):
        raise UsageError(
            "pin-form",
            f"--pin {text!r} is not OWNER/REPO, OWNER/REPO@BRANCH or OWNER/REPO@<40 hex digits>",
        )
    return match["repo"].removesuffix(".git"), match["ref"] or ""


def check_pin(pin: Pin) -> Pin:
    """Returns the pin. Raises UsageError naming the part that is invalid."""
    parse_pin(pin.repo)
    if not _SHA.match(pin.sha):
        raise UsageError("pin-not-full-sha", f"pin.sha {pin.sha!r} is not a full commit of 40 hex digits")
    check_branch(pin.branch)
    check_variable(pin.variable)
    return pin


def check_branch(branch: str) -> None:
    """Raises UsageError for a name that git does not accept for a branch."""
    if not _REF.match(branch):
        raise UsageError("pin-branch", f"pin.branch {branch!r} is not a git branch name")


def check_variable(variable: str) -> None:
    """Raises UsageError for an invalid name of a make variable."""
    if not _VARIABLE.match(variable):
        raise UsageError("pin-variable", f"pin.variable {variable!r} is not an upper-case make variable name")


def resolve(repo: str, ref: str) -> tuple[str, str]:
    """Commit and branch for a repository and ref, from `git ls-remote` unless `ref` is a commit.

    A commit needs no network; its branch is then unknown and comes back empty. The base URL is
    `NEWBACKEND_GIT_BASE`, else GitHub. Raises NotFoundError when the remote cannot be asked.
    """
    if _SHA.match(ref):
        return ref, ""
    if re.fullmatch(r"[0-9a-f]{7,39}", ref):
        raise UsageError(
            "pin-not-full-sha",
            f"--pin {repo}@{ref}: an abbreviated commit cannot be pinned, pass all 40 digits",
        )
    refs, head = _ls_remote(repo)
    if not ref:
        if not head or f"refs/heads/{head}" not in refs:
            raise NotFoundError("pin-no-default-branch", f"{repo} names no default branch; pass --pin {repo}@BRANCH")
        return refs[f"refs/heads/{head}"], head
    if f"refs/heads/{ref}" in refs:
        return refs[f"refs/heads/{ref}"], ref
    for tag in (f"refs/tags/{ref}^{{}}", f"refs/tags/{ref}"):
        if tag in refs:
            return refs[tag], head
    raise NotFoundError("pin-unknown-ref", f"{repo} has no branch or tag {ref!r}")


def base_url() -> str:
    """`NEWBACKEND_GIT_BASE`, else GitHub. A folder is made absolute, because git runs elsewhere."""
    base = os.environ.get("NEWBACKEND_GIT_BASE") or DEFAULT_BASE
    if "://" not in base and Path(base).is_dir():
        base = str(Path(base).absolute())
    return base.rstrip("/")


def allowed_protocols(base: str) -> str:
    """What git may speak to a pinned repository (GIT_ALLOW_PROTOCOL): https, ssh because users' own configuration
    rewrites URLs to it, files, and the protocol that the user's base URL names. Never `ext`, which runs a command.
    """
    named = base.partition("://")[0]
    return "https:ssh:file" + (f":{named}" if named in ("http", "git") else "")


def _ls_remote(repo: str) -> tuple[dict[str, str], str]:
    base = base_url()
    hint = f"without network pass the commit: --pin {repo}@<40 hex digits>"
    env = {"LC_ALL": "C", "GIT_ALLOW_PROTOCOL": allowed_protocols(base)}
    try:
        done = run_outside("ls-remote", "--symref", "--", f"{base}/{repo}", timeout=TIMEOUT_SECONDS, env=env)
    except UsageError as error:
        raise NotFoundError("git-missing", "git is not installed, so the pin cannot be resolved", hint=hint) from error
    except subprocess.TimeoutExpired as error:
        raise NotFoundError(
            "pin-unreachable", f"{repo} did not answer within {TIMEOUT_SECONDS} s", hint=hint
        ) from error
    if done.returncode != 0:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["git ls-remote failed"]
        why = next((line for line in lines if line.startswith("fatal: ")), lines[-1]).removeprefix("fatal: ")
        raise NotFoundError("pin-unreachable", f"{repo} cannot be reached ({why})", hint=hint)
    refs: dict[str, str] = {}
    head = ""
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        left, _, name = line.partition("\t")
        if left.startswith("ref: ") and name == "HEAD":
            head = left.removeprefix("ref: refs/heads/")
        else:
            refs[name] = left
    return refs, head
