"""GAL7xx: what CI publishes, and what the README tells."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from newbackend.findings import Confidence, Finding, Severity
from newbackend.gallery.book import Gallery, check, in_file, rule, split_image
from newbackend.gallery.surroundings import Surroundings

_PUSHES = re.compile(
    r"docker/build-push-action|docker push|imagetools create|skopeo copy|crane (?:push|append)|buildx build[^\n]*--push"
)
_ADDRESS = re.compile(r"(?:ghcr\.io|quay\.io|docker\.io)/[\w./${}-]+", re.I)
_SIGN = re.compile(r"cosign sign\b[^\n]*(?:\\\n[^\n]*)*")
_SNIPPET = re.compile(r"BACKEND_GALLERIES\s*[:=]\s*(['\"]?)(\[.*?\])\1\s*(?:$|\\|`|\s-)", re.M | re.S)
_BLOCK = re.compile(r"^```ya?ml\s*\n(.*?)^```", re.M | re.S)
_BACKEND = re.compile(r"^backend:\s*[\"']?([\w.@/-]+)", re.M)


def publishing(around: Surroundings) -> list[str]:
    """The workflows that push images."""
    return [path for path in around.workflows if _PUSHES.search(around.text(path))]


NOT_PUBLISHED = rule(
    "GAL701",
    "workflow-publishes-another",
    Severity.ERROR,
    what="CI pushes images, and none to the repository that the gallery names.",
    why="Users get `manifest unknown`.",
    how="Write the same address into the workflow and the gallery.",
    bad="tags: docker.io/me/demo:1   # the gallery says ghcr.io/me/demo",
    good="tags: ghcr.io/me/demo:1",
    confidence=Confidence.LIKELY,
)


@check(NOT_PUBLISHED)
def published(gallery: Gallery) -> Iterator[Finding]:
    """Addresses in workflows; one with an expression may be any."""
    around = gallery.around
    if around is None or gallery.index is None or not publishing(around):
        return
    found = {m[0].lower() for path in publishing(around) for m in _ADDRESS.finditer(around.text(path))}
    if not found or any("$" in address for address in found):
        return
    pushed = {split_image(address.rstrip("."))[0] for address in found}
    for entry in gallery.images():
        repository = split_image(entry.uri.removeprefix("oci://"))[0]
        if repository.lower() not in pushed:
            message = f"{entry.label}: CI pushes to {', '.join(sorted(pushed))}, not to {repository}"
            yield in_file(NOT_PUBLISHED, gallery.path, message, line=entry.line_of("uri"), subject=repository)


ONE_ARCH = rule(
    "GAL702",
    "workflow-single-arch",
    Severity.WARNING,
    what="CI publishes images for one architecture only.",
    why="LocalAI takes a single image whatever it was built for: on an arm64 host it installs and ends with "
    "`exec format error`.",
    how="Build linux/arm64 too, on a machine of its kind, and merge both under one tag.",
    bad="platforms: linux/amd64",
    good="a matrix of linux/amd64 and linux/arm64",
)
SIGNING = rule(
    "GAL703",
    "image-signing",
    Severity.WARNING,
    what="CI publishes images without a signature that LocalAI verifies.",
    why="Users who ask for verified backends (`LOCALAI_REQUIRE_BACKEND_INTEGRITY`) cannot install them. LocalAI "
    "verifies the image of the host's platform and reads Sigstore bundles only.",
    how="`cosign sign --yes --recursive --new-bundle-format --registry-referrers-mode=oci-1-1 IMAGE@DIGEST`, in a "
    "job with `id-token: write`.",
    bad="cosign sign --yes ghcr.io/me/demo:1.0.0",
    good="cosign sign --yes --recursive --new-bundle-format --registry-referrers-mode=oci-1-1 ghcr.io/me/demo@sha256:…",
)
PROVENANCE = rule(
    "GAL704",
    "provenance-in-merge",
    Severity.WARNING,
    what="Images are pushed by digest and merged, and attestations are not turned off.",
    why="An attestation makes an index of each single image: the merged index then holds other digests than those that "
    "were built.",
    how="`provenance: false` in each build.",
    bad="outputs: type=image,push-by-digest=true",
    good="provenance: false\noutputs: type=image,push-by-digest=true",
)


@check(ONE_ARCH, SIGNING, PROVENANCE)
def workflows(gallery: Gallery) -> Iterator[Finding]:
    """The workflows that push."""
    around = gallery.around
    paths = publishing(around) if around else []
    if around is None or not paths:
        return
    whole = "\n".join(around.text(path) for path in paths)
    if "arm64" not in whole and "aarch64" not in whole:
        yield in_file(ONE_ARCH, paths[0], f"{paths[0]} builds for one architecture")
    signs = [(path, m) for path in around.workflows for m in _SIGN.finditer(around.text(path))]
    if not signs:
        yield in_file(SIGNING, paths[0], f"{paths[0]} publishes images that nobody signs")
    for path, match in signs:
        missing = [flag for flag in ("--recursive", "--new-bundle-format") if flag not in match[0]]
        missing += [] if "id-token: write" in around.text(path) else ["id-token: write"]
        if missing:
            message = f"{path} signs without {' and '.join(missing)}"
            yield in_file(SIGNING, path, message, line=around.line_of(path, match.start()))
    for path in paths:
        text = around.text(path)
        if "push-by-digest=true" in text and "provenance: false" not in text:
            line = around.line_of(path, text.index("push-by-digest"))
            yield in_file(PROVENANCE, path, f"{path} pushes by digest with attestations", line=line)


POLICY = rule(
    "GAL705",
    "policy-not-documented",
    Severity.WARNING,
    what="Images are signed, and the README does not say by which identity.",
    why="The policy is the user's setting: an index cannot bring it along. Who does not know the identity cannot "
    "verify.",
    how="Publish the gallery entry with `verification`: issuer and `identity_regex` of the workflow that signs.",
    bad="a README without identity_regex",
    good='"verification": {"issuer": "https://token.actions.githubusercontent.com", "identity_regex": "^https://…$"}',
)
SNIPPET = rule(
    "GAL706",
    "readme-gallery-snippet",
    Severity.WARNING,
    what="The README's gallery setting is missing, no JSON, without the official gallery, or with an address that "
    "LocalAI cannot read.",
    why="The setting replaces LocalAI's default, so users lose all official backends. A `file://` gallery is read "
    "inside of the backends directory only, a `blob` address is a web page, and one broken gallery stops all of them.",
    how="Show the whole list with the official gallery first, and a raw or `github:` address with `@ref`.",
    bad='BACKEND_GALLERIES=\'[{"name":"me","url":"file:///ABSOLUTE/PATH/index.yaml"}]\'',
    good='LOCALAI_BACKEND_GALLERIES=\'[{"name":"localai","url":"https://index.localai.io/backends"}, '
    '{"name":"me","url":"github:me/demo/gallery/index.yaml@main"}]\'',
)
EXAMPLE = rule(
    "GAL707",
    "model-example",
    Severity.WARNING,
    what="A model example of the README has no `known_usecases`, or a backend in capitals.",
    why="LocalAI knows the usecases of its own backends only: without the list no endpoint offers the model. Names are "
    "looked up in lower case.",
    how="Add `known_usecases`.",
    bad="backend: demo",
    good="backend: demo\nknown_usecases:\n  - tts",
)


@check(POLICY, SNIPPET, EXAMPLE)
def readme(gallery: Gallery) -> Iterator[Finding]:
    """README.md beside the gallery."""
    around = gallery.around
    path = next((name for name in around.modes if name.lower() == "readme.md"), "") if around else ""
    if around is None or not path:
        return
    text = around.text(path)
    if any(_SIGN.search(around.text(one)) for one in around.workflows) and "identity" not in text:
        yield in_file(POLICY, path, f"{path} does not say who signs the images")
    if gallery.index is not None:
        yield from _snippets(around, path)
    names = {entry.name.lower() for entry in gallery.entries} | {
        entry.text("alias").lower() for entry in gallery.entries
    }
    for match in _BLOCK.finditer(text):
        backend = _BACKEND.search(match[1])
        if backend is None or backend[1].lower() not in names:
            continue
        missing = "known_usecases" not in match[1]
        if missing or backend[1] != backend[1].lower():
            what = "has no known_usecases" if missing else f"names {backend[1]} in capitals"
            line = around.line_of(path, match.start(1) + backend.start())
            yield in_file(EXAMPLE, path, f"a model example of {path} {what}", line=line)


def _snippets(around: Surroundings, path: str) -> Iterator[Finding]:
    text = around.text(path)
    found = list(_SNIPPET.finditer(text))
    if not found:
        yield in_file(SNIPPET, path, f"{path} does not say how to add the gallery to LocalAI")
    for match in found:
        wrong = _wrong_setting(match[2])
        if wrong:
            yield in_file(SNIPPET, path, f"the gallery setting {wrong}", line=around.line_of(path, match.start()))


def _wrong_setting(text: str) -> str:
    """What is wrong with a setting, or ""."""
    try:
        rows = json.loads(text.replace('\\"', '"'))
    except (ValueError, RecursionError):
        return "is no JSON"
    urls = [str(row.get("url")) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    if not urls:
        return "names no gallery"
    local = next((url for url in urls if url.startswith("file://")), "")
    if local:
        return f"has {local}, which LocalAI reads inside of its backends directory only"
    page = next((url for url in urls if "github.com/" in url and "/blob/" in url), "")
    if page:
        return f"has {page}, which is a web page"
    if not any("index.localai.io" in url or "mudler/LocalAI" in url for url in urls):
        return "leaves the official gallery out, and replaces it"
    return ""
