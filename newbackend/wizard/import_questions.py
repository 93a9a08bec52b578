"""How the import form finds the backend: the three ways of LocalAI's guide, the safest first.

A wrong guess affects every user of the form, a choice by hand costs one click. So the way without detection is the
default (.agents/adding-backends.md in LocalAI).
"""

from __future__ import annotations

from dataclasses import replace

from newbackend.answers import Answers, ImportAnswers
from newbackend.catalog.import_kinds import DEFAULT_IMPORT
from newbackend.doubts import pipeline_doubt
from newbackend.errors import UsageError
from newbackend.registrations.known_backends.place import PATH
from newbackend.registrations.support.importers_dir import FOLDER, REGISTRY
from newbackend.spec import BackendSpec, make_spec
from newbackend.validate import checked
from newbackend.wizard.offers import Host, claimants, host_of, hosts, takes_importer
from newbackend.wizard.question import Choice, Kind, PartialAnswers, Question, always, words

_RIVALS = 3
_SHORT = {
    "import-extensions": "Each starts with a dot, as .abc",
    "import-pipeline-tags": "In lower case, as text-to-speech",
    "import-no-signal": "Without an extension, name a tag",
}


def _imports(partial: PartialAnswers) -> ImportAnswers:
    return partial.answers.imports or ImportAnswers()


def _spec(partial: PartialAnswers) -> BackendSpec:
    """The answers as a spec, without the import answers. These questions come last, so all others are answered."""
    imports = ImportAnswers(modality=_imports(partial).modality, description=_imports(partial).description)
    return make_spec(replace(partial.answers, imports=imports))


def _hosts(partial: PartialAnswers) -> tuple[Host, ...]:
    return hosts(_spec(partial), partial.checkout)


def _kind_choices(partial: PartialAnswers) -> tuple[Choice, ...]:
    """The kinds, those first that this checkout supports."""
    file = f"{FOLDER}/{partial.answers.name}.go"
    no_host = "" if _hosts(partial) else f"no importer in {FOLDER} can take another name here"
    no_own = "" if takes_importer(_spec(partial), partial.checkout) else f"{REGISTRY} cannot be edited safely here"
    by_hand = f"when in doubt: nothing is guessed; one line in {PATH}"
    same = f"it loads the same files, so one importer serves both: a name in its lists in {FOLDER}"
    its_own = f"its models can be recognised: {file}, its test, one line in {REGISTRY}"
    return (
        Choice(DEFAULT_IMPORT, "Chosen by hand", by_hand),
        Choice("drop-in", "With another backend's importer", same, no_host),
        Choice("importer", "By an importer of its own", its_own, no_own),
    )


def _kind_explain(partial: PartialAnswers) -> str:
    """Shows what the sibling does, without making it the default."""
    explain = "When somebody imports a model: a wrong guess is worse than a choice."
    like = partial.answers.like or ""
    host = host_of(like, partial.checkout) if like else ""
    return f"{explain} {like} is found with the importer of {host}." if host else explain


def _of_choices(partial: PartialAnswers) -> tuple[Choice, ...]:
    return tuple(
        Choice(host.name, host.name, f"{host.path}, as for {', '.join(host.drop_ins)}" if host.drop_ins else host.path)
        for host in _hosts(partial)
    )


def _of_default(partial: PartialAnswers) -> str:
    """The sibling's host, or the sibling itself."""
    like = partial.answers.like or ""
    return partial.text_before("import.of") or host_of(like, partial.checkout) or like


def _tags_explain(partial: PartialAnswers) -> str:
    """What a tag alone means, and which importers look for the same files: without a tag, only the first of them gets
    the models."""
    extensions = _imports(partial).extensions or ()
    narrows = f"A model must then have the tag and a {' or '.join(extensions)} file; empty for any."
    alone = "A tag alone claims every model that has it and that no earlier importer matches."
    names = [name for name in claimants(extensions, partial.checkout) if name != partial.answers.name]
    more = f" and {len(names) - _RIVALS} more" if len(names) > _RIVALS else ""
    rivals = f" Such files are also looked for by {', '.join(names[:_RIVALS])}{more}." if names else ""
    meaning = narrows if extensions else alone
    return f"The Hugging Face pipeline tag of its models, such as text-to-speech. {meaning}{rivals}"


def _fits(imports: ImportAnswers) -> None:
    """Checks an importer's extensions or tags, with errors short enough for a narrow terminal."""
    try:
        checked(Answers(imports=replace(imports, kind="importer")))
    except UsageError as error:
        raise UsageError(error.code, _SHORT.get(error.code, error.message)) from error


def _touches(partial: PartialAnswers) -> str:
    return f"{FOLDER}/{partial.answers.name}.go, its test, {REGISTRY}"


def _is_importer(partial: PartialAnswers) -> bool:
    return _imports(partial).kind == "importer"


IMPORT_QUESTIONS: tuple[Question, ...] = (
    Question(
        key="import.kind",
        kind=Kind.ONE,
        prompt="How does the import form find it?",
        explain=_kind_explain,
        choices=_kind_choices,
        unasked=lambda _: DEFAULT_IMPORT,
        default=lambda partial: partial.text_before("import.kind") or DEFAULT_IMPORT,
        applies=lambda partial: any(not choice.refused for choice in _kind_choices(partial)[1:]),
        optional=always,
    ),
    Question(
        key="import.of",
        kind=Kind.ONE,
        prompt="Whose models does it load?",
        explain=lambda _: "Its importer recognises the models; this backend becomes a choice there.",
        choices=_of_choices,
        unasked=lambda _: "",  # is invalid, and the error names the flag; likewise for an importer without a signal
        default=_of_default,
        applies=lambda partial: _imports(partial).kind == "drop-in" and bool(_hosts(partial)),
        depends_on=frozenset({"import.kind"}),
    ),
    Question(
        key="import.extensions",
        kind=Kind.TEXT,
        prompt="File extensions",
        explain=lambda _: (
            "The file extensions that only its models have, such as .abc, with commas between; "
            "empty if a tag identifies them."
        ),
        touches=_touches,
        unasked=lambda _: "",
        default=lambda partial: partial.text_before("import.extensions"),
        check=lambda text, _: _fits(ImportAnswers(extensions=words(text))),
        applies=_is_importer,
        optional=lambda partial: bool(_imports(partial).pipeline_tags),
        depends_on=frozenset({"import.kind"}),
    ),
    Question(
        key="import.pipeline_tags",
        kind=Kind.TEXT,
        prompt="Pipeline tags",
        explain=_tags_explain,
        touches=_touches,
        unasked=lambda _: "",
        default=lambda partial: partial.text_before("import.pipeline_tags"),
        doubt=lambda text: pipeline_doubt(words(text)),
        check=lambda text, partial: _fits(
            ImportAnswers(extensions=_imports(partial).extensions or (), pipeline_tags=words(text))
        ),
        applies=_is_importer,
        optional=lambda partial: bool(_imports(partial).extensions),
        depends_on=frozenset({"import.kind"}),
    ),
)
