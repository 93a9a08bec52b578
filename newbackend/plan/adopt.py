"""`newbackend adopt`: an answers file for a backend that newbackend did not make, and nothing else."""

from __future__ import annotations

from dataclasses import replace

from newbackend.answers import as_data
from newbackend.answers_file import dump_answers, schema_line
from newbackend.checkout.tree import Checkout
from newbackend.describe import describe
from newbackend.errors import NotFoundError, UsageError
from newbackend.plan.build import base_of
from newbackend.plan.files import create
from newbackend.plan.model import Plan
from newbackend.records import dataclass
from newbackend.scaffold.generated import answers_file, answers_text, record
from newbackend.scaffold.render import RenderedFile, answers_path
from newbackend.spec import make_spec

_HEADER = """\
# What is registered of this backend, whose files were written by hand and are kept.
# Edit it and run `newbackend update`, or run `newbackend change`.
"""


@dataclass(frozen=True)
class Adoption:
    """The plan, and the text to remember as the base of the next change."""

    plan: Plan
    remembered: str


def plan_adopt(name: str, checkout: Checkout) -> Adoption:
    """The plan that writes the described answers beside a backend's files.

    Raises NotFoundError for an unknown backend or one without a directory, UsageError when it has an answers file.
    """
    known = answers_file(checkout, name)
    if known:
        raise UsageError("adopted-already", f"{name} has an answers file already", where=known)
    described = describe(checkout, name)
    answers = described.answers
    spec = make_spec(answers)
    if not checkout.is_dir(spec.directory):
        raise NotFoundError("no-directory", f"{name} has no directory to keep its answers in", where=spec.directory)
    notes = "".join(f"# Note: {note}.\n" for note in described.notes)
    text = dump_answers(replace(answers, generated=record({}, answers)), schema_line() + _HEADER + notes)
    edit = create(answers_path(spec), RenderedFile(0o644, text), f"the answers of {name}")
    plan = Plan(f"adopt {name}", as_data(answers), base_of([edit], checkout), (edit,), notes=described.notes)
    return Adoption(plan, answers_text(answers))
