"""`newbackend engine bindings`: the Go file for one header of an upstream."""

from __future__ import annotations

from newbackend.upstream.bindings_go import Bindings, bindings
from newbackend.upstream.header_choice import chosen_header
from newbackend.upstream.sources import Sources


def go_file(sources: Sources, _unread: dict[str, str], *, header: str, package: str) -> Bindings:
    """Bindings of the header at a path, else of the best one; error messages call the library by the repository."""
    found = chosen_header(sources, header)
    library = sources.commit.repo.rpartition("/")[2]
    origin = f"{sources.commit.repo}@{sources.commit.sha}"
    return bindings(found.api, found.text, package=package, library=library, included=found.included, origin=origin)
