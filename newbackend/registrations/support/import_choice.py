"""How the import form finds a backend: the answer `import` with its defaults.

The guide's three ways: an importer of its own if its models can be recognised with certainty, the drop-in path of
another importer if it reads the same models, and otherwise a line in the list of backends that users choose by hand.
The last is the default, because a wrong guess is worse than a choice.
"""

from __future__ import annotations

from newbackend.catalog import modalities
from newbackend.catalog.import_kinds import DEFAULT_IMPORT
from newbackend.records import dataclass
from newbackend.spec import BackendSpec


@dataclass(frozen=True)
class ImportChoice:
    """`kind` is one of `validate.IMPORT_KINDS`. `modality` is the import form's chip, `of` the backend whose importer a
    drop-in shares; `extensions` and `pipeline_tags` are what an importer of its own matches."""

    kind: str
    modality: str
    description: str
    of: str = ""
    extensions: tuple[str, ...] = ()
    pipeline_tags: tuple[str, ...] = ()


def import_choice(spec: BackendSpec) -> ImportChoice:
    """The choice of the answers, with defaults from the modality and the description."""
    answers = spec.imports
    return ImportChoice(
        kind=answers.kind or DEFAULT_IMPORT,
        modality=answers.modality or modalities()[spec.modalities[0]].chip,
        description=one_line(answers.description or spec.description or spec.name),
        of=answers.of or "",
        extensions=answers.extensions or (),
        pipeline_tags=answers.pipeline_tags or (),
    )


def one_line(text: str) -> str:
    """Text with its line breaks and repeated blanks folded."""
    return " ".join(text.split())
