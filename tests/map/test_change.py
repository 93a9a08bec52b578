"""`map --base`: what a change adds, takes away and leaves out."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from cli.runner import create_python, newbackend
from conftest import git
from map.reading import Element, read, rows


def commit(root: Path) -> None:
    git(root, "add", "-A")
    git(root, "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "change")


def changed(root: Path) -> Element:
    result = newbackend("map", "--base", "HEAD~1", "--repo", root)
    assert result.status == 0, result.err
    return read(result.out)


def articles(seen: Element) -> dict[tuple[str, str], Element]:
    """The backends of the view by name and kind."""
    view = seen.one("section", id="v-change")
    return {
        (one.one("h3").text.split()[0], one.attributes["data-kind"]): one
        for one in view.all("article", class_="touched")
    }


def test_an_added_backend_and_what_was_left_out(sample: Path) -> None:
    create_python(sample, "pynew")
    table = sample / "docs/content/reference/compatibility-table.md"
    table.write_text("".join(line for line in table.read_text().splitlines(keepends=True) if "pynew" not in line))
    commit(sample)
    seen = changed(sample)
    assert list(articles(seen)) == [("pynew", "added")]
    left_out = [item.text.split(" missing")[0] for item in articles(seen)["pynew", "added"].all("li", class_="missing")]
    assert "compatibility table" in left_out
    assert "build matrix" not in left_out
    row = rows(seen, "matrix")["pynew"]
    cpu = row.all("td", class_="added")
    assert [cell.attributes["aria-label"].split(":")[0] for cell in cpu] == ["CPU"]
    assert cpu[0].attributes["aria-label"].endswith("; added by the change")
    assert rows(seen, "matrix")["goquill"].all("td", class_="added") == []
    verified = json.loads(newbackend("verify", "--base", "HEAD~1", "--repo", sample, "--format", "json").out)
    shown = Counter[str]()
    for item in seen.one("section", id="v-change").all("li", class_="finding"):
        shown[item.attributes["data-rule"]] += int(item.attributes["data-count"])
    found = Counter(finding["rule"] for finding in (*verified["findings"], *verified["healed"]))
    assert shown == found


def test_an_image_that_goes_and_a_backend_that_goes(sample: Path) -> None:
    assert newbackend("remove", "gotide", "--yes", "--repo", sample).status == 0
    matrix = sample / ".github/backend-matrix.yml"
    text = matrix.read_text()
    start = text.index("tag-suffix: '-gpu-nvidia-cuda-13-cppreed'")
    start, end = text.rindex("\n  - ", 0, start), text.index("\n  - ", start)
    matrix.write_text(text[:start] + text[end:])
    commit(sample)
    seen = changed(sample)
    assert {("gotide", "removed"), ("cppreed", "changed")} <= set(articles(seen))
    lines = [item.text for item in articles(seen)["cppreed", "changed"].one("ul", class_="lines").children]
    assert [line.split(" (")[0] for line in lines] == ["- row -gpu-nvidia-cuda-13-cppreed linux/amd64"]
    cell = rows(seen, "matrix")["cppreed"].one("td", class_="removed")
    assert cell.attributes["data-s"] == "offered"
    assert "gotide" not in rows(seen, "matrix")


def test_a_change_of_nothing_that_matters(sample: Path) -> None:
    (sample / "NOTES.md").write_text("nothing\n")
    commit(sample)
    view = changed(sample).one("section", id="v-change")
    assert "It touches no backend." in view.text
    assert view.all("li", class_="finding") == []


def test_an_unknown_revision_is_said(sample: Path) -> None:
    result = newbackend("map", "--base", "nowhere", "--repo", sample)
    assert result.status == 3
    assert "no revision 'nowhere'" in result.error()
