"""A registry and a Hugging Face of our own, on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

TOKEN = "anonymous-token"


@dataclass
class World:
    """What the server has: tag -> platforms (one: a plain manifest), models; and what was asked."""

    base: str = ""
    images: dict[str, list[str]] = field(default_factory=dict)
    models: set[str] = field(default_factory=set)
    releases: dict[str, object] = field(default_factory=dict)
    pages: dict[str, object] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    bundles: set[str] = field(default_factory=set)
    broken: bool = False
    huge: bool = False
    asked: list[str] = field(default_factory=list)


@contextmanager
def served() -> Iterator[World]:
    """A running server."""
    world = World()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            world.asked.append(self.path)
            status, headers, value = _answer(world, self.path, self.headers.get("Authorization", ""))
            body = b"x" * 5_000_000 if world.huge else json.dumps(value).encode()
            self.send_response(status)
            for name, text in headers.items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    world.base = f"http://127.0.0.1:{server.server_address[1]}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield world
    finally:
        server.shutdown()
        server.server_close()


def _answer(world: World, path: str, authorization: str) -> tuple[int, dict[str, str], object]:
    if path in world.redirects:
        return 302, {"Location": world.redirects[path]}, {}
    if world.broken:
        return 503, {}, {}
    if path.startswith("/pypi/"):
        page = world.releases.get(path.removeprefix("/pypi/").removesuffix("/json"))
        return (404, {}, {}) if page is None else (200, {}, page)
    if path.startswith("/token"):
        return 200, {}, {"token": TOKEN}
    if path.startswith("/api/models/") and path.endswith("?blobs=true"):
        page = world.pages.get(path.removeprefix("/api/models/").removesuffix("?blobs=true"))
        return (401, {}, {}) if page is None else (200, {}, page)
    if path.startswith("/api/models/"):
        return (200 if path.removeprefix("/api/models/") in world.models else 401), {}, {}
    if authorization != f"Bearer {TOKEN}":
        realm = f'Bearer realm="{world.base}/token",service="here",scope="repository:x:pull"'
        return 401, {"WWW-Authenticate": realm}, {}
    tag = path.rpartition("/")[2]
    if "/referrers/" in path or tag.startswith("sha256-"):
        digest = tag.replace("sha256-", "sha256:").replace("%3A", ":")
        if digest not in world.bundles or "/referrers/" in path:
            return 404, {}, {}
        return 200, {}, {"manifests": [{"artifactType": "application/vnd.dev.sigstore.bundle.v0.3+json"}]}
    if "/blobs/" in path:
        os_, _, arch = tag.replace("sha256:", "").replace("sha256%3A", "").partition("-")
        return 200, {}, {"os": os_, "architecture": arch}
    if tag not in world.images:
        return 404, {}, {"errors": [{"code": "MANIFEST_UNKNOWN"}]}
    platforms = world.images[tag]
    if len(platforms) == 1:
        return 200, {}, {"config": {"digest": "sha256:" + platforms[0].replace("/", "-")}}
    rows = [dict(zip(("os", "architecture"), one.split("/"), strict=True)) for one in platforms]
    return 200, {}, {"manifests": [{"platform": row, "digest": f"sha256:{row['architecture']}"} for row in rows]}
