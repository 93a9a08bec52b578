"""The text of a backend's own feature page, in the form of LocalAI's: nothing but what is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from newbackend.catalog import modalities, variant_table
from newbackend.catalog.modalities import Modality
from newbackend.checkout.tree import Checkout
from newbackend.registrations.feature_pages.pages import guide_to
from newbackend.registrations.matrix.place import Matrix
from newbackend.registrations.model_gallery.entries import configuration, model_name
from newbackend.registrations.support.import_choice import import_choice, one_line
from newbackend.registrations.support.own_pages import engine_name, page_title, reference
from newbackend.registrations.support.text_files import text_or_none
from newbackend.spec import BackendSpec
from newbackend.splice.markdown import cell, link

_ROUTES = "core/http/routes"
_SHORTCODES = ("{{<", "{{%")
"""What Hugo runs wherever it stands, in code too."""
_SYSTEMS = {"linux": "Linux", "darwin": "macOS"}
_MACOS = "darwin/arm64"
"""What the one macOS runner builds for (.github/workflows/backend_build_darwin.yml)."""


def page_text(spec: BackendSpec, checkout: Checkout, weight: int) -> str:
    """The whole page; `weight` is its position in the menu."""
    sections = (
        _front_matter(spec, weight),
        _introduction(spec),
        _installing(spec),
        _served(spec, checkout),
        _models(spec),
        _platforms(spec, checkout),
    )
    return "\n\n".join("\n".join(rows) for rows in sections if rows) + "\n"


def _front_matter(spec: BackendSpec, weight: int) -> list[str]:
    head = [f'title = "{page_title(spec)}"', f"weight = {weight}", f'url = "/features/{spec.name}/"']
    return ["+++", "disableToc = false", *head, "+++"]


def _introduction(spec: BackendSpec) -> list[str]:
    name = engine_name(spec)
    engine = link(name, spec.pin.url) if spec.pin else next((link(name, url) for url in spec.urls[:1]), name)
    said = one_line(spec.description)
    begins = said.lower().startswith(f"{name.lower()} ")
    about = f"{engine} {cell(said[len(name) :])}" if begins else f"{engine}: {cell(said)}"
    served = _and([modalities()[key].title.lower() for key in spec.modalities])
    rows = [about if about.endswith((".", "!", "?")) else f"{about}.", ""]
    rows.append(f"LocalAI exposes it through the `{spec.gallery}` backend, which serves {served}.")
    return [*rows, f"{name} is licensed under {cell(spec.license)}."] if spec.license else rows


def _installing(spec: BackendSpec) -> list[str]:
    command = ["```bash", f"local-ai backends install {spec.gallery}", "```"]
    page = "Or install it from the **Backends** page in the web UI."
    return ["## Installing", "", *command, "", page, *_imported(spec)]


def _imported(spec: BackendSpec) -> list[str]:
    """How the import form finds it, and what to do where it does not."""
    choice, name = import_choice(spec), spec.gallery
    yaml = f"Set `backend: {name}` in the model YAML"
    if choice.kind == "importer":
        ends = [f"`{one}`" for one in choice.extensions]
        tags = [f"`{one}`" for one in choice.pipeline_tags]
        marks = [f"files that end in {_and(ends, 'or')}"] if ends else []
        marks += [f"the pipeline tag {_and(tags, 'or')}"] if tags else []
        return [f"LocalAI picks it during model import for repositories with {_and(marks)}."]
    if choice.kind == "drop-in":
        return [f"It reads the models of the `{choice.of}` backend: select it in the import form in its place."]
    if choice.kind == "none":
        return [f"{yaml}."]
    return [
        f"`{name}` is a preference-only backend: LocalAI never picks it automatically during model",
        f"import. {yaml}, or select it in the import form.",
    ]


def _served(spec: BackendSpec, checkout: Checkout) -> list[str]:
    """A row for each task: the guide to it, the addresses of the API that this checkout has, and the RPCs."""
    routes = "\n".join(text_or_none(checkout, f"{_ROUTES}/{name}") for name in _go_files(checkout))
    rows = []
    for modality in (modalities()[key] for key in spec.modalities):
        ends = [f"`{end}`" for end in modality.endpoints if f'"{end}"' in routes]
        calls = ", ".join(f"`{rpc}`" for rpc in modality.rpcs)
        rows.append((_guide(checkout, modality), ", ".join(ends) or "-", calls))
    return ["## What it serves", "", *_table(("Task", "LocalAI endpoint", "gRPC RPC"), rows)]


def _go_files(checkout: Checkout) -> list[str]:
    return [name for name in checkout.children(_ROUTES) if name.endswith(".go") and not name.endswith("_test.go")]


def _guide(checkout: Checkout, modality: Modality) -> str:
    """The modality's name, leading to its page where there is one."""
    name = guide_to(checkout, modality).rpartition("/")[2].removesuffix(".md")
    return f"[{modality.title}]({reference(name)})" if name else modality.title


def _models(spec: BackendSpec) -> list[str]:
    """The models of the gallery to try it with, and the first one's configuration for whoever writes it by hand."""
    if not spec.models:
        return []
    names = [model_name(model) for model in spec.models]
    install = ["```bash", *(f"local-ai models install {name}" for name in names), "```"]
    example = ["", f"The configuration of `{names[0]}`:", "", "```yaml", *configuration(spec, spec.models[0]), "```"]
    if any(mark in row for row in example for mark in _SHORTCODES):
        example = []
    how = f"The model gallery has {'models' if len(names) > 1 else 'a model'} that {_run(names)} on it:"
    return ["## Models", "", how, "", *install, *example]


def _run(names: Sequence[str]) -> str:
    return "run" if len(names) > 1 else "runs"


def _platforms(spec: BackendSpec, checkout: Checkout) -> list[str]:
    """The images that CI builds, as the rows of the build matrix say, and why there are none for an OS."""
    table = variant_table()
    built: dict[str, dict[str, None]] = {}
    for fact in Matrix().wanted(spec, checkout):
        macos = fact.kind == "darwin"
        variant = table.of_darwin_row() if macos else table.of_linux_row(fact.value)
        platforms = [_MACOS] if macos else str(fact.value.get("platforms") or "").split(",")
        built.setdefault(variant, {}).update(dict.fromkeys(one for one in platforms if one))
    rows = [(_title(variant), ", ".join(built[variant])) for variant in table.ordered(built)]
    none = [f"There is no {_SYSTEMS[key]} image: {cell(why).rstrip('.')}." for key, why in spec.os_excluded.items()]
    return ["## Acceleration", "", *_table(("Variant", "Platform"), rows), *([""] if none else []), *none]


def _title(variant: str) -> str:
    """Its acceleration where that is another word than any other variant's, else its title."""
    every = variant_table().variants
    words = [one.acceleration for one in every.values()]
    own = every[variant]
    return own.acceleration if words.count(own.acceleration) == 1 else own.title


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    line = f"|{'|'.join('---' for _ in head)}|"
    return [f"| {' | '.join(head)} |", line, *(f"| {' | '.join(row)} |" for row in rows)]


def _and(words: Sequence[str], last: str = "and") -> str:
    """`a, b and c`."""
    return " ".join([", ".join(words[:-1]), last, words[-1]]) if len(words) > 1 else words[0]
