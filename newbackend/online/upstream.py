"""Branches and commits of upstream repositories, by git; models of Hugging Face, by its API."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from urllib.parse import quote

from newbackend.checkout.git import run_outside
from newbackend.errors import NotFoundError
from newbackend.online.network import Network, Unreachable
from newbackend.online.questions import Said, State
from newbackend.pin import allowed_protocols, base_url, remote_refs

GIT_SECONDS = 60.0
_GONE = re.compile(r"not found|does not exist|does not appear to be a git repository|could not read Username", re.I)
_NOT_OURS = re.compile(r"not our ref|couldn't find remote ref|unadvertised object|no such remote ref", re.I)


def branch(subject: str) -> Said:
    """`OWNER/REPO BRANCH`, by `git ls-remote`. Raises Unreachable."""
    repo, _, name = subject.partition(" ")
    try:
        refs, _ = remote_refs(repo)
    except NotFoundError as error:
        if _GONE.search(error.message):
            return Said(State.ABSENT, why=f"there is no public repository {repo}")
        raise Unreachable(error.message) from error
    there = f"refs/heads/{name}" in refs
    return Said(State.THERE) if there else Said(State.ABSENT, why=f"{repo} has no branch {name}")


def commit(subject: str) -> Said:
    """`OWNER/REPO SHA`: fetches that commit alone, without any file, into a repository that is thrown away.

    `ls-remote` names only the tips of branches and tags, and a pin is seldom one. Raises Unreachable.
    """
    repo, _, sha = subject.partition(" ")
    base = base_url()
    env = {"LC_ALL": "C", "GIT_ALLOW_PROTOCOL": allowed_protocols(base)}
    with tempfile.TemporaryDirectory(prefix="newbackend-") as folder:
        try:
            run_outside("init", "--quiet", "--bare", folder, timeout=GIT_SECONDS, env=env)
            words = ("fetch", "--quiet", "--depth=1", "--filter=tree:0", "--no-tags", "--no-write-fetch-head")
            done = run_outside(f"--git-dir={folder}", *words, f"{base}/{repo}", sha, timeout=GIT_SECONDS, env=env)
        except subprocess.TimeoutExpired as error:
            raise Unreachable(f"{repo} did not answer within {GIT_SECONDS:.0f} s") from error
    if done.returncode == 0:
        return Said(State.THERE)
    said = done.stderr.decode("utf-8", "replace").strip()
    if _NOT_OURS.search(said) or _GONE.search(said):
        return Said(State.ABSENT, why=f"{repo} has no commit {sha[:12]}")
    raise Unreachable(f"{repo} cannot be reached ({said.splitlines()[-1] if said else 'git fetch failed'})")


def model_base() -> str:
    """The address of Hugging Face: HF_ENDPOINT, as its own tools take it, else the usual one."""
    return os.environ.get("HF_ENDPOINT") or "https://huggingface.co"


def model(network: Network, base: str, repo: str) -> Said:
    """Whether Hugging Face has a public model repository. Raises Unreachable."""
    answer = network.get(f"{base.rstrip('/')}/api/models/{quote(repo)}")
    if answer.status == 200:
        return Said(State.THERE)
    if answer.status in (401, 403, 404):  # it does not tell strangers private ones from missing ones
        return Said(State.ABSENT, why=f"Hugging Face has no public model {repo}")
    raise Unreachable(f"Hugging Face answers with status {answer.status}")
