"""Tables and bullets of the documentation, and text that cannot break out of a cell."""

from __future__ import annotations

import pytest

from newbackend.splice.lines import Lines
from newbackend.splice.markdown import bullets, cell, shown, split_names, tables

PAGE = """# Title

| Loose | Table |
|---|---|

## Speech

| Backend | Description |
|---------|:-----------:|
| [a.cpp](https://example.org/a_(x)) | one \\| two |
| plain | |

```
| Backend | Description |
|---|---|
| fenced | no |
```
- **Not a table**
"""


def test_tables_have_the_heading_above_them() -> None:
    found = tables(Lines(PAGE))
    assert [(table.heading, table.columns, len(table.rows)) for table in found] == [
        ("Title", ("Loose", "Table"), 0),
        ("Speech", ("Backend", "Description"), 2),
    ]
    assert found[0].last == 3
    assert found[1].last == 10


def test_a_row_shows_the_text_of_its_link() -> None:
    row = tables(Lines(PAGE))[1].rows[0]
    assert (row.text, row.link, row.cells[1]) == ("a.cpp", "https://example.org/a_(x)", "one \\| two")
    assert shown("plain") == ("plain", "")


LIST = """LocalAI supports various types of backends:

- **LLM Backends**: For text (e.g., a, [b]({{%relref "x, y" %}}), c)
- **Old Backends**: For images
- **Odd Backends**: For meshes ([d](e) — GLB)

Text.
- **Later**: not part of it (e.g., z)
"""


def test_bullets_end_at_the_first_other_line() -> None:
    found = bullets(Lines(LIST), 1)
    assert [(bullet.title, bullet.names) for bullet in found] == [
        ("LLM Backends", ("a", '[b]({{%relref "x, y" %}})', "c")),
        ("Old Backends", ()),
        ("Odd Backends", ()),
    ]
    assert LIST.splitlines()[2][found[0].end] == ")"
    assert found[1].end == -1


def test_commas_inside_brackets_separate_nothing() -> None:
    assert split_names("a, b(c, d), [e, f]") == ["a", "b(c, d)", "[e, f]"]


@pytest.mark.parametrize("text", ["a | b", "{{< figure >}}", "{{% relref %}}", "<script>", "a\nb", "`x`", "[a](b)"])
def test_a_cell_stays_one_cell_and_means_nothing(text: str) -> None:
    written = cell(text)
    table = f"| A | B |\n|---|---|\n| {written} | end |\n"
    (found,) = tables(Lines(table))
    assert len(found.rows) == 1
    assert found.rows[0].cells[1] == "end"
    assert "{{" not in written
    assert "<" not in written
