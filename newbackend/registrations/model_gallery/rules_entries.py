"""Rules about single entries of the model gallery: checksums, names, configurations."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from newbackend.checklist import MODEL
from newbackend.findings import Finding, Location, Severity
from newbackend.registrations.model_gallery.index import FOLDER, MODELS, Model, config_backends, models
from newbackend.rulebook import Scope
from newbackend.rules.context import Context
from newbackend.rules.registry import check, rule

NO_CHECKSUM = rule(
    "REG263",
    "model-without-checksum",
    Severity.NOTE,
    what="A file of a model has no sha256.",
    why="LocalAI checks a download by it: without one, a file that was cut off or exchanged is loaded as it is.",
    how="`sha256sum FILE`, or the SHA-256 on the file's page of Hugging Face.",
    bad="- filename: demo.gguf\n  uri: huggingface://org/demo/demo.gguf",
    good="- filename: demo.gguf\n  sha256: 4f1c…\n  uri: huggingface://org/demo/demo.gguf",
    checklist=MODEL,
)
_FILE = re.compile(r"^ +(?:- )?filename:", re.M)
_SUM = re.compile(r"^ +(?:- )?sha256:[ \t]*[\"']?[0-9a-fA-F]{64}\b", re.M)


@check(NO_CHECKSUM, needs=("model-gallery",), scope=Scope.REPO)
def checksums(context: Context) -> Iterable[Finding]:
    """One finding for each model."""
    for model in models(context.checkout):
        at = model.text.find("\n  files:")
        if at == -1:
            continue
        files, sums = (len(rule.findall(model.text, at)) for rule in (_FILE, _SUM))
        if files > sums:
            many = "its file has" if files == 1 else f"{files - sums} of its {files} files have"
            message = f"{model.name}: {many} no sha256, so the download is not checked"
            line = model.line + model.text.count("\n", 0, at + 1)
            backend = context.known(model.backend)
            yield Finding(NO_CHECKSUM, model.name, MODELS, line=line, message=message, backend=backend)


UNUSED = rule(
    "REG265",
    "model-configuration-unused",
    Severity.NOTE,
    what="No entry of gallery/index.yaml names a configuration that lies beside it.",
    why="Nobody installs it by name, and it is kept up to date for nobody.",
    how="Name it in the `url` of an entry, or take the file out.",
    bad="# gallery/demo.yaml, and no entry with this url",
    good="url: github:mudler/LocalAI/gallery/demo.yaml@master",
    checklist=MODEL,
)


@check(UNUSED, needs=("model-gallery",), scope=Scope.REPO)
def configurations(context: Context) -> Iterable[Finding]:
    """Files with a `config_file`; others in the folder are for LocalAI's own jobs."""
    named = {model.config for model in models(context.checkout)}
    for name in config_backends(context.checkout):
        path = f"{FOLDER}/{name}"
        if name not in named:
            yield Finding(UNUSED, path, path, line=1, message=f"no entry of {MODELS} names {path}")


SAME_NAME = rule(
    "REG266",
    "model-name-twice",
    Severity.WARNING,
    what="Two models of the gallery have the same name.",
    why="LocalAI installs the first one by that name; the second can never be installed.",
    how="Give one of them another name.",
    bad="- name: demo\n- name: demo",
    good="- name: demo\n- name: demo-q8",
    checklist=MODEL,
)


@check(SAME_NAME, needs=("model-gallery",), scope=Scope.REPO)
def names(context: Context) -> Iterable[Finding]:
    """One finding for each entry after the first."""
    by_name: dict[str, list[Model]] = defaultdict(list)
    for model in models(context.checkout):
        by_name[model.name.lower()].append(model)
    for first, *others in by_name.values():
        for model in others:
            message = (
                f"{model.name} is already the name of the model in line {first.line}, so this one is never installed"
            )
            related = (Location(MODELS, first.line),)
            backend = context.known(model.backend)
            yield Finding(
                SAME_NAME, model.name, MODELS, line=model.line, message=message, backend=backend, related=related
            )
