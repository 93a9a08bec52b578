"""GAL61x to GAL64x: how the image is built, the protocol, and what should not be committed."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from newbackend.findings import Confidence, Finding, Severity
from newbackend.gallery.book import Gallery, check, in_file, rule
from newbackend.gallery.surroundings import Surroundings

_INSTRUCTION = re.compile(r"^[ \t]*([A-Za-z]+)[ \t]+((?:[^\\\n]|\\[^\n]|\\\n)*)", re.M)
_CONTAINER = ("ENTRYPOINT", "CMD", "ENV", "USER", "WORKDIR", "EXPOSE", "VOLUME", "HEALTHCHECK")
_BUILD_FILES = ("Makefile", "CMakeLists.txt", "package.sh", "install.sh", "run.sh", "build.sh", "build.rs", "test.sh")
_UP = re.compile(r"(?:\.\./)+[\w./-]*")
_UNPINNED = re.compile(r"mudler/LocalAI/(?:raw/)?(?:refs/heads/)?(?:master|main)/backend/backend\.proto")
_CORE = ("Health", "Free", "LoadModel", "Predict", "PredictStream", "Embedding", "GenerateImage", "AudioTranscription")
_CORE_MORE = ("TTS", "TokenizeString", "Status")
_STUBS = ("backend_pb2.py", "backend.pb.go", "backend.pb.h", "backend.pb.cc")
_LOADS = re.compile(r"^([ \t]*)(?:async )?def LoadModel\(.*?(?=^\1(?:async )?def |^\1@|\Z)", re.M | re.S)
_TEXT_REPLY = re.compile(r"""Reply\(\s*message\s*=\s*(?:f?["'])(?![^\n]*\.encode)""")

NOT_SCRATCH = rule(
    "GAL611",
    "dockerfile-not-scratch",
    Severity.WARNING,
    what="The last stage of a Dockerfile is not `scratch`.",
    why="LocalAI unpacks every layer: the whole distribution lands in the backends directory, and its files are never "
    "used, because the host's programs run.",
    how="Build in one stage and copy the package into a last stage `FROM scratch`.",
    bad="FROM python:3.12",
    good="FROM scratch\nCOPY --from=builder /package/ /",
)
CONTAINER = rule(
    "GAL612",
    "dockerfile-container-settings",
    Severity.NOTE,
    what="The last stage of a Dockerfile sets ENTRYPOINT, CMD, ENV, USER or the like.",
    why="LocalAI takes the files of an image only. What the server needs must be in run.sh.",
    how="Move it into run.sh.",
    bad="ENV OMP_NUM_THREADS=4",
    good="export OMP_NUM_THREADS=4   # in run.sh",
)
MISSING = rule(
    "GAL613",
    "dockerfile-file-missing",
    Severity.ERROR,
    what="A Dockerfile copies a file that the repository does not have.",
    why="The build fails in every clone but the author's.",
    how="Commit the file, or correct the path; it is relative to the build context.",
    bad="COPY sever.py /",
    good="COPY server.py /",
    confidence=Confidence.LIKELY,
)


@check(NOT_SCRATCH, CONTAINER, MISSING)
def dockerfiles(gallery: Gallery) -> Iterator[Finding]:
    """Each Dockerfile of the repository."""
    around = gallery.around
    for path in around.dockerfiles if around else ():
        assert around is not None
        rows = [
            (m[1].upper(), m[2], around.line_of(path, m.start(1))) for m in _INSTRUCTION.finditer(around.text(path))
        ]
        stages = [number for number, row in enumerate(rows) if row[0] == "FROM"]
        if not stages:
            continue
        base, line = rows[stages[-1]][1].split(), rows[stages[-1]][2]
        image = next((word for word in base if not word.startswith("--")), "")
        if image.lower() != "scratch" and "$" not in image:
            message = f"the last stage of {path} is {image}, so LocalAI unpacks all of it"
            yield in_file(NOT_SCRATCH, path, message, line=line)
        for word, _, at in rows[stages[-1] :]:
            if word in _CONTAINER:
                yield in_file(CONTAINER, path, f"LocalAI ignores {word} of {path}", line=at, subject=f"{path} {word}")
        for word, rest, at in rows:
            if word in ("COPY", "ADD"):
                yield from _copied(around, path, rest, at)


def _copied(around: Surroundings, path: str, text: str, line: int) -> Iterator[Finding]:
    words = text.replace("\\\n", " ").split()
    if text.lstrip().startswith(("[", "<<")) or any(word.startswith("--from") for word in words):
        return
    sources = [word for word in words if not word.startswith("--")][:-1]
    for source in sources:
        if re.search(r"[$*?\[<]|://", source):
            continue
        places = {posixpath.normpath(f"{folder}/{source}").lstrip("/") for folder in ("", posixpath.dirname(path))}
        found = any(
            place in (".", "") or place in around.modes or any(file.startswith(f"{place}/") for file in around.modes)
            for place in places
        )
        if not found:
            yield in_file(MISSING, path, f"{path} copies {source}, which is not here", line=line, subject=source)


PORTABLE = rule(
    "GAL621",
    "python-not-portable",
    Severity.ERROR,
    what="A Python backend on libbackend.sh is built without `PORTABLE_PYTHON=true`.",
    why="The virtual environment then links to the builder's Python, which the scratch image does not have: run.sh "
    "ends with `python: not found`.",
    how="Build it with `PORTABLE_PYTHON=true make`.",
    bad="RUN make -C /backend",
    good="RUN PORTABLE_PYTHON=true make -C /backend",
)


@check(PORTABLE)
def portable(gallery: Gallery) -> Iterator[Finding]:
    """Repositories whose run.sh uses libbackend.sh."""
    around = gallery.around
    if around is None or not around.dockerfiles:
        return
    users = [path for path in around.named("run.sh") if "libbackend.sh" in around.text(path)]
    builds = [*around.dockerfiles, *around.named("Makefile", "install.sh"), *around.workflows]
    if users and not any("PORTABLE_PYTHON=true" in around.text(path) for path in builds):
        path = around.dockerfiles[0]
        message = f"nothing builds {users[0].rpartition('/')[0] or 'the backend'} with PORTABLE_PYTHON=true"
        yield in_file(PORTABLE, path, message)


IN_TREE = rule(
    "GAL622",
    "in-tree-path",
    Severity.ERROR,
    what="A build file reaches out of the repository by `../`.",
    why="It builds only where somebody has copied it into LocalAI's tree.",
    how="Take the file along (`newbackend create NAME --standalone DIR` does) and name it inside the repository.",
    bad="include ../../../scripts/build/package.mk",
    good="include scripts/build/package.mk",
)


@check(IN_TREE)
def in_tree(gallery: Gallery) -> Iterator[Finding]:
    """Paths upwards that leave the repository; one finding for each file."""
    around = gallery.around
    for path in around.named(*_BUILD_FILES) if around else ():
        assert around is not None
        text = around.text(path)
        for match in _UP.finditer(text):
            if text[: match.start()].endswith(("http:", "https:")):
                continue
            if posixpath.normpath(posixpath.join(posixpath.dirname(path), match[0])).startswith(".."):
                message = f"{path} reaches {match[0]}, which is outside of the repository"
                yield in_file(IN_TREE, path, message, line=around.line_of(path, match.start()))
                break


NO_PROTO = rule(
    "GAL631",
    "proto-missing",
    Severity.ERROR,
    what="Sources use LocalAI's protocol, and the repository has neither backend.proto nor code made from it.",
    why="The build needs LocalAI's tree beside it, or a file that only the author has.",
    how="Commit backend.proto with the revision that it came from.",
    bad="import backend_pb2   # and no backend.proto",
    good="backend/backend.proto",
)
PARTIAL = rule(
    "GAL632",
    "proto-partial",
    Severity.WARNING,
    what="The repository's backend.proto lacks calls that every LocalAI has had for years.",
    why="On the wire it works, but fields that it leaves out are dropped without a word.",
    how="Copy LocalAI's whole file.",
    bad="service Backend {\n  rpc Health(HealthMessage) returns (Reply) {}\n}",
    good="the whole backend.proto of one revision",
)
UNPINNED = rule(
    "GAL633",
    "proto-unpinned",
    Severity.WARNING,
    what="The build fetches backend.proto from LocalAI's development branch.",
    why="The same commit builds something else tomorrow; in languages that must name every method it stops building.",
    how="Commit the file, or fetch it by commit.",
    bad="curl -O https://raw.githubusercontent.com/mudler/LocalAI/master/backend/backend.proto",
    good="COPY backend/backend.proto .",
)


@check(NO_PROTO, PARTIAL, UNPINNED)
def protocol(gallery: Gallery) -> Iterator[Finding]:
    """The proto of the repository, and where it comes from."""
    around = gallery.around
    if around is None:
        return
    fetched = [(path, m) for path in around.build_files if (m := _UNPINNED.search(around.text(path)))]
    for path, match in fetched:
        message = f"{path} fetches backend.proto from a branch"
        yield in_file(UNPINNED, path, message, line=around.line_of(path, match.start()))
    protos = [path for path in around.named("backend.proto") if "service Backend" in around.text(path)]
    for path in protos:
        missing = [name for name in (*_CORE, *_CORE_MORE) if not re.search(rf"\brpc\s+{name}\b", around.text(path))]
        if missing:
            yield in_file(PARTIAL, path, f"{path} has no {', '.join(missing)}")
    if protos or fetched or around.named(*_STUBS):
        return
    user = next((path for path in around.modes if _uses_protocol(around, path)), None)
    if user is not None:
        yield in_file(NO_PROTO, user, f"{user} needs backend.proto, which is not here")


def _uses_protocol(around: Surroundings, path: str) -> bool:
    if path.endswith(".py"):
        return re.search(r"^(?:import|from) backend_pb2", around.text(path), re.M) is not None
    return path.endswith(("CMakeLists.txt", "build.rs")) and "backend.proto" in around.text(path)


LOADS = rule(
    "GAL634",
    "loadmodel-wrong-reply",
    Severity.ERROR,
    what="A Python server answers LoadModel with a `Reply`, or puts text into the bytes of one.",
    why="LocalAI reads `success` of a `Result`: it is false, and no model loads. Text in `message` raises a TypeError "
    "at the first call.",
    how='Return `backend_pb2.Result(success=True)`; `Reply(message=b"OK")`, or `.encode()`.',
    bad='return backend_pb2.Reply(message="OK")',
    good="return backend_pb2.Result(success=True)",
)


@check(LOADS)
def replies(gallery: Gallery) -> Iterator[Finding]:
    """Python servers."""
    around = gallery.around
    for path in around.modes if around else ():
        assert around is not None
        text = around.text(path) if path.endswith(".py") else ""
        if "backend_pb2" not in text or path in around.vendored:
            continue
        load = _LOADS.search(text)
        if load and "Reply(" in load[0] and "Result(" not in load[0]:
            line = around.line_of(path, load.start(1) + len(load[1]))
            yield in_file(LOADS, path, f"LoadModel of {path} returns no Result", line=line, subject=f"{path} LoadModel")
        for match in _TEXT_REPLY.finditer(text):
            message = f"{path} puts text into Reply.message, which holds bytes"
            yield in_file(LOADS, path, message, line=around.line_of(path, match.start()), subject=f"{path} Reply")
            break


BYTECODE = rule(
    "GAL641",
    "bytecode-committed",
    Severity.NOTE,
    what="Compiled files are in the repository: `__pycache__`, `.pyc`, `.o`, `.so`.",
    why="They are of one machine and one version, and reach the image.",
    how="`git rm --cached` them, and name them in .gitignore.",
    bad="__pycache__/backend.cpython-310.pyc",
    good=".gitignore: __pycache__/",
)
NO_LICENSE = rule(
    "GAL642",
    "repository-without-license",
    Severity.NOTE,
    what="The repository has no licence file.",
    why="Without one nobody may use or change it; files taken from LocalAI must keep LocalAI's notice.",
    how="Add LICENSE.",
    bad="no LICENSE",
    good="LICENSE",
)


@check(BYTECODE, NO_LICENSE)
def hygiene(gallery: Gallery) -> Iterator[Finding]:
    """Files that should not be there, and one that should."""
    around = gallery.around
    if around is None:
        return
    compiled = [p for p in around.tracked if p.endswith((".pyc", ".o", ".so", ".a")) or "__pycache__/" in p]
    if compiled:
        more = f" and {len(compiled) - 1} more" if len(compiled) > 1 else ""
        yield in_file(BYTECODE, compiled[0], f"{compiled[0]}{more} is compiled")
    roots = [path.upper() for path in around.modes if "/" not in path]
    if not any(path.startswith(("LICENSE", "LICENCE", "COPYING")) for path in roots):
        yield in_file(NO_LICENSE, "LICENSE", "the repository has no licence file")
