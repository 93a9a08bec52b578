"""Images in a registry, by the OCI distribution API with an anonymous token."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import quote, urlencode

from newbackend.online.network import Answer, Network, Unreachable
from newbackend.online.questions import Said, State

_REFERENCE = re.compile(
    r"(?P<host>[a-z0-9.-]+\.[a-z]{2,}(?::\d+)?)/(?P<name>[a-z0-9._/-]+):(?P<tag>[A-Za-z0-9._-]{1,128})\Z"
)
_SERVER = "the registry"
_BUNDLE = "application/vnd.dev.sigstore.bundle"
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_ACCEPT = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)


class Registry:
    """One or more registries; `base` replaces the address of each of them."""

    def __init__(self, network: Network, base: str = "") -> None:
        self._network, self._base = network, base.rstrip("/")
        self._tokens: dict[str, str] = {}

    def image(self, reference: str) -> Said:
        """Whether an image is there, and for which platforms. Raises Unreachable."""
        found = self._manifest(reference, State.ABSENT)
        if isinstance(found, Said):
            return found
        root, answer = found
        manifest = answer.object(_SERVER)
        if "manifests" in manifest:
            described = [row.get("platform") or {} for row in manifest["manifests"] if isinstance(row, dict)]
        else:
            digest = str((manifest.get("config") or {}).get("digest") or "")
            described = [self._get(f"{root}/blobs/{quote(digest)}", root).object(_SERVER)]
        platforms = {f"{row.get('os')}/{row.get('architecture')}" for row in described}
        return Said(State.THERE, tuple(sorted(platforms - {"unknown/unknown", "None/None"})))

    def signature(self, reference: str) -> Said:
        """Whether a Sigstore bundle refers to the image of each platform, as LocalAI asks for. Raises Unreachable."""
        found = self._manifest(reference, State.UNKNOWN)
        if isinstance(found, Said):
            return found
        root, answer = found
        rows = answer.object(_SERVER).get("manifests")
        own = answer.headers.get("docker-content-digest") or f"sha256:{hashlib.sha256(answer.body).hexdigest()}"
        digests = [str(row.get("digest")) for row in rows if _is_image(row)] if isinstance(rows, list) else [own]
        bare = [digest for digest in digests if not self._has_bundle(root, digest)]
        why = f"no Sigstore bundle refers to {', '.join(bare)}"
        return Said(State.ABSENT, why=why) if bare else Said(State.THERE)

    def _manifest(self, reference: str, without: State) -> tuple[str, Answer] | Said:
        """The address of the repository and the manifest of the tag; `without` is said of a tag that is not there."""
        match = _REFERENCE.match(reference)
        if match is None:
            return Said(State.UNKNOWN, why=f"{reference} is no image reference with a host and a tag")
        root = f"{self._base or 'https://' + match['host']}/v2/{match['name']}"
        answer = self._get(f"{root}/manifests/{quote(match['tag'])}", root)
        return (root, answer) if answer.status != 404 else Said(without, why="the registry has no such tag")

    def _has_bundle(self, root: str, digest: str) -> bool:
        """By the referrers API, or where the registry has none by the tag that stands for it (distribution-spec)."""
        for path in (f"referrers/{quote(digest)}", f"manifests/{quote(digest.replace(':', '-'))}"):
            answer = self._get(f"{root}/{path}", root)
            if answer.status == 200:
                rows = answer.object(_SERVER).get("manifests") or []
                return any(_BUNDLE in str(row.get("artifactType")) for row in rows if isinstance(row, dict))
        return False

    def _get(self, url: str, root: str) -> Answer:
        answer = self._network.get(url, self._headers(root))
        if answer.status == 401:
            self._tokens[root] = self._token(answer)
            answer = self._network.get(url, self._headers(root))
        if answer.status not in (200, 404):
            raise Unreachable(f"the registry answers with status {answer.status}")
        return answer

    def _headers(self, root: str) -> dict[str, str]:
        token = self._tokens.get(root)
        return {"Accept": _ACCEPT, **({"Authorization": f"Bearer {token}"} if token else {})}

    def _token(self, answer: Answer) -> str:
        """An anonymous token, as the registry's challenge says (distribution-spec, token authentication)."""
        challenge = answer.headers.get("www-authenticate", "")
        fields = dict(_CHALLENGE.findall(challenge))
        if not challenge.lower().startswith("bearer ") or "realm" not in fields:
            raise Unreachable("the registry asks for a password")
        query = urlencode({key: fields[key] for key in ("service", "scope") if key in fields})
        granted = self._network.get(f"{fields['realm']}?{query}").object(_SERVER)
        return str(granted.get("token") or granted.get("access_token") or "")


def _is_image(row: object) -> bool:
    """Whether a row of an index is an image: attestations have no platform."""
    platform = row.get("platform") if isinstance(row, dict) else None
    return not (isinstance(platform, dict) and platform.get("architecture") == "unknown")
