"""Asks everything that the rules of `--online` want to know, then runs them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace

from newbackend.checkout.tree import Checkout
from newbackend.findings import BackendStatus, CheckResult, Finding, Report, Severity, Status, sort_findings
from newbackend.online import upstream
from newbackend.online.book import ONLINE, Asked
from newbackend.online.cache import Cache
from newbackend.online.network import Network, Unreachable
from newbackend.online.questions import Kind, Question, Said, State
from newbackend.online.registry import Registry
from newbackend.online.rules import bumped, fixtures, images_of, questions_of_row
from newbackend.pin import base_url
from newbackend.rules.context import Context

AT_ONCE = 8
"""Questions that are asked at the same time."""
REGISTRY_BASE = "NEWBACKEND_REGISTRY_BASE"
"""Environment variable: the address that stands for every registry. Hugging Face's is HF_ENDPOINT, as for its own
tools; the git server's is NEWBACKEND_GIT_BASE, as for --pin."""
_PATIENCE = 3
"""After so many failures in a row a server is not asked again."""

Progress = Callable[[int, int], None]


def verify_online(report: Report, checkout: Checkout, progress: Progress) -> Report:
    """The report with the findings of the online rules for its backends; `progress` gets how many answers are there,
    and of how many questions."""
    context = Context(checkout)
    names = tuple(backend.name for backend in report.backends)
    answers = Interview().ask(questions(context, names), progress)
    asked = Asked(context, names, answers)
    results = [result for one in ONLINE.checks for result in one.run(asked)]
    findings = [result for result in results if isinstance(result, Finding)]
    unknown = list(dict.fromkeys(result for result in results if isinstance(result, CheckResult)))
    undecided = {(row.rule.id, row.backend) for row in unknown} | {(row.rule.id, row.backend) for row in findings}
    passed = [
        CheckResult(rule, Status.PASS, name)
        for rule in ONLINE.rules.values()
        for name in names
        if (rule.id, name) not in undecided
    ]
    return replace(
        report,
        findings=sort_findings([*report.findings, *findings]),
        checked=(*report.checked, *unknown, *passed),
        backends=tuple(_status(backend, findings, unknown) for backend in report.backends),
    )


def _status(backend: BackendStatus, findings: Sequence[Finding], unknown: Sequence[CheckResult]) -> BackendStatus:
    if any(one.backend == backend.name and one.level is not Severity.NOTE for one in findings):
        return replace(backend, status=Status.FAIL)
    if backend.status is Status.PASS and any(one.backend == backend.name for one in unknown):
        return replace(backend, status=Status.UNKNOWN)
    return backend


def questions(context: Context, names: Sequence[str]) -> list[Question]:
    """Every question about some backends, each once."""
    found: list[Question] = []
    for name in names:
        info = context.backends[name]
        found += (question for _, question in images_of(info))
        found += (row[1] for fact in bumped(context, info) for row in questions_of_row(context, fact))
    found += (question for _, _, _, question in fixtures(context, names))
    return list(dict.fromkeys(found))


class Interview:
    """The servers, at the addresses that the environment names, and what they said of late."""

    def __init__(self) -> None:
        registry, models = os.environ.get(REGISTRY_BASE, ""), upstream.model_base()
        self._network = Network([base for base in (registry, models) if base])
        self._registry, self._models = Registry(self._network, registry), models
        self._cache = Cache(f"{registry} {models} {base_url()}")
        self._failures: dict[Kind, int] = {}

    def ask(self, wanted: Sequence[Question], progress: Progress) -> Mapping[Question, Said]:
        """An answer to every question; UNKNOWN where there is none."""
        answers = {question: said for question in wanted if (said := self._cache.get(question)) is not None}
        rest = [question for question in wanted if question not in answers]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            running = {pool.submit(self._one, question): question for question in rest}
            try:
                for done, future in enumerate(as_completed(running), len(answers) + 1):
                    answers[running[future]] = future.result()
                    progress(done, len(wanted))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        self._cache.put(answers)
        return answers

    def _one(self, question: Question) -> Said:
        kind = question.kind
        if self._failures.get(kind, 0) >= _PATIENCE:
            return Said(State.UNKNOWN, why=f"the server of each {kind.value} did not answer {_PATIENCE} times in a row")
        try:
            said = self._answer(question)
        except Unreachable as error:
            self._failures[kind] = self._failures.get(kind, 0) + 1
            return Said(State.UNKNOWN, why=str(error))
        self._failures[kind] = 0
        return said

    def _answer(self, question: Question) -> Said:
        match question.kind:
            case Kind.IMAGE:
                return self._registry.image(question.subject)
            case Kind.SIGNATURE:
                return self._registry.signature(question.subject)
            case Kind.BRANCH:
                return upstream.branch(question.subject)
            case Kind.COMMIT:
                return upstream.commit(question.subject)
            case Kind.MODEL:
                return upstream.model(self._network, self._models, question.subject)
