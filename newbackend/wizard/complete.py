"""Layers of answers become complete ones: what is missing is asked of a front end, in one order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from newbackend.checkout.tree import Checkout
from newbackend.pin import default_variable, parse_pin, resolve
from newbackend.spec import check_name
from newbackend.wizard.protocol import Frontend


def complete(answers: Mapping[str, Any], checkout: Checkout, frontend: Frontend) -> tuple[dict[str, Any], list[str]]:
    """Answers that `make_spec` takes, and notes about what was assumed.

    A pin without a commit is resolved over the network (`pin.resolve`), nothing else is.
    """
    done = dict(answers)
    notes: list[str] = []
    if not done.get("name"):
        done["name"] = frontend.name(done, checkout)
    check_name(str(done["name"]))
    for key in ("lang", "modalities", "variants"):
        if not done.get(key):
            done[key] = getattr(frontend, key)(done, checkout)
    if "pin" not in done:
        text = frontend.pin(done, checkout)
        if text:
            repo, ref = parse_pin(text)
            done["pin"] = {"repo": repo, "sha": ref}
    if done.get("pin"):
        done["pin"], note = _resolved(done["pin"], str(done["name"]))
        notes += [note] if note else []
    for key in ("description", "license"):
        if key not in done:
            done[key] = getattr(frontend, key)(done, checkout)
    return done, notes


def _resolved(pin: Mapping[str, Any], name: str) -> tuple[dict[str, str], str]:
    found = {key: str(value) for key, value in pin.items() if value}
    repo, ref = parse_pin(f"{found.get('repo', '')}@{found['sha']}" if found.get("sha") else found.get("repo", ""))
    sha, branch = resolve(repo, ref)
    note = ""
    if not found.get("branch") and not branch:
        branch = "main"
        note = f"the bump bot will follow branch main of {repo}; pass --set pin.branch=NAME if its default is another"
    return {
        "repo": repo,
        "sha": sha,
        "branch": found.get("branch") or branch,
        "variable": found.get("variable") or default_variable(name),
    }, note
