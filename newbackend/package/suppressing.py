"""Suppressions for packages: comments in run.sh, and `[[allow]]` entries of `.newbackend.toml`.

The file is looked for beside the package; where there is none, at the root of the LocalAI checkout that
the package lies in, whose entries may be about other packages too.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from newbackend.checkout.layout import find_root
from newbackend.errors import NewbackendError, UsageError
from newbackend.findings import CheckResult, Finding, Fix, Rule, Suppressed, sort_findings
from newbackend.package.model import Package
from newbackend.package.rules.base import RULES
from newbackend.package.script.runscript import NAME
from newbackend.suppress.comments import parse_comments
from newbackend.suppress.config import CONFIG_NAME, SuppressConfig, parse_config
from newbackend.suppress.engine import apply_suppressions, ran_everywhere, ran_for
from newbackend.suppress.rules import SUPPRESSION_RULES

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
    return {rule.id: rule for rule in (*RULES, *SUPPRESSION_RULES)}


def suppress(
    package: Package, path: Path, name: str, findings: Sequence[Finding], checked: Sequence[CheckResult], today: date
) -> tuple[tuple[Finding, ...], tuple[Suppressed, ...]]:
    """What is left to report, what is said about the suppressions included, and what was silenced.

    Raises UsageError (`bad-config`) when the config file cannot be read.
    """
    comments = parse_comments(NAME, package.run.text) if package.run else ()
    file, is_own = _config_file(path)
    if not comments and file is None:
        return tuple(findings), ()
    config = SuppressConfig() if file is None else _read(file, path)
    rules = _known_rules(config)
    # Entries may name the package, as they name backends. The findings themselves do not: their
    # fingerprints must not depend on where the package lies.
    named = [replace(finding, backend=name) for finding in findings]
    told = [one._replace(backend=name) for one in checked]
    everywhere = ran_everywhere(named, told)
    # An entry of the checkout's file that is for another package is not unused because of this one.
    ran = everywhere if is_own else ran_for(named, told)
    first = apply_suppressions(named, comments, SuppressConfig(), rules=rules, ran_rules=everywhere, today=today)
    second = apply_suppressions(named, (), config, rules=rules, ran_rules=ran, today=today)
    entries = {id(entry.finding): entry for entry in (*second.suppressed, *first.suppressed)}
    kept = [finding for finding, known in zip(findings, named, strict=True) if id(known) not in entries]
    silenced = tuple(replace(e, finding=replace(e.finding, backend="")) for e in entries.values())
    # `package check` writes to no file, so nothing about a suppression can be repaired from here.
    said = (replace(f, backend="", fix=Fix.NONE) for f in (*first.meta_findings, *second.meta_findings))
    return sort_findings((*kept, *said)), silenced


def _config_file(path: Path) -> tuple[Path | None, bool]:
    """The config file in force, and whether it is the package's own: the one beside it."""
    beside = path.resolve().parent / CONFIG_NAME
    if beside.is_file():
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
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("bad-config", f"cannot be read: {error}", where=str(file)) from error
    return parse_config(text, path=where)


def _known_rules(config: SuppressConfig) -> dict[str, Rule]:
    """All rules there are: a checkout's file holds REG entries too, whose rules do not run here."""
    known = package_rules()
    if all(entry.rule in known for entry in config.entries):
        return known
    from newbackend.rules import rules

    return {**rules(), **known}
