"""`.dockerignore`: an in-place clone or build directory copied into the image is built instead of the
pin."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from newbackend.checkout.tree import Checkout
from newbackend.overrides import one_line
from newbackend.registrations.base import Change, ExpectedFact, Fact, Place
from newbackend.registrations.makefile.place import backend_of_directory
from newbackend.registrations.support.text_files import lines_of
from newbackend.spec import BackendSpec
from newbackend.splice.lines import Lines
from newbackend.splice.operation import Operation, add_lines
from newbackend.splice.outcome import Inserted

PATH = ".dockerignore"
_HEADING = re.compile(r"# ([a-z0-9-]+): in-place clone and build output;")


def pin_directory(spec: BackendSpec) -> str:
    """Directory name of the in-place clone; it is never the name of a make target."""
    repo = spec.pin.repo.rsplit("/", 1)[1] if spec.pin else spec.name
    return f"{repo}-src"


def heading(name: str) -> str:
    """The comment above a backend's lines; `revert` finds the lines by it."""
    return f"# {name}: in-place clone and build output; a stale copy would be built instead of the pin."


class Dockerignore(Place):
    """Lines for what the backend's own Makefile leaves in its directory."""

    id = "dockerignore"
    title = "docker build context"
    order = 100
    file = PATH
    takes_facts = True

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        lines = lines_of(checkout, PATH)
        facts = []
        below = ""  # the backend whose heading the line is below
        for number in range(len(lines)):
            line = lines[number].strip()
            if not line or line.startswith("#"):
                own = _HEADING.match(line)
                below = own[1] if own else ""
            else:
                # A pattern may cover many backends: it belongs to one only under its heading.
                backend = backend_of_directory(line) if "*" not in line else below
                facts.append(Fact("ignore", f"ignore:{line.rstrip('/')}", backend, line.rstrip("/"), PATH, number + 1))
        return facts

    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        wanted = []
        for template in spec.its_flavour.dockerignore:
            if "{pin_dir}" in template and spec.pin is None:
                continue
            line = template.replace("{name}", spec.name).replace("{pin_dir}", pin_directory(spec)).rstrip("/")
            reason = "the clone and build output stay out of the image"
            wanted.append(ExpectedFact("ignore", f"ignore:{line}", line, reason, ("REG811",), "ignore"))
        return wanted

    def from_answers(self, spec: BackendSpec, key: str, value: object) -> object:
        text = str(value)
        if key != f"ignore:{text}" or not one_line(text) or not text.startswith(f"{spec.directory}/"):
            raise self.refuse_fact(key, f"is not a path below {spec.directory}/")
        return text

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        lines = lines_of(checkout, PATH)
        own = [fact for fact in self.observe(checkout) if fact.backend == spec.name]
        rows = [str(wanted.value) for wanted in missing]
        if own:
            number = own[-1].line - 1
        else:
            number = self._anchor(checkout, spec, lines)
            rows = ["", heading(spec.name), *rows]
        yield self.added(checkout, missing, add_lines(lines, number, rows))

    def _anchor(self, checkout: Checkout, spec: BackendSpec, lines: Lines) -> int:
        folder = spec.directory.rsplit("/", 1)[0] + "/"
        same = [fact.line - 1 for fact in self.observe(checkout) if str(fact.value).startswith(folder)]
        number = same[-1] if same else len(lines) - 1
        while not same and number > 0 and not lines[number].strip():
            number -= 1
        return number

    def remove(self, checkout: Checkout, facts: Sequence[Fact]) -> Iterable[Change]:
        name, gone = facts[0].backend, {fact.line for fact in facts}
        if all(fact.line in gone for fact in self.observe(checkout) if fact.backend == name):
            yield from self.revert(checkout, name)
            return
        lines = lines_of(checkout, PATH)
        cut = Inserted(lines.cut((line - 1, line - 1) for line in gone), min(gone))
        yield self.taken(checkout, Operation(cut), f"what {name} no longer builds in place", "REG811")

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        lines = lines_of(checkout, PATH)
        numbers = [fact.line - 1 for fact in self.observe(checkout) if fact.backend == name]
        if not numbers:
            return
        for number in range(len(lines)):
            if lines[number].strip() == heading(name):
                numbers.append(number)
                if number > 0 and not lines[number - 1].strip():
                    numbers.append(number - 1)
        gone = Inserted(lines.cut((number, number) for number in numbers), min(numbers) + 1)
        yield self.taken(checkout, Operation(gone), f"the build output of {name}", "REG811")

    def text(self, wanted: ExpectedFact) -> list[str]:
        return [str(wanted.value)]


PLACE = Dockerignore()
