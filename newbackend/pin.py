"""`--pin OWNER/REPO[@REF|@SHA]`, or an address of GitHub: an upstream commit, resolved by `git ls-remote` if necessary.

The pin is a full commit of 40 hex digits, which is what LocalAI's .github/bump_deps.sh writes. That script asks
api.github.com for new commits, so an upstream elsewhere would never be updated.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from newbackend.catalog import pin_rules
from newbackend.checkout.git import run_outside
from newbackend.errors import NotFoundError, UsageError
from newbackend.records import dataclass
from newbackend.suggest import did_you_mean, nearest

_PIN = r"(?P<repo>[A-Za-z0-9][A-Za-z0-9-]*/(?!\.{1,2}(?:@|\Z))[A-Za-z0-9._-]+)(?:@(?P<ref>[^\s@]+))?\Z"
_SHA = r"[0-9a-f]{40}\Z"
_HEX = r"[0-9A-Fa-f]{40}\Z"
_SHORT_HEX = r"(?i)[0-9a-f]{7,39}\Z"
_ADDRESS = (
    r"(?i)(?:git\+)?(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?(?:[^@/\s]*@)?"
    r"(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)+|(?<=://)[^/\s]*)(?::\d+)?(?:[/:](?P<path>\S*))?\Z"
)
_SHORTHAND = r"(?i)(?:github|gh):(?!//)"
_HOSTS = ("github.com", "www.github.com", "ssh.github.com")
_SCHEMES = ("", "http", "https", "ssh", "git")
_PAGES = ("tree", "commit", "commits", "releases/tag")
"""Pages of a repository that are about one ref, which follows in the address."""
_REF = r"(?!-)(?!.*\.\.)[A-Za-z0-9._/+-]+\Z"
_VARIABLE = r"[A-Z][A-Z0-9_]*\Z"
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
    stem = f"V{stem}" if stem[0].isdigit() else stem
    variable = f"{stem}_VERSION"
    return f"ENGINE_{stem}_VERSION" if pin_rules().why_taken(variable) else variable


def parse_pin(text: str) -> tuple[str, str]:
    """OWNER/REPO and the ref (empty when there is none) of what was typed or pasted.

    Takes OWNER/REPO[@REF], and addresses of a repository on GitHub: for cloning, or of its page for a branch, a tag, a
    release or a commit. Raises UsageError for anything else.
    """
    bare = re.sub(_SHORTHAND, "", text.strip(), count=1)
    address = re.match(_ADDRESS, bare)
    match = re.match(_PIN, _shortened(address, text) if address else bare.rstrip("/"))
    if not match or (match["ref"] and not re.match(_REF, match["ref"])):
        raise UsageError(
            "pin-form",
            f"--pin {text!r} is not OWNER/REPO, OWNER/REPO@BRANCH or OWNER/REPO@<40 hex digits>",
            hint="an address such as https://github.com/OWNER/REPO/tree/BRANCH will do, too",
        )
    return match["repo"].removesuffix(".git"), full_commit(match["ref"] or "")


def full_commit(ref: str) -> str:
    """The ref; a full commit in lower case, as git writes it."""
    return ref.lower() if re.match(_HEX, ref) else ref


def _shortened(address: re.Match[str], text: str) -> str:
    """OWNER/REPO[@REF] of an address. Raises UsageError for another host, and for a page that is about no ref."""
    host, scheme = (address["host"] or "").lower(), (address["scheme"] or "").lower()
    if host not in _HOSTS or scheme not in _SCHEMES:
        what = host if host and scheme in _SCHEMES else f"{scheme}://"
        message = f"--pin: {what} cannot be followed, only GitHub, because the bump bot follows nothing else"
        raise UsageError("pin-host", message, hint="pin a repository on github.com, or leave --pin out")
    path, at, ref = re.split(r"[?#]", address["path"] or "", maxsplit=1)[0].partition("@")
    owner, _, rest = _unquoted(path).strip("/").partition("/")
    name, _, page = rest.partition("/")
    repo = f"{owner}/{name.removesuffix('.git')}"
    if at or not page:
        return f"{repo}{at}{ref}"
    named = next((page.removeprefix(f"{kind}/") for kind in _PAGES if page.startswith(f"{kind}/")), "")
    if not named and re.match(_PIN, repo):
        message = f"--pin {text!r} is a page of {repo} that names no branch, tag or commit"
        raise UsageError("pin-page", message, hint=f"pass {repo} or {repo}@BRANCH")
    return f"{repo}@{named}"


def _unquoted(path: str) -> str:
    if "%" not in path:
        return path
    from urllib.parse import unquote

    return unquote(path)


def check_pin(pin: Pin) -> Pin:
    """Returns the pin. Raises UsageError naming the part that is invalid."""
    parse_pin(pin.repo)
    check_commit(pin.sha)
    check_branch(pin.branch)
    check_variable(pin.variable)
    return pin


def check_commit(sha: str, where: str = "") -> None:
    """Raises UsageError for anything but a full commit."""
    if not re.match(_SHA, sha):
        raise UsageError(
            "pin-not-full-sha",
            f"pin.sha {sha!r} is not a full commit of 40 hex digits",
            where=where,
            hint="a branch belongs into pin.branch; --pin OWNER/REPO@TAG looks the commit of a tag up",
        )


def check_branch(branch: str) -> None:
    """Raises UsageError for a name that git does not accept for a branch."""
    if not re.match(_REF, branch):
        raise UsageError("pin-branch", f"pin.branch {branch!r} is not a git branch name")


def check_variable(variable: str) -> None:
    """Raises UsageError for a name that is no make variable of a version, or that means something else."""
    if not re.match(_VARIABLE, variable):
        raise UsageError("pin-variable", f"pin.variable {variable!r} is not an upper-case make variable name")
    known = pin_rules()
    stem, _, last = variable.rpartition("_")
    if not stem or last not in known.suffixes:
        endings = ", ".join(f"_{word}" for word in known.suffixes)
        why = "make, the shell or a compiler may use it for something else"
        raise UsageError(
            "pin-variable",
            f"pin.variable {variable!r} does not end like a version's, and {why}",
            hint=f"end it in {endings}",
        )
    if taken := known.why_taken(variable):
        raise UsageError("pin-variable", f"pin.variable {variable!r} is taken: {taken}")


def resolve(repo: str, ref: str) -> tuple[str, str]:
    """Commit and branch for a repository and ref, from `git ls-remote` unless `ref` is a commit.

    A commit needs no network; its branch is then unknown and comes back empty. The base URL is
    `NEWBACKEND_GIT_BASE`, else GitHub. Raises NotFoundError when the remote cannot be asked.
    """
    if re.match(_SHA, ref):
        return ref, ""
    if re.match(_SHORT_HEX, ref):
        raise UsageError(
            "pin-not-full-sha",
            f"--pin {repo}@{ref}: an abbreviated commit cannot be pinned",
            hint="pass all 40 digits",
        )
    refs, head = remote_refs(repo)
    if ref in ("", "HEAD"):
        if not head or f"refs/heads/{head}" not in refs:
            hint = f"pass --pin {repo}@BRANCH"
            raise NotFoundError("pin-no-default-branch", f"{repo} names no default branch", hint=hint)
        return refs[f"refs/heads/{head}"], head
    if f"refs/heads/{ref}" in refs:
        return refs[f"refs/heads/{ref}"], ref
    for tag in (f"refs/tags/{ref}^{{}}", f"refs/tags/{ref}"):
        if tag in refs:
            return refs[tag], head
    known = [name.removeprefix("refs/heads/").removeprefix("refs/tags/") for name in refs if not name.endswith("^{}")]
    # The page of a folder: `tree/main/src`.
    close = [name for name in known if ref.startswith(f"{name}/")] or nearest(ref, known)
    hint = did_you_mean([f"{repo}@{name}" for name in close])
    raise NotFoundError("pin-unknown-ref", f"{repo} has no branch or tag {ref!r}", hint=hint, choices=close)


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


def remote_refs(repo: str) -> tuple[dict[str, str], str]:
    """Commit by ref of a repository, and its default branch. Raises NotFoundError when it cannot be asked."""
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
