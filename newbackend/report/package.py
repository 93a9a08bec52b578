"""The lines of a package's report beside its findings: the floor, the proofs, and the limits of the check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from newbackend.findings import Report
from newbackend.sanitize import one_line

_STARTS = {
    "sandbox": "seen: run.sh ran in an empty root, with stand-ins for the programs",
    "text": "read from the text of run.sh ({reason})",
    "unknown": "not known ({reason})",
}


def package_lines(report: Report) -> Iterator[tuple[str, str]]:
    """(word, text) in the order of reading; nothing for a report about a checkout.

    Every proof that ran or could not run is a line with its command, its environment and its result.
    """
    floor = report.layout.get("floor_line")
    if not isinstance(floor, str):
        return
    yield "layout", one_line(f"{report.layout['kind']}: {report.layout['reason']}")
    start = report.layout.get("start")
    if isinstance(start, dict):
        yield "start", one_line(_STARTS[start["how"]].format(reason=start["reason"]))
    yield "floor", one_line(floor)
    for proof in _mappings(report.layout.get("proofs")):
        command = f"`{proof['command']}` in " if proof["command"] else ""
        text = f"{proof['rule']} {command}{proof['environment']}: {proof['result']}"
        yield f"proof {proof['status']}", one_line(text)
    if gaps := _texts(report.layout.get("not_covered")):
        yield "not covered", "; ".join(gaps)


def _mappings(value: object) -> Sequence[Mapping[str, object]]:
    return value if isinstance(value, list) else []


def _texts(value: object) -> Sequence[str]:
    return value if isinstance(value, list) else []
