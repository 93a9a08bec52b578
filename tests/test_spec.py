"""Every refusal is one sentence with the reason.

The rules on names follow LocalAI's code: `IsBackendCompatible` (pkg/system/capabilities.go) and the gallery.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from specs import PIN, answers, spec

from newbackend.answers import OptionAnswers
from newbackend.answers_file import dump_answers, parse_answers
from newbackend.catalog import variant_table
from newbackend.catalog.languages import languages
from newbackend.errors import UsageError
from newbackend.spec import make_spec, to_answers
from newbackend.validate import check_name, checked


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("", "name-missing"),
        ("Upper", "name-invalid"),
        ("dot.ted", "name-invalid"),
        ("under_score", "name-invalid"),
        ("-lead", "name-invalid"),
        ("trail-", "name-invalid"),
        ("a--b", "name-invalid"),
        ("../../etc", "name-invalid"),
        ("a/b", "name-invalid"),
        ("a b", "name-invalid"),
        ("naïve", "name-invalid"),
        ("$(reboot)", "name-invalid"),
        ("x" * 64, "name-too-long"),
        ("fast-cuda", "name-hardware-token"),
        ("whip", "name-hardware-token"),
        ("chipmunk", "name-hardware-token"),
        ("amdahl", "name-hardware-token"),
        ("cpu-thing", "name-prefix"),
        ("vulkan-thing", "name-prefix"),
        ("thing-development", "name-suffix"),
        ("thing-quantization", "name-suffix"),
        ("my-llama-cpp", "name-suffix"),
        ("common", "name-reserved"),
        ("python", "name-reserved"),
    ],
)
def test_a_name_that_would_hurt_is_refused_in_one_sentence(name: str, reference: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_name(name)
    assert caught.value.code == reference
    assert "\n" not in caught.value.sentence()


@pytest.mark.parametrize("name", ["ds4", "a", "3dgen", "whisper-fast", "echo2-cpp", "class", "x" * 63])
def test_a_good_name_is_taken_as_it_is(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    ("change", "reference"),
    [
        ({"lang": "cobol"}, "lang-unknown"),
        ({"lang": "go", "name": "engine"}, "name-reserved"),
        ({"flavour": "sourdough"}, "flavour-unknown"),
        ({"variants": ["tpu"]}, "variant-unknown"),
        ({"variants": ["l4t-cuda12"]}, "variant-impossible"),
        ({"variants": []}, "variants-missing"),
        ({"lang": "rust", "variants": ["cuda12"]}, "variant-impossible"),
        ({"lang": "go", "variants": ["cuda12"]}, "variant-impossible"),
        ({"lang": "go", "flavour": "purego", "options": {"cpu_variants": ["sse9"]}}, "cpu-variant-unknown"),
        ({"lang": "go", "variants": ["cpu"], "options": {"cpu_variants": ["avx"]}}, "cpu-variants-impossible"),
        ({"lang": "cpp", "options": {"cpu_variants": ["avx"]}}, "cpu-variants-impossible"),
        (
            {"lang": "go", "flavour": "purego", "options": {"cpu_variants": ["avx"], "native_march": True}},
            "cpu-variants-native",
        ),
        ({"lang": "python", "variants": ["vulkan"]}, "variant-impossible"),
        ({"modalities": ["telepathy"]}, "modality-unknown"),
        ({"lang": "go", "variants": ["cpu"], "modalities": ["rerank"]}, "modality-impossible"),
        ({"modalities": []}, "modality-missing"),
        ({"license": "mine, all mine"}, "license-invalid"),
        ({"urls": ["javascript:alert(1)"]}, "urls-invalid"),
        ({"icon": "/etc/passwd"}, "icon-invalid"),
        ({"tags": ["line\nbreak"]}, "tags-invalid"),
        ({"description": "bell\x07"}, "description-control"),
        ({"description": "next\x85line"}, "description-control"),
        ({"description": "next\u2028line"}, "description-control"),
        ({"description": "é" * 6000}, "description-too-long"),
        ({"pin": {**PIN, "sha": "ae302c2"}}, "pin-not-full-sha"),
        ({"pin": {**PIN, "repo": "not-a-repo"}}, "pin-form"),
        ({"pin": {**PIN, "branch": "--upload-pack=x"}}, "pin-branch"),
        ({"pin": {**PIN, "variable": "lower"}}, "pin-variable"),
        ({"flavour": "llama-fork", "pin": None}, "pin-missing"),
    ],
)
def test_an_answer_that_will_not_do_is_refused_with_its_reason(change: dict[str, object], reference: str) -> None:
    with pytest.raises(UsageError) as caught:
        spec(**change)
    assert caught.value.code == reference
    assert "\n" not in caught.value.sentence()


def test_a_spec_survives_the_way_through_its_answers() -> None:
    one = spec(tags=["LLM", "fast"], urls=["https://example.org/x"], os_excluded={"darwin": "CUDA only"})
    assert make_spec(to_answers(one)) == one


GO: dict[str, object] = {"lang": "go", "flavour": "purego", "variants": ["cpu", "cuda12", "metal"]}


def test_cpu_variants_come_back_oldest_first_and_survive_the_way_through_the_answers() -> None:
    one = spec(**GO, options={"cpu_variants": ["avx512", "avx", "avx512"]})
    assert one.options.cpu_variants == ("avx", "avx512")
    assert make_spec(to_answers(one)) == one
    assert parse_answers(dump_answers(to_answers(one)), "here") == to_answers(one)


def test_cpu_variants_are_not_judged_before_the_flavour_is_known() -> None:
    given = answers(lang="go", options={"cpu_variants": ["avx"]})
    assert checked(given).options == OptionAnswers(cpu_variants=("avx",))
    with pytest.raises(UsageError, match=r"only Go \(capi\), Go \(purego\)"):
        checked(replace(given, flavour="pure"))


def test_what_is_missing_is_not_judged() -> None:
    assert checked(answers()) == answers()
    assert checked(answers(variants=["gone"], modalities=["gone"])).variants == ("gone",), "the language is not known"
    assert checked(answers(imports={"kind": "drop-in"})).imports == answers(imports={"kind": "drop-in"}).imports


def test_no_cpu_variants_are_an_answer_and_saying_nothing_is_none() -> None:
    silent = to_answers(spec(**GO))
    assert to_answers(spec(**GO, options={"cpu_variants": None})) == silent
    refused = spec(**GO, options={"cpu_variants": []})
    assert to_answers(refused) != silent
    assert make_spec(parse_answers(dump_answers(to_answers(refused)), "here")) == refused


def test_pure_go_is_told_where_its_gpu_images_are_built() -> None:
    with pytest.raises(UsageError, match=r"cannot ship vulkan: .* flavour=purego"):
        spec(lang="go", flavour="pure", variants=["vulkan"])


def test_what_no_template_builds_is_no_matter_where_the_files_are_kept() -> None:
    kept = {"places": {"scaffold": "keep"}}
    assert spec(lang="go", flavour="pure", variants=["cpu", "cuda12"], overrides=kept).variants == ("cpu", "cuda12")


def test_variants_come_back_in_canonical_order_without_repeats() -> None:
    assert spec(variants=["cuda13", "cpu", "cuda13"]).variants == ("cpu", "cuda13")


def test_every_variant_that_a_language_offers_has_rows_in_the_catalog() -> None:
    for language in languages().values():
        for flavour in language.flavours.values():
            for variant in flavour.variants:
                assert variant_table().variants[variant].rows_for(flavour.profile), (language.id, flavour.id, variant)
