"""Reports in every output format. Pure functions: they take a report and a context and return text.

Each format is one module with `render(report, *, context) -> str`, imported only when it is asked for.
The text ends with a newline unless it is empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Protocol, cast

from newbackend.errors import UsageError
from newbackend.findings import Report
from newbackend.report.context import RenderContext

__all__ = ["FORMATS", "RenderContext", "render"]

_SUMMARY = "newbackend.report.summary"

FORMATS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "text": (
            "newbackend.report.text",
            "for people: the source line and what belongs there",
        ),
        "concise": (
            "newbackend.report.concise",
            "one line per finding, for editors and problem matchers",
        ),
        "json": ("newbackend.report.json", "for programs; its `schema` names the shape"),
        "sarif": ("newbackend.report.sarif", "SARIF 2.1.0, for GitHub code scanning and editors"),
        "github": ("newbackend.report.github", "workflow commands: annotations on a pull request"),
        "junit": ("newbackend.report.junit", "JUnit XML, for test dashboards"),
        "markdown": (
            "newbackend.report.markdown",
            "the checklist with ticks, for a pull request",
        ),
    }
)
"""Format name -> (module that renders it, what it is for)."""


class _Format(Protocol):
    """The interface of a format's module."""

    def render(self, report: Report, *, context: RenderContext) -> str:
        """The report in this format."""


def render(report: Report, format_name: str, context: RenderContext) -> str:
    """`report` in the named format, or in JSON's small form `summary`; raises UsageError `unknown-format` for any
    other name."""
    if format_name == "summary":
        return cast(_Format, import_module(_SUMMARY)).render(report, context=context)
    if format_name not in FORMATS:
        raise UsageError(
            "unknown-format",
            f"there is no output format {format_name!r}",
            hint=f"use one of {', '.join(FORMATS)}",
        )
    module = cast(_Format, import_module(FORMATS[format_name][0]))
    return module.render(report, context=context)
