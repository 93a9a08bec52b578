"""A trace as a tree for people: one branch for each part of the way, at most 80 columns wide."""

from __future__ import annotations

import posixpath
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from newbackend.catalog.variants import variant_table
from newbackend.sanitize import one_line
from newbackend.style import Style
from newbackend.trace.opentext import shown
from newbackend.trace.rowtrace import RowTrace
from newbackend.trace.steps import Copy, Kind, Step, Where
from newbackend.trace.switches import switches

if TYPE_CHECKING:
    from newbackend.trace.proof import Proof

_SHOWN = frozenset(
    {
        *("BUILD_TYPE", "CUDA_MAJOR_VERSION", "CUDA_MINOR_VERSION", "BASE_IMAGE", "BACKEND", "UBUNTU_VERSION"),
        *("BUILDER_TARGET", "BUILDER_BASE_IMAGE"),
    }
)
"""The build arguments that tell rows apart."""

Branch = tuple[str, str]
"""A line of the tree, and where it stands in the checkout."""


def as_text(
    traces: Sequence[RowTrace], paint: Style, *, full: bool = False, proofs: Mapping[str, Proof] | None = None
) -> str:
    """Every row, one after the other, with the proofs of `--run` by tag suffix and platform."""
    found = proofs or {}
    return "\n\n".join(_row(entry, paint, full, found.get(f"{entry.suffix} {entry.platform}")) for entry in traces)


def _row(entry: RowTrace, paint: Style, full: bool, proof: Proof | None) -> str:
    width = min(paint.width or 80, 100)
    title = variant_table().variants[entry.variant].title if entry.variant else "no known variant"
    rows = [paint.bold(f"{entry.backend} {one_line(entry.variant or entry.suffix)}")]
    rows += [
        paint.dim(piece) for piece in textwrap.wrap(one_line(f"{title}, {entry.platform}, tag …{entry.suffix}"), width)
    ]
    parts = [*(part for part in parts_of(entry, full) if part[1]), *([("proof", _proof(proof))] if proof else [])]
    for number, (name, lines) in enumerate(parts):
        last = number == len(parts) - 1
        rows.append(("└─ " if last else "├─ ") + paint.cyan(name))
        for at, (text, where) in enumerate(lines):
            stem = "   " if last else "│  "
            rows += _line(stem, "└─ " if at == len(lines) - 1 else "├─ ", text, where, paint, width)
    return "\n".join(rows)


def _line(stem: str, fork: str, text: str, where: str, paint: Style, width: int) -> list[str]:
    """One line folded at the width; its place is dimmed at the end."""
    room = width - len(stem) - 3
    pieces = textwrap.wrap(one_line(shown(text)), room, subsequent_indent="  ", break_on_hyphens=False) or [""]
    rest = stem + ("   " if fork.startswith("└") else "│  ")
    out = [stem + fork + pieces[0], *(rest + piece for piece in pieces[1:])]
    if where:
        place = one_line(where)
        if len(out[-1]) + 2 + len(place) <= width:
            out[-1] += "  " + paint.dim(place)
        else:
            out.append(f"{rest}  " + paint.dim(place))
    return out


def parts_of(entry: RowTrace, full: bool = False) -> Iterable[tuple[str, list[Branch]]]:
    """The parts of the way with their lines."""
    yield "started by", _started(entry)
    yield "job", _job(entry)
    yield "Dockerfile", _docker(entry)
    yield "make", _make(entry)
    yield "commands", _commands(entry, full)
    yield "image", _image(entry, full)
    yield "pushed as", _tags(entry)
    yield "gallery", _gallery(entry)
    yield "unknown", [(f"{gap.text}: {gap.reason}", str(gap.where)) for gap in entry.unknown]


def _proof(proof: Proof) -> list[Branch]:
    found: list[Branch] = [(f"{proof.message}; lines compared: {proof.lines}" if proof.lines else proof.message, "")]
    found += [(f"read: {read}  make: {said}", "") for read, said in proof.differences]
    if proof.stopped:
        found.append((f"make -n goes no further: {proof.stopped}", ""))
    return found


def _started(entry: RowTrace) -> list[Branch]:
    row = Where(entry.row.path, entry.row.line)
    found = [
        (
            f"a change below {entry.route}" if entry.route else "no change: the path filter knows no directory for it",
            str(row),
        )
    ]
    found += [
        (f"the bump bot, which keeps {fact.value.get('variable')} up to date", f"{fact.path}:{fact.line}")
        for fact in entry.bumps
    ]
    return found


def _job(entry: RowTrace) -> list[Branch]:
    if entry.job is None:
        return []
    return [
        (f"{entry.job.caller.id} on {entry.job.runner}", str(entry.job.caller.where)),
        (f"calls {entry.job.workflow}", str(entry.job.argument_where or entry.job.called.where)),
    ]


def _docker(entry: RowTrace) -> list[Branch]:
    if entry.docker is None or entry.job is None:
        return []
    given = {
        name: value
        for name, value in entry.job.arguments.items()
        if name in _SHOWN and value and name not in entry.undeclared
    }
    found: list[Branch] = [(f"{name}={value}", "") for name, value in given.items()]
    lost = [name for name in entry.undeclared if entry.job.arguments.get(name)]
    if lost:
        found.append((f"no stage declares {', '.join(lost)}", entry.docker.path))
    for stage in entry.docker.needed:
        name = "" if stage.name.isdigit() else f" as {stage.name}"
        found.append((f"stage {stage.base}{name}", f"{entry.docker.path}:{stage.line}"))
    return found


def _make(entry: RowTrace) -> list[Branch]:
    found: list[Branch] = []
    if entry.goals:
        found.append((f"{entry.directory}: {' '.join(entry.goals)}", ""))
    for branch in entry.branches:
        if branch.taken and branch.text != "else" and branch.where.path.startswith(f"{entry.directory}/"):
            found.append((branch.text, str(branch.where)))
    common = _common(entry)
    if common:
        found.append((" ".join(common), ""))
    return found


def _common(entry: RowTrace) -> list[str]:
    """The switches of every configure call; all of them when there is none."""
    calls = [
        [shown(word) for word in switches(step.text)]
        for step in entry.steps
        if not step.condition and step.text.startswith("cmake ")
    ]
    configures = [set(call) for call in calls if call]
    together = set.intersection(*configures) if configures else set()
    return [flag for flag in entry.flags if flag in together or not flag.startswith("-D")]


def _commands(entry: RowTrace, full: bool) -> list[Branch]:
    steps = [step for step in entry.steps if step.kind is not Kind.COPY]
    if not full:
        steps = _distinct(steps)
    return [(_said(entry, step), str(step.where)) for step in steps]


def _distinct(steps: Sequence[Step]) -> list[Step]:
    """Each line of the checkout once; how often it runs is said by the first."""
    first: dict[tuple[Where, str], Step] = {}
    for step in steps:
        first.setdefault((step.where, step.text.split(None, 1)[0]), step)
    return list(first.values())


def _said(entry: RowTrace, step: Step) -> str:
    indent = "· " * min(step.depth, 6)
    return f"{indent}{_short(entry, step.text)}" + (f" [if {step.condition}]" if step.condition else "")


def _image(entry: RowTrace, full: bool) -> list[Branch]:
    found: list[Branch] = []
    if entry.run_sh is not None:
        said = "run.sh is in it" if entry.run_sh else "it has no run.sh, so LocalAI cannot start it"
        found.append((said, str(entry.run_sh_where or "")))
    copies = [copy for copy in entry.image_copies if full or not copy.condition]
    for copy in copies if full else ():
        found.append((f"{copy.target} from {_short(entry, copy.source)}", str(copy.where)))
    for (folder, path), group in _folders(copies).items() if not full else ():
        names = dict.fromkeys(posixpath.basename(copy.target) for copy in group)
        found.append((f"{folder}: {' '.join(names)}", f"{path}:{group[0].where.line}"))
    left = sum(1 for copy in entry.image_copies if copy.condition)
    if left and not full:
        found.append((f"and what {left} copies find that depend on the build machine", ""))
    if entry.archive:
        found.append((f"packed as {entry.archive}", ""))
    return found


def _folders(copies: Sequence[Copy]) -> dict[tuple[str, str], list[Copy]]:
    """Copies by the image's folder and the script that makes them."""
    groups: dict[tuple[str, str], list[Copy]] = {}
    for copy in copies:
        groups.setdefault((posixpath.dirname(copy.target), copy.where.path), []).append(copy)
    return groups


def _short(entry: RowTrace, text: str) -> str:
    """A text without the container path of the checkout."""
    return text.replace(f"{entry.root}/", "") if len(entry.root) > 1 else text


def _tags(entry: RowTrace) -> list[Branch]:
    if entry.tags is None:
        return []
    merged = f", one manifest list of {', '.join(entry.legs)}" if entry.tags.merged and len(entry.legs) > 1 else ""
    first = entry.tags.branch[:1] + entry.tags.release[1:2]
    return [(" and ".join(first) + merged, str(entry.tags.where))]


def _gallery(entry: RowTrace) -> list[Branch]:
    found = [(name, str(where)) for name, where in entry.gallery.entries]
    if not found:
        found.append(("no entry points at it, so nobody can install it", ""))
    if entry.gallery.keys:
        found.append((f"capabilities {', '.join(key for key, _ in entry.gallery.keys)}", str(entry.gallery.keys[0][1])))
    found.append((f"hosts: {', '.join(entry.gallery.hosts) or 'none'}", ""))
    if entry.same_build_as:
        found.append((f"compiled like {', '.join(entry.same_build_as)}", ""))
    return found
