"""A backend's own feature page: where it is, what it is called, and how other pages lead to it."""

from __future__ import annotations

from newbackend.spec import BackendSpec

FEATURES = "docs/content/features"


def page_path(name: str) -> str:
    """`docs/content/features/ds4.md`."""
    return f"{FEATURES}/{name}.md"


def engine_name(spec: BackendSpec) -> str:
    """What the engine is called: its repository, or the backend where there is none."""
    return spec.pin.repo.rsplit("/", 1)[1] if spec.pin else spec.name


def page_title(spec: BackendSpec) -> str:
    """`audio.cpp backend`, as LocalAI's own pages are called."""
    return f"{engine_name(spec)} backend"


def reference(name: str) -> str:
    """The Hugo shortcode that leads to a feature page."""
    return f'{{{{%relref "features/{name}" %}}}}'


def link_to_page(spec: BackendSpec) -> str:
    """The backend's name, leading to its page."""
    return f"[{spec.name}]({reference(spec.name)})"


def see_page(spec: BackendSpec) -> str:
    """The sentence of another page that leads to the backend's own."""
    return f"See the [{page_title(spec)}]({reference(spec.name)}) page."


def with_page(text: str, spec: BackendSpec) -> str:
    """What a page says about a backend, and where to read more of it if it has a page of its own."""
    return f"{text.rstrip('.')}. {see_page(spec)}" if spec.docs.page else text
