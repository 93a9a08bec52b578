"""The one HTTP client of `verify --online`: GET only, with limits, and not into private networks.

Addresses come from a checkout, and from what servers answer, so both may be hostile. A host that the user names as a
base address may be private (a registry on loopback); any other must have a public address.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Mapping
from typing import IO, Any

from newbackend.records import dataclass

TIMEOUT_SECONDS = 20.0
LIMIT_BYTES = 4 * 1024 * 1024
"""The biggest answer that is read. An image index has some kilobytes."""
_AGENT = "newbackend (+https://github.com/mudler/LocalAI)"


class Unreachable(Exception):
    """The question could not be answered: no network, a time-out, a refusal, an answer that is too big."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def object(self, server: str) -> dict[str, Any]:
        """The JSON object that the server answers with. Raises Unreachable when there is none."""
        if self.status != 200:
            raise Unreachable(f"{server} answers with status {self.status}")
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise Unreachable(f"{server} answers with something else than JSON") from error
        if not isinstance(value, dict):
            raise Unreachable(f"{server} answers with something else than an object of JSON")
        return value


class Network:
    """GET requests. `trusted` are base addresses of the user, whose hosts may be private."""

    def __init__(self, trusted: Iterable[str] = ()) -> None:
        self._trusted = {urllib.parse.urlsplit(base).hostname or "" for base in trusted}
        self._trusted |= {urllib.parse.urlsplit(proxy).hostname or "" for proxy in urllib.request.getproxies().values()}
        self._opener = urllib.request.build_opener(_Http(self), _Https(self), _Redirects(self))
        self._opener.addheaders = [("User-Agent", _AGENT)]

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """The answer of a server, whatever its status. Raises Unreachable."""
        self.check(url)
        request = urllib.request.Request(url, headers=dict(headers or {}))
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as response:
                return _read(response, response.status, response.headers)
        except urllib.error.HTTPError as error:
            if 300 <= error.code < 400:  # to another scheme, or in a circle
                raise Unreachable(f"{urllib.parse.urlsplit(url).hostname} redirects to nowhere") from error
            return _read(error, error.code, error.headers)
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise Unreachable(f"{urllib.parse.urlsplit(url).hostname} does not answer: {reason}") from error

    def check(self, url: str) -> None:
        """Raises Unreachable for a scheme other than HTTP's, and for plain HTTP to a host that is not trusted."""
        parts = urllib.parse.urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and self.trusts(parts.hostname or "")):
            raise Unreachable(f"{parts.scheme}://{parts.hostname} is not asked: only https is")

    def trusts(self, host: str) -> bool:
        """Whether the user named a host."""
        return host in self._trusted

    def check_peer(self, host: str, address: str) -> None:
        """Raises Unreachable when a host that the user did not name turns out to be in a private network."""
        if not self.trusts(host) and not ipaddress.ip_address(address.partition("%")[0]).is_global:
            raise Unreachable(f"{host} is at the private address {address}, so it is not asked")


def _read(response: IO[bytes], status: int, headers: Any) -> Answer:
    try:
        body = response.read(LIMIT_BYTES + 1)
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"the answer broke off: {error}") from error
    if len(body) > LIMIT_BYTES:
        raise Unreachable(f"the answer is longer than {LIMIT_BYTES // 1024 // 1024} MiB")
    return Answer(status, {name.lower(): value for name, value in headers.items()}, body)


class _Redirects(urllib.request.HTTPRedirectHandler):
    max_redirections = 5

    def __init__(self, network: Network) -> None:
        self._network = network

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        """The next request; a token stays with the host that it was made for."""
        self._network.check(newurl)
        following = super().redirect_request(req, fp, code, msg, headers, newurl)
        if following is not None and urllib.parse.urlsplit(newurl).netloc != urllib.parse.urlsplit(req.full_url).netloc:
            following.remove_header("Authorization")
        return following


def _connection(kind: type[http.client.HTTPConnection], network: Network) -> type[http.client.HTTPConnection]:
    class Checked(kind):  # type: ignore[valid-type, misc]
        """A connection that is given up when it leads into a private network."""

        def connect(self) -> None:
            super().connect()
            try:
                network.check_peer(self.host, self.sock.getpeername()[0])
            except Unreachable:
                self.close()
                raise

    return Checked


class _Http(urllib.request.HTTPHandler):
    def __init__(self, network: Network) -> None:
        super().__init__()
        self._kind = _connection(http.client.HTTPConnection, network)

    def http_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(self._kind, req)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, network: Network) -> None:
        super().__init__()
        self._kind = _connection(http.client.HTTPSConnection, network)

    def https_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(self._kind, req, context=ssl.create_default_context())
