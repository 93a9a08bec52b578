"""What the root Makefile's definitions, lists and recipes refer to."""

from __future__ import annotations

import re
from collections.abc import Iterable

from newbackend.catalog.languages import language_table, languages
from newbackend.checklist import MAKE
from newbackend.checkout.layout import MAKEFILE
from newbackend.findings import Confidence, Finding, Fix, Location, Severity
from newbackend.registrations.base import Change, Fact
from newbackend.registrations.makefile.place import LISTS, RECIPES
from newbackend.registrations.makefile.rules import has_target, insert_edits, target_id
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.rules.registry import check, repair, rule

DEFINITION_WRONG = rule(
    "REG307",
    "definition-wrong",
    Severity.ERROR,
    what="A definition names a Dockerfile or a build context that does not exist, or another language's Dockerfile, or "
    "says neither `true` nor `false` where it has to.",
    why="`make backends/NAME` fails, or builds with the wrong Dockerfile, or without the argument that says which "
    "backend to build.",
    how="NAME|TYPE|CONTEXT|PROGRESS|NEEDS_BACKEND: TYPE is python, golang, rust or, for C++, the name.",
    bad="BACKEND_DEMO = demo|go|.|false|true",
    good="BACKEND_DEMO = demo|golang|.|false|true",
    checklist=MAKE,
)


@check(DEFINITION_WRONG, needs=("makefile",))
def definitions(context: Context) -> Iterable[Finding]:
    """What each definition builds from. (The last one counts where there are two.)"""
    for fact in _defined(context).values():
        if problem := _problem(context, fact):
            message = f"the definition of {fact.backend} {problem}"
            yield Finding(
                DEFINITION_WRONG, fact.backend, MAKEFILE, line=fact.line, message=message, backend=fact.backend
            )


def _problem(context: Context, fact: Fact) -> str:
    kind, folder = str(fact.value[1]), str(fact.value[2])
    info = context.backends.get(fact.backend)
    dockerfile = f"backend/Dockerfile.{kind}"
    if not context.checkout.exists(dockerfile):
        return f"builds with {dockerfile}, which does not exist"
    if not context.checkout.exists(folder.removeprefix("./") or "."):
        return f"has the build context {folder}, which does not exist"
    if str(fact.value[4]) not in ("true", "false"):
        return f"says {fact.value[4]} for NEEDS_BACKEND, which is true or false"
    if info and info.directory and _of_another_language(info, kind):
        return f"builds with {dockerfile}, but the sources are in {info.directory}"
    return ""


def _of_another_language(info: BackendInfo, kind: str) -> bool:
    shared = bool(info.language.shared_dockerfile)
    return shared and language_table().of_makefile_type(kind) is not info.language


def _defined(context: Context) -> dict[str, Fact]:
    """Definitions by the name in their variable, `DEMO` of `BACKEND_DEMO`."""
    return {fact.key.removeprefix("define:"): fact for fact in context.facts("makefile") if fact.kind == "define"}


TWICE = rule(
    "REG311",
    "makefile-twice",
    Severity.WARNING,
    what="The root Makefile has a definition or eval twice.",
    why="make warns on every run and takes the last one.",
    how="Delete one.",
    bad="BACKEND_DEMO = demo|golang|.|false|true\nBACKEND_DEMO = demo|python|.|false|true",
    good="BACKEND_DEMO = demo|golang|.|false|true",
    checklist=MAKE,
)


@check(TWICE, needs=("makefile",))
def repeats(context: Context) -> Iterable[Finding]:
    """Definitions and evals that are there more than once."""
    seen: dict[str, Fact] = {}
    for fact in context.facts("makefile"):
        if fact.kind in ("define", "eval") and (first := seen.setdefault(fact.key, fact)) is not fact:
            message = f"{fact.key.replace(':', ' of BACKEND_')} stands here twice"
            related = (Location(MAKEFILE, first.line),)
            yield Finding(
                TWICE, fact.key, MAKEFILE, line=fact.line, message=message, backend=fact.backend, related=related
            )


EVAL_UNDEFINED = rule(
    "REG312",
    "eval-undefined",
    Severity.ERROR,
    what="An eval expands a `BACKEND_…` variable that is not defined.",
    why="It generates a target with an empty name; make overrides it again and again, and builds nothing.",
    how="Correct the variable's name, or delete the line.",
    bad="$(eval $(call generate-docker-build-target,$(BACKEND_DEMOO)))",
    good="$(eval $(call generate-docker-build-target,$(BACKEND_DEMO)))",
    checklist=MAKE,
)


@check(EVAL_UNDEFINED, needs=("makefile",))
def evals(context: Context) -> Iterable[Finding]:
    """Evals whose variable nothing sets, not even in a shape that the place does not read."""
    names = {target_id(name): name for name in context.backends}
    defined = _defined(context)
    variables = frozenset(re.findall(r"^(BACKEND_[A-Z0-9_]+)\s*[:?+]?=", context.read(MAKEFILE) or "", re.M))
    for fact in context.facts("makefile"):
        if fact.kind == "eval" and fact.value not in defined and f"BACKEND_{fact.value}" not in variables:
            message = f"BACKEND_{fact.value} is not defined"
            backend = fact.backend or names.get(str(fact.value), "")
            yield Finding(EVAL_UNDEFINED, str(fact.value), MAKEFILE, line=fact.line, message=message, backend=backend)


TARGET_BROKEN = rule(
    "REG309",
    "docker-build-target-undefined",
    Severity.ERROR,
    what="`docker-build-backends` lists a target that nothing defines.",
    why="`make docker-build-backends` stops at once, for every backend.",
    how="Add the definition and the eval, or take the word off the line.",
    bad="docker-build-backends: docker-build-demo     # no BACKEND_DEMO, or no eval of it",
    good="$(eval $(call generate-docker-build-target,$(BACKEND_DEMO)))",
    fix=Fix.SAFE,
    checklist=MAKE,
)


@check(TARGET_BROKEN, needs=("makefile",))
def listed_targets(context: Context) -> Iterable[Finding]:
    """Words of `docker-build-backends` that neither a definition with its eval nor a rule defines."""
    makefile = context.read(MAKEFILE) or ""
    defined = _defined(context)
    evaluated = {str(fact.value) for fact in context.facts("makefile") if fact.kind == "eval"}
    targets = {fact.backend for name, fact in defined.items() if name in evaluated}
    for fact in context.facts("makefile"):
        if fact.kind != "docker-build-backends" or fact.backend in targets:
            continue
        if target_id(fact.backend) in evaluated - defined.keys():
            continue  # the eval is there and expands nothing: REG312
        if _own_target(makefile, str(fact.value)):
            continue
        info = context.backends.get(fact.backend)
        yield Finding(
            TARGET_BROKEN,
            str(fact.value),
            MAKEFILE,
            line=fact.line,
            message=f"docker-build-backends needs {fact.value}, and nothing defines that target",
            backend=context.known(fact.backend),
            fix=None if info and info.directory else Fix.NONE,
        )


@repair(TARGET_BROKEN)
def define_target(context: Context, finding: Finding) -> Iterable[Change]:
    """Puts the definition and its eval in."""
    return insert_edits(context, finding, "define", "eval")


TEST_TARGET = rule(
    "REG308",
    "test-target-missing",
    Severity.WARNING,
    what="`test-extra` calls a `test` target that the backend's Makefile does not have.",
    why="The recipe stops there with `No rule to make target`, and the tests of every later backend with it.",
    how="Add `test:` to the backend's Makefile, or take the line out.",
    incident="faster-whisper and rfdetr are called and have no test target.",
    bad="\t$(MAKE) -C backend/python/demo test      # backend/python/demo/Makefile: no test",
    good="test: demo\n\tbash test.sh",
    checklist=MAKE,
)


@check(TEST_TARGET, needs=("makefile",))
def recipes(context: Context) -> Iterable[Finding]:
    """What `test-extra` calls."""
    for fact in context.facts("makefile"):
        if fact.kind != "test-extra" or not fact.value:
            continue
        folder, target = fact.key.partition(":")[2], str(fact.value).split()[-1]
        own = context.read(f"{folder}/Makefile")
        if own is None or has_target(own, target) or re.search(r"^-?include\b", own, re.M):
            continue
        message = f"test-extra runs `make {target}` in {folder}, whose Makefile has no such target"
        related = (Location(f"{folder}/Makefile", 1),)
        yield Finding(
            TEST_TARGET, folder, MAKEFILE, line=fact.line, message=message, backend=fact.backend, related=related
        )


LEFTOVER = rule(
    "REG310",
    "makefile-leftover",
    Severity.WARNING,
    confidence=Confidence.LIKELY,
    what="The root Makefile still refers to a backend whose directory is gone.",
    why="Its targets fail; whoever reads the list believes that the backend exists.",
    how="Take its lines and words out.",
    incident="BACKEND_HUGGINGFACE outlived backend/go/huggingface.",
    bad="BACKEND_DEMO = demo|golang|.|false|true     # no backend/go/demo",
    good="# nothing",
    checklist=MAKE,
)


@check(LEFTOVER, needs=("makefile",))
def leftovers(context: Context) -> Iterable[Finding]:
    """One finding per name that has no directory any more."""
    makefile = context.read(MAKEFILE) or ""
    gone: dict[str, list[Fact]] = {}
    for fact in context.facts("makefile"):
        name = fact.backend
        if not name or name in context.directories:
            continue
        if _lives(context, fact, makefile):
            continue
        gone.setdefault(name, []).append(fact)
    for name, facts in gone.items():
        kinds = ", ".join(dict.fromkeys(fact.kind for fact in facts))
        message = f"there is no directory of {name} any more, but the root Makefile still has it ({kinds})"
        related = tuple(Location(MAKEFILE, fact.line) for fact in facts[1:])
        backend = context.known(name)
        yield Finding(LEFTOVER, name, MAKEFILE, line=facts[0].line, message=message, backend=backend, related=related)


def _lives(context: Context, fact: Fact, makefile: str) -> bool:
    """Whether what a Makefile fact refers to exists: a directory, or a target of its own."""
    if fact.kind in RECIPES:
        return context.checkout.exists(fact.key.partition(":")[2])
    word = str(fact.value)
    if fact.kind == ".NOTPARALLEL" and not word.startswith("backends/"):
        return True
    if fact.kind in LISTS and _own_target(makefile, word):
        return True
    owner = context.backends.get(fact.backend.removesuffix("-darwin"))
    if owner and owner.darwin and owner.language.own_darwin_build:
        return True  # what is missing is the target of its macOS build: REG821
    return any(context.checkout.is_dir(language.directory_of(fact.backend)) for language in languages().values())


def _own_target(makefile: str, target: str) -> bool:
    return f"\n{target}:" in makefile or makefile.startswith(f"{target}:")
