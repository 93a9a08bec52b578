"""Metas: one for each backend, with an alias, and its development twin."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from newbackend.catalog.variants import hardware_of, variant_table
from newbackend.checklist import META
from newbackend.checkout.layout import INDEX
from newbackend.findings import Finding, Fix, Location, Severity
from newbackend.registrations.base import Change, ExpectedFact, Fact
from newbackend.registrations.gallery_index.entries import DEV
from newbackend.registrations.gallery_index.rules_capabilities import fits
from newbackend.registrations.support.yaml_files import sequence
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.rules.gallery import capabilities_of, suffix_of
from newbackend.rules.observed_spec import observed_spec
from newbackend.rules.registry import check, repair, rule, unreadable
from newbackend.splice.outcome import Inserted
from newbackend.splice.prove import ListEdit
from newbackend.splice.yaml_list import insert_after

unreadable(
    "gallery-index",
    "REG200",
    "index-unreadable",
    what="`backend/index.yaml` is not YAML, has the same anchor twice, or is not a list.",
    how="Repair the line that the message names. An anchor that is defined twice needs a new name: every later "
    "merge would silently take the second one.",
    bad="- &demo\n  name: demo\n- &demo\n  name: other",
    good="- &demo\n  name: demo\n- &other\n  name: other",
)

META_MISSING = rule(
    "REG201",
    "meta-missing",
    Severity.ERROR,
    what="A backend has rows in the matrix and no meta entry in the gallery, or one image under its plain name that "
    "hides its others.",
    why="Its images are built and nobody can install it by its name; where the plain name is one image, a Mac is "
    "given the Linux one.",
    how="Add an anchored entry with name, alias and capabilities to the section `## metas`.",
    bad="- !!merge <<: *demo          # image entries only",
    good='- &demo\n  name: "demo"\n  alias: "demo"\n  capabilities:\n    default: "cpu-demo"',
    checklist=META,
)


@check(META_MISSING, needs=("matrix", "gallery-index"))
def metas(context: Context) -> Iterable[Finding]:
    """A backend that has images and no meta."""
    for info in context.backends.values():
        if info.images and not info.meta:
            yield from _no_meta(context, info)


def _no_meta(context: Context, info: BackendInfo) -> Iterable[Finding]:
    """An entry of the plain name with a uri serves a backend of one image; beside others it hides them."""
    plain = next((e for e in info.entries if e.value.get("name") == info.gallery and e.value.get("uri")), None)
    hidden = {
        hardware_of(suffix_of(entry), info.name): entry
        for entry in info.entries
        if suffix_of(entry) and plain is not None and suffix_of(entry) != suffix_of(plain)
    }
    if plain is None:
        line = info.entries[0].line if info.entries else _end_of_metas(context)
        message = f"{info.name} has {len(info.images)} rows and no meta entry, so nobody can install it by name"
    elif hidden:
        line = plain.line
        what = ", ".join(sorted(hidden))
        message = f"{info.gallery} is one image for every host: its images for {what} are never picked by that name"
    else:
        return
    expected = f'- &{info.gallery.replace("-", "")}\n  name: "{info.gallery}"\n  capabilities:\n    default: …'
    related = tuple(Location(INDEX, entry.line) for entry in hidden.values())
    yield Finding(
        META_MISSING,
        info.gallery,
        INDEX,
        line=line,
        message=message,
        backend=info.name,
        expected=expected,
        related=related,
    )


def _end_of_metas(context: Context) -> int:
    return max((fact.line for fact in context.facts("gallery-index") if fact.value.get("&")), default=1)


DEV_META_MISSING = rule(
    "REG202",
    "development-meta-missing",
    Severity.WARNING,
    what="A meta has no `-development` twin although development images exist.",
    why="`local-ai backends install NAME-development` picks no variant; testers must know the image entry's name.",
    how="Add the development meta: the anchor merged, the name and the capability map with -development.",
    incident="voxtral, trl and six more have none.",
    bad='- &demo\n  name: "demo"                  # and no demo-development',
    good='- !!merge <<: *demo\n  name: "demo-development"\n  capabilities:\n    default: "cpu-demo-development"',
    fix=Fix.SAFE,
    checklist=META,
)


@check(DEV_META_MISSING, needs=("matrix", "gallery-index"))
def development_metas(context: Context) -> Iterable[Finding]:
    """A map without any development entry behind it is not half a channel."""
    for info in context.backends.values():
        meta = info.meta
        if (
            meta is None
            or info.dev_meta
            or not any(str(entry.value.get("name")).endswith(DEV) for entry in info.entries)
        ):
            continue
        wanted = _twin_of(info)
        yield Finding(
            DEV_META_MISSING,
            info.gallery,
            INDEX,
            line=meta.line,
            message=f"there are development images of {info.gallery}, and no meta {info.gallery}{DEV}",
            backend=info.name,
            expected=context.places["gallery-index"].snippet([wanted]) if wanted else "",
            # A map with a key that nobody reports is not one to copy.
            fix=None if wanted and capabilities_of(meta).keys() <= variant_table().capabilities else Fix.NONE,
        )


def _twin_of(info: BackendInfo) -> ExpectedFact | None:
    """The development meta that belongs to a production meta, or None when it has no anchor to merge."""
    meta = info.meta
    anchor = meta.value.get("&") if meta else None
    if meta is None or not anchor:
        return None
    capabilities: Mapping[str, str] = capabilities_of(meta)
    name = f"{meta.value.get('name')}{DEV}"
    value = {"<<": anchor, "name": name, "capabilities": {key: f"{to}{DEV}" for key, to in capabilities.items()}}
    return ExpectedFact(
        "meta", f"meta:{name}", value, f"the development channel of {info.name}", (DEV_META_MISSING.id,), "dev-meta"
    )


@repair(DEV_META_MISSING)
def add_dev_meta(context: Context, finding: Finding) -> Iterable[Change]:
    """Inserts the development meta where `create` would, or after a meta that is further down,
    for an anchor can only be merged after it is defined."""
    info = context.backends[finding.backend]
    spec, wanted = observed_spec(info), _twin_of(info)
    entries = sequence(context.checkout, INDEX, ())
    if spec is None or wanted is None or entries is None or info.meta is None:
        return
    line = info.meta.line
    meta = next(item for item in entries.items if item.line == line)
    for change in context.places["gallery-index"].insert(context.checkout, spec, [wanted]):
        if isinstance(change.outcome, Inserted) and change.outcome.line - 1 <= meta.last:
            rows = context.places["gallery-index"].snippet([wanted]).split("\n")
            splice = insert_after(entries, meta, [[" " * meta.indent + row for row in rows]])
            lists = [proof for proof in change.proofs if isinstance(proof, ListEdit)]
            added = tuple((meta.index + 1, value) for proof in lists for _, value in proof.added)
            change = replace(change, outcome=Inserted((splice,), meta.last + 2), proofs=(ListEdit((), added),))
        yield change


DEV_KEYS = rule(
    "REG210",
    "development-meta-differs",
    Severity.WARNING,
    what="The development meta's capability keys or variants are not those of the production meta.",
    why="Somebody who tests the development channel gets another variant than production users will.",
    how="Copy the map and add -development to every name.",
    incident="Several development metas miss keys that were added to production later.",
    bad="demo:             default, nvidia-cuda-13\ndemo-development: default",
    good="demo:             default, nvidia-cuda-13\ndemo-development: default, nvidia-cuda-13",
    checklist=META,
)


@check(DEV_KEYS, needs=("matrix", "gallery-index"))
def development_maps(context: Context) -> Iterable[Finding]:
    """The capability maps of the two channels, key by key."""
    for info in context.backends.values():
        if info.meta and info.dev_meta:
            yield from _compared(context, info, info.meta, info.dev_meta)


def _compared(context: Context, info: BackendInfo, meta: Fact, dev: Fact) -> Iterator[Finding]:
    ours, theirs = capabilities_of(meta), capabilities_of(dev)
    entries = {str(entry.value.get("name")): entry for entry in info.entries}

    def fine(key: str, target: Any) -> bool:
        entry = entries.get(str(target))
        return entry is not None and fits(key, hardware_of(suffix_of(entry), info.name))

    wanted = {key: f"{target}{DEV}" for key, target in ours.items()}
    for key in sorted(wanted.keys() | theirs.keys()):
        both = key in theirs and key in ours
        if wanted.get(key) == theirs.get(key) or (both and not (fine(key, ours[key]) and fine(key, theirs[key]))):
            continue  # equal, or the defect is the target itself: REG205, REG209
        if key not in ours and str(theirs[key]).removesuffix(DEV) in entries:
            continue  # the production map lacks it: REG207, REG208
        if key not in theirs:
            message = f"{dev.value.get('name')} lacks the capability {key} that {meta.value.get('name')} has"
        elif key not in ours:
            message = f"{dev.value.get('name')} has the capability {key} that {meta.value.get('name')} lacks"
        else:
            message = f"{dev.value.get('name')} maps {key} to {theirs[key]}; production maps it to {ours[key]}"
        yield Finding(
            DEV_KEYS,
            f"{info.gallery} {key}",
            INDEX,
            line=context.lines.capability(dev, key),
            message=message,
            backend=info.name,
            expected=f'{key}: "{wanted[key]}"' if key in wanted else "",
            related=(Location(INDEX, context.lines.capability(meta, key)),),
        )


ALIAS_MISSING = rule(
    "REG211",
    "alias-missing",
    Severity.WARNING,
    what="A meta has no alias, or one that is not its name.",
    why="An installed variant such as cuda12-NAME is found under the plain name by its alias only.",
    how='Add `alias: "NAME"` to the anchored entry.',
    bad='- &demo\n  name: "demo"',
    good='- &demo\n  name: "demo"\n  alias: "demo"',
    checklist=META,
)


@check(ALIAS_MISSING, needs=("matrix", "gallery-index"))
def aliases(context: Context) -> Iterable[Finding]:
    """A production meta without an alias, or with another one; that of another backend takes its place."""
    others = {info.gallery for info in context.backends.values()}
    for info in context.backends.values():
        meta = info.meta
        if meta is None or (alias := meta.value.get("alias")) == (name := str(meta.value.get("name"))):
            continue
        has = f"the alias {alias}" if alias else "no alias"
        yield Finding(
            ALIAS_MISSING,
            name,
            INDEX,
            line=context.lines.field(meta, "alias"),
            message=f"the meta {name} has {has}",
            backend=info.name,
            severity=Severity.ERROR if alias in others else None,
            expected=f'alias: "{name}"',
        )


META_TEXT = rule(
    "REG217",
    "meta-text-missing",
    Severity.WARNING,
    what="A meta has no description or no tags, no urls although its backend follows an upstream, or one of its urls "
    "is no address.",
    why="The gallery of the user interface shows a name and nothing else, no search by words or tags finds the "
    "backend, and nobody can see where it comes from. A line that lost its key stands in the list above it.",
    how="Add the field to the anchored meta; the image entries merge it.",
    bad='- &demo\n  name: "demo"\n  alias: "demo"\n  capabilities:\n    default: "cpu-demo"',
    good='- &demo\n  name: "demo"\n  alias: "demo"\n  license: mit\n  description: |\n    What it does.\n'
    "  urls:\n    - https://github.com/owner/demo\n  tags:\n    - text-to-speech\n  capabilities:\n"
    '    default: "cpu-demo"',
    checklist=META,
    added_in="0.2.0",
)


@check(META_TEXT, needs=("gallery-index",))
def texts(context: Context) -> Iterable[Finding]:
    """What the production meta of each backend says to people."""
    followed = {fact.backend for fact in context.facts("bump-bot")}
    for info in context.backends.values():
        meta = info.meta
        if meta is None or "<<" in meta.value:
            continue  # a merged one has the texts of what it merges
        for key in ("description", "tags", *(("urls",) if info.name in followed else ())):
            if not meta.value.get(key):
                yield _text(context, info, meta, key, f"the meta of {info.name} has no {key}")
        listed = meta.value.get("urls")
        others = [str(url) for url in listed if not _ADDRESS.match(str(url))] if isinstance(listed, list) else []
        if others:
            message = f"the urls of {info.name} have what is no address: {', '.join(others)}"
            yield _text(context, info, meta, "urls", message)


_ADDRESS = re.compile(r"https?://\S+\Z")


def _text(context: Context, info: BackendInfo, meta: Fact, key: str, message: str) -> Finding:
    line = context.lines.field(meta, key)
    return Finding(META_TEXT, key, INDEX, line=line, message=message, backend=info.name, expected=f"{key}: …")
