"""`.gitmodules`: a Rust backend's upstream is a git submodule below `sources/`.

The section is text, as in other places; the commit is a gitlink in git's index, which the plan writes as a new "file"
with that mode. A checkout without `.gitmodules` gets one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from newbackend.catalog.languages import languages
from newbackend.checkout.gitlink import GITLINK, has_index
from newbackend.checkout.tree import Checkout
from newbackend.registrations.base import Change, ExpectedFact, Fact, NewFile, Place, Probe, fault_of
from newbackend.registrations.makefile.place import backend_of_directory
from newbackend.spec import BackendSpec
from newbackend.splice.lines import Lines
from newbackend.splice.operation import Operation, add_lines, anchor_missing
from newbackend.splice.outcome import Inserted, apply_splices

PATH = ".gitmodules"
RULE = "REG820"
_COMMIT_REASON = "the commit of the submodule"
_HEAD = re.compile(r'\[submodule\s+"([^"]+)"\]\s*(?:[#;].*)?\Z', re.I)
_VALUE = re.compile(r'"([^"]*)"|([^#;]*)')

_PLAIN = re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9:/._@~-]*\Z")


class Submodules(Place):
    """One section per submodule, and its commit."""

    id = "submodules"
    title = "git submodules"
    order = 110
    file = PATH
    takes_facts = True

    def probe(self, checkout: Checkout) -> Probe:
        return fault_of(checkout, PATH) or Probe()

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        lines = Lines(checkout.read(PATH) or "")
        facts = []
        for first, last in _sections(lines):
            values = dict(_pair(lines[number]) for number in range(first + 1, last + 1) if "=" in lines[number])
            path = values.get("path", "")
            backend = backend_of_directory(path)
            facts.append(Fact("submodule", f"submodule:{path}", backend, values.get("url", ""), PATH, first + 1))
        return facts

    def concerns(self, spec: BackendSpec) -> bool:
        return spec.pin is not None and spec.language.pin_style == "submodule"

    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        if spec.pin is None or not self.concerns(spec):
            return ()
        path = submodule_path(spec)
        wanted = [ExpectedFact("submodule", f"submodule:{path}", spec.pin.url, _entry_reason(spec), (RULE,), "entry")]
        if not has_index(checkout.root):
            wanted.append(ExpectedFact("commit", f"commit:{path}", spec.pin.sha, _COMMIT_REASON, (RULE,), "commit"))
        return wanted

    def files(self, checkout: Checkout, spec: BackendSpec) -> Mapping[str, NewFile]:
        if spec.pin is None or not self.concerns(spec):
            return {}
        brought = {}
        path = submodule_path(spec)
        if checkout.read(PATH) is None:
            text = "".join(f"{row}\n" for row in _section(path, spec.pin.url))
            brought[PATH] = NewFile(0o644, text, _entry_reason(spec), (RULE,))
        if has_index(checkout.root):
            brought[path] = NewFile(GITLINK, spec.pin.sha, _COMMIT_REASON, (RULE,))
        return brought

    def own_files(self, checkout: Checkout, name: str) -> Sequence[str]:
        lines, ranges = _own_sections(self, checkout, name)
        folders = [
            language.directory_of(name) for language in languages().values() if language.pin_style == "submodule"
        ]
        there = [folder for folder in folders if ranges or checkout.exists(folder)]
        links = [path for folder in there for path in checkout.links_below(folder)]
        # Only a file that nothing else was ever said in goes as a whole.
        whole = ranges and not apply_splices(lines.text, lines.cut(ranges)).strip("\ufeff \t\r\n")
        return [*links, PATH] if whole else links

    def from_answers(self, spec: BackendSpec, key: str, value: object) -> object:
        kind, _, path = key.partition(":")
        if kind != "submodule" or not path.startswith(f"{spec.directory}/") or not _PLAIN.match(path):
            raise self.refuse_fact(key, f"is not a submodule below {spec.directory}/")
        if not isinstance(value, str) or not _PLAIN.match(value):
            raise self.refuse_fact(key, "is not set to a plain URL")
        return value

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        text = checkout.read(PATH)
        lines = Lines(text or "")
        for wanted in missing:
            if wanted.kind == "commit":
                refused = anchor_missing("there is no git index here to record it in", len(lines))
                yield self.added(checkout, [wanted], refused)
            elif text is not None:
                yield self.added(checkout, [wanted], add_lines(lines, len(lines) - 1, self.text(wanted)))

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        if PATH in self.own_files(checkout, name):
            return  # the file goes as a whole
        lines, ranges = _own_sections(self, checkout, name)
        if ranges:
            gone = Operation(Inserted(lines.cut(ranges), ranges[0][0] + 1))
            yield self.taken(checkout, gone, f"the submodule of {name}")

    def text(self, wanted: ExpectedFact) -> list[str]:
        path = wanted.key.partition(":")[2]
        if wanted.kind == "commit":
            return [f"mkdir -p {path} && git update-index --add --cacheinfo 160000,{wanted.value},{path}"]
        return _section(path, str(wanted.value))


def submodule_path(spec: BackendSpec) -> str:
    """Where the upstream is checked out, e.g. `backend/rust/kokoros/sources/Kokoros`."""
    repo = spec.pin.repo.rsplit("/", 1)[1] if spec.pin else spec.name
    return f"{spec.directory}/sources/{repo}"


def _section(path: str, url: str) -> list[str]:
    return [f'[submodule "{path}"]', f"\tpath = {path}", f"\turl = {url}"]


def _entry_reason(spec: BackendSpec) -> str:
    return f"the upstream of {spec.name}"


def _own_sections(place: Submodules, checkout: Checkout, name: str) -> tuple[Lines, list[tuple[int, int]]]:
    lines = Lines(checkout.read(PATH) or "")
    own = {fact.line - 1 for fact in place.observe(checkout) if fact.backend == name}
    return lines, [(first, last) for first, last in _sections(lines) if first in own]


def _sections(lines: Lines) -> list[tuple[int, int]]:
    """First and last line with content of each submodule section (0-based)."""
    heads = [number for number in range(len(lines)) if lines[number].lstrip("\ufeff \t").startswith("[")]
    sections = []
    for head, following in pairwise([*heads, len(lines)]):
        if not _HEAD.match(lines[head].strip("\ufeff \t")):
            continue
        last = following - 1
        while last > head and (not lines[last].strip() or lines[last].lstrip().startswith(("#", ";"))):
            last -= 1
        sections.append((head, last))
    return sections


def _pair(line: str) -> tuple[str, str]:
    """A key and its value, as git reads them (git-config(1), "Syntax"): without quotes and comments."""
    key, _, value = line.partition("=")
    match = _VALUE.match(value.strip())
    return key.strip().lower(), (match[1] or match[2] or "").strip() if match else ""


PLACE = Submodules()
