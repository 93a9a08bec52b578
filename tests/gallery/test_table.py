"""Which host gets what: the tables that were measured with LocalAI's own code."""

from __future__ import annotations

import pytest

from newbackend.catalog.hosts import HOSTS, hardware_word, is_offered
from newbackend.catalog.variants import variant_table
from newbackend.gallery.document import read_index
from newbackend.gallery.table import Why, host_table, pick

ENTRIES = "".join(
    f"- name: {name}-demo\n  uri: ghcr.io/me/demo:1-{name}\n"
    for name in ("cpu", "cuda12", "cuda13", "nvidia-l4t", "metal", "rocm")
)


def table(capabilities: str) -> dict[str, str]:
    """Host -> entry without its ending, or why none."""
    index = read_index("index.yaml", f"- name: demo\n  capabilities: {{{capabilities}}}\n{ENTRIES}")
    row = host_table(index)["demo"]
    return {
        host: picked.entry.name.removesuffix("-demo") if picked.entry else str(picked.why)
        for host, picked in row.items()
    }


def test_the_hosts_are_those_of_the_variants() -> None:
    assert set(HOSTS) == variant_table().capabilities - {"cpu"}


def test_there_is_no_way_from_a_cuda_version_to_the_vendor() -> None:
    row = table("default: cpu-demo, nvidia: cuda12-demo")
    assert (row["nvidia"], row["nvidia-cuda-12"], row["nvidia-cuda-13"]) == ("cuda12", "cpu", "cpu")
    assert row["metal"] == "cpu"


def test_without_a_default_all_others_get_nothing() -> None:
    row = table("nvidia: cuda12-demo")
    assert row["nvidia"] == "cuda12"
    assert {row[host] for host in HOSTS if host != "nvidia"} == {str(Why.NO_KEY)}


def test_cpu_is_the_last_fallback() -> None:
    assert set(table("cpu: cpu-demo, nvidia: cuda12-demo").values()) == {"cpu", "cuda12"}


def test_a_target_for_other_hardware_is_hidden() -> None:
    assert table("default: cpu-demo, amd: cuda12-demo")["amd"] == str(Why.HIDDEN)


def test_a_missing_target_and_a_meta_are_told_apart() -> None:
    row = table("default: nothing, amd: demo")
    assert (row["default"], row["amd"]) == (str(Why.MISSING), str(Why.META))


@pytest.mark.parametrize(
    ("text", "host", "seen"),
    [
        ("ship", "amd", True),
        ("ship", "default", False),
        ("my-amd64", "nvidia", False),
        ("intelligence", "intel", True),
        ("bare-metal", "metal", True),
        ("cuda-l4t", "nvidia", False),
        ("cuda-l4t", "nvidia-l4t-cuda-12", True),
        ("barracuda", "nvidia-l4t", True),
        ("vulkan-cpu-gpu-arm64", "default", True),
        ("MLX", "darwin-x86", True),
    ],
)
def test_a_word_counts_wherever_it_stands(text: str, host: str, seen: bool) -> None:
    assert is_offered(text, "ghcr.io/me/x:1", host) is seen
    assert is_offered("x", f"ghcr.io/{text}/x:1", host) is seen


def test_the_first_group_decides() -> None:
    word = hardware_word("metal-cuda")
    assert word is not None
    assert word[1].title == "macOS"


def test_of_two_entries_of_a_name_the_first_that_is_seen_is_taken() -> None:
    text = "- name: a\n  uri: ghcr.io/me/a:1-cuda12\n- name: A\n  uri: ghcr.io/me/a:1\n"
    index = read_index("index.yaml", text)
    assert pick(index, "a", "nvidia").entry is index.entries[0]
    assert pick(index, "a", "default").entry is index.entries[1]
    assert pick(index, "x/y", "default").why is Why.MISSING
