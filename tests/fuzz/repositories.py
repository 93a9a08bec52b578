"""The attacks by what is in a checkout's git directory: settings, damage, and newbackend's own state."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from fuzz.attacks import SHA, a_reading_command, dump_answers_of, unchanged
from fuzz.case import Case, snapshot
from fuzz.hostile import FORMAT, HOSTILE
from fuzz.mutations import LINES, SPECIAL
from newbackend.apply.state import state_dir


def git_directories(case: Case) -> None:
    """A git directory that names programs everywhere, with damaged files: nothing runs, nothing is written."""
    root = case.checkout()
    mark = case.folder / "mark"
    program = case.folder / "program"
    program.write_text(f"#!/bin/sh\necho ran >> {mark}\n")
    program.chmod(0o755)
    settings = (
        "core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "core.askPass", "core.gitProxy",
        "diff.external", "diff.x.textconv", "diff.x.command", "merge.x.driver", "filter.x.clean", "filter.x.smudge",
        "filter.x.process", "credential.helper", "gpg.program", "pager.diff", "alias.status", "alias.diff",
        "uploadpack.packObjectsHook", "remote.origin.uploadpack", "core.hooksPath", "include.path", "core.worktree",
        "core.attributesFile", "extensions.partialClone", "url.ext::x.insteadOf", "core.alternateRefsCommand",
    )  # fmt: skip
    for name in case.dice.sample(settings, 8):
        subprocess.run(["git", "-C", str(root), "config", name, str(program)], check=False, capture_output=True)
    (root / ".gitattributes").write_text("* filter=x diff=x merge=x\n")
    for hook in ("pre-commit", "post-checkout", "post-index-change", "reference-transaction", "fsmonitor-watchman"):
        (root / ".git/hooks").mkdir(exist_ok=True)
        (root / ".git/hooks" / hook).symlink_to(program)
    for _ in range(case.dice.randint(0, 2)):
        _damage(root / ".git", case)
    before = snapshot(root)
    for _ in range(2):
        case.command(*a_reading_command(case.dice), "--repo", str(root))
    unchanged(case, before, root, "a reading verb")
    done = case.command(
        "create", "zz", "--lang", "rust", "--pin", f"a/b@{SHA}", "--no-input", "--yes", "--repo", str(root)
    )
    if done.status != 0:
        unchanged(case, before, root, "a refused create")
    if mark.exists():
        case.fault("a program of the checkout was run")


def _damage(folder: Path, case: Case) -> None:
    name = case.dice.choice(
        ("HEAD", "config", "index", "packed-refs", "commondir", "gitdir", "shallow", "objects/info/alternates")
    )
    file = folder / name
    case.note(f"damaged .git/{name}")
    file.parent.mkdir(parents=True, exist_ok=True)
    data = file.read_bytes() if file.is_file() else b""
    file.unlink(missing_ok=True)
    kind = case.dice.random()
    if kind < 0.2:
        file.symlink_to(case.dice.choice(SPECIAL))
    elif kind < 0.4:
        file.write_bytes(case.dice.randbytes(200))
    elif kind < 0.7:
        text = case.dice.choice((HOSTILE, f"ref: refs/heads/{FORMAT}\n", "../../../..\n", "/etc\n", *LINES))
        file.write_text(text, encoding="utf-8")
    elif data:
        at = case.dice.randrange(len(data))
        file.write_bytes(data[:at] + case.dice.randbytes(4) + data[at + 4 :])


def journals(case: Case) -> None:
    """A journal of ours that somebody changed, and journals from nowhere: not followed."""
    root = case.checkout()
    words = ["create", "zz", "--lang", "cpp", "--no-input", "--yes", "--repo", str(root)]
    folder = state_dir(root)
    if case.dice.random() < 0.6:
        case.command(*words)
        if case.dice.random() < 0.6:
            (folder / "last").rename(folder / "journal")
    else:
        (folder / "journal").mkdir(parents=True)
        (folder / "journal/journal.json").write_text("{}")
    kind = "journal" if (folder / "journal").is_dir() else "last"
    file = folder / kind / "journal.json"
    data = json.loads(file.read_text())
    _change_journal(data, case)
    text = json.dumps(data)
    if case.dice.random() < 0.2:
        at = case.dice.randrange(len(text))
        text = text[:at] + case.dice.choice(("", "\x00", "]", "\ud800", "9" * 30)) + text[at + 1 :]
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    (folder / "wizard.yml").write_text(dump_answers_of(case), encoding="utf-8")
    before = snapshot(root)
    case.command(*a_reading_command(case.dice)[:-1], "--repo", str(root))
    case.command("undo", "--repo", str(root))
    case.command("verify", "--fix", "--repo", str(root), "--allow-dirty") if kind == "journal" else None
    unchanged(case, before, root, "a changed journal was followed")


def _change_journal(data: dict[str, Any], case: Case) -> None:
    paths = ("../evil", "/etc/evil", ".git/hooks/post-checkout", "Makefile", FORMAT, HOSTILE, "a/../b", "")
    steps = data.setdefault("steps", [])
    data["title"] = case.dice.choice((HOSTILE, "create zz", 1, None, ["x"]))
    data["phase"] = case.dice.choice(("staging", "committing", "done", HOSTILE, 3))
    if not steps or case.dice.random() < 0.3:
        steps.append({"path": "x", "before": "", "after": "", "mode": 0o644, "made_dirs": []})
    step = case.dice.choice(steps)
    step[case.dice.choice(("path", "before", "after"))] = case.dice.choice(paths)
    step["mode"] = case.dice.choice((0o4755, 0o644, -1, 1 << 40, "x"))
    step["made_dirs"] = case.dice.choice(([".."], ["/tmp"], "x", [], ["backend"]))
    if case.dice.random() < 0.3:
        data["seal"] = case.dice.choice(("", "0" * 64, None, HOSTILE))
