"""`.dockerignore`: an in-place clone or build directory copied into the image is built instead of the
pin (contract 5.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from newbackend.checkout.tree import Checkout
from newbackend.overrides import one_line
from newbackend.registrations.base import Change, ExpectedFact, Fact, Place, Probe, rules_of
from newbackend.registrations.makefile.place import backend_of_directory
from newbackend.spec import BackendSpec
from newbackend.splice.lines import Lines
from newbackend.splice.outcome import Inserted, Splice

PATH = ".dockerignore"
_HEADING = re.compile(r"# ([a-z0-9-]+): in-place clone and build output;")


def pin_directory(spec: BackendSpec) -> str:
    """Directory name of the in-place clone: never one that a make target has."""
    repo = spec.pin.repo.rsplit("/", 1)[1] if spec.pin else spec.name
    return f"{repo}-src"


def heading(name: str) -> str:
    """The comment above a backend's lines; `revert` knows its own by it."""
    return f"# {name}: in-place clone and build output; a stale copy would be built instead of the pin."


class Dockerignore(Place):
    """Lines for what the backend's own Makefile leaves in its directory."""

    id = "dockerignore"
    title = "docker build context"
    order = 100
    takes_facts = True

    def path(self, checkout: Checkout) -> str:
        return PATH

    def probe(self, checkout: Checkout) -> Probe:
        if checkout.read(PATH) is None:
            return Probe(absent=f"{PATH} is not in this checkout")
        return Probe()

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        lines = Lines(checkout.need(PATH))
        facts = []
        below = ""  # the backend whose heading the line stands under
        for number in range(len(lines)):
            line = lines[number].strip()
            if not line or line.startswith("#"):
                own = _HEADING.match(line)
                below = own[1] if own else ""
            else:
                # A pattern may speak of many backends: it is one's own only under its heading.
                backend = backend_of_directory(line) if "*" not in line else below
                facts.append(Fact("ignore", f"ignore:{line.rstrip('/')}", backend, line.rstrip("/"), PATH, number + 1))
        return facts

    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        found = []
        language = spec.language
        for template in language.flavour_dockerignore.get(spec.flavour, language.dockerignore):
            if "{pin_dir}" in template and spec.pin is None:
                continue
            line = template.replace("{name}", spec.name).replace("{pin_dir}", pin_directory(spec)).rstrip("/")
            reason = "the clone and build output stay out of the image"
            found.append(ExpectedFact("ignore", f"ignore:{line}", line, reason, ("REG811",), "ignore"))
        return found

    def from_answers(self, spec: BackendSpec, key: str, value: object) -> object:
        text = str(value)
        if key != f"ignore:{text}" or not one_line(text) or not text.startswith(f"{spec.directory}/"):
            raise self.refuse_fact(key, f"is not a path below {spec.directory}/")
        return text

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        lines = Lines(checkout.need(PATH))
        own = [fact for fact in self.observe(checkout) if fact.backend == spec.name]
        rows = [str(wanted.value) for wanted in missing]
        if own:
            number = own[-1].line - 1
        else:
            number = self._anchor(checkout, spec, lines)
            rows = ["", heading(spec.name), *rows]
        at, text = lines.after(number, rows)
        outcome = Inserted((Splice(at, at, text),), number + 2)
        yield Change(self.id, PATH, outcome, missing[0].reason, rules_of(missing), self.snippet(missing))

    def _anchor(self, checkout: Checkout, spec: BackendSpec, lines: Lines) -> int:
        folder = spec.directory.rsplit("/", 1)[0] + "/"
        same = [fact.line - 1 for fact in self.observe(checkout) if str(fact.value).startswith(folder)]
        number = same[-1] if same else len(lines) - 1
        while not same and number > 0 and not lines[number].strip():
            number -= 1
        return number

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        lines = Lines(checkout.need(PATH))
        numbers = [fact.line - 1 for fact in self.observe(checkout) if fact.backend == name]
        if not numbers:
            return
        for number in range(len(lines)):
            if lines[number].strip() == heading(name):
                numbers.append(number)
                if number > 0 and not lines[number - 1].strip():
                    numbers.append(number - 1)
        splices = lines.cut((number, number) for number in numbers)
        reason = f"the build output of {name}"
        yield Change(self.id, PATH, Inserted(splices, min(numbers) + 1), reason, ("REG811",))

    def snippet(self, wanted: Sequence[ExpectedFact]) -> str:
        return "\n".join(str(one.value) for one in wanted)


PLACE = Dockerignore()
