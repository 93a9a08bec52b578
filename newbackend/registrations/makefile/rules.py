"""The six edits that registering a backend in the root Makefile takes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from newbackend.checklist import MAKE
from newbackend.checkout.layout import MAKEFILE
from newbackend.findings import Finding, Fix, Location, Rule, Severity
from newbackend.registrations.base import Change, ExpectedFact
from newbackend.registrations.makefile.place import RECIPES
from newbackend.rules.backend import BackendInfo
from newbackend.rules.backend_makefile import fetches_by_default
from newbackend.rules.context import Context
from newbackend.rules.observed_spec import observed_spec
from newbackend.rules.registry import Result, check, repair, rule, skipped, unreadable

unreadable(
    "makefile",
    "REG300",
    "makefile-unreadable",
    what="The root Makefile is not text, GNU make cannot read it, or it has no `generate-docker-build-target`.",
    how="Restore the file; `make -n docker-build-backends` must run.",
    bad="(a Makefile with a merge conflict in it)",
    good="(the same without)",
)

NOT_PARALLEL = rule(
    "REG301",
    "notparallel-missing",
    Severity.WARNING,
    what="`.NOTPARALLEL` does not list `backends/NAME`, or `backends/NAME-darwin` where there is such a target.",
    why="With -j two image builds run at once and overwrite each other's files under backend-images.",
    how="Append the word to the line.",
    bad=".NOTPARALLEL: backends/other",
    good=".NOTPARALLEL: backends/other backends/demo",
    fix=Fix.SAFE,
    checklist=MAKE,
)

PREPARE_TEST = rule(
    "REG302",
    "prepare-test-extra-missing",
    Severity.NOTE,
    what="`prepare-test-extra` does not build the backend before its tests.",
    why="The guide asks for it; C++ backends are left out by convention, and the target has not run since "
    "protogen-python was removed in July 2025.",
    how="Add `$(MAKE) -C backend/<lang>/NAME` to its recipe.",
    bad="prepare-test-extra: protogen-python\n\t$(MAKE) -C backend/python/other",
    good="prepare-test-extra: protogen-python\n\t$(MAKE) -C backend/python/other\n\t$(MAKE) -C backend/python/demo",
    fix=Fix.SAFE,
    checklist=MAKE,
    when_new=Severity.WARNING,
)

TEST_EXTRA = rule(
    "REG303",
    "test-extra-missing",
    Severity.NOTE,
    what="`test-extra` does not run the backend's tests.",
    why="The guide asks for it in every language; see prepare-test-extra-missing for what it is worth today.",
    how="Add `$(MAKE) -C backend/<lang>/NAME test` to its recipe.",
    bad="test-extra: prepare-test-extra\n\t$(MAKE) -C backend/python/other test",
    good="test-extra: prepare-test-extra\n\t$(MAKE) -C backend/python/other test\n"
    "\t$(MAKE) -C backend/python/demo test",
    fix=Fix.SAFE,
    checklist=MAKE,
    when_new=Severity.WARNING,
)

DEFINITION = rule(
    "REG304",
    "definition-missing",
    Severity.WARNING,
    what="The root Makefile has no `BACKEND_NAME = …` definition.",
    why="`make backends/NAME`, the documented way to build and install a backend, needs it.",
    how="Add the definition and its eval beside those of the same language.",
    incident="ced, face-detect, voice-detect and locate-anything-cpp cannot be built by make.",
    bad="# nothing for demo",
    good="BACKEND_DEMO = demo|golang|.|false|true",
    fix=Fix.SAFE,
    checklist=MAKE,
)

EVAL = rule(
    "REG305",
    "eval-missing",
    Severity.WARNING,
    what="A definition has no `$(eval $(call generate-docker-build-target,…))`.",
    why="Without it there is no docker-build-NAME target, and `make backends/NAME` stops with `No rule to make "
    "target`.",
    how="Add the eval line of that definition.",
    bad="BACKEND_DEMO = demo|golang|.|false|true",
    good="BACKEND_DEMO = demo|golang|.|false|true\n$(eval $(call generate-docker-build-target,$(BACKEND_DEMO)))",
    fix=Fix.SAFE,
    checklist=MAKE,
)

BUILD_ALL = rule(
    "REG306",
    "docker-build-backends-missing",
    Severity.WARNING,
    what="`docker-build-backends` does not list `docker-build-NAME`.",
    why="`make docker-build-backends` builds every backend but this one.",
    how="Append `docker-build-NAME` to the line.",
    bad="docker-build-backends: docker-build-other",
    good="docker-build-backends: docker-build-other docker-build-demo",
    fix=Fix.SAFE,
    checklist=MAKE,
)

_EDITS: dict[str, Rule] = {
    ".NOTPARALLEL": NOT_PARALLEL,
    "prepare-test-extra": PREPARE_TEST,
    "test-extra": TEST_EXTRA,
    "define": DEFINITION,
    "eval": EVAL,
    "docker-build-backends": BUILD_ALL,
}


@check(*_EDITS.values(), needs=("makefile",))
def six_edits(context: Context) -> Iterable[Result]:
    """What a registered backend lacks. One that is only built for macOS needs no Linux image, so nothing is
    missing there."""
    evals = {str(fact.value) for fact in context.facts("makefile") if fact.kind == "eval" and not fact.backend}
    for info in context.backends.values():
        if not info.directory or not info.rows:
            reason = "it has no Linux rows" if info.directory else "it has no directory"
            yield from (skipped(edit, info.name, reason) for edit in _EDITS.values())
            continue
        for kind, edit in _EDITS.items():
            if info.makefile_facts(kind):
                continue
            if kind in RECIPES and info.language.own_dockerfile and info.name not in context.new:
                yield skipped(edit, info.name, "C++ backends are not in it by convention")
            elif not _told_by_another_rule(info, kind, evals):
                yield _lacking(context, info, kind)
    yield from _darwin_alone(context)


def _told_by_another_rule(info: BackendInfo, kind: str, evals: Collection[str]) -> bool:
    """Whether another finding about the backend names the same gap, or what is worse (REG309, REG312)."""
    if kind in ("define", "eval") and (info.makefile_facts("docker-build-backends") or target_id(info.name) in evals):
        return True
    if kind == "eval":
        return not info.makefile_facts("define")
    return kind == "test-extra" and not info.makefile_facts("prepare-test-extra")


def _lacking(context: Context, info: BackendInfo, kind: str) -> Finding:
    kinds = ("define", "eval") if kind == "define" else (kind,)
    texts = [context.places["makefile"].snippet(wanted) for edit in kinds if (wanted := _wanted(context, info, edit))]
    # A line that calls a target which is not there (REG308), or one that builds nothing (REG803), would only be the
    # next defect.
    callable_ = kind not in RECIPES or has_target(context.read(f"{info.directory}/Makefile") or "", "test")
    callable_ = callable_ and not (kind == "prepare-test-extra" and fetches_by_default(context, info))
    return Finding(
        _EDITS[kind],
        info.name,
        MAKEFILE,
        line=context.last_line("makefile", kind),
        message=_message(kind, info),
        backend=info.name,
        expected="\n".join(texts),
        fix=None if callable_ else Fix.NONE,
    )


def target_id(name: str) -> str:
    """`my-engine` is `BACKEND_MY_ENGINE`, without the prefix."""
    return name.upper().replace("-", "_")


def _message(kind: str, info: BackendInfo) -> str:
    if kind == "define":
        return f"{info.name} has no definition, so make knows neither docker-build-{info.name} nor backends/{info.name}"
    if kind == "eval":
        return f"the definition of {info.name} has no eval, so there is no target docker-build-{info.name}"
    if kind == "prepare-test-extra" and not info.makefile_facts("test-extra"):
        return f"neither prepare-test-extra nor test-extra names {info.name}"
    return f"{kind} does not name {info.name}"


def _darwin_alone(context: Context) -> Iterator[Finding]:
    """REG301 of the macOS targets: `backends/NAME-darwin` writes the same image file as the others."""
    facts = context.facts("darwin-makefile")
    alone = {fact.backend for fact in facts if fact.kind == ".NOTPARALLEL"}
    for fact in facts:
        if fact.kind != "darwin-target" or fact.backend in alone or fact.backend not in context.backends:
            continue
        word = f"backends/{fact.backend}-darwin"
        message, line = f".NOTPARALLEL does not name {word}", context.last_line("makefile", ".NOTPARALLEL")
        related = (Location(MAKEFILE, fact.line),)
        yield Finding(
            NOT_PARALLEL,
            word,
            MAKEFILE,
            line=line,
            message=message,
            backend=fact.backend,
            expected=word,
            related=related,
            fix=Fix.NONE,
        )


def has_target(makefile: str, target: str) -> bool:
    return bool(re.search(rf"^(?:[\w.-]+[ \t]+)*{re.escape(target)}(?:[ \t]+[\w.-]+)*[ \t]*:(?!=)", makefile, re.M))


def _wanted(context: Context, info: BackendInfo, kind: str) -> list[ExpectedFact]:
    """What the root Makefile should have of one kind for a backend, by its language."""
    spec = observed_spec(info)
    if spec is None:
        return []
    return [fact for fact in context.places["makefile"].expect(spec, context.checkout) if fact.kind == kind]


def insert_edits(context: Context, finding: Finding, *kinds: str) -> Iterable[Change]:
    """Those of some edits that the backend of a finding lacks, as `create` would put them in."""
    info = context.backends[finding.backend]
    spec = observed_spec(info)
    wanted = [fact for kind in kinds if not info.makefile_facts(kind) for fact in _wanted(context, info, kind)]
    return context.places["makefile"].insert(context.checkout, spec, wanted) if spec and wanted else ()


@repair(*_EDITS.values())
def insert_edit(context: Context, finding: Finding) -> Iterable[Change]:
    """The edit, and the one without which it would only be the next finding: a definition without its eval, a
    preparation without its test."""
    kind = next(kind for kind, edit in _EDITS.items() if edit is finding.rule)
    together = {"define": ("define", "eval"), "prepare-test-extra": ("prepare-test-extra", "test-extra")}
    return insert_edits(context, finding, *together.get(kind, (kind,)))
