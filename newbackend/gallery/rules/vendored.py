"""GAL65x: files of LocalAI in a repository of its own."""

from __future__ import annotations

from collections.abc import Iterator

from newbackend.findings import Finding, Severity
from newbackend.gallery.book import Gallery, check, in_file, rule
from newbackend.gallery.record import NAME, read_record, sha256

CHANGED = rule(
    "GAL651",
    "vendored-file-changed",
    Severity.WARNING,
    what="A file of LocalAI's is not what `standalone.yml` says.",
    why="It counts as LocalAI's own: the next update would overwrite the change, and a reader looks for a bug there.",
    how="Put it back, or move the change into a file of your own.",
    bad="an edited backend/backend.proto",
    good="the file as it was vendored",
)
DRIFTED = rule(
    "GAL652",
    "vendored-file-old",
    Severity.NOTE,
    what="A file of LocalAI's is another one in the LocalAI checkout at hand.",
    why="A server of an older protocol keeps working; new calls and fields are missing.",
    how="`newbackend update --repo CHECKOUT` in the repository; what you changed is merged.",
    bad="backend.proto of April",
    good="backend.proto of the LocalAI that users run",
)


@check(CHANGED, DRIFTED)
def vendored(gallery: Gallery) -> Iterator[Finding]:
    """The files in the record against the disk, and against LocalAI."""
    around = gallery.around
    if around is None or NAME not in around.modes:
        return
    drifted = []
    for path, digest in read_record(around.root).files.items():
        if sha256(around.text(path)) != digest:
            what = "is not what was vendored" if path in around.modes else "is gone"
            yield in_file(CHANGED, path, f"{path} {what}")
        elif (theirs := gallery.of_localai(path)) and sha256(theirs) != digest:
            drifted.append(path)
    if drifted:
        message = f"{', '.join(drifted)}: another one in {gallery.localai}"
        yield in_file(DRIFTED, drifted[0], message, subject=NAME)
