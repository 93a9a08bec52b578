"""`.gitmodules`: a Rust backend's upstream is a git submodule below `sources/` (contract 6).

The entry is text and is written like every other place. The commit itself lives in git's index, which
this tool never writes: it comes as a command to run.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Sequence

from newbackend.checkout.tree import Checkout
from newbackend.places.base import Change, Fact, Place, Probe, Wanted, rules_of
from newbackend.places.makefile import backend_of_directory
from newbackend.spec import BackendSpec
from newbackend.splice.lines import Lines
from newbackend.splice.outcome import AnchorMissing, Inserted, Splice

PATH = ".gitmodules"
_HEAD = re.compile(r'\[submodule "([^"]+)"\]\s*\Z')

_PLAIN = re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9:/._@~-]*\Z")


class Submodules(Place):
    """One section per submodule, and its commit."""

    id = "submodules"
    title = "git submodules"
    takes_facts = True

    def path(self, checkout: Checkout) -> str:
        return PATH

    def probe(self, checkout: Checkout) -> Probe:
        if checkout.read(PATH) is None:
            return Probe(absent=f"{PATH} is not in this checkout; use `git submodule add`")
        return Probe()

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        lines = Lines(checkout.need(PATH))
        facts = []
        for first, last in _sections(lines):
            values = dict(_pair(lines[number]) for number in range(first + 1, last + 1) if "=" in lines[number])
            path = values.get("path", "")
            backend = backend_of_directory(path)
            facts.append(Fact("submodule", f"submodule:{path}", backend, values.get("url", ""), PATH, first + 1))
        return facts

    def concerns(self, spec: BackendSpec) -> bool:
        return spec.pin is not None and spec.language.pin_style == "submodule"

    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[Wanted]:
        if spec.pin is None or not self.concerns(spec):
            return ()
        path = submodule_path(spec)
        wanted = [Wanted("submodule", f"submodule:{path}", spec.pin.url, f"the upstream of {spec.name}", (), "entry")]
        if not _recorded(checkout, path):
            reason = "the submodule's commit"
            wanted.append(Wanted("commit", f"commit:{path}", spec.pin.sha, reason, (), "commit"))
        return wanted

    def from_answers(self, spec: BackendSpec, key: str, value: object) -> object:
        kind, _, path = key.partition(":")
        if kind != "submodule" or not path.startswith(f"{spec.directory}/") or not _PLAIN.match(path):
            raise self.refuse_fact(key, f"is not a submodule below {spec.directory}/")
        if not isinstance(value, str) or not _PLAIN.match(value):
            raise self.refuse_fact(key, "is not set to a plain URL")
        return value

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[Wanted]) -> Iterable[Change]:
        lines = Lines(checkout.need(PATH))
        for wanted in missing:
            snippet = self.snippet([wanted])
            if wanted.kind == "commit":
                outcome = AnchorMissing("it is recorded in git's index, which newbackend does not write", len(lines))
                yield Change(self.id, PATH, outcome, wanted.reason, rules_of([wanted]), snippet)
                continue
            at, text = lines.after(len(lines) - 1, snippet.split("\n"))
            yield Change(self.id, PATH, Inserted((Splice(at, at, text),), len(lines) + 1), wanted.reason, (), snippet)

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        lines = Lines(checkout.need(PATH))
        own = {fact.line - 1 for fact in self.observe(checkout) if fact.backend == name}
        ranges = [(first, last) for first, last in _sections(lines) if first in own]
        if ranges:
            outcome = Inserted(lines.cut(ranges), ranges[0][0] + 1)
            yield Change(self.id, PATH, outcome, f"the submodule of {name}", ())

    def snippet(self, wanted: Sequence[Wanted]) -> str:
        return "\n".join(_text(one) for one in wanted)


def submodule_path(spec: BackendSpec) -> str:
    """Where the upstream is checked out, e.g. `backend/rust/kokoros/sources/Kokoros`."""
    repo = spec.pin.repo.rsplit("/", 1)[1] if spec.pin else spec.name
    return f"{spec.directory}/sources/{repo}"


def _text(wanted: Wanted) -> str:
    path = wanted.key.partition(":")[2]
    if wanted.kind == "commit":
        return f"mkdir -p {path} && git update-index --add --cacheinfo 160000,{wanted.value},{path}"
    return f'[submodule "{path}"]\n\tpath = {path}\n\turl = {wanted.value}'


def _sections(lines: Lines) -> list[tuple[int, int]]:
    """First and last line with content of each submodule section (0-based)."""
    heads = [number for number in range(len(lines)) if _HEAD.match(lines[number].strip())]
    sections = []
    for head, following in zip(heads, [*heads[1:], len(lines)], strict=True):
        last = following - 1
        while last > head and (not lines[last].strip() or lines[last].lstrip().startswith(("#", ";"))):
            last -= 1
        sections.append((head, last))
    return sections


def _pair(line: str) -> tuple[str, str]:
    key, _, value = line.partition("=")
    return key.strip(), value.strip()


def _recorded(checkout: Checkout, path: str) -> bool:
    """Whether git's index has a commit at `path`; false where git cannot say."""
    command = ["git", "-C", str(checkout.root), "ls-files", "--stage", "--", path]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return False
    return done.stdout.startswith("160000 ")
