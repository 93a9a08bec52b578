"""Gallery entries: metas in their section, both channels, capability maps by the variants' keys."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from specs import spec

from newbackend.checkout.layout import INDEX, open_checkout
from newbackend.checkout.tree import Checkout
from newbackend.plan.build import plan_create, planned
from newbackend.registrations.gallery_index.entries import capabilities_of
from newbackend.registrations.gallery_index.place import GalleryIndex
from newbackend.rules.run import verify
from newbackend.splice.outcome import Drifted, Inserted, apply_splices


def edited(root: Path, **answers: object) -> str:
    checkout = open_checkout(root)
    changes = GalleryIndex().plan(checkout, spec(**answers)).changes
    splices = [s for change in changes if isinstance(change.outcome, Inserted) for s in change.outcome.splices]
    return apply_splices(checkout.need(INDEX), splices)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"variants": ["cpu"]}, {"default": "cpu-ds4"}),
        (
            {"variants": ["cpu", "cuda12", "cuda13"]},
            {
                "default": "cpu-ds4",
                "nvidia": "cuda12-ds4",
                "nvidia-cuda-13": "cuda13-ds4",
                "nvidia-cuda-12": "cuda12-ds4",
            },
        ),
        (
            {"variants": ["cuda13", "l4t-cuda13"]},
            {
                "nvidia": "cuda13-ds4",
                "nvidia-cuda-13": "cuda13-ds4",
                "nvidia-l4t-cuda-13": "cuda13-nvidia-l4t-arm64-ds4",
            },
        ),
        (
            {"flavour": "shared-base", "variants": ["sycl-f16", "sycl-f32"]},
            {"intel": "intel-sycl-f16-ds4"},
        ),
        ({"flavour": "shared-base", "variants": ["sycl-f32"]}, {"intel": "intel-sycl-f32-ds4"}),
        (
            {"lang": "python", "flavour": "default", "variants": ["cpu", "l4t-cuda12", "metal"]},
            {
                "default": "cpu-ds4",
                "metal": "metal-ds4",
                "nvidia-l4t": "nvidia-l4t-ds4",
                "nvidia-l4t-cuda-12": "nvidia-l4t-ds4",
            },
        ),
    ],
)
def test_capability_keys_follow_the_table(answers: dict[str, object], expected: dict[str, str]) -> None:
    assert capabilities_of(spec(**answers)) == expected


def test_every_capability_names_an_entry_in_both_channels(sample: Path) -> None:
    entries = yaml.safe_load(edited(sample))
    names = {entry["name"] for entry in entries if "uri" in entry}
    for meta in (e for e in entries if e["name"] in ("ds4", "ds4-development")):
        assert set(meta["capabilities"].values()) <= names


def test_the_meta_carries_an_anchor_that_its_entries_merge(sample: Path) -> None:
    text = edited(sample)
    assert '- &ds4\n  name: "ds4"\n  alias: "ds4"\n' in text
    assert text.count("- !!merge <<: *ds4\n") == 7


def test_metas_stand_in_the_section_of_metas_and_images_at_the_end(sample: Path) -> None:
    text = edited(sample)
    anchors = [line for line in text.splitlines() if line.startswith("- &")]
    assert anchors[-1] == "- &ds4"
    assert text.index("## ds4") > text.index("- &ds4")
    assert text.rstrip().endswith("localai/localai-backends:master-nvidia-l4t-cuda-13-arm64-ds4")


def test_prose_edited_by_hand_is_no_drift_but_a_capability_is(sample: Path) -> None:
    file = sample / INDEX
    text = edited(sample)
    file.write_text(text.replace("DeepSeek V4 Flash inference engine", "Better words"))
    assert not [c for c in GalleryIndex().plan(open_checkout(sample), spec()).changes if isinstance(c.outcome, Drifted)]
    file.write_text(text.replace('default: "cpu-ds4"', 'default: "cuda13-ds4"'))
    drifted = [c for c in GalleryIndex().plan(open_checkout(sample), spec()).changes if isinstance(c.outcome, Drifted)]
    assert len(drifted) == 1


def test_a_description_that_a_block_would_change_is_quoted(sample: Path) -> None:
    hostile = '  leading, trailing  \n\ttab: # and "quotes"'
    found = next(e for e in yaml.safe_load(edited(sample, description=hostile)) if e["name"] == "ds4")
    assert found["description"].strip() == hostile.strip()


def test_cuda_12_hosts_get_no_cuda_13_image_and_nobody_misses_the_key(checkout: Checkout) -> None:
    """docs/adr/0007."""
    plain = verify(planned(plan_create(spec(), checkout), checkout), names=("ds4",))
    assert not [finding.message for finding in plain.findings if "nvidia" in finding.subject]
    asked = spec(overrides={"capabilities": {"nvidia-cuda-12": "cuda13-ds4"}})
    report = verify(planned(plan_create(asked, checkout), checkout), names=("ds4",))
    wrong = [(finding.rule.id, finding.subject) for finding in report.findings if "nvidia" in finding.subject]
    assert wrong == [("REG209", "ds4 nvidia-cuda-12"), ("REG209", "ds4-development nvidia-cuda-12")]
