"""Rules about suppressions, decided after all other rules: by which suppressions were used."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from newbackend.findings import Finding, Fix, Rule, Severity
from newbackend.records import dataclass
from newbackend.rulebook import Rulebook
from newbackend.suppress.model import AllowEntry, Malformed, Suppression

if TYPE_CHECKING:
    from newbackend.registrations.base import Change
    from newbackend.rules.context import Context


@dataclass(frozen=True)
class Useless:
    """The suppressions without effect in a run: unused, expired or malformed."""

    unused: tuple[Suppression, ...]
    expired: tuple[AllowEntry, ...]
    malformed: tuple[Malformed, ...]


SUPPRESSIONS: Rulebook[Useless, Iterable[Finding]] = Rulebook("REG9", "suppress/rules.py")

rule, check, repair = SUPPRESSIONS.rule, SUPPRESSIONS.check, SUPPRESSIONS.repair

UNUSED = rule(
    "REG901",
    "suppression-unused",
    Severity.WARNING,
    what="A suppression silences nothing, although its rule ran.",
    why=(
        "It is left over from a defect that was repaired, or it names the wrong rule, subject or line. "
        "Left in place it would hide the next defect of the same kind."
    ),
    how="Remove the comment or the [[allow]] entry; if it was meant for something else, correct it.",
    fix=Fix.SAFE,
    bad='tag-suffix: "-cpu-demo"  # newbackend: ignore[REG101] built elsewhere   (REG101 is satisfied)',
    good='tag-suffix: "-cpu-demo"',
)


@check(UNUSED)
def unused(useless: Useless) -> Iterable[Finding]:
    """Suppressions whose rule ran and had no finding that they cover."""
    for suppression in useless.unused:
        whom = f"{suppression.rule} for {suppression.subject}" if suppression.subject else suppression.rule
        yield _about(UNUSED, suppression, f"this suppression of {whom} silences nothing; remove it")


@repair(UNUSED)
def remove(context: Context, finding: Finding) -> Iterable[Change]:
    """Removes the comment or the [[allow]] entry, and nothing else."""
    from newbackend.registrations.base import Change
    from newbackend.splice.outcome import Inserted
    from newbackend.suppress import CONFIG_NAME
    from newbackend.suppress.removal import difference, without_comment, without_entry

    path, text = finding.path, context.checkout.need(finding.path)
    try:
        is_entry = path == CONFIG_NAME
        rest = without_entry(text, finding.line) if is_entry else without_comment(path, text, finding.line)
    except ValueError:
        return
    outcome = Inserted((difference(text, rest),), finding.line)
    yield Change("suppressions", finding.path, outcome, "an unused suppression", (UNUSED.id,))


EXPIRED = rule(
    "REG902",
    "suppression-expired",
    Severity.WARNING,
    what="An [[allow]] entry is past its `expires` date and no longer silences anything.",
    why="Somebody promised to look again by that day; what it silenced is reported again from then on.",
    how="Repair what it silenced and remove the entry, or give it a later date and say why.",
    bad='[[allow]]\nrule = "REG501"\nbackend = "demo"\nreason = "held until 1.3"\nexpires = 2025-01-31',
    good='[[allow]]\nrule = "REG501"\nbackend = "demo"\nreason = "1.3 was withdrawn"\nexpires = 2026-06-30',
)


@check(EXPIRED)
def expired(useless: Useless) -> Iterable[Finding]:
    """Expired entries."""
    for suppression in useless.expired:
        day = suppression.expires.isoformat() if suppression.expires else ""
        yield _about(
            EXPIRED, suppression, f"this suppression of {suppression.rule} ended on {day}: {suppression.reason}"
        )


MALFORMED = rule(
    "REG903",
    "suppression-malformed",
    Severity.ERROR,
    what="A suppression has no reason, names no rule or one that does not exist, or covers everything.",
    why="It has no effect, so whoever wrote it believes something is silenced that is not.",
    how=(
        "Write `# newbackend: ignore[REG412] reason` beside the thing, or in .newbackend.toml an [[allow]] "
        "with `rule`, `reason` and at least one of `subject`, `path`, `backend`."
    ),
    bad="# newbackend: ignore",
    good="# newbackend: ignore[REG401:demo] the sources live in a sibling directory",
)


@check(MALFORMED)
def malformed(useless: Useless) -> Iterable[Finding]:
    """Comments and entries that cannot be applied."""
    for suppression in useless.malformed:
        message = f"this suppression has no effect: it {suppression.problem}"
        yield Finding(
            MALFORMED, suppression.subject, suppression.where.path, line=suppression.where.line, message=message
        )


def _about(rule: Rule, suppression: Suppression, message: str) -> Finding:
    subject = ":".join(filter(None, (suppression.rule, suppression.subject)))
    backend = suppression.backend if isinstance(suppression, AllowEntry) else ""
    return Finding(rule, subject, suppression.where.path, line=suppression.where.line, message=message, backend=backend)
