"""The questions of `create`, in their order."""

from __future__ import annotations

from newbackend.answers import Answers, ModelAnswers, PinAnswers, value_at
from newbackend.checkout.layout import BUMP, INDEX
from newbackend.doubts import license_doubt, tags_doubt
from newbackend.model_address import is_models, model_answers, model_words
from newbackend.registrations.model_gallery.index import MODELS
from newbackend.registrations.support.own_pages import FEATURES
from newbackend.requirement import FORM, parse_requirement
from newbackend.validate import check_name, checked
from newbackend.wizard import names, proposals
from newbackend.wizard.import_questions import IMPORT_QUESTIONS
from newbackend.wizard.prompts import width
from newbackend.wizard.question import YES, Choice, Kind, PartialAnswers, Question, Reply, always, words

QUESTIONS: tuple[Question, ...] = (
    Question(
        key="pin",
        kind=Kind.TEXT,
        prompt="Upstream project",
        explain=lambda _: (
            "The project it builds, as OWNER/REPO or OWNER/REPO@BRANCH; empty for none. Pinned to one commit."
        ),
        touches=lambda _: f"{BUMP}, the backend's Makefile",
        unasked=lambda _: "",
        default=lambda partial: partial.text_before("pin"),
        check=proposals.pin_check,
        hints=proposals.PIN_HINTS,
        optional=always,
    ),
    Question(
        key="name",
        kind=Kind.TEXT,
        prompt="Name of the backend",
        explain=names.name_explain,
        touches=lambda _: "backend/<language>/<name>, and every file below",
        unasked=names.no_name,
        default=names.name_default,
        check=lambda text, partial: names.free_name(check_name(text), partial.checkout),
    ),
    Question(
        key="lang",
        kind=Kind.ONE,
        prompt="Language",
        explain=lambda _: "What the gRPC server itself is written in, not what the model's library is.",
        choices=proposals.lang_choices,
        unasked=proposals.no_lang,
        default=proposals.lang_default,
    ),
    Question(
        key="modalities",
        kind=Kind.MANY,
        prompt="What does it serve?",
        explain=proposals.modality_explain,
        choices=proposals.modality_choices,
        unasked=proposals.fitting_modality,
        default=proposals.modality_default,
    ),
    Question(
        key="flavour",
        kind=Kind.ONE,
        prompt="Kind of backend",
        explain=proposals.flavour_explain,
        choices=proposals.flavour_choices,
        unasked=proposals.fitting_flavour,
        default=proposals.flavour_default,
        applies=lambda partial: len(partial.language.flavours) > 1,
        optional=always,
    ),
    Question(
        key="like",
        kind=Kind.ONE,
        prompt="Most like which backend?",
        explain=lambda _: "Its rows are placed next to that one's, and the same platforms are proposed.",
        choices=proposals.like_choices,
        unasked=lambda _: "",
        default=lambda partial: partial.text_before("like"),
        applies=proposals.has_siblings,
        optional=always,
        depends_on=frozenset({"lang"}),
    ),
    Question(
        key="variants",
        kind=Kind.MANY,
        prompt="Which platforms?",
        explain=lambda _: "Each platform is an image that CI builds and an entry that users install.",
        choices=proposals.variant_choices,
        unasked=lambda _: ("cpu",),
        default=proposals.variant_default,
    ),
    Question(
        key="engine.pip",
        kind=Kind.TEXT,
        prompt="Package on PyPI",
        explain=lambda _: f"The engine as {FORM}; empty when it is installed by hand.",
        touches=lambda _: "requirements*.txt",
        unasked=lambda _: "",
        default=lambda partial: partial.text_before("engine.pip"),
        check=lambda text, _: parse_requirement(text) if text else None,
        applies=lambda partial: partial.language.takes_pip and not partial.answers.upstream,
        optional=always,
        depends_on=frozenset({"lang", "pin"}),
    ),
    Question(
        key="description",
        kind=Kind.TEXT,
        prompt="Description",
        explain=proposals.description_explain,
        touches=lambda _: f"{INDEX}, README.md",
        unasked=proposals.plain_description,
        default=proposals.description_default,
        check=lambda text, _: checked(Answers(description=text)),
        optional=always,
    ),
    Question(
        key="license",
        kind=Kind.TEXT,
        prompt="Licence",
        explain=proposals.license_explain,
        touches=lambda _: INDEX,
        unasked=lambda _: "",
        default=proposals.license_default,
        check=lambda text, _: checked(Answers(license=text)),
        doubt=license_doubt,
        optional=always,
    ),
    Question(
        key="tags",
        kind=Kind.TEXT,
        prompt="Tags",
        explain=proposals.tags_explain,
        touches=lambda _: INDEX,
        unasked=lambda _: "",
        default=proposals.tags_default,
        check=lambda text, _: checked(Answers(tags=words(text))),
        doubt=lambda text: tags_doubt(words(text)),
        optional=always,
    ),
    Question(
        key="models",
        kind=Kind.TEXT,
        prompt="Models to try it with",
        explain=proposals.models_explain,
        touches=lambda _: MODELS,
        unasked=lambda _: "",
        default=lambda partial: partial.text_before("models"),
        check=lambda text, _: [model_answers(word) for word in words(text)],
        applies=lambda partial: partial.checkout.exists(MODELS),
        optional=always,
    ),
    Question(
        key="docs.page",
        kind=Kind.ONE,
        prompt="A page in the documentation",
        explain=lambda _: (
            "The page about what it serves and the tables get their line anyway. A page of its own pays when there is "
            "more to say than that."
        ),
        choices=proposals.page_choices,
        unasked=lambda _: "",
        default=lambda partial: partial.text_before("docs.page"),
        applies=lambda partial: partial.checkout.is_dir(FEATURES),
        optional=always,
    ),
    *IMPORT_QUESTIONS,
)
KEYS: tuple[str, ...] = tuple(question.key for question in QUESTIONS)


def question_of(key: str) -> Question:
    """The question of an answer's key; raises KeyError for a key that is never asked for."""
    return dict(zip(KEYS, QUESTIONS, strict=True))[key]


REST_AFTER = "modalities"
"""What is asked behind this question has a default that suits most backends."""

REST = Question(
    key="rest",
    kind=Kind.ONE,
    prompt="The other questions",
    explain=lambda _: "They are about the registration, and each has an answer proposed.",
    choices=lambda _: (
        Choice("", "Ask me each", "the proposed answer is the default of each"),
        Choice("proposed", "Take the rest as proposed", "you see all answers next, and can change any of them"),
    ),
    unasked=lambda _: "",
)
"""Asked once: whether to take the defaults of the questions that are left."""


def _summary_choices(partial: PartialAnswers) -> tuple[Choice, ...]:
    """Every answer with its value, named as its question; the first choice continues."""
    rows = [question for question in QUESTIONS if value_at(partial.answers, question.key) is not None]
    longest = max(len(question.prompt) for question in rows)
    room = min(longest, max(12, width() // 2 - 4))
    return (
        Choice("", "All right: show me the change", "nothing is written yet"),
        *(
            Choice(
                question.key,
                f"{_cut(question.prompt, room):<{room}}  {_answer(question, partial)}",
                f"{_answer(question, partial)} (Enter to answer it again)",
            )
            for question in rows
        ),
    )


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"


def _answer(question: Question, partial: PartialAnswers) -> str:
    """An answer in the words in which it was given: the titles of a menu's choices."""
    value = value_at(partial.answers, question.key)
    titles = {choice.value: choice.title for choice in question.choices(partial)}
    if is_models(value):
        value = model_words(value)
    elif isinstance(value, bool):
        value = titles.get(YES if value else "", value)
    elif isinstance(value, tuple):
        value = tuple(titles.get(one, one) for one in value)
    elif isinstance(value, str):
        value = titles.get(value, value)
    return shown(value)


SUMMARY = Question(
    key="summary",
    kind=Kind.ONE,
    prompt="Your answers",
    explain=lambda _: "Choose one to change it.",
    choices=_summary_choices,
    unasked=lambda _: "",
)
"""Asked last: the key of an answer to change, or "" to continue."""


def told(answers: Answers, limit: int = 4) -> str:
    """The first answers, briefly."""
    rows = [(question.prompt, value_at(answers, question.key)) for question in QUESTIONS]
    return "; ".join(
        [f"{prompt.removesuffix('?')}: {shown(value)}" for prompt, value in rows if value and value != PinAnswers()][
            :limit
        ]
    )


def shown(value: PinAnswers | Reply | tuple[ModelAnswers, ...] | bool | None) -> str:
    """An answer on one line."""
    if isinstance(value, bool):
        return YES if value else "-"
    if is_models(value):
        return model_words(value)
    if isinstance(value, PinAnswers):
        return f"{value.repo}@{value.sha[:12]}" if value.sha else value.repo or "-"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "-"
    return (value or "-").splitlines()[0]
