"""Traces as drawings: every station, nothing that could break out of the file."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from itertools import pairwise
from pathlib import Path

import pytest
from cli.runner import newbackend

from newbackend.report.svg import Drawing
from newbackend.trace.drawings import _quoted

SVG = "{http://www.w3.org/2000/svg}"


def drawn(sample: Path, *words: str) -> str:
    result = newbackend("trace", "goquill", "--repo", sample, *words)
    assert result.status == 0, result.err
    return result.out


def test_the_drawing_shows_each_row_with_its_stations(sample: Path) -> None:
    root = ElementTree.fromstring(drawn(sample, "--format", "svg"))
    texts = [element.text or "" for element in root.iter(f"{SVG}text")]
    rows = json.loads(drawn(sample, "--format", "json"))["rows"]
    for row in rows:
        assert any(text.endswith(f"{row['platform']}, {row['tag_suffix']}") for text in texts)
    linux = sum(row["platform"] != "darwin/arm64" for row in rows)
    assert texts.count("Change") == texts.count("Job") == texts.count("Hosts") == len(rows)
    assert texts.count("Dockerfile") == linux < len(rows)
    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {
        "svg",
        "title",
        "style",
        "rect",
        "text",
        "path",
    }
    width = float(root.attrib["width"])
    assert all(
        float(box.attrib["x"]) + float(box.attrib["width"]) <= width
        for box in root.iter(f"{SVG}rect")
        if "x" in box.attrib
    )


def test_a_way_that_ends_is_seen(sample: Path) -> None:
    index = sample / "backend/index.yaml"
    index.write_text(index.read_text().replace("-gpu-nvidia-cuda-12-goquill", "-gpu-nvidia-cuda-12-other"))
    svg = drawn(sample, "--variant", "cuda12", "--format", "svg")
    assert "no entry offers it" in svg
    assert svg.count('class="box broken"') == 2
    assert "-.-&gt;" not in svg
    assert "-.->" in drawn(sample, "--variant", "cuda12", "--format", "mermaid")


def test_mermaid_has_a_node_for_each_station_and_an_arrow_between_two(sample: Path) -> None:
    text = drawn(sample, "--variant", "cuda12", "--format", "mermaid")
    assert text.startswith("flowchart TD\n")
    nodes = re.findall(r'^    (r0\w+)\["<b>(\w+)</b>', text, re.M)
    assert [title for _, title in nodes] == ["Change", "Job", "Dockerfile", "Make", "Image", "Gallery", "Hosts"]
    arrows = re.findall(r"^    (r0\w+) --> (r0\w+)$", text, re.M)
    assert arrows == [(one, other) for (one, _), (other, _) in pairwise(nodes)]
    assert text.count('"') == 2 * text.count('["')


def test_mermaid_puts_one_row_below_the_other(sample: Path) -> None:
    text = drawn(sample, "--format", "mermaid")
    rows = re.findall(r"^  subgraph (r\d+)\[", text, re.M)
    assert len(rows) > 2
    assert re.findall(r"^  (r\d+) ~~~ (r\d+)$", text, re.M) == list(pairwise(rows))


def test_hostile_text_stays_text() -> None:
    evil = '"]; click x "javascript:alert(1)" <img src=x> %% $$x$$ `b` &amp; #35; \u202e\n--> y'
    label = _quoted(evil)
    assert not set('"<>&`%$\n;') & set(re.sub(r"#\d+;", "", label))
    assert "#36;#36;" not in label  # Mermaid would set a formula
    drawing = Drawing()
    drawing.text(1, 2, f"</text><script>{evil}</script>")
    drawing.circle(1, 2, 3, "both", evil)
    root = ElementTree.fromstring(drawing.render(evil))
    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {
        "svg",
        "title",
        "style",
        "rect",
        "text",
        "circle",
    }
    assert "\u202e" not in drawing.render(evil)


@pytest.mark.parametrize("words", [("--full",), ("--diff", "cpu", "rocm"), ("--run",)])
def test_a_drawing_goes_with_no_option_that_it_cannot_show(sample: Path, words: tuple[str, ...]) -> None:
    result = newbackend("trace", "goquill", "--repo", sample, "--format", "svg", *words)
    assert result.status == 2
    assert "--format svg goes with none of" in result.error()
