"""Rules about the tests of a backend."""

from __future__ import annotations

import re
from collections.abc import Iterable

from newbackend.checklist import PATTERN
from newbackend.checkout.layout import MAKEFILE
from newbackend.findings import Finding, Severity
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.rules.registry import Result, check, rule, skipped

_TEST_FILE = re.compile(r"(?:^|[/_.-])tests?(?:[/_.-]|$)")
_RUST_TEST = re.compile(r"^[ \t]*#\[(?:cfg\(test\)|test|tokio::test)", re.M)

UNTESTED = rule(
    "REG836",
    "tests-missing",
    Severity.WARNING,
    what="A new backend has no test: no test file in its directory, and no end-to-end target in the root Makefile.",
    why="A bump of its pin is merged by whether CI stays green; without a test a broken engine is found by users.",
    how="Add a test beside the sources (`*_test.go`, `test.py`, `*_test.cpp`, `#[test]`), or a target "
    "`test-extra-backend-NAME` that runs tests/e2e-backends.",
    bad="backend/go/demo/{main.go,Makefile,run.sh,package.sh}",
    good="backend/go/demo/{main.go,main_test.go,Makefile,run.sh,package.sh}",
    checklist=PATTERN,
)


@check(UNTESTED)
def tests(context: Context) -> Iterable[Result]:
    """Backends that are judged as new ones; a Python backend without a test is `directory-incomplete`."""
    targets = context.read(MAKEFILE) or "" if context.new else ""
    for info in context.backends.values():
        if info.name not in context.new or not info.directory or info.language.customary_tests:
            yield skipped(UNTESTED, info.name, "only a new backend is asked for tests by this rule")
        elif not _tested(context, info) and f"\ntest-extra-backend-{info.name}:" not in targets:
            message = f"{info.directory} has no test, and the root Makefile no test-extra-backend-{info.name}"
            yield Finding(UNTESTED, info.name, info.directory, line=1, message=message, backend=info.name)


def _tested(context: Context, info: BackendInfo) -> bool:
    for path in context.checkout.files_below(info.directory):
        inner = path.removeprefix(f"{info.directory}/")
        if _TEST_FILE.search(inner.lower()):
            return True
        if inner.endswith(".rs") and _RUST_TEST.search(context.read(path) or ""):
            return True
    return False
