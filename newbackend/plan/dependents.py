"""Which backends depend on another one (forks of llama.cpp are built from backend/cpp/llama-cpp).

Three sources: build files of the other backend that refer to the directory, the path filter if it starts the other's
jobs for a change there, and an importer that handles the other as a drop-in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from newbackend.catalog.languages import languages
from newbackend.checkout.filter_engine import FilterUnavailable, path_filter
from newbackend.checkout.tree import Checkout
from newbackend.registrations.importer_drop_in.place import ImporterDropIn
from newbackend.registrations.matrix.place import Matrix

_BUILD_FILE = re.compile(r"(?:Makefile|CMakeLists\.txt|[\w.-]+\.(?:sh|mk|cmake))\Z")


def dependents(checkout: Checkout, name: str) -> dict[str, str]:
    """Backends that depend on `name`, each with the file that shows it."""
    witnesses: dict[str, str] = {}
    for language in languages().values():
        directory = language.directory_of(name)
        if checkout.is_dir(directory):
            for other, path in (*_by_build_files(checkout, name, directory), *_by_filter(checkout, name, directory)):
                witnesses.setdefault(other, path)
    for fact in ImporterDropIn().observe(checkout):
        if fact.value["of"] == name and fact.backend != name:
            witnesses.setdefault(fact.backend, f"{fact.path}:{fact.line}")
    return dict(sorted(witnesses.items()))


def _by_build_files(checkout: Checkout, name: str, directory: str) -> Iterator[tuple[str, str]]:
    folder = directory.rsplit("/", 1)[0]
    reach = re.compile(rf"(?:\.\./|{re.escape(folder)}/){re.escape(name)}(?![A-Za-z0-9_-])")
    for other in checkout.children(folder):
        own = f"{folder}/{other}"
        if other == name or not checkout.is_dir(own):
            continue
        for file in checkout.children(own):
            path = f"{own}/{file}"
            if _BUILD_FILE.match(file) and not checkout.is_dir(path) and _says(checkout, path, reach):
                yield other, path
                break


def _says(checkout: Checkout, path: str, pattern: re.Pattern[str]) -> bool:
    """Whether a line of a file that is not a comment matches."""
    text = checkout.read(path) or ""
    return any(pattern.search(line) for line in text.splitlines() if not line.lstrip().startswith("#"))


def _by_filter(checkout: Checkout, name: str, directory: str) -> Iterator[tuple[str, str]]:
    try:
        engine = path_filter(checkout)
        rows = [fact for fact in Matrix().observe(checkout) if fact.kind == "row" and fact.backend != name]
        routes = dict(zip([fact.backend for fact in rows], engine.linux([fact.value for fact in rows]), strict=True))
        pairs = [[other, route] for other, route in routes.items() if route]
        script = (
            f"typeof backendChanged !== 'function' ? [] : {json.dumps(pairs)}"
            f".filter(([name, path]) => backendChanged(name, path, [{json.dumps(directory + '/Makefile')}]))"
        )
        for other in engine.call(f"({script})", lambda found: [str(name) for name, _ in found]):
            yield other, "the CI path filter"
    except FilterUnavailable:
        return  # the build files are sufficient
