"""Rules about the answers file that `create` leaves beside the files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from newbackend.answers import Answers
from newbackend.catalog import modalities
from newbackend.catalog.variants import hardware_of, variant_table
from newbackend.checklist import DIRECTORY
from newbackend.findings import Finding, Severity
from newbackend.registrations.matrix.place import variant_of
from newbackend.rules.backend import BackendInfo
from newbackend.rules.backend_answers import answers_of, answers_path
from newbackend.rules.context import Context
from newbackend.rules.gallery import suffix_of
from newbackend.rules.registry import Result, check, rule, skipped

OUTDATED = rule(
    "REG837",
    "answers-outdated",
    Severity.WARNING,
    what="The answers file beside the backend says other platforms, modalities or another upstream than what is "
    "registered. (The pinned commit is not compared: the bump bot moves it.)",
    why="`newbackend update` and `pr` believe the file: the next update brings back what was taken out, and the pull "
    "request announces what is not there.",
    how="Correct `.newbackend.yml`, or let `newbackend change` make the change in both.",
    bad="variants: [cpu, cuda12]           # .newbackend.yml; and no row for CUDA 12",
    good="variants: [cpu]",
    checklist=DIRECTORY,
    blocks_release=True,
)


@check(OUTDATED, needs=("matrix",))
def outdated(context: Context) -> Iterable[Result]:
    """Backends with an answers file."""
    for info in context.backends.values():
        answers = answers_of(context, info)
        if answers is None or not info.images:
            yield skipped(OUTDATED, info.name, "it has no answers file beside it")
            continue
        for subject, said, registered in _differences(context, info, answers):
            path = answers_path(info)
            line = _line(context.read(path) or "", subject)
            message = f"the answers file says {subject}: {said}, and the registration has {registered}"
            yield Finding(OUTDATED, subject, path, line=line, message=message, backend=info.name)


def _differences(context: Context, info: BackendInfo, answers: Answers) -> Iterator[tuple[str, str, str]]:
    """(key of the answers, what they say, what is registered)."""
    if answers.variants is not None:
        said, rows, entries = set(answers.variants), _built(info), _offered(info)
        # A row without its entries, or entries without a row, are the business of other rules.
        if (rows | entries) - said or said - (rows | entries):
            yield "variants", _listed(said), _listed(rows | entries)
    if answers.modalities is not None and (methods := _methods(context, info)):
        served = {rpc for key in answers.modalities if key in modalities() for rpc in modalities()[key].rpcs}
        if not served & methods:
            yield "modalities", _listed(answers.modalities), _listed(methods)
    if answers.pin is not None:
        bumped = [fact.value for fact in context.facts("bump-bot") if fact.backend == info.name]
        for key, field in (("repo", "repository"), ("branch", "branch"), ("variable", "variable")):
            wanted = getattr(answers.pin, key)
            if wanted and bumped and all(row.get(field) != wanted for row in bumped):
                yield "pin", str(wanted), str(bumped[0].get(field))
                break


def _built(info: BackendInfo) -> set[str]:
    built = {variant_of(row) for row in info.rows}
    return (built | ({variant_table().of_darwin_row()} if info.darwin else set())) - {""}


def _offered(info: BackendInfo) -> set[str]:
    return {hardware_of(suffix_of(entry), info.name) for entry in info.entries if suffix_of(entry)}


def _methods(context: Context, info: BackendInfo) -> set[str]:
    facts = (fact for fact in context.facts("backend-capabilities") if fact.backend in (info.name, info.gallery))
    return {method for fact in facts for method in fact.value.get("GRPCMethods") or ()}


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words)) or "none"


def _line(source: str, key: str) -> int:
    return next((number for number, row in enumerate(source.split("\n"), 1) if row.startswith(f"{key}:")), 1)
