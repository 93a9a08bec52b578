"""Where a gallery comes from: a file, the repository around it, or an address."""

from __future__ import annotations

import os
import re
import urllib.parse
from pathlib import Path

from newbackend.checkout.layout import INDEX, find_root
from newbackend.checkout.reading import Files, read_named
from newbackend.errors import NewbackendError, NotFoundError, UsageError
from newbackend.gallery.book import Gallery
from newbackend.gallery.check import Source
from newbackend.gallery.document import Index, read_index
from newbackend.gallery.surroundings import Surroundings
from newbackend.online.network import Network, Unreachable
from newbackend.suppress import CONFIG_NAME
from newbackend.suppress.config import SuppressConfig, parse_config

LIMIT_BYTES = 4 * 1024 * 1024
"""The biggest gallery that is read. LocalAI's own has 0.3 MB."""
USUAL = ("gallery/index.yaml", "index.yaml", "gallery/index.yml", "index.yml", INDEX)
"""Where a repository has its gallery, the commonest first."""
_GITHUB = re.compile(r"github:(?://)?([^/@]+)/([^/@]+)/([^@]+)(?:@(.+))?\Z")
_ENTRY = re.compile(r"^- +(?:&\S+ *)?(?:#.*)?(?:\n +)?[a-z]+:", re.M)
_OFFICIAL = re.compile(r"https://index\.localai\.io/|https://raw\.githubusercontent\.com/mudler/LocalAI/")


def is_address(where: str) -> bool:
    """Whether this is an address, and no path."""
    return re.match(r"[a-z][a-z0-9+.-]*:", where) is not None and not Path(where).exists()


def open_source(where: str, official: str | None = None, repo: Path | None = None) -> Source:
    """The gallery at a path or an address, with LocalAI's own one to compare it with.

    `official` is a path or an address; without it, the gallery of the LocalAI checkout at `repo` or around the current
    directory is taken. Raises NotFoundError for what is not there, UsageError for what is no text or too big.
    """
    other, label, root = _official(official, repo)
    if is_address(where):
        url = _url(where)
        is_own = _OFFICIAL.match(url) is not None
        index = _read_address(url)
        return Source(Gallery(index, None if is_own else other, is_official=is_own), where, official=label)
    path = Path(where)
    if not path.exists():
        raise NotFoundError("gallery-missing", "there is no such file or directory", where=where)
    return _read_directory(path, other, label, root) if path.is_dir() else _read_file(path, other, label)


def _official(given: str | None, repo: Path | None) -> tuple[Index | None, str, str]:
    """LocalAI's own gallery, where it comes from, and the root of the checkout that it is in ("" for none)."""
    if given is not None:
        if is_address(given):
            return _read_address(_url(given)), given, ""
        path = Path(given)
        root = str(path) if path.is_dir() else ""
        path = path / INDEX if root else path
        return read_index(path.name, _text(path)), str(path), root
    try:
        found = find_root(repo or Path.cwd())
    except NewbackendError:
        if repo is not None:
            raise
        return None, "", ""
    path = found / INDEX
    return (read_index(INDEX, _text(path)), str(path), str(found)) if path.is_file() else (None, "", "")


def _text(path: Path) -> str:
    try:
        return read_named(path, LIMIT_BYTES)
    except OSError as error:
        raise NotFoundError("gallery-missing", f"cannot be read: {error.strerror}", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise UsageError("gallery-not-text", "is not UTF-8 text", where=str(path)) from error


def _url(where: str) -> str:
    """The address that LocalAI asks. Raises UsageError for one that it cannot read an index from."""
    if match := _GITHUB.match(where):
        owner, repo, path, ref = match.groups()
        return f"https://raw.githubusercontent.com/{owner}/{repo}/{ref or 'main'}/{path}"
    if urllib.parse.urlsplit(where).scheme not in ("https", "http"):
        hint = "give https://, http://, github:OWNER/REPO/PATH@REF, or a path"
        raise UsageError("gallery-address", "is no address that LocalAI reads a gallery from", where=where, hint=hint)
    if "/blob/" in where and urllib.parse.urlsplit(where).hostname == "github.com":
        raw = where.replace("https://github.com/", "https://raw.githubusercontent.com/").replace("/blob/", "/", 1)
        message = "is a web page, not the file: LocalAI cannot read a gallery from it"
        raise UsageError("gallery-address", message, where=where, hint=f"use {raw}")
    return where


def _read_address(url: str) -> Index:
    try:
        answer = Network([url]).get(url)
    except Unreachable as error:
        raise NotFoundError("gallery-unreachable", str(error), where=url) from error
    if answer.status != 200:
        raise NotFoundError("gallery-unreachable", f"the server answers with status {answer.status}", where=url)
    try:
        text = answer.body.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise UsageError("gallery-not-text", "is not UTF-8 text", where=url) from error
    return read_index(urllib.parse.urlsplit(url).path.rsplit("/", 1)[-1] or "index.yaml", text)


def _read_file(path: Path, other: Index | None, label: str) -> Source:
    index = read_index(path.name, _text(path))
    is_own = _is_own(path)
    config = _config(path.parent)
    published = any((folder / ".git").exists() for folder in path.resolve().parents)
    gallery = Gallery(index, None if is_own else other, is_official=is_own, published=published)
    return Source(gallery, str(path), config, label)


def _read_directory(path: Path, other: Index | None, label: str, root: str) -> Source:
    if _is_own(path / INDEX):
        return _read_file(path / INDEX, None, label)
    around = Surroundings(path)
    where = _find(around)
    index = read_index(where, _text(path / where)) if where else None
    if index is None and not around.named("run.sh", "backend.proto", "Dockerfile"):
        raise NotFoundError(
            "gallery-missing",
            "has no gallery (gallery/index.yaml) and nothing of a backend",
            where=str(path),
            hint="name the file",
        )
    gallery = Gallery(index, other, around=around, localai=root)
    return Source(gallery, str(path), _config(path), label)


def _find(around: Surroundings) -> str:
    """The gallery of a repository: at a usual place, else the first YAML file that is a list of backends."""
    for path in USUAL:
        if path in around.modes:
            return path
    candidates = sorted(
        (path for path in around.modes if path.endswith((".yaml", ".yml"))), key=lambda p: (p.count("/"), p)
    )
    for path in candidates:
        text = around.text(path)
        if _ENTRY.search(text) and re.search(r"^[ -]+(?:uri|capabilities):", text, re.M):
            return path
    return ""


def _is_own(path: Path) -> bool:
    """Whether this is the gallery of a LocalAI checkout."""
    try:
        root = find_root(path.parent)
    except NewbackendError:
        return False
    return os.path.realpath(path) == os.path.realpath(root / INDEX)


def _config(folder: Path) -> SuppressConfig:
    """The suppressions in the file beside a gallery, or at the root of its repository."""
    data = Files(str(folder)).read(CONFIG_NAME)
    if data is None:
        return SuppressConfig()
    try:
        return parse_config(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise UsageError("bad-config", "is not UTF-8 text", where=CONFIG_NAME) from error
