"""Suppressions for packages: comments in run.sh, and `[[allow]]` entries of `.newbackend.toml`.

The file is looked for beside the package; where there is none, at the root of the LocalAI checkout that
the package is in, whose entries may be for other packages too.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from newbackend.checkout.layout import find_root
from newbackend.checkout.reading import Files
from newbackend.errors import NewbackendError, UsageError
from newbackend.findings import CheckResult, Finding, Fix, Rule, Suppressed, sort_findings
from newbackend.package.model import Package
from newbackend.package.registry import RULES_BY_ID
from newbackend.package.script import RUN_SH
from newbackend.suppress import CONFIG_NAME
from newbackend.suppress.comments import parse_comments
from newbackend.suppress.config import SuppressConfig, parse_config
from newbackend.suppress.engine import apply_suppressions, ran_everywhere
from newbackend.suppress.rules import SUPPRESSIONS

_ARCHIVE_ENDS = (".gz", ".zst", ".tgz", ".tar", ".oci")


def package_name(path: Path) -> str:
    """What to call the package at `path`: its directory, the backend's for `my-engine/package`, or the
    archive's name without its ending."""
    whole = path.resolve()
    if whole.is_dir():
        return whole.parent.name if whole.name == "package" and whole.parent.name else whole.name
    name = whole.name
    for end in _ARCHIVE_ENDS:
        name = name.removesuffix(end)
    return name or whole.name


def package_rules() -> dict[str, Rule]:
    """Every rule that a package's report can name, by id."""
    return {**RULES_BY_ID, **SUPPRESSIONS.rules}


def suppress(
    package: Package, path: Path, name: str, findings: Sequence[Finding], checked: Sequence[CheckResult], today: date
) -> tuple[tuple[Finding, ...], tuple[Suppressed, ...]]:
    """The remaining findings, with those about suppressions, and the suppressed ones.

    Raises UsageError (`bad-config`) when the config file cannot be read.
    """
    comments = parse_comments(RUN_SH, package.run.text) if package.run else ()
    file, is_own = _config_file(path)
    if not comments and file is None:
        return tuple(findings), ()
    config = SuppressConfig() if file is None else _read(file, path)
    # Entries may name the package, as they name backends. The findings themselves do not: their
    # fingerprints must not depend on where the package is.
    named = [replace(finding, backend=name) for finding in findings]
    outcome = apply_suppressions(
        named,
        comments,
        config,
        rules=_known_rules(config),
        ran_rules=ran_everywhere(named, [result._replace(backend=name) for result in checked]),
        today=today,
        shared_config=not is_own,
    )
    silenced = tuple(replace(entry, finding=replace(entry.finding, backend="")) for entry in outcome.suppressed)
    kept = [replace(finding, backend="") for finding in outcome.kept]
    # `package check` writes to no file, so it cannot repair a suppression.
    about = [replace(finding, backend="", fix=Fix.NONE) for finding in outcome.meta_findings]
    return sort_findings((*kept, *about)), silenced


def _config_file(path: Path) -> tuple[Path | None, bool]:
    """The config file to use, and whether it is the package's own, beside it."""
    beside = path.resolve().parent / CONFIG_NAME
    if beside.is_file() or beside.is_symlink():
        return beside, True
    try:
        of_checkout = find_root(path.resolve().parent) / CONFIG_NAME
    except NewbackendError:
        return None, False
    return (of_checkout, False) if of_checkout.is_file() else (None, False)


def _read(file: Path, path: Path) -> SuppressConfig:
    """The file's entries; places in it are relative to the package, as all others in the report."""
    package = path.resolve()
    where = os.path.relpath(file, package if package.is_dir() else package.parent)
    try:
        text = (Files(str(file.parent)).read(file.name) or b"").decode("utf-8")
    except UsageError as error:
        raise UsageError("bad-config", error.message, where=str(file)) from error
    except UnicodeDecodeError as error:
        raise UsageError("bad-config", "is not UTF-8 text", where=str(file)) from error
    return parse_config(text, path=where)


def _known_rules(config: SuppressConfig) -> dict[str, Rule]:
    """All rules there are: a checkout's file holds REG entries too, whose rules do not run here."""
    known = package_rules()
    if all(entry.rule in known for entry in config.entries):
        return known
    from newbackend.rules import rules

    return {**rules(), **known}
