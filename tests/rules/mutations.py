"""Registration lines of one backend, deleted or altered one at a time, with the rule that must notice.

Works on any checkout: what there is to break is read from the facts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from newbackend.checkout.layout import BUMP, INDEX, MAKEFILE, MATRIX
from newbackend.checkout.tree import Checkout
from newbackend.registrations.base import Fact
from newbackend.registrations.gallery_index.entries import DEV
from newbackend.registrations.makefile.place import LISTS
from newbackend.registrations.path_filter.place import FUNCTIONS
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.rules.gallery import image_of
from newbackend.splice.javascript import filter_function

_MAKE_RULES = {
    ".NOTPARALLEL": "REG301",
    "prepare-test-extra": "REG302",
    "test-extra": "REG303",
    "define": "REG312",
    "eval": "REG309",
    "docker-build-backends": "REG306",
}


@dataclass(frozen=True)
class Mutation:
    """A broken file, the rule that must fire, and rules that may besides because they say the same."""

    name: str
    path: str
    text: str
    must: str
    may: frozenset[str] = frozenset()


def mutations(checkout: Checkout, backend: str) -> Iterator[Mutation]:
    """Every mutation of one backend's registrations."""
    context = Context(checkout)
    info = context.backends[backend]
    yield from _matrix(context, info)
    yield from _gallery(context, info)
    yield from _makefile(context, info)
    yield from _filter(context, info)
    yield from _bumps(context, info)


def _rows(context: Context, path: str) -> list[str]:
    return context.checkout.need(path).split("\n")


def _block(rows: list[str], first: int) -> int:
    """One past the last line of a YAML list item that begins at 0-based `first`."""
    indent = len(rows[first]) - len(rows[first].lstrip())
    last = first + 1
    while last < len(rows) and rows[last].strip() and len(rows[last]) - len(rows[last].lstrip()) > indent:
        last += 1
    return last


def _without(rows: list[str], first: int, last: int) -> str:
    return "\n".join(rows[:first] + rows[last:])


def _with(rows: list[str], first: int, last: int, old: str, new: str) -> str:
    block = "\n".join(rows[first:last])
    assert old in block, (old, block)
    return "\n".join([*rows[:first], block.replace(old, new, 1), *rows[last:]])


def _matrix(context: Context, info: BackendInfo) -> Iterator[Mutation]:
    rows = _rows(context, MATRIX)
    for fact in info.images:
        first = fact.line - 1
        last = _block(rows, first)
        suffix = str(fact.value["tag-suffix"])
        twins = [one for one in info.rows if one.value["tag-suffix"] == suffix]
        label = f"{suffix} {fact.value.get('platform-tag', '')}".strip()
        leg = "REG130" if fact.value.get("platform-tag") == "amd64" else "REG106"  # an arm64 leg alone is worse
        gone = "REG104" if fact.kind == "darwin" else leg if len(twins) > 1 else "REG101"
        # The requirement file of the profile is then nobody's (a note); without any row the documentation is wrong too.
        documented = frozenset(("REG702", "REG704")) if len(info.images) == 1 else frozenset()
        yield Mutation(f"row {label} deleted", MATRIX, _without(rows, first, last), gone, documented | {"REG838"})
        wrong = _with(rows, first, last, suffix, suffix + "x")
        # One leg of two: the image that it makes now is offered nowhere, and each leg stands alone.
        must, may = ("REG203", frozenset(("REG106", "REG130"))) if len(twins) > 1 else ("REG204", frozenset())
        yield Mutation(f"row {label}: tag-suffix misspelt", MATRIX, wrong, must, may)
        if fact.kind == "darwin":
            continue
        dockerfile = str(fact.value["dockerfile"])
        wrong = _with(rows, first, last, dockerfile, dockerfile + "x")
        legs = frozenset(("REG108",)) if len(twins) > 1 else frozenset()
        may = legs | {"REG110", "REG401"}  # a Dockerfile of its own name may fall out of the filter too
        yield Mutation(f"row {label}: dockerfile misspelt", MATRIX, wrong, "REG105", may)
        wrong = _with(rows, first, last, f"ubuntu-version: '{fact.value['ubuntu-version']}'", "ubuntu-version: '1804'")
        yield Mutation(f"row {label}: ubuntu-version altered", MATRIX, wrong, "REG112")
        wrong = _with(rows, first, last, "runs-on:", "run-on:")
        yield Mutation(f"row {label}: a key misspelt", MATRIX, wrong, "REG103")


def _gallery(context: Context, info: BackendInfo) -> Iterator[Mutation]:
    rows = _rows(context, INDEX)
    targets = {str(to) for meta in info.metas for to in (meta.value.get("capabilities") or {}).values()}
    for fact in info.entries:
        first = fact.line - 1
        last = _block(rows, first)
        name, image = str(fact.value["name"]), image_of(fact.value["uri"])
        assert image
        yield Mutation(f"entry {name} deleted", INDEX, _without(rows, first, last), "REG203")
        must = "REG205" if name in targets else "REG210"
        if name in targets:
            wrong = _with(rows, first, last, f'"{name}"', f'"x{name}"')
            yield Mutation(f"entry {name} renamed", INDEX, wrong, must, frozenset(("REG232",)))
        wrong = _with(rows, first, last, f"{image.channel}{image.suffix}", f"{image.channel}{image.suffix}x")
        yield Mutation(f"entry {name}: uri misspelt", INDEX, wrong, "REG204", frozenset(("REG214",)))
        mirror = f"localai/localai-backends:{image.channel}{image.suffix}"
        wrong = _with(rows, first, last, mirror, mirror + "x")
        yield Mutation(f"entry {name}: mirror misspelt", INDEX, wrong, "REG214")
    for meta in info.metas:
        yield from _meta(context, info, meta, rows)


def _meta(context: Context, info: BackendInfo, meta: Fact, rows: list[str]) -> Iterator[Mutation]:
    first = meta.line - 1
    last = _block(rows, first)
    name = str(meta.value["name"])
    if name.endswith(DEV):
        yield Mutation(f"meta {name} deleted", INDEX, _without(rows, first, last), "REG202")
    if meta.value.get("alias"):
        wrong = _with(rows, first, last, f'\n  alias: "{meta.value["alias"]}"', "")
        yield Mutation(f"meta {name}: alias deleted", INDEX, wrong, "REG211")
    for key, target in meta.value["capabilities"].items():
        number = context.lines.capability(meta, key) - 1
        if name.endswith(DEV):
            must, may = "REG210", frozenset(("REG207",))
        else:
            must, may = ("REG207", frozenset()) if key == "default" else ("REG208", frozenset(("REG210",)))
        yield Mutation(f"{name}: {key} deleted", INDEX, _without(rows, number, number + 1), must, may)
        wrong = _with(rows, number, number + 1, str(target), f"x{target}")
        yield Mutation(f"{name}: {key} points nowhere", INDEX, wrong, "REG205")


def _makefile(context: Context, info: BackendInfo) -> Iterator[Mutation]:
    rows = _rows(context, MAKEFILE)
    for fact in info.makefile:
        number = fact.line - 1
        if fact.kind in LISTS:
            pattern = rf" {re.escape(str(fact.value))}(?=\s|$)"
            assert re.search(pattern, rows[number])
            text = "\n".join([*rows[:number], re.sub(pattern, "", rows[number], count=1), *rows[number + 1 :]])
        else:
            text = _without(rows, number, number + 1)
        yield Mutation(f"Makefile {fact.kind} deleted", MAKEFILE, text, _MAKE_RULES[fact.kind])
    for fact in info.makefile_facts("define"):
        number = fact.line - 1
        text = _with(rows, number, number + 1, f"|{fact.value[1]}|", f"|{fact.value[1]}x|")
        yield Mutation("Makefile definition: Dockerfile misspelt", MAKEFILE, text, "REG307")


def _filter(context: Context, info: BackendInfo) -> Iterator[Mutation]:
    path = context.places["path-filter"].path(context.checkout)
    source = context.checkout.need(path)
    rows = source.split("\n")
    for system, rule in (("linux", "REG401"), ("darwin", "REG402")):
        function = filter_function(source, FUNCTIONS[system])
        for branch in function.branches if function else ():
            if branch.result == f"{info.directory}/" and info.lang == "cpp":
                yield Mutation(f"{system} branch deleted", path, _without(rows, branch.first, branch.last + 1), rule)
                wrong = source.replace(f"`{branch.result}`", f"`{branch.result[:-1]}x/`")
                yield Mutation(f"{system} branch returns another directory", path, wrong, rule, _OTHER_ROUTE)


_OTHER_ROUTE = frozenset(("REG401", "REG402", "REG405"))


def _bumps(context: Context, info: BackendInfo) -> Iterator[Mutation]:
    rows = _rows(context, BUMP)
    for fact in context.facts("bump-bot"):
        if fact.backend != info.name:
            continue
        first = fact.line - 1
        last = _block(rows, first)
        variable = str(fact.value["variable"])
        yield Mutation(f"bump of {variable} deleted", BUMP, _without(rows, first, last), "REG501")
        wrong = _with(rows, first, last, f'"{variable}"', f'"{variable}X"')
        yield Mutation(f"bump of {variable}: variable misspelt", BUMP, wrong, "REG503", frozenset(("REG501",)))
        path = str(fact.value["file"])
        own = context.checkout.need(path)
        wrong = own.replace(f"\n{variable}?=", f"\n{variable} ?= ", 1)
        if wrong == own:
            wrong = own.replace(f"{variable}?=", f"{variable} ?= ", 1)
        yield Mutation(f"pin {variable} written where the bot cannot see it", path, wrong, "REG503")
