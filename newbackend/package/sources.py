"""Refuses to check a directory of sources as if it were a built package."""

from __future__ import annotations

from pathlib import Path

from newbackend.errors import UsageError

_BUILT = "package"
"""Where package.sh of a Go, C++ or Rust backend puts what the image copies (backend/Dockerfile.golang in LocalAI)."""


def refuse_sources(path: Path) -> None:
    """Raises UsageError for a backend's own directory and for a whole checkout, saying where the package is."""
    if (path / "backend" / "index.yaml").is_file() and (path / "Makefile").is_file():
        raise UsageError(
            "package-is-checkout",
            "is a LocalAI checkout, not a built package",
            where=str(path),
            hint="name one backend's package, such as backend/go/NAME/package, or an image",
        )
    if not ((path / "package.sh").is_file() and (path / "Makefile").is_file()):
        return
    built = path / _BUILT
    hint = f"check {built}" if built.is_dir() else f"build it first with `make -C {path}`, then check {built}"
    raise UsageError(
        "package-is-source", "is a backend's source directory, not its package", where=str(path), hint=hint
    )
