"""The variant table: rows laid together from defaults, and which variant a name speaks of."""

from __future__ import annotations

import pytest

from newbackend.catalog.languages import languages
from newbackend.catalog.variants import hardware_of, variant_table

ROWS = {
    ("cpu", "rust"): [
        {
            "build-type": "",
            "cuda-major-version": "",
            "cuda-minor-version": "",
            "platforms": "linux/amd64",
            "tag-latest": "auto",
            "tag-suffix": "-cpu-{name}",
            "runs-on": "ubuntu-latest",
            "base-image": "ubuntu:24.04",
            "skip-drivers": "false",
            "context": "./",
            "ubuntu-version": "2404",
        }
    ],
    ("l4t-cuda12", "python"): [
        {
            "build-type": "l4t",
            "cuda-major-version": "12",
            "cuda-minor-version": "0",
            "platforms": "linux/arm64",
            "tag-latest": "auto",
            "tag-suffix": "-nvidia-l4t-{name}",
            "runs-on": "ubuntu-24.04-arm",
            "base-image": "nvcr.io/nvidia/l4t-jetpack:r36.4.0",
            "skip-drivers": "true",
            "context": "./",
            "ubuntu-version": "2204",
        }
    ],
    ("vulkan", "cpp/shared-base"): [
        {
            "build-type": "vulkan",
            "cuda-major-version": "",
            "cuda-minor-version": "",
            "platforms": f"linux/{architecture}",
            "platform-tag": architecture,
            "tag-latest": "auto",
            "tag-suffix": "-gpu-vulkan-{name}",
            "builder-base-image": f"quay.io/go-skynet/ci-cache:base-grpc-vulkan-{architecture}",
            "runs-on": runner,
            "base-image": "ubuntu:24.04",
            "skip-drivers": "false",
            "context": "./",
            "ubuntu-version": "2404",
        }
        for architecture, runner in (("amd64", "ubuntu-latest"), ("arm64", "ubuntu-24.04-arm"))
    ],
    ("metal", "cpp/shared-base"): [{"backend": "{name}", "tag-suffix": "-metal-darwin-arm64-{name}", "lang": "go"}],
    ("metal", "cpp/llama-fork"): [],
}


@pytest.mark.parametrize(("variant", "profile"), ROWS)
def test_a_row_is_laid_together_from_what_all_the_profile_and_the_variant_have(variant: str, profile: str) -> None:
    assert list(variant_table().variants[variant].rows_for(profile)) == ROWS[variant, profile]


def test_every_row_has_only_known_fields_and_no_word_left_to_fill_in() -> None:
    table = variant_table()
    for variant in table.variants.values():
        for rows in variant.rows.values():
            for row in rows:
                assert variant.darwin or set(row) <= set(table.field_order)
                assert not any("{" in value.replace("{name}", "") for value in row.values()), row


def test_every_profile_of_a_flavour_is_in_the_table() -> None:
    profiles = {profile for variant in variant_table().variants.values() for profile in variant.rows}
    assert {flavour.profile for one in languages().values() for flavour in one.flavours.values()} == profiles


def test_every_suffix_and_entry_name_speaks_of_its_own_variant() -> None:
    for key, variant in variant_table().variants.items():
        for profile, rows in variant.rows.items():
            for row in rows:
                assert hardware_of(row["tag-suffix"].replace("{name}", "ds4"), "ds4") == key
            assert hardware_of(variant.entry_name(profile, "ds4"), "ds4") == key


@pytest.mark.parametrize("name", ["y", "f16", "l", "3", "cuda", "12", "gpu", "x86-64", "l4t", "sycl-f16", "arm64"])
def test_the_name_of_a_backend_is_not_taken_for_hardware_nor_out_of_a_word(name: str) -> None:
    for key, variant in variant_table().variants.items():
        for rows in variant.rows.values():
            for row in rows:
                suffix = row["tag-suffix"].replace("{name}", name)
                assert hardware_of(suffix, name) == key, suffix
                built = {**row, "tag-suffix": suffix, "backend": name}
                assert variant.darwin or variant_table().of_linux_row(built) == key


@pytest.mark.parametrize(
    ("text", "backend", "variant"),
    [
        ("-gpu-rocm-hipblas-ced", "ced", "rocm"),
        ("-cublas-cuda12-trl", "trl", "cuda12"),
        ("cuda13-nvidia-l4t-arm64-ced-development", "ced", "l4t-cuda13"),
        ("-nvidia-l4t-cuda-12-ced", "ced", "l4t-cuda12"),
        ("intel-sycl-f16-f16-development", "f16", "sycl-f16"),
        ("cuda12-whisperx", "whisper", "cuda12"),
        ("-gpu-nvidia-cuda-12-metallurgy", "metallurgy", "cuda12"),
        ("-metallurgy", "", "cpu"),
        ("", "ced", "cpu"),
    ],
)
def test_hardware_is_read_word_by_word(text: str, backend: str, variant: str) -> None:
    assert hardware_of(text, backend) == variant


@pytest.mark.parametrize(
    ("row", "variant"),
    [
        ({"build-type": "cublas", "cuda-major-version": "12", "tag-suffix": "-gpu-nvidia-cuda-12-a"}, "cuda12"),
        ({"build-type": "cublas", "cuda-major-version": "12", "tag-suffix": "-nvidia-l4t-arm64-a"}, "l4t-cuda12"),
        ({"build-type": "l4t", "cuda-major-version": "13", "tag-suffix": "-a"}, "l4t-cuda13"),
        ({"build-type": "hipblas", "cuda-major-version": "12", "tag-suffix": "-a"}, "rocm"),
        ({"build-type": "cublas", "cuda-major-version": "11", "tag-suffix": "-a"}, ""),
        ({"build-type": "cuda", "tag-suffix": "-a"}, ""),
        ({}, "cpu"),
    ],
)
def test_a_row_is_of_the_variant_that_it_builds(row: dict[str, str], variant: str) -> None:
    assert variant_table().of_linux_row(row) == variant


def test_a_host_loads_what_its_driver_can_start() -> None:
    """docs/adr/0007: a host with CUDA 12 may have a driver that starts no CUDA 13 image."""
    variants = variant_table().variants
    assert {key for key in variants if variants[key].loads_on("nvidia-cuda-12")} == {"cpu", "cuda12", "vulkan"}
    assert "nvidia-cuda-12" not in variants["cuda13"].fallback_for
