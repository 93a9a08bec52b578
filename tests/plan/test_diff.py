"""Diffs are what git applies: judged by git itself."""

from __future__ import annotations

import subprocess
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from newbackend.plan.diff import of_splices, whole_file
from newbackend.splice.lines import Lines
from newbackend.splice.outcome import Splice, apply_splices


def applied(folder: Path, before: str | None, diff: str, name: str = "f") -> str | None:
    """What `git apply` makes of a diff."""
    target = folder / name
    target.unlink(missing_ok=True)
    if before is not None:
        target.write_bytes(before.encode())
    command = ["git", "apply", "--whitespace=nowarn", "-"]
    subprocess.run(command, cwd=folder, input=diff.encode(), check=True, capture_output=True)
    return target.read_bytes().decode() if target.exists() else None


_LINES = st.lists(st.sampled_from(["a", "b", "", "  - x: 1", "#"]), min_size=1, max_size=30)


@settings(max_examples=60)
@given(_LINES, st.booleans(), st.lists(st.integers(0, 29), min_size=1, max_size=4), st.sampled_from(["\n", "\r\n"]))
def test_git_applies_the_diff_of_insertions(
    tmp_path_factory: object, rows: list[str], final: bool, places: list[int], newline: str
) -> None:
    folder = Path(tmp_path_factory.mktemp("diff"))  # type: ignore[attr-defined]
    text = newline.join(rows) + (newline if final else "")
    if not text:
        return
    lines = Lines(text)
    splices = []
    for number in sorted({min(place, len(lines) - 1) for place in places}):
        at, new = lines.after(number, ["new one", "new two"])
        splices.append(Splice(at, at, new))
    diff = of_splices("f", text, splices)
    assert applied(folder, text, diff) == apply_splices(text, splices)


def test_an_insertion_is_shown_where_it_was_made() -> None:
    text = "- a\n  x\n- a\n  x\n- b\n"
    at, new = Lines(text).after(3, ["- a", "  x"])
    rows = of_splices("f", text, [Splice(at, at, new)]).splitlines()
    assert rows == [
        "--- a/f",
        "+++ b/f",
        "@@ -2,4 +2,6 @@",
        "   x",
        " - a",
        "   x",
        "+- a",
        "+  x",
        " - b",
    ]


def test_a_word_inside_a_line_replaces_that_line() -> None:
    text = "one\nlist: a b\nthree\n"
    diff = of_splices("f", text, [Splice(13, 13, " c")])
    assert "-list: a b\n+list: a b c\n" in diff


def test_created_and_deleted_files_apply_and_say_so(tmp_path: Path) -> None:
    created = whole_file("f", None, "a\nb")
    assert created.startswith("--- /dev/null\n+++ b/f\n")
    assert "\\ No newline at end of file" in created
    assert applied(tmp_path, None, created) == "a\nb"
    assert applied(tmp_path, "a\nb", whole_file("f", "a\nb", None)) is None


def test_nothing_changed_is_no_diff() -> None:
    assert whole_file("f", "a\n", "a\n") == ""
    assert of_splices("f", "a\n", []) == ""


def test_git_applies_the_diff_of_the_first_line_of_an_empty_file(tmp_path: Path) -> None:
    diff = of_splices("f", "", (Splice(0, 0, "a\n"),))
    assert applied(tmp_path, "", diff) == "a\n"
