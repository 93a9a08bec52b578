"""The entry in `.gitmodules` and the commit in git's index go together."""

from __future__ import annotations

from collections.abc import Iterable

from newbackend.checklist import DIRECTORY
from newbackend.findings import Finding, Severity
from newbackend.registrations.makefile.place import backend_of_directory
from newbackend.registrations.submodules.place import PATH
from newbackend.rules.context import Context
from newbackend.rules.registry import Result, check, rule, skipped, unreadable

unreadable(
    "submodules",
    "REG834",
    "gitmodules-unreadable",
    what="`.gitmodules` has the markers of an unresolved merge conflict.",
    why="Every `git submodule` command in the whole repository fails, and so does a checkout with submodules.",
    how="Choose a side and delete the three marker lines.",
    bad='<<<<<<< HEAD\n[submodule "backend/rust/demo/sources/Engine"]',
    good='[submodule "backend/rust/demo/sources/Engine"]',
)

SUBMODULE = rule(
    "REG820",
    "submodule-incomplete",
    Severity.ERROR,
    what="A backend's submodule has an entry in .gitmodules and no commit in git, or a commit and no entry.",
    why="Without the commit CI checks out an empty directory and the build stops; without the entry every "
    "`git submodule` command in the whole repository fails.",
    how="Add the submodule with `git submodule add URL PATH`, which writes both, and commit both.",
    bad='[submodule "backend/rust/demo/sources/Engine"]      # and `git ls-files -s` shows nothing at that path',
    good="160000 29e99ad5a5aa64b97e1e8e963e6d73b0267d796a 0\tbackend/rust/demo/sources/Engine",
    checklist=DIRECTORY,
)


@check(SUBMODULE, needs=("submodules",))
def submodules(context: Context) -> Iterable[Result]:
    """Submodules below backend/: their section and their commit."""
    checkout = context.checkout
    links = checkout.links_below("backend") if checkout.has_index else None
    entries = {fact.key.partition(":")[2]: fact for fact in context.facts("submodules")}
    paths: dict[str, list[str]] = {}
    for path in sorted({*(links or ()), *(path for path in entries if path.startswith("backend/"))}):
        paths.setdefault(backend_of_directory(path), []).append(path)
    for name in dict.fromkeys([*context.backends, *paths]):
        if links is None or not paths.get(name):
            reason = "there is no git index to look into" if links is None else "it has no submodule"
            yield skipped(SUBMODULE, name, reason)
            continue
        known = context.known(name)
        for path in paths[name]:
            if path not in links:
                message = f"{PATH} names {path}, but git has no commit for it: a clone finds nothing there"
                expected = f"git update-index --add --cacheinfo 160000,<commit>,{path}"
                yield Finding(
                    SUBMODULE, path, PATH, line=entries[path].line, message=message, backend=known, expected=expected
                )
            elif path not in entries:
                message = f"git has a commit for {path}, but {PATH} does not say where it comes from"
                expected = f'[submodule "{path}"]\n\tpath = {path}\n\turl = …'
                yield Finding(SUBMODULE, path, PATH, line=1, message=message, backend=known, expected=expected)
