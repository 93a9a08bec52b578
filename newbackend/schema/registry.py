"""The schemas by name. A new one is a row here, and a run in `tests/cli/json_runs.py` that proves it.

`python -m newbackend.schema.registry DIR` writes them all; a test compares docs/schema/ with them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from newbackend import address
from newbackend.schema.shapes import Json

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def _answers() -> Json:
    from newbackend.schema.answers import answers_schema

    return answers_schema()


def _plan() -> Json:
    from newbackend.plan.as_json import PlanJson

    return _printed(PlanJson, "newbackend/plan/1")


def _verify() -> Json:
    from newbackend.report.json import ReportJson

    return _printed(ReportJson, "newbackend/verify/1")


def _package() -> Json:
    from newbackend.report.json import ReportJson

    return _printed(ReportJson, "newbackend/package/1")


def _gallery() -> Json:
    from newbackend.report.json import ReportJson

    return _printed(ReportJson, "newbackend/gallery/1")


def _verify_summary() -> Json:
    from newbackend.report.summary import SmallReport

    return _printed(SmallReport, "newbackend/verify/1/summary")


def _package_summary() -> Json:
    from newbackend.report.summary import SmallReport

    return _printed(SmallReport, "newbackend/package/1/summary")


def _trace() -> Json:
    from newbackend.trace.shape import TraceJson

    return _printed(TraceJson, "newbackend/trace/1")


def _options() -> Json:
    from newbackend.queries.options import Options

    return _printed(Options, "newbackend/options/1")


def _package_fix() -> Json:
    from newbackend.package.fix import FixJson

    return _printed(FixJson, "newbackend/package-fix/1")


def _pr_open() -> Json:
    from newbackend.proposal.as_json import PrOpenJson

    return _printed(PrOpenJson, "newbackend/pr-open/1")


def _error() -> Json:
    from newbackend.errors import ErrorJson

    return _printed(ErrorJson, "newbackend/error/1")


SCHEMAS: Mapping[str, Callable[[], Json]] = {
    "answers": _answers,
    "plan": _plan,
    "verify": _verify,
    "trace": _trace,
    "options": _options,
    "error": _error,
    "package": _package,
    "gallery": _gallery,
    "pr-open": _pr_open,
    "verify-summary": _verify_summary,
    "package-summary": _package_summary,
    "package-fix": _package_fix,
}
"""Name -> what makes it."""


def schema(name: str) -> Json:
    """One schema, ready to be printed. Raises KeyError for an unknown name."""
    made = SCHEMAS[name]()
    identity = {"$id": address.of_schema(name)} if address.REPOSITORY else {}
    return {"$schema": DIALECT, **identity, "title": f"newbackend {name}", **made}


def schema_text(name: str) -> str:
    """The schema as the file has it."""
    return json.dumps(schema(name), indent=2) + "\n"


def _printed(kind: type, word: str) -> Json:
    """The schema of something that is printed, with its `schema` key."""
    from newbackend.schema.shapes import schema_of

    made = schema_of(kind)
    properties = {**made["properties"], "schema": {"const": word, "description": "The shape and its version."}}
    return {**made, "properties": properties}


if __name__ == "__main__":
    for known in SCHEMAS:
        (Path(sys.argv[1]) / f"{known}.json").write_text(schema_text(known), encoding="utf-8")
