"""Rules about what lands in the image: whose files, and whether run.sh is among them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from newbackend.catalog.languages import language_table
from newbackend.checklist import DIRECTORY
from newbackend.findings import Confidence, Finding, Location, Severity
from newbackend.registrations.matrix.rows import text_of
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.rules.registry import Result, check, rule, skipped

_COMMENT = re.compile(r"(?m)^[ \t]*#.*$")
_COPIES_RUN_SH = re.compile(r"(?m)^(?:.*\s)?(?:cp|install|mv|ln)\s.*\brun\.sh\b")
_PACKS = re.compile(r"(?m)\bmake\s[^\n&|;]*\bpackage\b|\bpackage\.sh\b")
_CONTINUED = re.compile(r"\\\n")
_ABOVE = re.compile(r"(?:\$\{?(?P<variable>CURDIR|SCRIPT_DIR|HERE|REPO_ROOT)\}?\"?)/(?P<path>(?:\.\./)*[\w./-]*\w)")
_GUARDED = re.compile(r"\[\[?\s+!?\s*-[efdrx]\s|\|\|")

FOREIGN = rule(
    "REG851",
    "directory-foreign",
    Severity.ERROR,
    what="A backend's own Dockerfile, its macOS script or its package.sh names a directory that is not there, or "
    "builds in another backend's.",
    why="Both come from a copied file. A directory that is not there stops the job after an hour of compiling; another "
    "backend's directory gives an image with that backend in it, under this one's name.",
    how="Name the backend's own directory; `newbackend trace NAME` shows which directory each command runs in.",
    bad="RUN make -C /LocalAI/backend/cpp/llama-cpp package      # in Dockerfile.demo",
    good="RUN make -C /LocalAI/backend/cpp/demo package",
    checklist=DIRECTORY,
    added_in="0.2.0",
)


@check(FOREIGN, needs=("matrix",))
def directories(context: Context) -> Iterable[Finding]:
    """Every `backend/<lang>/NAME` of the files that are the backend's alone, and paths above its package.sh."""
    pattern = _directory_pattern()
    for info in context.backends.values():
        if not info.directory:
            continue
        for path in _own_files(info):
            source = context.read(path)
            if source and "backend/" in source:
                yield from _foreign(context, info, path, source, pattern)
        yield from _above(context, info)


def _directory_pattern() -> re.Pattern[str]:
    folders = "|".join(re.escape(language.folder) for language in language_table().languages.values())
    return re.compile(rf"(?<![\w.])(?P<folder>{folders})/(?P<name>[\w.-]*\w)(?P<more>[*$]?)")


def _own_files(info: BackendInfo) -> Iterator[str]:
    language = info.language
    if language.own_dockerfile:
        yield language.dockerfile_of(info.name).removeprefix("./")
    if language.own_darwin_build and info.darwin:
        yield language.darwin_script.replace("{name}", info.name)


def _foreign(
    context: Context, info: BackendInfo, path: str, source: str, pattern: re.Pattern[str]
) -> Iterator[Finding]:
    seen: set[str] = set()
    bare = _COMMENT.sub("", source)
    for match in pattern.finditer(bare):
        name, directory = match["name"], f"{match['folder']}/{match['name']}"
        if match["more"] or name == info.name or directory in seen:
            continue
        seen.add(directory)
        there = context.checkout.is_dir(directory)
        if there and name not in context.backends:
            continue  # something shared, as backend/python/common
        said = f"builds in {name}'s directory" if there else f"names {directory}, which is not there"
        yield Finding(
            FOREIGN,
            directory,
            path,
            line=bare.count("\n", 0, match.start()) + 1,
            message=f"{path} {said}; {info.name} is in {info.directory}",
            backend=info.name,
            expected=info.directory,
        )


def _above(context: Context, info: BackendInfo) -> Iterator[Finding]:
    """Scripts of the checkout that package.sh takes from above its directory."""
    path = f"{info.directory}/package.sh"
    source = context.read(path) or ""
    for number, row in enumerate(source.split("\n"), 1):
        if ("../" not in row and "REPO_ROOT" not in row) or row.lstrip().startswith("#") or _GUARDED.search(row):
            continue
        match = re.match(r"\s*(?:source|\.|bash|sh)\s+\"?", row)
        found = _ABOVE.match(row, match.end()) if match else None
        if found is None:
            continue
        target = _resolved(info.directory, found["variable"], found["path"])
        if target and not context.checkout.exists(target):
            yield Finding(
                FOREIGN,
                target,
                path,
                line=number,
                message=f"{info.name}'s package.sh runs {target}, which is not there",
                backend=info.name,
            )


def _resolved(directory: str, variable: str, path: str) -> str:
    """The checkout path of `$CURDIR/../../../x`; "" when it leaves the checkout."""
    parts = [] if variable == "REPO_ROOT" else directory.split("/")
    for part in path.split("/"):
        if part == "..":
            if not parts:
                return ""
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


NO_RUN_SH = rule(
    "REG852",
    "image-without-run-script",
    Severity.ERROR,
    confidence=Confidence.LIKELY,
    what="run.sh does not reach the image: package.sh leaves it out, or the last stage copies another directory.",
    why="LocalAI starts `run.sh` in the installed directory. Without it the image installs without a word, and no "
    "model of the backend ever starts.",
    how="Copy run.sh in package.sh, and take the directory that package.sh fills in the Dockerfile's last stage.",
    bad="cp -avf $CURDIR/demo $CURDIR/package/          # and no run.sh",
    good="cp -avf $CURDIR/demo $CURDIR/run.sh $CURDIR/package/",
    checklist=DIRECTORY,
    added_in="0.2.0",
)


@check(NO_RUN_SH, needs=("matrix",))
def run_scripts(context: Context) -> Iterable[Result]:
    """Believes a package.sh that copies run.sh and a last stage that takes its folder; else reads the whole build."""
    for info in context.backends.values():
        if not info.directory or not info.rows or info.language.copies_directory:
            reason = "its image is its directory" if info.directory and info.rows else "it has no image of Linux"
            yield skipped(NO_RUN_SH, info.name, reason)
            continue
        there = all(context.checkout.exists(f"{info.directory}/{name}") for name in ("run.sh", "package.sh"))
        if not there or _clearly_packed(context, info):
            continue  # without one of the files it is REG801's
        from newbackend.trace.rowtrace import trace_row

        entry = trace_row(context, info, info.rows[0])
        if entry.run_sh is None:
            yield skipped(NO_RUN_SH, info.name, "what its image holds cannot be read")
        elif not entry.run_sh:
            yield _without(context, info, text_of(info.rows[0], "dockerfile").removeprefix("./"))


def _clearly_packed(context: Context, info: BackendInfo) -> bool:
    package = context.read(f"{info.directory}/package.sh")
    if package is None or not _COPIES_RUN_SH.search(package):
        return False
    if not info.language.own_dockerfile:
        return True
    dockerfile = context.read(text_of(info.rows[0], "dockerfile").removeprefix("./")) or ""
    if not _PACKS.search(_CONTINUED.sub(" ", dockerfile)):
        return False
    last = dockerfile[dockerfile.rfind("\nFROM ") :]
    copied = _directory_pattern().search(last)
    foreign = copied is not None and copied["name"] != info.name
    return f"{info.directory}/package" in last or foreign  # another directory is REG851's


def _without(context: Context, info: BackendInfo, dockerfile: str) -> Finding:
    package = f"{info.directory}/package.sh"
    has = _COPIES_RUN_SH.search(context.read(package) or "") is not None
    source = context.read(dockerfile) or ""
    copied = source.rfind("\nCOPY ")
    path, line = (dockerfile, source.count("\n", 0, copied + 1) + 1) if has else (package, 1)
    why = f"the last stage of {dockerfile} takes another directory" if has else "package.sh leaves it out"
    row = info.rows[0]
    return Finding(
        NO_RUN_SH,
        "run.sh",
        path,
        line=line,
        message=f"the images of {info.name} have no run.sh: {why}",
        backend=info.name,
        related=(Location(row.path, row.line),),
    )
