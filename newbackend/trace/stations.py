"""A trace as the stations of a drawing: change, job, Dockerfile, make, image, gallery, hosts."""

from __future__ import annotations

from collections.abc import Iterable

from newbackend.records import dataclass
from newbackend.sanitize import one_line
from newbackend.trace.opentext import shown
from newbackend.trace.rowtrace import RowTrace
from newbackend.trace.steps import Kind
from newbackend.trace.tree import Branch, parts_of


@dataclass(frozen=True)
class Station:
    """One stop on the way from a change to a host. `lines` are texts with their places in the checkout, `path:line`;
    a `broken` one is where the way ends: no job, no entry, no host."""

    id: str
    title: str
    lines: tuple[Branch, ...]
    broken: bool = False


def stations_of(entry: RowTrace) -> tuple[Station, ...]:
    """The way of one row; a macOS row has no Dockerfile."""
    parts = dict(parts_of(entry))
    hosts = entry.gallery.hosts
    found = [
        _station("change", "Change", parts["started by"], broken=not entry.route),
        _station("job", "Job", _job(entry), broken=entry.job is None),
        _station("dockerfile", "Dockerfile", _dockerfile(entry)),
        _station("make", "Make", parts["make"] if entry.goals else _commands(entry)),
        _station("image", "Image", [*_tags(entry), *parts["image"]], broken=entry.run_sh is False),
        _station("gallery", "Gallery", _gallery(entry), broken=not entry.gallery.entries),
        _station("hosts", "Hosts", [(", ".join(hosts) or "no host gets it", "")], broken=not hosts),
    ]
    return tuple(station for station in found if station.lines)


def _station(id_: str, title: str, lines: Iterable[Branch], *, broken: bool = False) -> Station:
    return Station(id_, title, tuple((one_line(shown(text)), one_line(where)) for text, where in lines), broken)


def _job(entry: RowTrace) -> list[Branch]:
    if entry.job is None:
        return [("no workflow builds it", "")]
    where = entry.job.argument_where or entry.job.called.where
    return [(entry.job.caller.id, str(entry.job.caller.where)), (f"on {entry.job.runner}", str(where))]


def _dockerfile(entry: RowTrace) -> list[Branch]:
    """The build arguments that differ from row to row, and the images that the stages begin with."""
    if entry.docker is None or entry.job is None:
        return []
    given = entry.job.arguments
    version = ".".join(given.get(f"CUDA_{part}_VERSION", "") for part in ("MAJOR", "MINOR")).strip(".")
    words = [f"BUILD_TYPE={given.get('BUILD_TYPE', '')}", f"CUDA {version}" if version else ""]
    found: list[Branch] = [(" ".join(word for word in words if word), "")]
    own = {stage.name.lower() for stage in entry.docker.stages}
    for stage in entry.docker.needed:
        if stage.base.lower() not in own:
            found.append((f"from {stage.base}", f"{entry.docker.path}:{stage.line}"))
    return found


def _commands(entry: RowTrace) -> list[Branch]:
    """The commands that start a make or a script, where no make was followed."""
    return [(step.text, str(step.where)) for step in entry.steps if step.kind is Kind.MAKE]


def _tags(entry: RowTrace) -> list[Branch]:
    """The tags, each once, without the registries."""
    if entry.tags is None:
        return []
    tags = dict.fromkeys(tag.rpartition(":")[2] for tag in (*entry.tags.branch, *entry.tags.release))
    released = [tag for tag in tags if not tag.startswith("vX.Y.Z")]
    return [(", ".join(released), str(entry.tags.where))]


def _gallery(entry: RowTrace) -> list[Branch]:
    found = [(name, str(where)) for name, where in entry.gallery.entries] or [("no entry offers it", "")]
    keys = list(dict.fromkeys(key.partition(": ")[2] for key, _ in entry.gallery.keys))
    return [*found, (f"as {', '.join(keys)}", str(entry.gallery.keys[0][1]))] if keys else found
