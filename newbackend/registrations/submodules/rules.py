"""Checks of git submodules: the entry in `.gitmodules` and the commit in git's index go together."""

from __future__ import annotations

from collections.abc import Iterable

from newbackend.findings import CheckResult, Finding, Status
from newbackend.registrations.makefile.place import backend_of_directory
from newbackend.registrations.submodules.place import PATH
from newbackend.rules.base import Check, Result
from newbackend.rules.context import Context
from newbackend.rules.texts import own_directory as text


def submodules(context: Context) -> Iterable[Result]:
    """REG820."""
    checkout = context.checkout
    links = checkout.links_below("backend") if checkout.has_index else None
    entries = {fact.key.partition(":")[2]: fact for fact in context.facts("submodules")}
    paths: dict[str, list[str]] = {}
    for path in sorted({*(links or ()), *(path for path in entries if path.startswith("backend/"))}):
        paths.setdefault(backend_of_directory(path), []).append(path)
    for name in dict.fromkeys([*context.backends, *paths]):
        if links is None or not paths.get(name):
            reason = "there is no git index to look into" if links is None else "it has no submodule"
            yield CheckResult(text.SUBMODULE, Status.SKIPPED, name, reason)
            continue
        known = name if name in context.backends else ""
        for path in paths[name]:
            if path not in links:
                message = f"{PATH} names {path}, but git has no commit for it: a clone finds nothing there"
                expected = f"git update-index --add --cacheinfo 160000,<commit>,{path}"
                yield Finding(text.SUBMODULE, path, PATH, entries[path].line, message, known, expected=expected)
            elif path not in entries:
                message = f"git has a commit for {path}, but {PATH} does not say where it comes from"
                expected = f'[submodule "{path}"]\n\tpath = {path}\n\turl = …'
                yield Finding(text.SUBMODULE, path, PATH, 1, message, known, expected=expected)


CHECKS = (Check((text.SUBMODULE,), submodules, needs=("submodules",)),)
