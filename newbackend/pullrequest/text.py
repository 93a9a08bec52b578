"""A pull request's title and description, as upstream's template asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from newbackend.catalog import modalities
from newbackend.checklist import Line
from newbackend.pullrequest.state import Source, State
from newbackend.sanitize import one_line
from newbackend.splice.markdown import cell

SCHEMA = "newbackend/pr/1"


def title(state: State) -> str:
    """A conventional commit: `feat(backend): add ds4 text generation backend`; without what the backend serves where
    that is a guess."""
    if state.source is not Source.STATED:
        return f"feat(backend): add {state.spec.name} backend"
    first = modalities()[state.spec.modalities[0]].title
    word = first if first[:2].isupper() else first[:1].lower() + first[1:]
    return f"feat(backend): add {state.spec.name} {word} backend"


def description(state: State, *, verb: str = "Adds") -> str:
    """The whole description in Markdown; `verb` is what it does with the backend."""
    parts = [_what(state, verb), _platforms(state), _registered(state), _checklist(state), _left(state)]
    parts += [_checked(state), _rest(state)]
    texts = ("\n".join(part) for part in parts)
    return "\n\n".join(text for text in texts if text) + "\n"


def as_json(state: State) -> dict[str, Any]:
    """The same as data."""
    return {
        "schema": SCHEMA,
        "backend": state.spec.name,
        "title": title(state),
        "description": description(state),
        "checklist": [{"text": line.text, "done": line.ticked, "note": line.note} for line in state.checklist],
        "platforms": [{"title": t, "images": i, "systems": s} for t, i, s in state.platforms],
        "left_out": [{"title": t, "reason": r} for t, r in state.left_out],
        "manual": [
            {"path": m.path, "line": m.line, "reason": m.reason, "snippet": m.snippet, "needed": m.needed}
            for m in state.left
        ],
    }


def _what(state: State, verb: str) -> Iterator[str]:
    spec = state.spec
    yield "**Description**"
    yield ""
    summary = f": {cell(spec.description)}" if spec.description else "."
    yield f"{verb} `{spec.name}`, a {spec.language.title} backend{summary}"
    yield ""
    served = [
        f"{modalities()[key].title} ({', '.join(f'`{r}`' for r in modalities()[key].rpcs)})" for key in spec.modalities
    ]
    guess = " (by the gallery's tags; to be confirmed by the author)" if state.source is Source.TAGS else ""
    unknown = "to be filled in by the author: nothing that is registered says it"
    yield f"- Serves: {unknown if state.source is Source.NOTHING else '; '.join(served) + guess}"
    if spec.pin:
        yield f"- Upstream: [{spec.pin.repo}]({spec.pin.url}) at `{spec.pin.sha}`, branch `{spec.pin.branch}`"
    if spec.license:
        yield f"- License: {spec.license}"
    if spec.like:
        yield f"- Modelled on `{spec.like}`"


def _platforms(state: State) -> Iterator[str]:
    yield "**Platforms**"
    yield ""
    yield "| Platform | Image | Systems |"
    yield "|---|---|---|"
    yield from (f"| {name} | {images} | {systems} |" for name, images, systems in state.platforms)
    if state.left_out:
        yield ""
        yield "Left out:"
        yield ""
        reasons = dict.fromkeys(reason for _, reason in state.left_out)
        for reason in reasons:
            titles = [title for title, why in state.left_out if why == reason]
            yield f"- {', '.join(titles)}: {cell(reason)}"


def _registered(state: State) -> Iterator[str]:
    yield "**Registered in**"
    yield ""
    for place in state.places:
        if place.skipped:
            yield f"- {place.title}: left out, {place.skipped}"
        elif place.wanted:
            lines = ", ".join(map(str, place.lines[:4])) + (", …" if len(place.lines) > 4 else "")
            word = "line" if len(place.lines) == 1 else "lines"
            there = f"`{place.path}`" + (f", {word} {lines}" if lines else "")
            gone = f"; {len(place.missing)} of {place.wanted} missing" if place.missing else ""
            yield f"- {place.title}: {there}{gone}"


def _checklist(state: State) -> Iterator[str]:
    yield "**Checklist**"
    yield ""
    yield from map(_item, state.checklist)


def _item(line: Line) -> str:
    return f"- [{'x' if line.ticked else ' '}] {line.text}" + (f" ({cell(line.note)})" if line.note else "")


def _left(state: State) -> Iterator[str]:
    """What is missing or remains to a person, each a box to tick; the texts to paste are in the JSON and the plan."""
    if state.left:
        yield "**Left to do**"
        yield ""
        for item in state.left:
            path = one_line(item.path).replace("`", "'")
            yield f"- [ ] `{path}`, line {item.line}: {cell(item.reason)}"


def _checked(state: State) -> Iterator[str]:
    usable = [place for place in state.places if place.wanted]
    there = sum(place.wanted - len(place.missing) for place in usable)
    wanted = sum(place.wanted for place in usable)
    spec = state.spec
    yield "**How it was checked**"
    yield ""
    yield f"- Read back from this tree: {there} of {wanted} registration facts in {len(usable)} places"
    yield f"- {state.routes}"
    yield f"- `newbackend verify {spec.name}`: {state.verified}"
    yield "- Not run by this text, for the author and reviewers:"
    for command in ("make test-ci-scripts", f"make -C {spec.directory} test"):
        yield f"  - [ ] `{command}`"
    yield f"  - [ ] `make backends/{spec.name}` and one real model"


def _rest(state: State) -> Iterator[str]:
    yield "**Notes for Reviewers**"
    yield ""
    yield "**[Signed commits](../CONTRIBUTING.md#signing-off-on-commits-developer-certificate-of-origin)**"
    yield from state.boxes
