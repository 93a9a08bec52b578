"""The page says what `list`, `verify` and `trace` say."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli.runner import newbackend
from conftest import MAY_11, NEWEST
from map.reading import Element, drawings, read, rows

from newbackend.catalog.variants import variant_table
from newbackend.checkout.layout import open_checkout
from newbackend.map.gather import map_of
from newbackend.map.images import ImageState
from newbackend.map.render import page


def agrees(root: Path) -> None:
    """Compares every number of a checkout's page with the other verbs."""
    html = newbackend("map", "--repo", root)
    assert html.status == 0, html.err
    seen = read(html.out)
    listed = json.loads(newbackend("list", "--repo", root, "--format", "json").out)["backends"]
    verified = json.loads(newbackend("verify", "--all", "--repo", root, "--format", "json").out)
    matrix, places = rows(seen, "matrix"), rows(seen, "places")
    assert list(matrix) == [row["name"] for row in listed]
    order = list(variant_table().variants)
    for row in listed:
        shown = matrix[row["name"]]
        cells = shown.all("td", class_="c")
        built = [v for v, c in zip(order, cells, strict=False) if c.attributes["data-s"] in ("both", "built", "mixed")]
        assert built == row["variants"], row["name"]
        assert shown.attributes["data-lang"] == row["lang"]
        numbers = [int(number) for number in shown.attributes["data-n"].split()]
        assert numbers[1:] == [row["error"], row["warning"], row["note"]], row["name"]
        assert shown.attributes["data-n"] == places[row["name"]].attributes["data-n"]
    _findings_agree(seen, verified, [row["name"] for row in listed])
    totals = seen.one("table", id="g-matrix").one("td", data_total="findings").all("span", class_="n")
    mine = Counter(finding["severity"] for finding in verified["findings"] if finding["backend"])
    assert [int(badge.text.split()[0]) for badge in totals] == [mine[word] for word in ("error", "warning", "note")]


def _findings_agree(seen: Element, verified: Any, names: list[str]) -> None:
    found = Counter((finding["backend"], finding["rule"]) for finding in verified["findings"])
    shown: Counter[tuple[str, str]] = Counter()
    for section in [*seen.all("section", class_="backend"), seen.one("section", id="v-repository")]:
        for item in section.all("li", class_="finding"):
            key = (section.attributes.get("data-name", ""), item.attributes["data-rule"])
            shown[key] += int(item.attributes["data-count"])
    assert shown == found
    statuses = {backend["name"]: backend["status"] for backend in verified["backends"]}
    pages = seen.all("section", class_="backend")
    assert [section.attributes["data-name"] for section in pages] == names
    for section in pages:
        assert section.one("span", class_="status").text == statuses[section.attributes["data-name"]]


def test_the_numbers_of_the_sample(any_sample: Path) -> None:
    agrees(any_sample)


def test_the_numbers_of_a_sample_with_defects(sample: Path) -> None:
    index = sample / "backend/index.yaml"
    text = index.read_text()
    name = next(line for line in text.splitlines() if 'name: "cuda13-cppreed"' in line)
    index.write_text(text.replace(name, name.replace("cuda13-cppreed", "cuda13-renamed")))
    (sample / "backend/cpp/cppreed/run.sh").unlink()
    agrees(sample)


@pytest.mark.localai
@pytest.mark.parametrize("revision", [MAY_11, NEWEST])
def test_the_numbers_of_localai(localai_at: Callable[[str], Path], revision: str) -> None:
    root = localai_at(revision)
    agrees(root)
    assert len(newbackend("map", "--repo", root).out.encode()) < 1_500_000


def test_every_row_is_drawn_as_trace_traces_it(sample: Path) -> None:
    data = drawings(read(newbackend("map", "--follow", "--repo", sample).out))
    names = list(rows(read(newbackend("map", "--repo", sample).out), "matrix"))
    traced = json.loads(newbackend("trace", "goquill", "--repo", sample, "--format", "json").out)["rows"]
    drawn = data["ways"][names.index("goquill")]
    assert [(way[0], way[1], way[2]) for way in drawn] == [
        (row["variant"], row["platform"], row["tag_suffix"]) for row in traced
    ]
    for way, row in zip(drawn, traced, strict=True):
        stations = {data["stations"][number][0]: data["stations"][number] for number in way[3]}
        assert list(stations) == [
            key for key in ("change", "job", "dockerfile", "make", "image", "gallery", "hosts") if key in stations
        ]
        said = {key: [data["texts"][text] for text, _ in station[3]] for key, station in stations.items()}
        assert any(row["route"] in text for text in said["change"])
        assert any(goal in text for text in said["make"] for goal in row["make"]["goals"])
        assert said["hosts"] == [", ".join(row["hosts"]) or "no host gets it"]
        assert [entry["name"] for entry in row["gallery"]] == said["gallery"][: len(row["gallery"])]


def test_an_image_that_nobody_offers_and_an_entry_that_nobody_builds(sample: Path) -> None:
    index = sample / "backend/index.yaml"
    text = index.read_text()
    assert "latest-gpu-nvidia-cuda-13-cppreed" in text
    index.write_text(text.replace("-gpu-nvidia-cuda-13-cppreed", "-gpu-rocm-hipblas-cppreed"))
    made = map_of(open_checkout(sample))
    backend = next(one for one in made.backends if one.name == "cppreed")
    assert backend.cells["cuda13"].state is ImageState.BUILT
    assert backend.cells["rocm"].state is ImageState.OFFERED
    assert backend.cells["cpu"].state is ImageState.BOTH
    row = rows(read(page(made)), "matrix")["cppreed"]
    said = [cell.attributes["aria-label"] for cell in row.all("td", class_="c")]
    assert "NVIDIA CUDA 13: built, but no gallery entry offers it; -gpu-nvidia-cuda-13-cppreed" in " | ".join(said)


def test_a_platform_with_an_image_and_an_entry_for_another(sample: Path) -> None:
    index = sample / "backend/index.yaml"
    index.write_text(index.read_text().replace("-gpu-nvidia-cuda-13-cppreed", "-cublas-cuda13-cppreed"))
    made = map_of(open_checkout(sample))
    cell = next(one for one in made.backends if one.name == "cppreed").cells["cuda13"]
    assert cell.state is ImageState.MIXED
    assert {image.state for image in cell.images} == {ImageState.BUILT, ImageState.OFFERED}
    agrees(sample)
