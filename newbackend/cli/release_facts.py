"""What a release on PyPI adds to the answers of `create --pip`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from newbackend.answers import Answers
from newbackend.catalog.torch import torch_packages
from newbackend.cli.engine_facts import EngineFacts, with_text
from newbackend.cli.output.progress import progress
from newbackend.errors import NotFoundError
from newbackend.requirement import Requirement, parse_requirement, same_version
from newbackend.spec import BackendSpec, make_spec, to_answers

if TYPE_CHECKING:
    from newbackend.online.pypi import Release


def with_release(spec: BackendSpec, *, explicit: bool) -> EngineFacts:
    """The spec with what PyPI says of its release.

    A PyPI that does not answer is a note, with `explicit` an error. Raises NotFoundError for a release that it does not
    have.
    """
    from newbackend.online.network import Unreachable
    from newbackend.online.pypi import release
    from newbackend.upstream.package_answers import accelerator_extras

    wanted = parse_requirement(spec.engine.pip or "")
    try:
        with progress(f"asking PyPI about {wanted.name}"):
            found = release(wanted)
    except Unreachable as error:
        if explicit:
            raise NotFoundError("pip-unreachable", str(error)) from error
        note = f"{error}: what {wanted.name} needs is not known, so every platform gets an index of wheels and {wanted}"
        return EngineFacts(spec, notes=(note,))
    torch, extras = torch_packages(found.needs), accelerator_extras(found.extras)
    engine = replace(spec.engine, torch=torch, extras=extras or None)
    links = spec.urls or (f"https://pypi.org/project/{wanted.key}/",)
    spec = make_spec(replace(to_answers(spec), engine=engine, urls=links))
    return _described(EngineFacts(spec, notes=(_note(wanted, torch, extras, found.requires_python),)), found)


def _note(wanted: Requirement, torch: tuple[str, ...], extras: dict[str, str], python: str) -> str:
    facts = [f"needs {' and '.join(torch)}" if torch else "needs no PyTorch"]
    facts += [f"Python {python}"] if python else []
    facts += [f"[{name}] for {kind}" for kind, name in extras.items()]
    return f"the requirements have {wanted} of PyPI ({', '.join(facts)})"


def _described(facts: EngineFacts, found: Release) -> EngineFacts:
    from newbackend.upstream.licences import known_licenses

    spec, told = facts.spec, list(facts.notes)
    if not spec.license and found.licence in known_licenses():
        spec = with_text(spec, Answers(license=found.licence))
        told.append(f"license: {found.licence} (PyPI)")
    if found.summary and spec.description in ("", to_answers(spec).plain_description):
        spec = with_text(spec, Answers(description=found.summary))
        told.append(f"description: {spec.description} (PyPI)")
    if not spec.license:
        told.append("no licence is known: pass --license, the gallery entry has none")
    if not same_version(found.version, parse_requirement(spec.engine.pip or "").version):
        told.append(f"PyPI tells only what {found.version} needs, the newest release: compare it with yours")
    return EngineFacts(spec, facts.files, tuple(told))
