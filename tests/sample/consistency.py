"""Reads the registrations of a checkout with plain parsers, apart from the product's own readers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import quickjs
import yaml

Row = dict[str, str]
Entry = dict[str, Any]

LANGUAGES = ("python", "go", "cpp", "rust")
PROFILES = {
    ("", ""): "cpu",
    ("cublas", "12"): "cublas12",
    ("cublas", "13"): "cublas13",
    ("hipblas", ""): "hipblas",
    ("intel", ""): "intel",
    ("l4t", "12"): "l4t12",
    ("l4t", "13"): "l4t13",
    ("mps", ""): "mps",
}


def matrix(root: Path) -> tuple[list[Row], list[Row]]:
    """Linux and macOS rows."""
    data = yaml.safe_load((root / ".github/backend-matrix.yml").read_text())
    return data["include"], data["includeDarwin"]


def index(root: Path) -> list[Entry]:
    """Gallery entries with their merges resolved (an entry inherits the capabilities of its anchor)."""
    entries: list[Entry] = yaml.safe_load((root / "backend/index.yaml").read_text())
    return entries


def tags(entries: list[Entry], channel: str) -> list[str]:
    """What follows `:latest` or `:master` in the uris of one channel."""
    prefix = f"quay.io/go-skynet/local-ai-backends:{channel}"
    return [entry["uri"].removeprefix(prefix) for entry in entries if entry.get("uri", "").startswith(prefix)]


def folders(root: Path) -> dict[str, str]:
    """Backend name -> `backend/<lang>/<name>/` from the folders that exist."""
    found = {}
    for lang in LANGUAGES:
        for path in sorted((root / "backend" / lang).iterdir()):
            if path.is_dir() and path.name != "common":
                found[path.name] = f"backend/{lang}/{path.name}/"
    return found


def routes(root: Path) -> dict[str, dict[str, str | None]]:
    """Backend name -> folder for both matrices, by the checkout's own path filter."""
    module = root / "scripts/lib/backend-filter.mjs"
    if module.exists():
        source = re.sub(r"(?m)^export ", "", module.read_text())
    else:
        script = (root / "scripts/changed-backends.js").read_text()
        source = script[script.index("function inferBackendPath(") : script.index("function getAllBackendPaths(")]
    engine = quickjs.Context()
    engine.eval(source)
    engine.eval(
        "function all(rows, infer) { return JSON.stringify(rows.map(r => [r.backend, infer(r)])); }"
        "const both = (l, d) => [all(l, inferBackendPath), all(d, inferBackendPathDarwin)];"
    )
    linux, darwin = matrix(root)
    call = f"JSON.stringify(both({json.dumps(linux)}, {json.dumps(darwin)}))"
    answers = [json.loads(part) for part in json.loads(engine.eval(call))]
    return {"linux": dict(answers[0]), "darwin": dict(answers[1])}


def profile(row: Row) -> str:
    """The requirement profile that a Python row installs (LocalAI's backend/python/common/libbackend.sh)."""
    return PROFILES[row.get("build-type", ""), row.get("cuda-major-version", "")]


def problems(root: Path) -> list[str]:
    """Everything that does not fit together, in sentences; empty for a sound checkout."""
    return [*_gallery(root), *_routing(root), *_makefile(root), *_bump_bot(root), *_directories(root)]


def _gallery(root: Path) -> list[str]:
    linux, darwin = matrix(root)
    entries = index(root)
    names = [entry["name"] for entry in entries]
    suffixes = {row["tag-suffix"] for row in linux + darwin}
    found = [f"{name} stands twice in the index" for name in sorted(names) if names.count(name) > 1]
    for channel in ("latest", "master"):
        known = tags(entries, channel)
        found += [f"no {channel} entry for the row {suffix}" for suffix in sorted(suffixes - set(known))]
        found += [f"no row for the {channel} entry {tag}" for tag in sorted(set(known) - suffixes)]
    for entry in entries:
        if "uri" in entry:
            mirror = entry["uri"].replace("quay.io/go-skynet/local-ai-backends", "localai/localai-backends")
            if entry["mirrors"] != [mirror]:
                found.append(f"{entry['name']} has another mirror than {mirror}")
        else:
            found += [f"{entry['name']} points at {to}" for to in entry["capabilities"].values() if to not in names]
    for name in folders(root):
        found += [f"no entry {wanted}" for wanted in (name, f"{name}-development") if wanted not in names]
    return found


def _routing(root: Path) -> list[str]:
    expected = folders(root)
    return [
        f"a {system} row of {name} is routed to {path}"
        for system, answers in routes(root).items()
        for name, path in answers.items()
        if path != expected[name]
    ]


def _makefile(root: Path) -> list[str]:
    text = (root / "Makefile").read_text()
    found = []
    for name, folder in folders(root).items():
        variable = f"BACKEND_{name.upper().replace('-', '_')}"
        wanted = [
            rf"^\.NOTPARALLEL:.* backends/{name}(?= |$)",
            rf"^{variable} = {name}\|",
            rf"^\$\(eval \$\(call generate-docker-build-target,\$\({variable}\)\)\)$",
            rf"^docker-build-backends:.* docker-build-{name}(?= |$)",
        ]
        if "/cpp/" not in folder:
            wanted += [rf"^\t\$\(MAKE\) -C {folder[:-1]}(?: {name}-grpc)?$", rf"^\t\$\(MAKE\) -C {folder[:-1]} test$"]
        found += [f"{pattern} is not in the Makefile" for pattern in wanted if not re.search(pattern, text, re.M)]
    return found


def _bump_bot(root: Path) -> list[str]:
    text = (root / ".github/workflows/bump_deps.yaml").read_text()
    rows = yaml.safe_load(text)["jobs"]["bump-backends"]["strategy"]["matrix"]["include"]
    watched = {(row["file"], row["variable"]) for row in rows}
    found = []
    pins = set()
    for makefile in sorted(root.glob("backend/*/*/Makefile")):
        for variable in re.findall(r"(?m)^(\w+_VERSION)\?=[0-9a-f]{40}$", makefile.read_text()):
            path = makefile.relative_to(root).as_posix()
            pins.add((path, variable))
            held = re.search(rf'# +variable: "{variable}"\n +# +branch: .*\n +# +file: "{path}"', text)
            if (path, variable) not in watched and not held:
                found.append(f"nobody moves {variable} in {path}")
    return found + [f"there is no pin {variable} in {path}" for path, variable in sorted(watched - pins)]


def _directories(root: Path) -> list[str]:
    linux, darwin = matrix(root)
    expected = folders(root)
    found = [f"{row['dockerfile']} does not exist" for row in linux if not (root / row["dockerfile"]).is_file()]
    for row in linux + darwin:
        folder = root / expected[row["backend"]]
        if expected[row["backend"]].startswith("backend/python/"):
            needed = [f"requirements-{profile(row)}.txt", "install.sh", "test.sh", "backend.py"]
        else:
            needed = ["package.sh"]
        needed += ["Makefile", "run.sh"]
        found += [f"{folder.name} has no {name}" for name in needed if not (folder / name).is_file()]
    for row in darwin:
        run = (root / expected[row["backend"]] / "run.sh").read_text()
        if not expected[row["backend"]].startswith("backend/python/") and "DYLD_LIBRARY_PATH" not in run:
            found.append(f"run.sh of {row['backend']} does not know macOS")
    return sorted(set(found))
