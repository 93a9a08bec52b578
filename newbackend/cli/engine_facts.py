"""What the pinned engine adds to answers and files: for `create`, for `change --pin`, and for `update` after a bump."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field, replace
from functools import partial
from typing import TYPE_CHECKING

from newbackend.answers import Answers, EngineAnswers, as_data, merge
from newbackend.checkout.tree import Checkout
from newbackend.cli.output.progress import progress
from newbackend.errors import NewbackendError, NotFoundError, UsageError
from newbackend.records import dataclass
from newbackend.registrations.matrix.place import rows_of
from newbackend.spec import BackendSpec, make_spec, to_answers

if TYPE_CHECKING:
    from newbackend.plan.change import Changed, Scaffold, Sources
    from newbackend.plan.wish import Wish
    from newbackend.upstream.engine_files import Bound, EngineReading
    from newbackend.upstream.inspect import Inspection

_PUREGO = re.compile(r"^[ \t]*(?:require\s+)?github\.com/ebitengine/purego\s+v(\d+)\.(\d+)\.(\d+)", re.MULTILINE)


@dataclass(frozen=True)
class EngineFacts:
    """The spec with what was read, texts of files that come from the engine's header, and notes for the reader."""

    spec: BackendSpec
    files: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def scaffold(self) -> Scaffold:
        """Renders a backend with these files."""
        from newbackend.scaffold.render import render

        return partial(render, given=self.files)


def with_engine(spec: BackendSpec, checkout: Checkout, *, explicit: bool, new: bool = True) -> EngineFacts:
    """Reads the pinned upstream of a spec whose flavour can build one; the options of a `new` backend follow it.

    An upstream that cannot be read is a note, with `explicit` an error. Raises UsageError when a platform would be a
    CPU build.
    """
    from newbackend.upstream.engine_answers import engine_answers, reasons, refuse_impossible
    from newbackend.upstream.package_answers import package_answers

    assert spec.pin is not None  # the caller asks for no other
    try:
        read = _read(spec, checkout, spec.pin.sha)
    except NewbackendError as error:
        if explicit:
            raise
        if spec.its_flavour.takes_package:
            return EngineFacts(spec)  # it is installed by its manifest, read or not
        again = f"`newbackend change {spec.name} --pin {spec.pin.repo}@{spec.pin.sha}`"
        again = again if spec.its_flavour.binds else "--engine auto"
        return EngineFacts(spec, notes=(f"{error.message}, so only the placeholder is built; {again} tries again",))
    if explicit and read.why_not:
        raise UsageError("engine-no-c-api", f"{read.why_not}, so flavour {spec.flavour} has nothing to bind")
    flavour = spec.its_flavour
    if flavour.takes_package:
        engine, note = package_answers(read.found, flavour.takes_package)
    else:
        engine, note = engine_answers(read.found, objects=flavour.links_objects, modalities=spec.modalities)
    if engine is None:
        return EngineFacts(spec, notes=(note,))
    if spec.engine.target:
        engine = replace(engine, target=spec.engine.target, shared=read.found.is_shared(spec.engine.target) or None)
    if flavour.takes_package:
        engine = replace(engine, pip=spec.engine.pip)
        made, told = _as_found(make_spec(replace(to_answers(spec), engine=engine)), read.found)
        return EngineFacts(made, notes=(note, *told))
    if (engine.objects or engine.shared) and spec.options.cpu_variants:
        built = "Makefile builds its objects" if engine.objects else "shared library is built"
        what = f"{read.found.repo}'s {built} once, so there are none for options.cpu_variants"
        raise UsageError("cpu-variants-impossible", what, hint="leave options.cpu_variants out")
    if read.loader:
        calls = {key: text for key, text in (engine.calls or {}).items() if key != "load"}
        engine = replace(engine, load=read.loader.function.name, free=read.loader.free, calls=calls or None)
    build_types = {row.get("build-type", "") for key in spec.variants for row in rows_of(spec, key)}
    refuse_impossible(read.found, engine, build_types)
    made, told = _as_found(make_spec(replace(to_answers(spec), engine=engine)), read.found)
    made, processors = _for_processors(made, read.found, new=new)
    why = (*reasons(read.found, engine, build_types), *processors)
    return EngineFacts(made, read.files, (note, *why, *_bound_note(read), *_loader_note(read), *told))


def _for_processors(spec: BackendSpec, found: Inspection, *, new: bool) -> tuple[BackendSpec, list[str]]:
    """The spec with a library for each kind of x86-64 processor where ggml is built, and what an image needs of one.

    What was answered stays, also that there are none.
    """
    from newbackend.upstream.engine_answers import ggml_processor

    needs, choices, options = ggml_processor(found), spec.its_flavour.cpu_variants, spec.options
    rows = (row for key in spec.variants for row in rows_of(spec, key))
    on_x86 = any("amd64" in row.get("platforms", "") for row in rows)
    if not needs or not on_x86 or options.cpu_variants or options.native_march:
        return spec, []
    if not choices or options.cpu_variants is not None or spec.engine.objects or spec.engine.shared:
        return spec, [f"on x86-64 {needs}"]
    words = f"options.cpu_variants={','.join(choices)}"
    if not new:
        return spec, [f"on x86-64 {needs}; --set {words} builds for others as well"]
    spec = make_spec(replace(to_answers(spec), options=replace(options, cpu_variants=choices)))
    return spec, [f"{words}: by itself {needs}; --set options.cpu_variants= builds for those alone"]


def _as_found(spec: BackendSpec, found: Inspection) -> tuple[BackendSpec, list[str]]:
    licence, about = found.licence, found.description
    return described(
        spec,
        (licence.value, f" ({licence.where})") if licence else ("", ""),
        (about.value, f" ({about.where})") if about else ("", ""),
    )


def described(spec: BackendSpec, licence: tuple[str, str], about: tuple[str, str]) -> tuple[BackendSpec, list[str]]:
    """The spec with the upstream's licence and first sentence, where nobody gave others, and notes; each with where it
    stands, "" when it is not there."""
    told: list[str] = []
    if licence[0] and not spec.license:
        spec = with_text(spec, Answers(license=licence[0]))
        told += [f"license: {licence[0]}{licence[1]}"] if spec.license else []
    if about[0] and spec.description in ("", to_answers(spec).plain_description):
        spec = with_text(spec, Answers(description=about[0]))
        told.append(f"description: {spec.description}{about[1]}")
    if not spec.license:
        told.append("no licence is known: pass --license, the gallery entry has none")
    return spec, told


def planned_change(name: str, wish: Wish, checkout: Checkout, sources: Sources) -> Changed:
    """The plan of a change, with the engine of a new pin read again. Raises what `plan_change` raises."""
    from newbackend.plan.change import plan_change

    facts = for_new_pin(name, wish, checkout)
    if facts is None:
        return plan_change(name, wish, checkout, sources)
    wish = replace(wish, engine=facts.spec.engine)
    return _noted(plan_change(name, wish, checkout, sources, scaffold=facts.scaffold), facts)


def planned_update(name: str, checkout: Checkout, sources: Sources) -> Changed:
    """The plan of an update, with bindings at the commit that the Makefile pins. Raises what `plan_update` raises."""
    from newbackend.plan.change import plan_update

    facts = after_bump(name, checkout)
    if facts is None:
        return plan_update(name, checkout, sources)
    return _noted(plan_update(name, checkout, sources, scaffold=facts.scaffold), facts)


def _noted(changed: Changed, facts: EngineFacts) -> Changed:
    return replace(changed, plan=replace(changed.plan, notes=(*changed.plan.notes, *facts.notes)))


def with_text(spec: BackendSpec, more: Answers) -> BackendSpec:
    """The spec with a text of the upstream, or as it was where no entry can hold the text."""
    try:
        return make_spec(merge(to_answers(spec), more))
    except UsageError:
        return spec


def for_new_pin(name: str, wish: Wish, checkout: Checkout) -> EngineFacts | None:
    """What `change` has to do about the engine: None where pin and flavour stay or nothing of the engine is built.

    Answers about the engine that were given stay; else they are read at the new pin, and the notes say which are others
    now. An engine that cannot be read is a note, and the answers stay those of the old commit.
    """
    from newbackend.plan.registered import registered_answers
    from newbackend.plan.wish import wished

    given = wish.answers
    if (given.pin is None and given.flavour is None) or given.engine is not None:
        return None
    known = registered_answers(checkout, name).answers
    spec, old = make_spec(wished(known, wish)), make_spec(known)
    if spec.pin is None or not _reads_again(spec, old):
        return None
    try:
        bare = replace(spec, engine=EngineAnswers(pip=old.engine.pip))
        found = with_engine(bare, checkout, explicit=True, new=False)
    except NotFoundError as error:
        kept = "the answers about the engine stay those of the old commit"
        note = f"{error.message}: {kept if spec.pin != old.pin else 'nothing of the engine is built'}"
        return EngineFacts(spec, notes=(note,))
    return replace(found, notes=(*found.notes, *_moved(old.engine, found.spec.engine)))


def _reads_again(spec: BackendSpec, old: BackendSpec) -> bool:
    """Whether a new pin, or a flavour that builds more of the engine, makes the old answers about it too few."""
    its, unread = spec.its_flavour, old.engine == EngineAnswers()
    if spec.flavour != old.flavour and (unread or (its.binds and not old.its_flavour.binds)):
        return its.links_engine or bool(its.takes_package)
    built = not unread or old.its_flavour.binds
    return bool(built) and (spec.pin != old.pin or unread)


def _moved(old: EngineAnswers, new: EngineAnswers) -> list[str]:
    if old == EngineAnswers():
        return []
    before, after = as_data(old), as_data(new)
    keys = [key for key in dict.fromkeys((*before, *after)) if before.get(key) != after.get(key)]
    return [f"engine.{key} was {before.get(key, 'nothing')}, is {after.get(key, 'nothing')}" for key in keys]


def after_bump(name: str, checkout: Checkout) -> EngineFacts | None:
    """Generated files for the commit that the Makefile pins, where those in the checkout are of another one."""
    from newbackend.plan.registered import registered_answers
    from newbackend.registrations.support.engine_use import bound_commit, pinned_commit
    from newbackend.scaffold.generated import answers_file

    if not answers_file(checkout, name):
        return None
    spec = make_spec(registered_answers(checkout, name).answers)
    if spec.pin is None or not spec.its_flavour.binds or spec.engine == EngineAnswers():
        return None
    pinned = pinned_commit(checkout, spec.directory, spec.pin.variable) or spec.pin.sha
    bound = bound_commit(checkout.read(f"{spec.directory}/{spec.its_flavour.binds[0]}") or "")
    return None if bound in ("", pinned) else bindings_at(spec, checkout, pinned)


def bindings_at(spec: BackendSpec, checkout: Checkout, sha: str) -> EngineFacts:
    """The generated files at a commit that the bump bot has pinned; the answers stay. Raises what reading raises."""
    read = _read(spec, checkout, sha)
    if read.why_not:
        raise UsageError("engine-no-c-api", f"{read.why_not}, so {spec.name} has nothing to bind at its pin")
    from newbackend.upstream.engine_files import MODEL

    load, files = spec.engine.load, dict(read.files)
    if not load:
        files.pop(MODEL, None)  # nothing calls it: engine.go is rendered from the answers
    return EngineFacts(spec, files, (*_bound_note(read), *(_load_moved(load, read) if load else ())))


def _load_moved(load: str, read: EngineReading) -> tuple[str, ...]:
    """What is to be done when a model is not loaded with the same function any more."""
    if read.loader is None:
        return (f"{load} cannot be called any more: engine.go does not build until it loads a model by itself",)
    name = read.loader.function.name
    return (f"bindings_model.go loads a model with {name}, no more with {load}",) if name != load else ()


def _read(spec: BackendSpec, checkout: Checkout, sha: str) -> EngineReading:
    from newbackend.upstream.engine_files import read_engine
    from newbackend.upstream.inspect import read_remote

    assert spec.pin is not None
    with progress(f"reading {spec.pin.repo}"):
        return read_remote(
            spec.pin.repo, sha, partial(read_engine, bound=_wanted(spec, checkout), wanted=spec.engine.header or "")
        )


def _wanted(spec: BackendSpec, checkout: Checkout) -> Bound | None:
    if not spec.its_flavour.binds:
        return None
    from newbackend.scaffold.context import symbol_table
    from newbackend.upstream.engine_files import Bound

    match = _PUREGO.search(checkout.read("go.mod") or "")
    bound = Bound(spec.engine.header or "", symbol_table(spec), spec.modalities)
    return replace(bound, purego=tuple(map(int, match.groups()))) if match else bound


def _bound_note(read: EngineReading) -> tuple[str, ...]:
    if read.why_not:
        return (f"{read.why_not}: bindings.go binds nothing",)
    if not read.files:
        return ()
    left = f", {read.refused} cannot be (see its end)" if read.refused else ""
    return (f"bindings.go binds {read.bound} functions of {read.found.headers[0].api.path}{left}",)


def _loader_note(read: EngineReading) -> tuple[str, ...]:
    """Which function loads a model, or why none is called."""
    if not read.files:
        return ()
    if read.loader:
        loader = read.loader
        return (f"engine.go loads a model with {loader.function.name} and frees it with {loader.free}",)
    if not read.found.loaders:
        return ("engine.go loads nothing: no function takes a path and gives a handle that another one frees",)
    names = ", ".join(loader.function.name for loader in read.found.loaders[:3])
    whys = [loader.why_not for loader in read.found.loaders if loader.why_not]
    why = f"{whys[0]}" if whys and len(read.found.loaders) == 1 else "which one to call, and with what, is not told"
    return (f"engine.go loads nothing: {names}: {why}",)
