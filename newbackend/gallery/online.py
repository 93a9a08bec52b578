"""GAL8xx: what registries say about the images of a gallery. Asked with `--online` only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from newbackend.catalog.hosts import FALLBACKS
from newbackend.findings import Finding, Report, Rule, Severity, Status, sort_findings
from newbackend.gallery.book import Gallery, about
from newbackend.gallery.document import Entry
from newbackend.online.questions import Kind, Question, Said, State
from newbackend.online.run import Interview
from newbackend.records import dataclass
from newbackend.rulebook import Rulebook

_MACS = ("metal", "darwin-x86")


@dataclass(frozen=True)
class Asked:
    """A gallery and what registries said about its images."""

    gallery: Gallery
    answers: Mapping[Question, Said]

    def of(self, kind: Kind) -> Iterator[tuple[Entry, Said]]:
        """Each image with its answer."""
        return ((entry, self.answers[_question(kind, entry)]) for entry in _pulled(self.gallery))


ONLINE: Rulebook[Asked, Iterable[Finding]] = Rulebook("GAL8", "gallery/online.py")

MISSING = ONLINE.rule(
    "GAL801",
    "image-not-there",
    Severity.ERROR,
    what="The registry does not have an image that the gallery names, for somebody without a password.",
    why="Its installation ends with `manifest unknown`. A new package on ghcr.io is private "
    "until its owner changes that.",
    how="Publish it, make it public, or correct the address.",
    bad="uri: ghcr.io/me/demo:1.0.1   # never pushed",
    good="uri: ghcr.io/me/demo:1.0.0",
)
PLATFORMS = ONLINE.rule(
    "GAL802",
    "image-platforms",
    Severity.ERROR,
    what="An image lacks the platform of the hosts that the gallery sends to it; a warning when only arm64 is missing.",
    why="From an index without the platform LocalAI installs nothing (`no child with platform`); a single image is "
    "installed whatever it was built for, and ends with `exec format error`.",
    how="Build every platform and merge them under one tag, or correct the map.",
    bad="one linux/amd64 image for default",
    good="an index of linux/amd64 and linux/arm64",
)
UNSIGNED = ONLINE.rule(
    "GAL803",
    "image-not-signed",
    Severity.WARNING,
    what="No Sigstore bundle refers to the image of some platform.",
    why="Users with a verification policy, or with LOCALAI_REQUIRE_BACKEND_INTEGRITY, cannot install it.",
    how="Sign by digest, with `--recursive --new-bundle-format`.",
    bad="an image without referrers",
    good="a bundle for each platform",
)


def _pulled(gallery: Gallery) -> Iterator[Entry]:
    """The images of a registry."""
    return (entry for entry in gallery.images() if entry.uri.startswith(("ghcr.io", "quay.io", "docker.io", "oci://")))


def _question(kind: Kind, entry: Entry) -> Question:
    reference = entry.uri.removeprefix("oci://")
    # docker.io is a name; the registry behind it is another host.
    return Question(kind, f"registry-1.{reference}" if reference.startswith("docker.io/") else reference)


@ONLINE.check(MISSING)
def there(asked: Asked) -> Iterator[Finding]:
    """Images that nobody can pull, and those that could not be asked about."""
    for entry, said in asked.of(Kind.IMAGE):
        if said.state is State.ABSENT:
            yield about(MISSING, asked.gallery, entry, "uri", f"{entry.label}: {entry.uri} is not there: {said.why}")
        elif said.state is State.UNKNOWN:
            yield _unknown(MISSING, asked.gallery, entry, said)


@ONLINE.check(PLATFORMS)
def platforms(asked: Asked) -> Iterator[Finding]:
    """The platforms of the hosts that a map sends to an image."""
    for entry, said in asked.of(Kind.IMAGE):
        if said.state is not State.THERE or not said.platforms:
            continue
        keys = [key for _, key in asked.gallery.asked_by.get(entry.name.lower(), ())]
        missing = [one for one in _wanted(keys) if one not in said.platforms]
        if missing:
            severity = Severity.WARNING if missing == ["linux/arm64"] and set(keys) & set(FALLBACKS) else None
            message = f"{entry.label}: {entry.uri} has {', '.join(said.platforms)}, and not {', '.join(missing)}"
            yield about(PLATFORMS, asked.gallery, entry, "uri", message, severity=severity)


def _wanted(keys: list[str]) -> list[str]:
    """The platforms of the hosts behind some keys; of an image without any, that of most hosts."""
    wanted = {"darwin/arm64" for key in keys if key in _MACS}
    wanted |= {"linux/arm64" for key in keys if key.startswith("nvidia-l4t") or key in FALLBACKS}
    others = [key for key in keys if key not in _MACS and not key.startswith("nvidia-l4t")]
    return sorted(wanted | ({"linux/amd64"} if others or not keys else set()))


@ONLINE.check(UNSIGNED)
def signed(asked: Asked) -> Iterator[Finding]:
    """Images without a signature that LocalAI reads."""
    there = {entry.number for entry, said in asked.of(Kind.IMAGE) if said.state is State.THERE}
    for entry, said in asked.of(Kind.SIGNATURE):
        if entry.number in there and said.state is State.ABSENT:
            yield about(UNSIGNED, asked.gallery, entry, "uri", f"{entry.label}: {entry.uri}: {said.why}")
        elif entry.number in there and said.state is State.UNKNOWN:
            yield _unknown(UNSIGNED, asked.gallery, entry, said)


def _unknown(rule: Rule, gallery: Gallery, entry: Entry, said: Said) -> Finding:
    return replace(about(rule, gallery, entry, "uri", f"{entry.uri}: {said.why}"), status=Status.UNKNOWN)


def ask_registries(report: Report, gallery: Gallery, progress: Callable[[int, int], None]) -> Report:
    """The report with what registries say about the gallery's images."""
    wanted = [_question(kind, entry) for entry in _pulled(gallery) for kind in (Kind.IMAGE, Kind.SIGNATURE)]
    asked = Asked(gallery, Interview().ask(list(dict.fromkeys(wanted)), progress))
    found = [finding for check in ONLINE.checks for finding in check.run(asked)]
    return replace(report, findings=sort_findings([*report.findings, *found]))
