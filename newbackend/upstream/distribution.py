"""A Python distribution, from `pyproject.toml`, `setup.cfg` or `setup.py`: parsed, never run.

Source: https://packaging.python.org/en/latest/specifications/pyproject-toml/
"""

from __future__ import annotations

import ast
import configparser
import posixpath
import re
from collections.abc import Mapping
from typing import Any

from newbackend.upstream.facts import Gap
from newbackend.upstream.manifest_values import Distribution, read_toml, table, word, words
from newbackend.upstream.sources import Sources

_REQUIREMENTS = re.compile(r"[\w./-]*requirements[\w./-]*\.(?:txt|in)", re.IGNORECASE)
_NO_PACKAGES = frozenset({"assets", "build", "configs", "data", "docker", "figures", "images", "models", "ui", "web"})


def read_distribution(sources: Sources, gaps: list[Gap]) -> Distribution | None:
    """The distribution at the top; None without one. What cannot be read is added to `gaps`."""
    pyproject = read_toml(sources, "pyproject.toml", gaps)
    project = table(pyproject, "project")
    tool = table(pyproject, "tool")
    poetry = table(tool, "poetry")
    if project.get("name"):
        return _from_project(sources, project, table(table(tool, "setuptools"), "dynamic"), gaps)
    if poetry.get("name"):
        return _from_poetry(sources, poetry)
    if sources.exists("setup.cfg") and (config := _setup_cfg(sources, gaps)):
        return config
    return _setup_py(sources, gaps) if sources.exists("setup.py") else None


def _from_project(sources: Sources, project: dict[str, Any], dynamic: dict[str, Any], gaps: list[Gap]) -> Distribution:
    licence = project.get("license")
    name = word(project.get("name"))
    dependencies = words(project.get("dependencies"))
    if "dependencies" in words(project.get("dynamic")):
        dependencies = _dynamic(sources, table(dynamic, "dependencies"), gaps)
    extras = {key: words(value) for key, value in table(project, "optional-dependencies").items()}
    if "optional-dependencies" in words(project.get("dynamic")):
        given = table(dynamic, "optional-dependencies")
        extras = {key: _dynamic(sources, table(given, key), gaps) for key in given}
    return Distribution(
        name=name,
        path="pyproject.toml",
        imports=_imports(sources, name),
        requires_python=word(project.get("requires-python")),
        extras=extras,
        scripts=tuple(table(project, "scripts")),
        dependencies=dependencies,
        licence=word(licence, word(licence.get("text")) if isinstance(licence, dict) else ""),
        description=word(project.get("description")),
    )


def _dynamic(sources: Sources, given: dict[str, Any], gaps: list[Gap]) -> tuple[str, ...]:
    """What setuptools reads from files; a setup.py that computes it is a gap."""
    files = given.get("file")
    names = words(files) or ((word(files),) if isinstance(files, str) else ())
    if not names:
        gaps.append(Gap("pyproject.toml", "leaves its dependencies to a program, so they are not known"))
    return tuple(row for name in names for row in _requirements(sources, name))


def _requirements(sources: Sources, path: str, depth: int = 0) -> tuple[str, ...]:
    """The packages of a requirements file, those that it includes too, without options and comments."""
    found: list[str] = []
    for line in (sources.text(posixpath.normpath(path)) or "").splitlines():
        text = re.sub(r"(?:^|\s)#.*", "", line).strip()
        if text.startswith(("-r", "--requirement")) and depth < 4:
            included = text.split()[-1].removeprefix("-r").removeprefix("--requirement=")
            found += _requirements(sources, posixpath.join(posixpath.dirname(path), included), depth + 1)
        elif text and not text.startswith("-"):
            found.append(text)
    return tuple(found)


def _from_poetry(sources: Sources, poetry: dict[str, Any]) -> Distribution:
    wanted = table(poetry, "dependencies")
    name = word(poetry.get("name"))
    return Distribution(
        name=name,
        path="pyproject.toml",
        imports=_imports(sources, name),
        requires_python=word(wanted.get("python")),
        extras={key: words(value) for key, value in table(poetry, "extras").items()},
        scripts=tuple(table(poetry, "scripts")),
        dependencies=tuple(key for key in wanted if key != "python"),
        licence=word(poetry.get("license")),
        description=word(poetry.get("description")),
    )


def _setup_cfg(sources: Sources, gaps: list[Gap]) -> Distribution | None:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(sources.text("setup.cfg") or "")
    except configparser.Error:
        gaps.append(Gap("setup.cfg", "is not valid"))
        return None
    name = parser.get("metadata", "name", fallback="")
    if not name:
        return None
    extras = parser["options.extras_require"] if parser.has_section("options.extras_require") else {}
    scripts = parser.get("options.entry_points", "console_scripts", fallback="")
    return Distribution(
        name=name,
        path="setup.cfg",
        imports=_imports(sources, name),
        requires_python=parser.get("options", "python_requires", fallback=""),
        extras={key: _rows(sources, value) for key, value in extras.items()},
        scripts=tuple(row.partition("=")[0].strip() for row in scripts.splitlines() if "=" in row),
        dependencies=_rows(sources, parser.get("options", "install_requires", fallback="")),
        licence=parser.get("metadata", "license", fallback=""),
        description=parser.get("metadata", "description", fallback=""),
    )


def _rows(sources: Sources, value: str) -> tuple[str, ...]:
    """A list of setup.cfg: one a line, split at semicolons only by old ones; `file:` names a requirements file."""
    if value.strip().startswith("file:"):
        names = value.strip().removeprefix("file:").split(",")
        return tuple(row for name in names for row in _requirements(sources, name.strip()))
    return tuple(row.strip() for row in value.splitlines() if row.strip() and not row.strip().startswith("#"))


def _setup_py(sources: Sources, gaps: list[Gap]) -> Distribution | None:
    """The arguments of `setup(...)`: literals, names of literals, and requirements files that are named."""
    try:
        tree = ast.parse(sources.text("setup.py") or "")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        gaps.append(Gap("setup.py", "is not Python that could be parsed"))
        return None
    values = _Values(sources, tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "setup":
            given = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
            name = word(values.of(given.get("name")))
            if not name:
                break
            for key in ("install_requires", "extras_require"):
                if key in given and values.of(given[key]) is None:
                    gaps.append(Gap(f"setup.py:{given[key].lineno}", f"computes {key}, so it is not known"))
            extras = values.of(given.get("extras_require"))
            return Distribution(
                name=name,
                path="setup.py",
                imports=_imports(sources, name),
                requires_python=word(values.of(given.get("python_requires"))),
                extras={key: words(value) for key, value in extras.items()} if isinstance(extras, dict) else {},
                scripts=_scripts(values.of(given.get("entry_points"))),
                dependencies=words(values.of(given.get("install_requires"))),
                licence=word(values.of(given.get("license"))),
                description=word(values.of(given.get("description"))),
            )
    gaps.append(Gap("setup.py", "does not give the name of the distribution as a literal"))
    return None


def _scripts(points: object) -> tuple[str, ...]:
    rows = words(points.get("console_scripts")) if isinstance(points, dict) else ()
    return tuple(row.partition("=")[0].strip() for row in rows)


class _Values:
    """What expressions of a setup.py are, as far as that can be told without running it."""

    _DEPTH = 8

    def __init__(self, sources: Sources, tree: ast.Module) -> None:
        self._sources = sources
        self._names: Mapping[str, ast.expr] = {
            target.id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }

    def of(self, node: ast.expr | None, depth: int = 0) -> object:
        """A value; None when it is not known. A list whose parts are not all known keeps those that are."""
        if node is None or depth > self._DEPTH:
            return None
        if isinstance(node, ast.Name):
            return self.of(self._names.get(node.id), depth + 1)
        if isinstance(node, ast.List | ast.Tuple):
            parts = [self.of(part, depth + 1) for part in node.elts if not isinstance(part, ast.Starred)]
            return [part for part in parts if part is not None]
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            return {str(self.of(key, depth + 1)): self.of(value, depth + 1) for key, value in pairs if key}
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left, right = self.of(node.left, depth + 1), self.of(node.right, depth + 1)
            return left + right if isinstance(left, list) and isinstance(right, list) else None
        if isinstance(node, ast.Call):
            return self._read(node)
        try:
            return ast.literal_eval(node)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return None

    def _read(self, call: ast.Call) -> list[str] | None:
        """What a call reads that names a requirements file: `read_lines("requirements.txt")`."""
        named = (part.value for part in ast.walk(call) if isinstance(part, ast.Constant))
        files = [name for name in named if isinstance(name, str) and _REQUIREMENTS.fullmatch(name)]
        known = [name for name in files if self._sources.exists(posixpath.normpath(name))]
        return list(_requirements(self._sources, known[0])) if len(known) == 1 else None


def _imports(sources: Sources, name: str) -> tuple[str, ...]:
    """Top-level packages and modules in the usual places (flat layout and `src/`)."""
    found: set[str] = set()
    bare: set[str] = set()
    for path in sources.paths:
        parts = path.removeprefix("src/").split("/")
        if len(parts) < 2 or sources.aside(path) or not parts[0].isidentifier():
            continue
        if len(parts) == 2 and parts[1] == "__init__.py":
            found.add(parts[0])
        elif path.endswith(".py") and parts[0] not in _NO_PACKAGES:
            bare.add(parts[0])
    module = re.sub(r"[-.]+", "_", name).lower()
    for entries in (found, bare):  # a package without __init__.py is one too (PEP 420)
        exact = sorted(entry for entry in entries if entry.lower() == module)
        if exact:
            return tuple(exact)
    if not found and (sources.exists(f"{module}.py") or sources.exists(f"src/{module}.py")):
        return (module,)
    return tuple(sorted(found))
