"""Builds each question from the answers so far, the checkout and the upstream: defaults, checks, effects."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from newbackend.catalog import Modality, Variant, modalities, variant_table
from newbackend.catalog.languages import Language, languages
from newbackend.checkout.layout import BUMP, INDEX, MATRIX, layout_of
from newbackend.checkout.tree import Checkout
from newbackend.errors import NewbackendError, UsageError
from newbackend.pin import parse_pin
from newbackend.registrations.gallery_index.place import GalleryIndex
from newbackend.registrations.matrix.place import Matrix
from newbackend.spec import check_name
from newbackend.wizard.headless import Headless
from newbackend.wizard.offers import siblings, usual_variants
from newbackend.wizard.protocol import PartialAnswers
from newbackend.wizard.question import Choice, ManyQuestion, OneQuestion, TextQuestion
from newbackend.wizard.steps import STEPS, possible
from newbackend.wizard.upstream import Upstream


def pin(so_far: PartialAnswers) -> TextQuestion:
    """The upstream project, first because the other defaults come from it."""
    before = so_far.before.get("pin") or ""
    default = f"{before['repo']}@{before['sha']}" if isinstance(before, Mapping) else str(before)
    return TextQuestion(
        "pin",
        "Upstream project",
        "The project it builds, as OWNER/REPO or OWNER/REPO@BRANCH; empty for none. Pinned to one commit.",
        f"{BUMP}, the backend's Makefile",
        default,
        _pin_text,
    )


def _pin_text(text: str) -> None:
    try:
        parse_pin(text or "owner/repo")
    except UsageError as error:
        raise UsageError(error.reference, "Not OWNER/REPO, OWNER/REPO@BRANCH or OWNER/REPO@<40 hex digits>") from error


def name(so_far: PartialAnswers) -> TextQuestion:
    """The name; the pinned repository's is the default when it can be one here."""
    pin = so_far.answers.get("pin") or {}
    default = str(so_far.before.get("name") or "") or _name_from(str(pin.get("repo") or ""), so_far.checkout)
    return TextQuestion(
        "name",
        "Name of the backend",
        "What users install it by, and what every registration calls it.",
        "backend/<language>/<name>, and every file below",
        default,
        lambda text: free_name(check_name(text), so_far.checkout),
    )


def _name_from(repo: str, checkout: Checkout) -> str:
    word = re.sub(r"[^a-z0-9]+", "-", repo.rpartition("/")[2].lower()).strip("-")
    try:
        return free_name(check_name(word), checkout) if word else ""
    except NewbackendError:
        return ""


def free_name(name: str, checkout: Checkout) -> str:
    """The name itself, or a UsageError when another backend of the checkout has it."""
    for language in languages().values():
        directory = language.directory_of(name)
        if checkout.exists(f"{directory}/.newbackend.yml"):
            return name  # made by an earlier run, which may be completed
        if checkout.is_dir(directory):
            raise UsageError("name-taken", f"there is a backend {name!r} already in {directory}")
    for place in (Matrix(), GalleryIndex()):
        for fact in place.observe(checkout):
            if fact.backend == name:
                raise UsageError("name-taken", f"the name {name!r} is registered already, at {fact.path}:{fact.line}")
    return name


def lang(so_far: PartialAnswers, upstream: Upstream) -> OneQuestion:
    """The language; what the upstream builds with is the default."""
    rust = layout_of(so_far.checkout).features["rust"]
    known = [language for key, language in languages().items() if key != "rust" or rust]
    name = str(so_far.answers.get("name") or "<name>")
    choices = tuple(Choice(language.id, language.title, _language_effect(language, name)) for language in known)
    default = str(so_far.before.get("lang") or upstream.lang)
    explain = "What the gRPC server itself is written in, not what the model's library is."
    return OneQuestion("lang", "Language", explain, choices, default if default in languages() else "")


def _language_effect(language: Language, name: str) -> str:
    shared = "its own" if language.own_dockerfile else "the shared"
    also = ", the path filter" if language.own_dockerfile else ""
    dockerfile = language.dockerfile_of(name).removeprefix("./")
    return f"{language.directory_of(name)}/, {shared} {dockerfile}{also}"


def flavour(so_far: PartialAnswers) -> OneQuestion:
    """The flavours of the language."""
    language = languages()[str(so_far.answers["lang"])]
    pinned = bool(so_far.answers.get("pin"))
    choices = tuple(
        Choice(key, key, f"{title}; can ship {', '.join(language.variants[key])}")
        for key, title in language.flavours.items()
        if pinned or key not in language.flavour_needs_pin
    )
    default = str(so_far.before.get("flavour") or language.default_flavour)
    return OneQuestion("flavour", "Kind of backend", "How it is built and what it is linked to.", choices, default)


def modality(so_far: PartialAnswers) -> ManyQuestion:
    """What it serves: what the template implements and this checkout's proto knows."""
    language = languages()[str(so_far.answers["lang"])]
    its = language.modalities_of(str(so_far.answers.get("flavour") or language.default_flavour))
    rpcs = set(layout_of(so_far.checkout).proto.rpcs)
    offered = [one for key, one in modalities().items() if key in its and rpcs.issuperset(one.rpcs)]
    choices = tuple(Choice(one.id, one.title, _modality_effect(one)) for one in offered)
    default = _kept(so_far.before.get("modalities"), choices) or (("llm",) if "llm" in its else ())
    return ManyQuestion("modalities", "What does it serve?", "The calls that the server answers.", choices, default)


def _modality_effect(one: Modality) -> str:
    return f"implements {', '.join(one.rpcs)}; gallery tags {', '.join(one.tags)}"


def like(so_far: PartialAnswers) -> OneQuestion:
    """A sibling to stand beside; those of the same modality come first."""
    answers = so_far.answers
    found = siblings(so_far.checkout, str(answers["lang"]), answers["modalities"], str(answers["name"]))
    nobody = Choice("", "none", f"its rows go behind the last {languages()[str(answers['lang'])].title} ones")
    choices = tuple(
        Choice(one.name, f"{one.name} (serves the same)" if one.related else one.name, _ships(one.variants))
        for one in found
    )
    explain = "Its rows stand beside that one's, and the same platforms are proposed."
    return OneQuestion(
        "like", "Most like which backend?", explain, (nobody, *choices), str(so_far.before.get("like") or "")
    )


def _ships(variants: Sequence[str]) -> str:
    return f"ships {', '.join(variants)}" if variants else "ships nothing that has a name here"


def variants(so_far: PartialAnswers) -> ManyQuestion:
    """The platforms; the sibling's, or what most siblings of the same modality ship, are proposed."""
    answers = so_far.answers
    language = languages()[str(answers["lang"])]
    its_flavour = str(answers.get("flavour") or language.default_flavour)
    choices = tuple(
        Choice(key, variant.title, _variant_effect(variant, language.id, its_flavour))
        for key, variant in variant_table().variants.items()
        if key in language.variants[its_flavour] and variant.rows_for(language.id, its_flavour)
    )
    found = siblings(so_far.checkout, language.id, answers["modalities"], str(answers["name"]))
    allowed = [choice.value for choice in choices]
    usual = usual_variants(found, allowed, str(answers.get("like") or ""))
    default = _kept(so_far.before.get("variants"), choices) or usual
    explain = "Each platform is an image that CI builds and an entry that users install."
    return ManyQuestion("variants", "Which platforms?", explain, choices, default)


def _variant_effect(variant: Variant, lang: str, flavour: str) -> str:
    rows = variant.rows_for(lang, flavour)
    images = len({row["tag-suffix"] for row in rows})
    keys = f", capability {', '.join(variant.capability_keys)}" if variant.capability_keys else ""
    return f"{len(rows)} row{'s' * (len(rows) > 1)} in {MATRIX}, {2 * images} entries in {INDEX}{keys}"


def description(so_far: PartialAnswers, upstream: Upstream) -> TextQuestion:
    """One line; the upstream's own is the default."""
    default = str(so_far.before.get("description") or upstream.description) or Headless().description(so_far)
    explain = "What users read before they install it, in one line."
    if upstream.description and default == upstream.description:
        explain += " This is the upstream's own."
    return TextQuestion(
        "description",
        "Description",
        explain,
        f"{INDEX}, README.md",
        default,
        lambda text: possible({"description": text}),
    )


def licence(so_far: PartialAnswers, upstream: Upstream) -> TextQuestion:
    """The upstream's licence when its text is a known one."""
    default = str(so_far.before.get("license") or upstream.license)
    explain = "The licence of what is shipped, as an SPDX id such as MIT or Apache-2.0; empty if unknown."
    if upstream.license and default == upstream.license:
        explain += " Read from the upstream's licence file."
    return TextQuestion(
        "license",
        "Licence",
        explain,
        INDEX,
        default,
        lambda text: possible({"license": text}),
    )


def tags(so_far: PartialAnswers, upstream: Upstream) -> TextQuestion:
    """The modalities' tags; the upstream's keywords are shown, not taken."""
    known = [tag for key in so_far.answers["modalities"] for tag in modalities()[key].tags]
    default = ", ".join(so_far.before.get("tags") or dict.fromkeys(known))
    explain = "What the gallery can be searched by, with commas between."
    if upstream.keywords:
        explain += f" The upstream's keywords: {', '.join(upstream.keywords)}."
    return TextQuestion(
        "tags",
        "Tags",
        explain,
        INDEX,
        default,
        lambda text: possible({"tags": words(text)}),
    )


def words(text: str) -> list[str]:
    """A list typed with commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


GO_ON = "go-on"


def summary(so_far: PartialAnswers) -> OneQuestion:
    """Every answer with its value; the first choice goes on."""
    rows = [step for step in STEPS if step.key in so_far.answers]
    width = max(len(step.title) for step in rows)
    choices = tuple(
        Choice(step.key, f"{step.title:<{width}}  {shown(so_far.answers[step.key])}", "answer it again")
        for step in rows
    )
    first = Choice(GO_ON, "All right: show me the change", "nothing is written yet")
    return OneQuestion("summary", "Your answers", "Choose one to change it.", (first, *choices), GO_ON)


def shown(value: Any) -> str:
    """An answer on one line."""
    if isinstance(value, Mapping):
        sha = str(value.get("sha") or "")
        return f"{value.get('repo')}@{sha[:12]}" if sha else str(value.get("repo") or "-")
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "-"
    return str(value or "-").splitlines()[0]


def _kept(before: Any, choices: Sequence[Choice]) -> tuple[str, ...]:
    """What was chosen before the user went back, as far as it is still offered."""
    offered = {choice.value for choice in choices}
    return tuple(str(value) for value in before or () if value in offered)
