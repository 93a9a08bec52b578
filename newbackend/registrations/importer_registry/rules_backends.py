"""The backend that an importer writes into a model's configuration."""

from __future__ import annotations

import re
from collections.abc import Iterable

from newbackend.checklist import IMPORTABLE
from newbackend.findings import Finding, Severity
from newbackend.registrations.support import importers_dir
from newbackend.rulebook import Scope
from newbackend.rules.context import Context
from newbackend.rules.registry import check, rule

_EMITTED = re.compile(r"\bBackend:\s*([^,\n}]+)|\bbackend\s*:?=\s*([^\n]+)")
_LITERAL = re.compile(r'"([^"\\]+)"\Z')

OTHER_BACKEND = rule(
    "REG615",
    "importer-other-backend",
    Severity.ERROR,
    what="An importer writes another backend into the configuration than the one it is the importer of.",
    why="Every model that is imported by it is loaded by the other backend, which cannot, while the form says that it "
    "was imported for this one.",
    how="Write the name that the importer's `Name` method returns.",
    bad='func (i *DemoImporter) Name() string { return "demo" }\n…\n\tBackend: "whisper",',
    good='func (i *DemoImporter) Name() string { return "demo" }\n…\n\tBackend: "demo",',
    checklist=IMPORTABLE,
)


@check(OTHER_BACKEND, scope=Scope.REPO)
def emitted(context: Context) -> Iterable[Finding]:
    """Importers whose backends are all literals, and none is their own."""
    by_path: dict[str, list[str]] = {}
    for importer in importers_dir.importers(context.checkout):
        by_path.setdefault(importer.path, []).append(importer.backend)
    for path, names in by_path.items():
        source = context.read(path) or ""
        matches = (match for match in _EMITTED.finditer(source) if not _in_comment(source, match.start()))
        found = [(match, (match[1] or match[2]).strip()) for match in matches]
        literals = [(match, literal[1]) for match, text in found if (literal := _LITERAL.match(text))]
        if not literals or len(literals) < len(found) or {name for _, name in literals} & set(names):
            continue
        match, other = literals[0]
        message = f"the importer of {', '.join(names)} writes the backend {other}"
        line = source.count("\n", 0, match.start()) + 1
        backend = context.known(names[0])
        yield Finding(OTHER_BACKEND, other, path, line=line, message=message, backend=backend, expected=names[0])


def _in_comment(source: str, at: int) -> bool:
    return "//" in source[source.rfind("\n", 0, at) + 1 : at]
