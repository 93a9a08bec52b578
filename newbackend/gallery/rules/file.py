"""GAL1xx: the file as a list of entries."""

from __future__ import annotations

from collections.abc import Iterator

from newbackend.findings import Finding, Severity
from newbackend.gallery.book import Gallery, about, check, rule
from newbackend.gallery.document import KNOWN, MODEL_FIELDS
from newbackend.sanitize import printable_name
from newbackend.suggest import nearest

_ALL = "LocalAI then lists and installs nothing at all, from this gallery or from any other that the user has."

UNREADABLE = rule(
    "GAL101",
    "index-not-readable",
    Severity.ERROR,
    what="The gallery is not YAML, or one that readers of YAML do not agree on, such as an anchor defined twice.",
    why=_ALL,
    how="Repair the line that the message names.",
    bad="- name: demo\n\turi: ghcr.io/me/demo:1.0.0",
    good="- name: demo\n  uri: ghcr.io/me/demo:1.0.0",
)
NOT_A_LIST = rule(
    "GAL102",
    "index-not-a-list",
    Severity.ERROR,
    what="The gallery is not a list of mappings.",
    why=f"{_ALL} A mapping at the top is the shape that a page of LocalAI's documentation shows.",
    how="Write a list: each entry begins with a dash.",
    bad="backends:\n  - name: demo",
    good="- name: demo",
)
NULL_ENTRY = rule(
    "GAL103",
    "index-null-entry",
    Severity.ERROR,
    what="An item of the list is empty.",
    why="LocalAI takes a field of nothing and panics: the program ends.",
    how="Remove the dash.",
    bad="- name: demo\n-",
    good="- name: demo",
)
DUPLICATE_KEY = rule(
    "GAL104",
    "index-duplicate-key",
    Severity.ERROR,
    what="A mapping has the same key twice.",
    why=f"LocalAI's reader refuses it. {_ALL}",
    how="Keep one of them.",
    bad="- name: demo\n  name: demo2",
    good="- name: demo",
)
FIELD_TYPE = rule(
    "GAL105",
    "index-field-type",
    Severity.ERROR,
    what="A field is of a kind that LocalAI's reader refuses: `tags`, `urls` and `mirrors` are lists, `capabilities` "
    "maps a host to a name, all others are texts.",
    why=_ALL,
    how="Write a list or a mapping.",
    bad="  tags: tts\n  capabilities: [cpu-demo]",
    good="  tags: [tts]\n  capabilities:\n    default: cpu-demo",
)
SECOND_DOCUMENT = rule(
    "GAL106",
    "index-second-document",
    Severity.WARNING,
    what="The file has a second YAML document.",
    why="LocalAI reads the first one only; the other entries do not exist for it.",
    how="Remove the `---` between them.",
    bad="- name: demo\n---\n- name: other",
    good="- name: demo\n- name: other",
)
EMPTY = rule(
    "GAL107",
    "index-empty",
    Severity.WARNING,
    what="The gallery has no entries.",
    why="Nothing can be installed from it, and LocalAI fetches it again on every call.",
    how="Add the entries, or remove the file.",
    bad="[]",
    good="- name: demo\n  uri: ghcr.io/me/demo:1.0.0",
)
_KINDS = {
    "unreadable": UNREADABLE,
    "not-a-list": NOT_A_LIST,
    "null-entry": NULL_ENTRY,
    "duplicate-key": DUPLICATE_KEY,
    "field-type": FIELD_TYPE,
    "second-document": SECOND_DOCUMENT,
    "empty": EMPTY,
}


@check(*_KINDS.values())
def readable(gallery: Gallery) -> Iterator[Finding]:
    """What the reader found."""
    index = gallery.index
    if index is None:
        return
    for problem in index.problems:
        subject, message = printable_name(problem.subject or index.path), printable_name(problem.message)
        yield Finding(_KINDS[problem.kind], subject, index.path, problem.line, message)
    if not index.entries and not index.problems:
        yield Finding(EMPTY, index.path, index.path, 1, f"{index.path} has no entries")


UNKNOWN_FIELD = rule(
    "GAL108",
    "index-unknown-field",
    Severity.WARNING,
    what="An entry has a field that LocalAI does not know.",
    why="It is ignored without a word; with a misspelt `uri` or `capabilities` the entry cannot be installed.",
    how="Correct the spelling, or remove the field.",
    bad="  capabilites:\n    default: cpu-demo",
    good="  capabilities:\n    default: cpu-demo",
)
MODEL_FIELD = rule(
    "GAL109",
    "index-field-without-effect",
    Severity.NOTE,
    what="An entry has a field that means something for models only, or that LocalAI overwrites.",
    why="It has no effect. A verification policy in an index protects nobody: it belongs into the user's settings.",
    how="Remove it; publish the policy in the README.",
    bad="  verification:\n    issuer: https://token.actions.githubusercontent.com",
    good="  # the policy is in README.md",
)


@check(UNKNOWN_FIELD, MODEL_FIELD)
def fields(gallery: Gallery) -> Iterator[Finding]:
    """Each field where it is written."""
    for entry in gallery.entries:
        for key, field in entry.fields.items():
            if field.inherited:
                continue
            if key not in KNOWN:
                close = nearest(key, KNOWN)
                hint = f"; did you mean {close[0]}?" if close else ""
                message = f"{entry.label}: LocalAI does not know the field {key!r}{hint}"
                yield about(UNKNOWN_FIELD, gallery, entry, key, message, subject=f"{entry.label} {key}")
            elif key in MODEL_FIELDS:
                message = f"{entry.label}: {key} has no effect in a gallery of backends"
                yield about(MODEL_FIELD, gallery, entry, key, message, subject=f"{entry.label} {key}")
