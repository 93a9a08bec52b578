"""Checks of the root Makefile: the six edits, and what they refer to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from newbackend.checkout.layout import MAKEFILE
from newbackend.findings import CheckResult, Finding, Fix, Location, Rule, Status
from newbackend.registrations.base import Fact
from newbackend.registrations.makefile.place import LISTS, RECIPES
from newbackend.rules.base import Check, Result
from newbackend.rules.context import LANG_DIRS, BackendInfo, Context
from newbackend.rules.fixes import fix_makefile, makefile_wanted
from newbackend.rules.texts import makefile as text

_TYPES = {"python": "python", "golang": "go", "rust": "rust"}
_EDITS: dict[str, Rule] = {
    ".NOTPARALLEL": text.NOT_PARALLEL,
    "prepare-test-extra": text.PREPARE_TEST,
    "test-extra": text.TEST_EXTRA,
    "define": text.DEFINITION,
    "eval": text.EVAL,
    "docker-build-backends": text.BUILD_ALL,
}


def six_edits(context: Context) -> Iterable[Result]:
    """REG301 to REG306: what a registered backend lacks. One that is only built for macOS needs no
    Linux image, so nothing is missing there."""
    ends = {kind: _end(context, kind) for kind in _EDITS}
    evals = {str(fact.value) for fact in context.facts("makefile") if fact.kind == "eval" and not fact.backend}
    for info in context.backends.values():
        if not info.directory or not info.rows:
            for rule in _EDITS.values():
                reason = "it has no Linux rows" if info.directory else "it has no directory"
                yield CheckResult(rule, Status.SKIPPED, info.name, reason)
            continue
        for kind, rule in _EDITS.items():
            if info.makefile_facts(kind):
                continue
            if kind in RECIPES and info.lang == "cpp":
                yield CheckResult(rule, Status.SKIPPED, info.name, "C++ backends are not in it by convention")
                continue
            if kind in ("define", "eval") and (
                info.makefile_facts("docker-build-backends") or _upper(info.name) in evals
            ):
                continue  # worse than a gap: REG309, REG312
            if kind == "eval" and not info.makefile_facts("define"):
                continue  # one gap, said once; the eval is missed when the definition is there
            if kind == "test-extra" and not info.makefile_facts("prepare-test-extra"):
                continue  # likewise
            wanted = makefile_wanted(context, info, kind)
            expected = context.places["makefile"].snippet(wanted) if wanted else ""
            if kind == "define":
                call = context.places["makefile"].snippet(makefile_wanted(context, info, "eval"))
                expected = "\n".join(filter(None, (expected, call)))
            # A line that calls a target which is not there would only be the next defect (REG308).
            callable_ = kind not in RECIPES or _has_target(context.read(f"{info.directory}/Makefile") or "", "test")
            yield Finding(
                rule,
                info.name,
                MAKEFILE,
                ends[kind],
                _lacks(kind, info),
                info.name,
                expected=expected,
                fix=None if callable_ else Fix.NONE,
            )
    yield from _darwin_alone(context)


def _upper(name: str) -> str:
    """`my-engine` is `BACKEND_MY_ENGINE`, without the prefix."""
    return name.upper().replace("-", "_")


def _lacks(kind: str, info: BackendInfo) -> str:
    if kind == "define":
        return f"{info.name} has no definition, so make knows neither docker-build-{info.name} nor backends/{info.name}"
    if kind == "eval":
        return f"the definition of {info.name} has no eval, so there is no target docker-build-{info.name}"
    if kind == "prepare-test-extra" and not info.makefile_facts("test-extra"):
        return f"neither prepare-test-extra nor test-extra names {info.name}"
    return f"{kind} does not name {info.name}"


def _end(context: Context, kind: str) -> int:
    """Where a new line of this kind belongs: the last one there is."""
    return max((fact.line for fact in context.facts("makefile") if fact.kind == kind), default=1)


def _darwin_alone(context: Context) -> Iterator[Finding]:
    """REG301 of the macOS targets: `backends/NAME-darwin` writes the same image file as the others."""
    facts = context.facts("darwin-makefile")
    alone = {fact.backend for fact in facts if fact.kind == ".NOTPARALLEL"}
    for fact in facts:
        if fact.kind != "darwin-target" or fact.backend in alone or fact.backend not in context.backends:
            continue
        word = f"backends/{fact.backend}-darwin"
        message, line = f".NOTPARALLEL does not name {word}", _end(context, ".NOTPARALLEL")
        related = (Location(MAKEFILE, fact.line),)
        yield Finding(
            text.NOT_PARALLEL,
            word,
            MAKEFILE,
            line,
            message,
            fact.backend,
            expected=word,
            related=related,
            fix=Fix.NONE,
        )


def definitions(context: Context) -> Iterable[Finding]:
    """REG307, REG311, REG312, REG309: definitions, evals and the list that depends on them."""
    facts = context.facts("makefile")
    names = {_upper(name): name for name in context.backends}
    defined = {fact.key.removeprefix("define:"): fact for fact in facts if fact.kind == "define"}
    evaluated = {str(fact.value) for fact in facts if fact.kind == "eval"}
    seen: dict[str, Fact] = {}
    for fact in facts:
        if fact.kind in ("define", "eval") and (first := seen.setdefault(fact.key, fact)) is not fact:
            message = f"{fact.key.replace(':', ' of BACKEND_')} stands here twice"
            related = (Location(MAKEFILE, first.line),)
            yield Finding(text.TWICE, fact.key, MAKEFILE, fact.line, message, fact.backend, related=related)
        if fact.kind == "eval" and fact.value not in defined and f"BACKEND_{fact.value}" not in _variables(context):
            message = f"BACKEND_{fact.value} is not defined"
            backend = fact.backend or names.get(str(fact.value), "")
            yield Finding(text.EVAL_UNDEFINED, str(fact.value), MAKEFILE, fact.line, message, backend)
    targets = {fact.backend for name, fact in defined.items() if name in evaluated}
    makefile = context.read(MAKEFILE) or ""
    for fact in facts:
        if fact.kind != "docker-build-backends" or fact.backend in targets:
            continue
        if _upper(fact.backend) in evaluated - defined.keys():
            continue  # the eval is there and expands nothing: REG312
        if _own_target(makefile, str(fact.value)):
            continue
        message = f"docker-build-backends needs {fact.value}, and nothing defines that target"
        info = context.backends.get(fact.backend)
        yield Finding(
            text.TARGET_BROKEN,
            str(fact.value),
            MAKEFILE,
            fact.line,
            message,
            fact.backend if info else "",
            fix=None if info and info.directory else Fix.NONE,
        )
    for fact in defined.values():
        yield from _wrong(context, fact)


def _variables(context: Context) -> frozenset[str]:
    """Every `BACKEND_…` variable, also those of a shape that the place does not read."""
    return frozenset(re.findall(r"^(BACKEND_[A-Z0-9_]+)\s*[:?+]?=", context.read(MAKEFILE) or "", re.M))


def _wrong(context: Context, fact: Fact) -> Iterator[Finding]:
    kind, folder = str(fact.value[1]), str(fact.value[2])
    info = context.backends.get(fact.backend)
    dockerfile = f"backend/Dockerfile.{kind}"
    if not context.checkout.exists(dockerfile):
        problem = f"builds with {dockerfile}, which does not exist"
    elif not context.checkout.exists(folder.removeprefix("./") or "."):
        problem = f"has the build context {folder}, which does not exist"
    elif info and info.directory and info.lang in _TYPES.values() and _TYPES.get(kind, "cpp") != info.lang:
        problem = f"builds with {dockerfile}, but the sources are in {info.directory}"
    else:
        return
    message = f"the definition of {fact.backend} {problem}"
    yield Finding(text.DEFINITION_WRONG, fact.backend, MAKEFILE, fact.line, message, fact.backend)


def recipes(context: Context) -> Iterable[Finding]:
    """REG308: what `test-extra` calls."""
    for fact in context.facts("makefile"):
        if fact.kind != "test-extra" or not fact.value:
            continue
        folder, target = fact.key.partition(":")[2], str(fact.value).split()[-1]
        own = context.read(f"{folder}/Makefile")
        if own is None or _has_target(own, target) or re.search(r"^-?include\b", own, re.M):
            continue
        message = f"test-extra runs `make {target}` in {folder}, whose Makefile has no such target"
        related = (Location(f"{folder}/Makefile", 1),)
        yield Finding(text.TEST_TARGET, folder, MAKEFILE, fact.line, message, fact.backend, related=related)


def _has_target(makefile: str, target: str) -> bool:
    return bool(re.search(rf"^(?:[\w.-]+[ \t]+)*{re.escape(target)}(?:[ \t]+[\w.-]+)*[ \t]*:(?!=)", makefile, re.M))


def leftovers(context: Context) -> Iterable[Finding]:
    """REG310: one finding per name that has no directory any more."""
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
        backend = name if name in context.backends else ""
        yield Finding(text.LEFTOVER, name, MAKEFILE, facts[0].line, message, backend, related=related)


def _lives(context: Context, fact: Fact, makefile: str) -> bool:
    """Whether a Makefile fact still has something to speak of: a directory, or a target of its own."""
    if fact.kind in RECIPES:
        return context.checkout.exists(fact.key.partition(":")[2])
    word = str(fact.value)
    if fact.kind == ".NOTPARALLEL" and not word.startswith("backends/"):
        return True
    if fact.kind in LISTS and _own_target(makefile, word):
        return True
    owner = context.backends.get(fact.backend.removesuffix("-darwin"))
    if owner and owner.darwin and owner.lang == "cpp":
        return True  # what is missing is the target of its macOS build: REG821
    return any(context.checkout.is_dir(f"backend/{lang}/{fact.backend}") for lang in LANG_DIRS)


def _own_target(makefile: str, target: str) -> bool:
    return f"\n{target}:" in makefile or makefile.startswith(f"{target}:")


_MAKEFILE = ("makefile",)
CHECKS = (
    Check(
        tuple(_EDITS.values()),
        six_edits,
        needs=_MAKEFILE,
        fixers={
            **{rule.id: fix_makefile(kind) for kind, rule in _EDITS.items()},
            text.DEFINITION.id: fix_makefile("define", "eval"),
            text.PREPARE_TEST.id: fix_makefile("prepare-test-extra", "test-extra"),
        },
    ),
    Check(
        (text.DEFINITION_WRONG, text.TWICE, text.EVAL_UNDEFINED, text.TARGET_BROKEN),
        definitions,
        needs=_MAKEFILE,
        fixers={text.TARGET_BROKEN.id: fix_makefile("define", "eval")},
    ),
    Check((text.TEST_TARGET,), recipes, needs=_MAKEFILE),
    Check((text.LEFTOVER,), leftovers, needs=_MAKEFILE),
)
