"""Cargo, Python and Go manifests of an upstream."""

from __future__ import annotations

import ast
import configparser
import posixpath
import re
import tomllib
from dataclasses import dataclass, field
from typing import Any

from newbackend.upstream.facts import Gap
from newbackend.upstream.sources import Sources


@dataclass(frozen=True)
class Crate:
    """One package of a Cargo project. `kinds` are its targets: `lib`, `cdylib`, `bin`...; `library` is what Rust calls
    its library."""

    name: str
    path: str
    kinds: tuple[str, ...]
    features: dict[str, tuple[str, ...]]
    default_features: tuple[str, ...]
    rust_version: str
    licence: str
    library: str = ""


@dataclass(frozen=True)
class Distribution:
    """A Python distribution."""

    name: str
    path: str
    imports: tuple[str, ...]
    requires_python: str
    extras: dict[str, tuple[str, ...]]
    scripts: tuple[str, ...]
    dependencies: tuple[str, ...]
    licence: str


@dataclass(frozen=True)
class GoModule:
    """A Go module and its minimum Go version."""

    path: str
    name: str
    go: str


@dataclass
class Manifests:
    """Every manifest at the top, and the members of a Cargo workspace."""

    crates: list[Crate] = field(default_factory=list)
    workspace: bool = False
    distribution: Distribution | None = None
    go: GoModule | None = None
    gaps: list[Gap] = field(default_factory=list)


def read_manifests(sources: Sources) -> Manifests:
    """What the manifests say; a manifest that cannot be parsed is a gap."""
    found = Manifests()
    sources.prefetch(
        path for path in sources.paths
        if posixpath.basename(path) in ("Cargo.toml", "pyproject.toml", "setup.cfg", "setup.py", "go.mod")
        and path.count("/") < 3
    )  # fmt: skip
    _cargo(sources, found)
    _python(sources, found)
    text = sources.text("go.mod")
    if text:
        module = re.search(r"^module\s+(\S+)", text, re.MULTILINE)
        version = re.search(r"^go\s+(\S+)", text, re.MULTILINE)
        if module:
            found.go = GoModule("go.mod", module[1].strip('"'), version[1] if version else "")
    return found


def _toml(sources: Sources, path: str, found: Manifests) -> dict[str, Any]:
    text = sources.text(path)
    if text is None:
        return {}
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        found.gaps.append(Gap(path, "is not valid TOML"))
        return {}


def _table(value: object, key: str) -> dict[str, Any]:
    inner = value.get(key) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}


def _words(value: object) -> tuple[str, ...]:
    return tuple(word for word in value if isinstance(word, str)) if isinstance(value, list) else ()


def _word(value: object, otherwise: str = "") -> str:
    return value if isinstance(value, str) else otherwise


# Cargo: https://doc.rust-lang.org/cargo/reference/manifest.html


def _cargo(sources: Sources, found: Manifests) -> None:
    top = _toml(sources, "Cargo.toml", found)
    if not top:
        return
    workspace = _table(top, "workspace")
    found.workspace = bool(workspace)
    shared = _table(workspace, "package")
    if "package" in top:
        found.crates.append(_crate(sources, "Cargo.toml", top, shared))
    for pattern in _words(workspace.get("members")):
        for path in _members(sources, pattern):
            manifest = _toml(sources, path, found)
            if "package" in manifest:
                found.crates.append(_crate(sources, path, manifest, shared))


def _members(sources: Sources, pattern: str) -> list[str]:
    from fnmatch import fnmatchcase

    wanted = posixpath.normpath(posixpath.join(pattern, "Cargo.toml"))
    depth = wanted.count("/")
    return sorted(path for path in sources.paths if path.count("/") == depth and fnmatchcase(path, wanted))[:64]


def _crate(sources: Sources, path: str, manifest: dict[str, Any], shared: dict[str, Any]) -> Crate:
    package = _table(manifest, "package")
    folder = posixpath.dirname(path)
    library = _table(manifest, "lib")
    kinds = list(_words(library.get("crate-type"))) or (
        ["lib"] if library or sources.exists(posixpath.join(folder, "src/lib.rs")) else []
    )
    if "bin" in manifest or sources.exists(posixpath.join(folder, "src/main.rs")):
        kinds.append("bin")
    features = {name: _words(value) for name, value in _table(manifest, "features").items()}
    return Crate(
        name=_word(package.get("name")),
        path=path,
        kinds=tuple(kinds),
        features={name: value for name, value in features.items() if name != "default"},
        default_features=features.get("default", ()),
        rust_version=_word(package.get("rust-version"), _word(shared.get("rust-version"))),
        licence=_word(package.get("license"), _word(shared.get("license"))),
        library=_word(library.get("name"), _word(package.get("name"))).replace("-", "_"),
    )


# Python: https://packaging.python.org/en/latest/specifications/pyproject-toml/


def _python(sources: Sources, found: Manifests) -> None:
    pyproject = _toml(sources, "pyproject.toml", found)
    project = _table(pyproject, "project")
    poetry = _table(_table(pyproject, "tool"), "poetry")
    if project.get("name"):
        found.distribution = _from_project(sources, project)
    elif poetry.get("name"):
        found.distribution = _from_poetry(sources, poetry)
    elif sources.exists("setup.cfg") and (config := _setup_cfg(sources, found)):
        found.distribution = config
    elif sources.exists("setup.py"):
        found.distribution = _setup_py(sources, found)


def _from_project(sources: Sources, project: dict[str, Any]) -> Distribution:
    licence = project.get("license")
    name = _word(project.get("name"))
    return Distribution(
        name=name,
        path="pyproject.toml",
        imports=_imports(sources, name),
        requires_python=_word(project.get("requires-python")),
        extras={key: _words(value) for key, value in _table(project, "optional-dependencies").items()},
        scripts=tuple(_table(project, "scripts")),
        dependencies=_words(project.get("dependencies")),
        licence=_word(licence, _word(licence.get("text")) if isinstance(licence, dict) else ""),
    )


def _from_poetry(sources: Sources, poetry: dict[str, Any]) -> Distribution:
    wanted = _table(poetry, "dependencies")
    name = _word(poetry.get("name"))
    return Distribution(
        name=name,
        path="pyproject.toml",
        imports=_imports(sources, name),
        requires_python=_word(wanted.get("python")),
        extras={key: _words(value) for key, value in _table(poetry, "extras").items()},
        scripts=tuple(_table(poetry, "scripts")),
        dependencies=tuple(key for key in wanted if key != "python"),
        licence=_word(poetry.get("license")),
    )


def _setup_cfg(sources: Sources, found: Manifests) -> Distribution | None:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(sources.text("setup.cfg") or "")
    except configparser.Error:
        found.gaps.append(Gap("setup.cfg", "is not valid"))
        return None
    name = parser.get("metadata", "name", fallback="")
    if not name:
        return None
    extras = parser["options.extras_require"] if parser.has_section("options.extras_require") else {}
    return Distribution(
        name=name,
        path="setup.cfg",
        imports=_imports(sources, name),
        requires_python=parser.get("options", "python_requires", fallback=""),
        extras={key: tuple(value.split()) for key, value in extras.items()},
        scripts=(),
        dependencies=tuple(parser.get("options", "install_requires", fallback="").split("\n"))[1:],
        licence=parser.get("metadata", "license", fallback=""),
    )


def _setup_py(sources: Sources, found: Manifests) -> Distribution | None:
    """The literal arguments of `setup(...)`: the file is parsed, never run."""
    try:
        tree = ast.parse(sources.text("setup.py") or "")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        found.gaps.append(Gap("setup.py", "is not Python that could be parsed"))
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "setup":
            given = {word.arg: _literal(word.value) for word in node.keywords if word.arg}
            name = _word(given.get("name"))
            if not name:
                break
            extras = given.get("extras_require")
            return Distribution(
                name=name,
                path="setup.py",
                imports=_imports(sources, name),
                requires_python=_word(given.get("python_requires")),
                extras={key: _words(value) for key, value in extras.items()} if isinstance(extras, dict) else {},
                scripts=(),
                dependencies=_words(given.get("install_requires")),
                licence=_word(given.get("license")),
            )
    found.gaps.append(Gap("setup.py", "does not give the name of the distribution as a literal"))
    return None


def _literal(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def _imports(sources: Sources, name: str) -> tuple[str, ...]:
    """Top-level packages and modules in the usual places (flat layout and `src/`)."""
    found: set[str] = set()
    for path in sources.paths:
        parts = path.removeprefix("src/").split("/")
        if len(parts) == 2 and parts[1] == "__init__.py" and not sources.aside(path):
            found.add(parts[0])
    module = re.sub(r"[-.]+", "_", name).lower()
    exact = sorted(entry for entry in found if entry.lower() == module)
    if exact:
        return tuple(exact)
    if not found and (sources.exists(f"{module}.py") or sources.exists(f"src/{module}.py")):
        return (module,)
    return tuple(sorted(found))
