"""The table of images as a drawing."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

from cli.runner import newbackend

SVG = "{http://www.w3.org/2000/svg}"


def test_the_drawing_has_a_dot_for_each_platform_of_each_backend(any_sample: Path) -> None:
    root = ElementTree.fromstring(newbackend("map", "--repo", any_sample, "--format", "svg").out)
    listed = json.loads(newbackend("list", "--repo", any_sample, "--format", "json").out)["backends"]
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert {row["name"] for row in listed} <= set(texts)
    dots = Counter(
        str(title.text).split(",")[0]
        for mark in (*root.iter(f"{SVG}circle"), *root.iter(f"{SVG}path"))
        for title in mark.iter(f"{SVG}title")
    )
    assert dots == {row["name"]: len(row["variants"]) for row in listed if row["variants"]}


def test_states_are_told_apart_by_shape(sample: Path) -> None:
    index = sample / "backend/index.yaml"
    index.write_text(index.read_text().replace("-gpu-nvidia-cuda-13-cppreed", "-gpu-rocm-hipblas-cppreed"))
    root = ElementTree.fromstring(newbackend("map", "--repo", sample, "--format", "svg").out)
    titles = {
        str(mark.attrib["class"]): str(title.text)
        for mark in root.iter(f"{SVG}path")
        for title in mark.iter(f"{SVG}title")
    }
    assert titles == {
        "built": "cppreed, NVIDIA CUDA 13: built, not offered",
        "offered": "cppreed, AMD ROCm / HIP: offered, not built",
    }
