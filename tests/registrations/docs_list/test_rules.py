"""Who has to be in the list of backend types."""

from __future__ import annotations

from pathlib import Path

from rules.found import edited, found

from newbackend.checkout.tree import Checkout


def test_a_list_of_types_without_examples_asks_for_nobody(sample: Path) -> None:
    path = "docs/content/features/backends.md"
    text = (sample / path).read_text(encoding="utf-8")
    bare = "\n".join(line.split(" (e.g., ")[0] if line.startswith("- **") else line for line in text.split("\n"))
    assert bare != text
    assert found(Checkout(sample, {path: bare}), "REG701") == []


def test_a_name_with_another_ending_counts_as_listed(sample: Path) -> None:
    path = "docs/content/features/backends.md"
    assert found(edited(sample, path, ("(e.g., gotide)", "(e.g., gotide.cpp)")), "REG701") == []
