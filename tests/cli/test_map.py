"""The command line of `newbackend map`: where it writes, what it refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from cli.runner import newbackend
from map.reading import read, rows

from newbackend.map.output import MARK


def test_a_map_goes_to_standard_output_or_into_a_file(sample: Path, tmp_path: Path) -> None:
    out = tmp_path / "map.html"
    result = newbackend("map", "--repo", sample, "--out", out)
    assert (result.status, result.out.strip()) == (0, out.as_uri())
    assert out.read_text(encoding="utf-8") == newbackend("map", "--repo", sample).out
    assert newbackend("map", "--repo", sample, "--out", out).status == 0, "a map may be made again"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".map")] == []


def test_a_file_that_is_no_map_stays(sample: Path, tmp_path: Path) -> None:
    out = tmp_path / "notes.html"
    out.write_text("mine")
    result = newbackend("map", "--repo", sample, "--out", out)
    assert result.status == 2
    assert "is no map" in result.error()
    assert out.read_text() == "mine"


@pytest.mark.parametrize("name", ["missing/map.html", "folder", "link.html", "a" * 300 + ".html"])
def test_what_cannot_be_written_is_said(sample: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.html").symlink_to(tmp_path / "elsewhere.html")
    (tmp_path / "elsewhere.html").write_text("mine")
    result = newbackend("map", "--repo", sample, "--out", tmp_path / name)
    assert result.status == 2
    assert str(tmp_path) in result.error()
    assert (tmp_path / "elsewhere.html").read_text() == "mine"


def test_a_full_disk_is_said(sample: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    result = newbackend("map", "--repo", sample, "--out", "/dev/full")
    assert result.status == 2
    assert "not a regular file" in result.error()


def test_a_gallery_alone_needs_no_checkout(sample: Path, tmp_path: Path) -> None:
    index = tmp_path / "index.yaml"
    shutil.copy(sample / "backend/index.yaml", index)
    result = newbackend("map", "--gallery", index, cwd=tmp_path)
    assert result.status == 0, result.err
    seen = read(result.out)
    assert [view.attributes["data-view"] for view in seen.one("nav").all("a")] == ["hosts"]
    checked = json.loads(newbackend("gallery", "check", index, "--format", "json", cwd=tmp_path).out)
    picks = checked["layout"]["picks"]
    for section in seen.all("section", class_="host"):
        host = section.attributes["data-host"]
        shown = {}
        for item in section.all("li"):
            entry = item.all("code")
            shown[item.one("b").text] = "" if "nothing" in item.attributes["class"] else entry[0].text
        expected = {
            name: row[host].get("entry", "") for name, row in picks.items() if not name.endswith("-development")
        }
        assert shown == expected


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("--gallery", "nowhere.yaml"), 3, "no such file"),
        (("--gallery", "empty.yaml"), 2, "cannot be shown"),
        (("--gallery", "text.yaml"), 2, "not a list"),
        (("--gallery", "empty.yaml", "--base", "HEAD"), 2, "--gallery goes with none of"),
        (("--repo", "nowhere"), 3, "no such directory"),
    ],
)
def test_bad_input_is_one_sentence(tmp_path: Path, words: tuple[str, ...], status: int, said: str) -> None:
    (tmp_path / "empty.yaml").write_text("")
    (tmp_path / "text.yaml").write_text("hello: world\n")
    result = newbackend("map", *words, cwd=tmp_path)
    assert result.status == status
    assert said in result.error()


def test_one_backend_and_none(sample: Path) -> None:
    names = [
        row["name"] for row in json.loads(newbackend("list", "--repo", sample, "--format", "json").out)["backends"]
    ]
    for name in ("fast-pywhistle", "neo-cppanvil", *names):
        newbackend("remove", name, "--yes", "--repo", sample, "--allow-dirty")
    left = json.loads(newbackend("list", "--repo", sample, "--format", "json").out)["backends"]
    result = newbackend("map", "--repo", sample)
    assert result.status == 0, result.err
    assert list(rows(read(result.out), "matrix")) == [row["name"] for row in left]
    assert len(left) < len(names)


def test_places_that_cannot_be_read_are_unknown(sample: Path) -> None:
    (sample / ".github/workflows/bump_deps.yaml").write_text("a: [\n")
    seen = read(newbackend("map", "--repo", sample).out)
    cells = [row.all("td", class_="p") for row in rows(seen, "places").values()]
    heads = [head.attributes.get("data-key") for head in seen.one("table", id="g-places").all("th")][1:]
    column = heads.index("bump-bot")
    assert {row[column].attributes["data-s"] for row in cells} == {"unknown"}
    assert all("not valid YAML" in row[column].attributes["aria-label"] for row in cells)


def test_the_mark_of_a_map_is_at_its_beginning(sample: Path) -> None:
    assert MARK in newbackend("map", "--repo", sample).out[:500]


def test_the_demo_ends_with_the_address_of_a_map(tmp_path: Path) -> None:
    result = newbackend("demo", tmp_path / "LocalAI")
    assert result.status == 0, result.err
    address = result.out.strip().splitlines()[-1].split()[-1]
    file = Path(address.removeprefix("file://"))
    assert file.as_uri() == address
    assert "ds4" in rows(read(file.read_text(encoding="utf-8")), "matrix")
    assert not file.is_relative_to(tmp_path / "LocalAI")
    shutil.rmtree(file.parent)
