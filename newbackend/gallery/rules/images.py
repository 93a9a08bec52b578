"""GAL4xx: where the bytes are."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from newbackend.findings import Finding, Rule, Severity
from newbackend.gallery.book import Gallery, about, check, rule, split_image
from newbackend.gallery.document import Entry

REGISTRIES = ("quay.io", "ghcr.io", "docker.io", "oci://")
"""What an address begins with that LocalAI pulls from a registry."""
_DOWNLOADS = ("http://", "https://", "hf://", "huggingface://", "https://huggingface.co/", "github:", "file://")
_ARCHIVE = "ocifile://"
_PLACEHOLDER = re.compile(
    r"YOUR[_-]|(?<![A-Z])(?:OWNER|REPO|REPOSITORY|USERNAME|VERSION|TAG|CHANGEME|TODO)(?![A-Z])"
    r"|[<>{}$]|(?<![\w-])example(?:\.(?:com|org|net))?(?=/|$)",
)
_REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*\Z")
_TAG = re.compile(r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?\Z")

NOT_OCI = rule(
    "GAL401",
    "uri-not-an-image",
    Severity.ERROR,
    what="An address does not begin with `ghcr.io`, `quay.io`, `docker.io` or `oci://`.",
    why="LocalAI takes only these for images; everything else, Docker Hub's short form and other registries among "
    "them, fails with `unsupported protocol scheme`.",
    how="Write `docker.io/` in front of a Docker Hub image, `oci://` in front of any other registry.",
    bad="uri: me/demo:1.0.0",
    good="uri: docker.io/me/demo:1.0.0",
)
DOWNLOAD = rule(
    "GAL402",
    "uri-download",
    Severity.ERROR,
    what="An address is a plain download: `https://`, `file://`, `hf://`, `github:` or `ollama://`.",
    why="LocalAI downloads it onto a directory that is there already, and the installation fails with `file exists`; "
    "`ollama://` is for models.",
    how="Publish an image: `newbackend package pack` makes an archive that any registry client can push.",
    bad="uri: https://example.org/demo.tar.gz",
    good="uri: ghcr.io/me/demo:1.0.0",
)
LOCAL = rule(
    "GAL403",
    "uri-local",
    Severity.ERROR,
    what="An address is a directory, an archive on disk, or a host in a private network.",
    why="It works on the author's machine and nowhere else.",
    how="Publish the image, and keep local entries in a gallery file that is not published.",
    bad="uri: ocifile:///home/me/demo.tar",
    good="uri: ghcr.io/me/demo:1.0.0",
)
PLACEHOLDER = rule(
    "GAL404",
    "uri-placeholder",
    Severity.ERROR,
    what="An address has a part that somebody should have replaced.",
    why="There is no such image.",
    how="Write the real owner and repository.",
    bad="uri: ghcr.io/YOUR_GITHUB_OWNER/demo:1.0.0",
    good="uri: ghcr.io/me/demo:1.0.0",
)
MALFORMED = rule(
    "GAL405",
    "uri-malformed",
    Severity.ERROR,
    what="An address is no image reference: capitals or spaces in the repository, a name of one letter, a tag with "
    "other characters.",
    why="LocalAI's registry client refuses it before it asks anybody. GitHub shows owners with capitals; in an image's "
    "name they are lower case.",
    how="Write the repository in lower case.",
    bad="uri: ghcr.io/Me/Demo:1.0.0",
    good="uri: ghcr.io/me/demo:1.0.0",
)


@check(NOT_OCI, DOWNLOAD, LOCAL, PLACEHOLDER, MALFORMED)
def addresses(gallery: Gallery) -> Iterator[Finding]:
    """The primary address of every image: the first thing that is wrong with it."""
    for entry in gallery.images():
        if entry.fields["uri"].inherited:
            continue
        found = _wrong(entry.uri)
        if found is None:
            continue
        broken, what = found
        severity = Severity.NOTE if broken is LOCAL and not gallery.published else None
        yield about(broken, gallery, entry, "uri", f"{entry.label}: {entry.uri} {what}", severity=severity)


def _wrong(uri: str) -> tuple[Rule, str] | None:
    """The rule that an address breaks and the words for it, or None."""
    if _PLACEHOLDER.search(uri):
        return PLACEHOLDER, "has a part that nobody replaced"
    if uri.startswith(_ARCHIVE) or uri.startswith(("/", "./", "../", "~")) or _private(uri):
        return LOCAL, "is on the author's machine or network only"
    if uri.startswith("ollama://"):
        return DOWNLOAD, "is fetched as a model of Ollama"
    if uri.startswith(_DOWNLOADS):
        return DOWNLOAD, "is downloaded as a file, which LocalAI cannot install as a backend"
    if not uri.startswith(REGISTRIES):
        return NOT_OCI, "is no address that LocalAI pulls from a registry"
    repository, tag = split_image(uri.removeprefix("oci://"))
    name = repository.partition("/")[2]
    if not _REPOSITORY.match(name) or len(name) < 2 or not _TAG.match(tag):
        return MALFORMED, "is not a valid image reference"
    return None


def _private(uri: str) -> bool:
    """Whether the registry is one that only a network of the author's has."""
    host = uri.removeprefix("oci://").partition("/")[0]
    name = host.rsplit(":", 1)[0].strip("[]")
    if name == "localhost" or name.endswith((".local", ".localhost", ".internal")):
        return True
    try:
        return not ipaddress.ip_address(name).is_global
    except ValueError:
        return False


NO_TAG = rule(
    "GAL406",
    "uri-without-tag",
    Severity.WARNING,
    what="An address has neither a tag nor a digest.",
    why="LocalAI takes `latest`: two users with the same entry get two builds.",
    how="Name the release.",
    bad="uri: ghcr.io/me/demo",
    good="uri: ghcr.io/me/demo:1.0.0",
)
FALLBACK = rule(
    "GAL407",
    "tag-latest-fallback",
    Severity.WARNING,
    what="An address has `latest-` in it, and the gallery has no `master-` image beside it.",
    why="When the pull fails, LocalAI asks for the same address with `master-`, then with `-development` behind it: "
    "two images that the author never thought of.",
    how="Use another word in tags, such as the version.",
    bad="uri: ghcr.io/me/demo:latest-cpu",
    good="uri: ghcr.io/me/demo:1.0.0-cpu",
)
OCI_SCHEME = rule(
    "GAL408",
    "oci-without-version",
    Severity.WARNING,
    what="An address begins with `oci://`, and the entry has no version.",
    why="For such addresses LocalAI cannot tell the digest, so without a version no upgrade is ever seen.",
    how="Add `version`, and raise it with every release.",
    bad="uri: oci://registry.example.net/me/demo:1.0.0",
    good='uri: oci://registry.example.net/me/demo:1.0.0\n  version: "1.0.0"',
)


@check(NO_TAG, FALLBACK, OCI_SCHEME)
def tags(gallery: Gallery) -> Iterator[Finding]:
    """Tags, for addresses that are images at all."""
    known = {entry.uri for entry in gallery.images()}
    for entry in gallery.images():
        if _wrong(entry.uri) is not None:
            continue
        if not split_image(entry.uri.removeprefix("oci://"))[1]:
            yield about(NO_TAG, gallery, entry, "uri", f"{entry.label}: {entry.uri} names no tag, so it is latest")
        other = entry.uri.replace("latest-", "master-", 1)
        if other not in (entry.uri, *known) and not entry.fields["uri"].inherited:
            message = f"{entry.label}: when {entry.uri} cannot be pulled, LocalAI tries {other}"
            yield about(FALLBACK, gallery, entry, "uri", message)
        if entry.uri.startswith("oci://") and not entry.text("version"):
            message = f"{entry.label}: without a version LocalAI never sees a newer {entry.uri}"
            yield about(OCI_SCHEME, gallery, entry, "uri", message)


MIRROR = rule(
    "GAL409",
    "mirror-without-use",
    Severity.WARNING,
    what="A mirror is no image address, or the same as the primary one.",
    why="It is only asked when the primary fails, and then it fails too.",
    how="Give an image of another registry, or leave it out.",
    bad="mirrors: [https://example.org/demo.tar.gz]",
    good="mirrors: [quay.io/me/demo:1.0.0]",
)


@check(MIRROR)
def mirrors(gallery: Gallery) -> Iterator[Finding]:
    """Mirrors by the rules of the primary address; those of one repository are one finding."""
    dead: dict[tuple[str, str], list[tuple[Entry, str]]] = {}
    for entry in gallery.images():
        for mirror in entry.listed("mirrors"):
            broken = _wrong(mirror)
            what = "is the primary address" if mirror == entry.uri else broken[1] if broken else ""
            if what:
                dead.setdefault((split_image(mirror)[0], what), []).append((entry, mirror))
    for (repository, what), rows in dead.items():
        entry, mirror = rows[0]
        more = f", and so on for {len(rows) - 1} more" if len(rows) > 1 else ""
        message = f"{entry.label}: the mirror {mirror} {what}{more}"
        yield about(MIRROR, gallery, entry, "mirrors", message, subject=repository)
