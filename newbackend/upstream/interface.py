"""What a backend can be built against: the C API of an engine, or its C++ classes alone."""

from __future__ import annotations

from newbackend.errors import NewbackendError
from newbackend.records import dataclass
from newbackend.upstream.engine_answers import engine_answers
from newbackend.upstream.inspect import Inspection, inspect_remote


@dataclass(frozen=True)
class Interface:
    """`kind` is `c`, `c++`, or empty when nothing can be linked or it is not known; `reason` says why."""

    kind: str = ""
    reason: str = ""


def read_interface(repo: str, sha: str) -> Interface:
    """The interface of a commit of OWNER/REPO; a commit that cannot be read has none."""
    try:
        return interface(inspect_remote(repo, sha))
    except NewbackendError as error:
        return Interface(reason=error.message)


def interface(found: Inspection) -> Interface:
    """The interface of an upstream whose library, or whose objects, can be linked."""
    answers, note = engine_answers(found, objects=True)
    if answers is None:
        return Interface(reason=note)
    if found.headers:
        return Interface("c", f"{found.repo} has a C API, {found.headers[0].api.path}")
    return Interface("c++", f"{found.repo} has no C API, so a shim in C++ calls it")
