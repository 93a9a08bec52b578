"""What to do after a write: a few commands, each on its own line, ready to be copied."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

from newbackend.catalog.languages import PLACEHOLDER, languages
from newbackend.checkout.tree import Checkout
from newbackend.cli.common import print_err
from newbackend.plan.model import Plan
from newbackend.report.wording import plural


def print_written(plan: Plan, root: Path, paths: int) -> None:
    """Says on standard error what was written, how to take it back, and what comes next."""
    files = f"{paths} file{'s' if paths != 1 else ''}"
    if not paths:
        print_err("newbackend: nothing was written")
        return
    print_err(f"newbackend: {files} written; `newbackend undo` takes {'them' if paths != 1 else 'it'} back")
    if plan.by_hand:
        print_err(f"newbackend: {len(plan.by_hand)} place(s) could not be edited safely and are left to you, see above")
    if plan.to_do:
        name = plan.answers.get("name")
        again = f"; `newbackend pr {name}` names {'them' if len(plan.to_do) != 1 else 'it'} again" if name else ""
        print_err(f"newbackend: {plural(len(plan.to_do), 'thing')} left to do, see TO DO above{again}")
    steps = list(_steps(plan, root))
    if steps:
        print_err("\n".join(["Next:", *(f"  {step}" for step in steps)]))


def _steps(plan: Plan, root: Path) -> Iterator[str]:
    """The engine to write, its tests, and the checks; nothing for a plan that is about no backend with a directory."""
    name, lang = str(plan.answers.get("name") or ""), str(plan.answers.get("lang") or "")
    language = languages().get(lang)
    if not name or language is None:
        return
    folder = language.directory_of(name)
    checkout = Checkout(root)  # as it is now
    flavour = language.flavours.get(str(plan.answers.get("flavour") or language.default_flavour))
    engine = flavour.placeholder.replace("{name}", name) if flavour else ""
    if engine and PLACEHOLDER in (checkout.read(engine) or ""):
        yield f"edit {_from_here(root / engine)}  # the engine is a placeholder"
    if checkout.exists(f"{folder}/Makefile"):
        yield f"make -C {_from_here(root / folder)} {language.test_target}"
    here = Path.cwd().is_relative_to(root.resolve())
    repo = "" if here else f" --repo {_from_here(root)}"
    yield f"newbackend verify {name}{repo}"
    yield f"newbackend pr {name}{repo}"


def _from_here(path: Path) -> str:
    """The path as a shell takes it: relative where that is shorter."""
    relative = os.path.relpath(path)
    return shlex.quote(min(relative, str(path), key=len))
