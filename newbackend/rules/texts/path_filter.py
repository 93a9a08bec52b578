"""REG4xx, the CI path filter: facts from contract 11.2; routes come from running the checkout's own filter."""

from __future__ import annotations

from newbackend.findings import Confidence, Fix, Rule, Severity
from newbackend.rules.texts.checklist import FILTER

ROUTE_MISSING = Rule(
    id="REG401",
    name="route-missing",
    severity=Severity.ERROR,
    what="The path filter gives a Linux row no directory, or another backend's.",
    why="Its images are built when the backend is added and never again: every later change to it starts no job, "
    "and pull requests look green that built nothing.",
    how="Add a branch to inferBackendPath, before any branch whose suffix the Dockerfile's name also ends with.",
    incident="ds4 was merged without one (e3f9de102) and repaired two days later (621c612b2); it is the most common "
    "omission of all, says the guide.",
    bad='if (item.dockerfile.endsWith("llama-cpp")) { … }   // and nothing for Dockerfile.demo',
    good='if (item.dockerfile.endsWith("demo")) {\n  return `backend/cpp/demo/`;\n}',
    fix=Fix.SAFE,
    checklist=FILTER,
)

DARWIN_ROUTE = Rule(
    id="REG402",
    name="darwin-route-missing",
    severity=Severity.ERROR,
    what="The path filter looks for a macOS row's sources where they are not.",
    why="A C++ backend is driven with lang go, so without a case of its own backend/go/NAME is watched, which does "
    "not exist: no change ever rebuilds the macOS image.",
    how="Add a case to inferBackendPathDarwin that returns backend/cpp/NAME/.",
    incident="The cases of ds4, privacy-filter and audio-cpp were each added after the row.",
    bad="return `backend/${item.lang}/${item.backend}/`;    // and no case for the C++ backend demo",
    good='if (item.backend === "demo") {\n  return `backend/cpp/demo/`;\n}',
    fix=Fix.SAFE,
    checklist=FILTER,
)

FORK_SOURCES = Rule(
    id="REG403",
    name="fork-not-rebuilt",
    severity=Severity.ERROR,
    confidence=Confidence.LIKELY,
    what="A backend builds from another backend's sources, and a change there does not start its jobs.",
    why="A fix in the shared sources reaches the one image and not the other, and a change that breaks the fork is "
    "noticed by the next person who touches it.",
    how="Name the backend in backendChanged beside the other forks.",
    incident="turboquant's comment promised it and only its output flag was set; bonsai came later.",
    bad='return backend === "turboquant" && changedFiles.some(file => file.startsWith("backend/cpp/llama-cpp/"));',
    good='return (backend === "turboquant" || backend === "demo") && …',
    checklist=FILTER,
)

BESPOKE = Rule(
    id="REG404",
    name="darwin-builders-differ",
    severity=Severity.WARNING,
    what="DARWIN_BESPOKE_BUILDERS and the conditions in backend_build_darwin.yml do not name the same backends.",
    why="Changes to the generic macOS build then start too many jobs or too few, and a bespoke backend may be built "
    "by both steps.",
    how="Keep the two lists equal.",
    incident="The comment above the set asks for it; audio-cpp was added to both by hand.",
    bad="DARWIN_BESPOKE_BUILDERS = new Set([\"llama-cpp\"])\n# workflow: inputs.backend == 'demo'",
    good='DARWIN_BESPOKE_BUILDERS = new Set(["llama-cpp", "demo"])',
    checklist=FILTER,
)

DEAD_BRANCH = Rule(
    id="REG405",
    name="route-unused",
    severity=Severity.NOTE,
    what="A branch of the path filter returns the directory of a backend that is gone.",
    why="It is left over from a removal, and may still catch the Dockerfile of a later backend whose name ends the "
    "same.",
    how="Delete the branch.",
    bad='if (item.dockerfile.endsWith("gone")) { return `backend/cpp/gone/`; }',
    good="// nothing",
    checklist=FILTER,
)
