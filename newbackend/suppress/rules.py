"""The rules about suppressions themselves: REG9xx (design, section 2)."""

from __future__ import annotations

from newbackend.findings import Fix, Rule, Severity

UNUSED = Rule(
    id="REG901",
    name="suppression-unused",
    severity=Severity.WARNING,
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

EXPIRED = Rule(
    id="REG902",
    name="suppression-expired",
    severity=Severity.WARNING,
    what="An [[allow]] entry is past its `expires` date and no longer silences anything.",
    why="Somebody promised to look again by that day; what it silenced is reported again from then on.",
    how="Repair what it silenced and remove the entry, or give it a later date and say why.",
    bad='[[allow]]\nrule = "REG501"\nbackend = "demo"\nreason = "held until 1.3"\nexpires = 2025-01-31',
    good='[[allow]]\nrule = "REG501"\nbackend = "demo"\nreason = "1.3 was withdrawn"\nexpires = 2026-06-30',
)

MALFORMED = Rule(
    id="REG903",
    name="suppression-malformed",
    severity=Severity.ERROR,
    what="A suppression has no reason, names no rule or one that does not exist, or covers everything.",
    why="It has no effect, so whoever wrote it believes something is silenced that is not.",
    how=(
        "Write `# newbackend: ignore[REG412] reason` beside the thing, or in .newbackend.toml an [[allow]] "
        "with `rule`, `reason` and at least one of `subject`, `path`, `backend`."
    ),
    bad="# newbackend: ignore",
    good="# newbackend: ignore[REG401:demo] the sources live in a sibling directory",
)

SUPPRESSION_RULES: tuple[Rule, ...] = (UNUSED, EXPIRED, MALFORMED)
"""All of them, for the registry."""
