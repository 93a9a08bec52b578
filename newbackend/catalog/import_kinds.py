"""The ways in which LocalAI's import form finds a backend (docs/wizard.md, "The import form")."""

from __future__ import annotations

DEFAULT_IMPORT = "preference"
NO_IMPORT = "none"
IMPORT_KINDS = (DEFAULT_IMPORT, "importer", "drop-in", NO_IMPORT)
WITHOUT_MODELS = frozenset({"vector-store"})
"""Modalities for which nobody imports or installs a model."""
