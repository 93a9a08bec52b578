"""The files of one commit of an engine's repository, read without checking it out.

A commit is fetched into a scratch repository with its trees alone; the few files that are read follow in one more
request. Nothing of it is written as a file and nothing of it runs. An upstream is a stranger: number, size and
time are limited.
"""

from __future__ import annotations

import re
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import field
from pathlib import Path

from newbackend.checkout.git import Git, run_outside
from newbackend.errors import NewbackendError, NotFoundError, UsageError
from newbackend.pin import allowed_protocols, base_url
from newbackend.records import dataclass

FETCH_SECONDS = 90.0
"""One request to the upstream's server. sherpa-onnx, 6,000 files, takes 4 s on a slow line."""
DISK_LIMIT = 1 << 30
"""What git may write into one file of the scratch repository."""
FILE_LIMIT = 2 << 20
"""The biggest file that is read: the biggest header of LocalAI's engines has 330 KB."""
TOTAL_LIMIT = 48 << 20
"""All files that are read of one commit."""
PATH_LIMIT = 300_000
_OBJECT = re.compile(r"[0-9a-f]{40}\Z")
_REGULAR = ("100644", "100755")
_GITLINK = "160000"


@dataclass(frozen=True)
class Submodule:
    """A submodule at the commit that is inspected; `commit` is what the tree records, `url` what `.gitmodules` says."""

    path: str
    url: str
    commit: str


@dataclass(frozen=True)
class Patience:
    """How long the upstream's server may take: each request `FETCH_SECONDS`, or all of them until a moment of
    `time.monotonic`."""

    until: float | None = None

    @property
    def seconds(self) -> float:
        """What is left for the next request."""
        return FETCH_SECONDS if self.until is None else max(0.1, self.until - time.monotonic())


@dataclass
class Commit:
    """One commit's tree. `repo` is OWNER/REPO, or the folder's name for a local clone."""

    repo: str
    sha: str
    objects: Mapping[str, str]
    """Object ids of the regular files, by path."""
    gitlinks: Mapping[str, str]
    links: frozenset[str]
    """Paths of symbolic links. They are never followed."""
    git: Git
    remote: bool
    patience: Patience = Patience()
    _texts: dict[str, str] = field(default_factory=dict)
    _spent: int = 0
    too_big: set[str] = field(default_factory=set)
    """Files that were wanted and not read for their size."""

    def text(self, path: str) -> str | None:
        """A file as text (undecodable bytes replaced); None when there is none or it is too big."""
        if path not in self._texts:
            self.prefetch([path])
        return self._texts.get(path)

    def prefetch(self, paths: Iterable[str]) -> None:
        """Read these files in one request. Raises NotFoundError when the server does not give them."""
        wanted = {path: self.objects[path] for path in paths if path in self.objects and path not in self._texts}
        if not wanted:
            return
        ids = sorted(set(wanted.values()))
        if self.remote:
            words = ["--filter=blob:none", "origin", "--stdin"]
            _fetch(self.git, words, self.repo, self.patience, data="\n".join(ids))
        self._read(wanted, ids)

    def _read(self, wanted: Mapping[str, str], ids: list[str]) -> None:
        sizes: dict[str, int] = {}
        for line in self.git.run("cat-file", "--batch-check", data="\n".join(ids).encode()).decode().splitlines():
            name, kind, *rest = line.split()
            if kind == "blob" and rest:
                sizes[name] = int(rest[0])
        for path, name in wanted.items():
            size = sizes.get(name, FILE_LIMIT + 1)
            if size > FILE_LIMIT or self._spent + size > TOTAL_LIMIT:
                self.too_big.add(path)
                continue
            self._spent += size
        kept = {path: name for path, name in wanted.items() if path not in self.too_big}
        out = self.git.run("cat-file", "--batch", data="\n".join(kept.values()).encode()) if kept else b""
        start = 0
        for path in kept:
            end = out.index(b"\n", start)
            size = int(out[start:end].split()[2])
            self._texts[path] = out[end + 1 : end + 1 + size].decode("utf-8", "replace")
            start = end + size + 2

    def submodules(self) -> tuple[Submodule, ...]:
        """Every gitlink of the tree, with its URL from `.gitmodules` (empty when that does not name it)."""
        urls = self._gitmodules()
        return tuple(Submodule(path, urls.get(path, ""), commit) for path, commit in sorted(self.gitlinks.items()))

    def _gitmodules(self) -> dict[str, str]:
        text = self.text(".gitmodules")
        if not text:
            return {}
        sections: dict[str, dict[str, str]] = {}
        for entry in self._listed(text).split("\0"):
            key, _, value = entry.partition("\n")
            section, _, name = key.rpartition(".")
            sections.setdefault(section, {})[name] = value
        return {keys["path"]: keys.get("url", "") for keys in sections.values() if "path" in keys}

    def _listed(self, text: str) -> str:
        words = ("config", "--file", "-", "--no-includes", "--null", "--list")
        done = run_outside(*words, timeout=FETCH_SECONDS, data=text.encode())
        return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


@contextmanager
def fetched(repo: str, sha: str, *, seconds: float | None = None) -> Iterator[Commit]:
    """A commit of OWNER/REPO, fetched from `NEWBACKEND_GIT_BASE`, else GitHub, without its files' contents.

    `seconds` is for everything that is asked of the server; without it each request has `FETCH_SECONDS`.
    Raises NotFoundError when the server does not answer or has no such commit.
    """
    if not _OBJECT.match(sha):
        raise UsageError("pin-not-full-sha", f"{sha!r} is not a full commit of 40 hex digits")
    patience = Patience(None if seconds is None else time.monotonic() + seconds)
    url = f"{base_url()}/{repo}"
    with ExitStack() as own:
        stack, folders = (_kept.stack, _kept.folders) if _kept else (own, {})
        if (url, sha) not in folders:
            folders[url, sha] = _scratch(stack, url, repo, sha, patience)
        commit = _commit(repo, sha, Git(folders[url, sha]), remote=True)
        commit.patience = patience
        yield commit


@dataclass
class _Kept:
    """Scratch repositories by address and commit, and what removes them."""

    stack: ExitStack
    folders: dict[tuple[str, str], Path] = field(default_factory=dict)


_kept: _Kept | None = None


@contextmanager
def fetching_once() -> Iterator[None]:
    """Within it a commit that is read several times is fetched once, and removed at the end."""
    global _kept
    with ExitStack() as stack:
        before, _kept = _kept, _kept or _Kept(stack)
        try:
            yield
        finally:
            _kept = before


def _scratch(stack: ExitStack, url: str, repo: str, sha: str, patience: Patience) -> Path:
    """A repository that has a commit, until the stack is left."""
    try:
        folder = tempfile.TemporaryDirectory(prefix="newbackend-upstream-")
    except OSError as error:
        raise UsageError("no-temporary-folder", f"git needs a folder for temporary files: {error.strerror}") from error
    root = Path(stack.enter_context(folder))
    _scratch_repository(root, url, repo, patience)
    _fetch(Git(root), ["--depth=1", "--filter=blob:none", "origin", sha], repo, patience)
    return root


def opened(root: Path, revision: str = "HEAD") -> Commit:
    """A commit of a clone on this machine, without network. Raises NotFoundError when it is not there."""
    git = Git(root)
    sha = git.commit(revision)
    return _commit(root.resolve().name, sha, git, remote=False)


def _commit(repo: str, sha: str, git: Git, *, remote: bool) -> Commit:
    objects: dict[str, str] = {}
    gitlinks: dict[str, str] = {}
    links: set[str] = set()
    rows = git.run("ls-tree", "-r", "-z", "--full-tree", sha).decode("utf-8", "replace").split("\0")
    if len(rows) > PATH_LIMIT:
        raise UsageError("upstream-too-big", f"{repo} has more than {PATH_LIMIT} files, so it is not inspected")
    for row in rows:
        about, _, path = row.partition("\t")
        if not path:
            continue
        mode, _kind, name = about.split()
        if mode in _REGULAR:
            objects[path] = name
        elif mode == _GITLINK:
            gitlinks[path] = name
        else:
            links.add(path)
    return Commit(repo, sha, objects, gitlinks, frozenset(links), git, remote)


def _scratch_repository(root: Path, url: str, repo: str, patience: Patience) -> None:
    done = _asked(("init", "--quiet", "--template=", str(root)), repo, patience)
    if done.returncode != 0:
        raise NotFoundError("git-failed", "git cannot make a scratch repository", where=str(root))
    config = str(root / ".git" / "config")
    _asked(("config", "--file", config, "remote.origin.url", url), repo, patience)


def _fetch(git: Git, words: list[str], repo: str, patience: Patience, data: str = "") -> None:
    quiet = ("--quiet", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no", "--no-auto-maintenance")
    local = ("--upload-pack=git -c uploadpack.allowFilter=true upload-pack",) if _on_this_machine() else ()
    env = {
        "LC_ALL": "C",
        "GIT_DIR": str(git.root / ".git"),
        "GIT_ALLOW_PROTOCOL": allowed_protocols(base_url()),
    }
    done = _asked(("fetch", *quiet, *local, *words), repo, patience, env=env, data=data.encode(), before=_limit_disk)
    if done.returncode != 0:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["git fetch failed"]
        why = next((line for line in lines if line.startswith("fatal: ")), lines[-1])
        raise _refused(repo, why.removeprefix("fatal: "))


def _asked(
    words: tuple[str, ...],
    repo: str,
    patience: Patience,
    *,
    env: Mapping[str, str] | None = None,
    data: bytes = b"",
    before: Callable[[], None] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """A git command with what is left of the time. Raises NotFoundError when that is over."""
    seconds = patience.seconds
    try:
        return run_outside(*words, timeout=seconds, env=env, data=data, before=before)
    except subprocess.TimeoutExpired as error:
        raise NotFoundError("upstream-unreachable", f"{repo} did not answer within {seconds:.0f} s") from error


def _refused(repo: str, why: str) -> NewbackendError:
    if "not our ref" in why or "unadvertised object" in why:
        return NotFoundError("upstream-no-commit", f"{repo} has no such commit ({why})")
    return NotFoundError("upstream-unreachable", f"{repo} cannot be read ({why})")


def _on_this_machine() -> bool:
    base = base_url()
    return base.startswith(("/", "file://"))


def _limit_disk() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (DISK_LIMIT, DISK_LIMIT))
