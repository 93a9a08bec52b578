"""`describe` -> `remove --keep-files` -> `create --answers` gives every registration fact back.

On the sample always, on real revisions where NEWBACKEND_LOCALAI names a clone. All in memory: the work
tree is only read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from conftest import MAY_24, NEWEST
from describe.round_trip import Trip, backends, facts_of, round_trip

from newbackend.checkout.layout import open_checkout
from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.plan.remove import plan_remove

JOBS = "test-workflow"

# A job of test-extra.yml that is not `tests-<name>` was written by hand: its steps are in the workflow and
# nowhere else, so no answers file can give them back; `describe` says so in a note.
_JOBS = {
    "ik-llama-cpp": ("grpc",),
    "insightface": ("grpc",),
    "llama-cpp": ("grpc", "grpc-transcription"),
    "localvqe": ("grpc-transform",),
    "sherpa-onnx": ("grpc-transcription", "grpc-tts", "realtime"),
    "speaker-recognition": ("grpc",),
    "turboquant": ("grpc",),
    "vibevoice-cpp": ("grpc-transcription", "grpc-tts"),
    "whisper": ("grpc-transcription",),
}
# Items of feature pages that another backend's item or a sentence around them makes a part of prose.
_ITEMS = {"llama-cpp": ("audio-to-text",)}
# Their newest capabilities do not name what the page says that they do.
_NEWEST_ITEMS = {"sherpa-onnx": ("audio-diarization",), "vibevoice-cpp": ("audio-diarization",)}
# The only section of a page: without it nobody knows how the page lists backends.
_SECTIONS = {"valkey-store": ("stores",)}
# Models that another backend's entry of the gallery lists as a variant or a companion.
_SHARED = {
    "crispasr": ("vibevoice-crispasr", "vibevoice-tts-crispasr"),
    "sglang": ("gemma-4-e2b-it:sglang-mtp", "gemma-4-e4b-it:sglang-mtp"),
    "sherpa-onnx": ("silero-vad-sherpa",),
    "stablediffusion-ggml": ("flux.1-dev-ggml", "flux.1-dev-ggml-q8_0"),
    "vllm-omni": ("nemotron-3-nano-omni-30b-a3b-reasoning-apex",),
    "whisper": ("silero-vad-ggml",),
}
# More models than an answers file takes; `describe` says so.
MANY_MODELS = frozenset(("llama-cpp",))
BY_HAND = {name: {(JOBS, f"job:tests-{name}-{kind}") for kind in kinds} for name, kinds in _JOBS.items()}


def _on_pages(kind: str, pages_of: Mapping[str, Sequence[str]]) -> dict[str, set[tuple[str, str]]]:
    return {
        name: {("feature-pages", f"{kind}:docs/content/features/{page}.md:{name}") for page in pages}
        for name, pages in pages_of.items()
    }


IN_PROSE = _on_pages("item", _ITEMS)
NEWEST_PROSE = _on_pages("item", _NEWEST_ITEMS)
ALONE = _on_pages("section", _SECTIONS)
SHARED = {name: {("model-gallery", f"model:{model}") for model in models} for name, models in _SHARED.items()}


def _together(*parts: dict[str, set[tuple[str, str]]]) -> dict[str, set[tuple[str, str]]]:
    names = {name for part in parts for name in part}
    return {name: set().union(*(part.get(name, set()) for part in parts)) for name in names}


EXCEPTIONS: dict[str, dict[str, set[tuple[str, str]]]] = {
    MAY_24: _together(BY_HAND, IN_PROSE),
    NEWEST: {
        **_together(BY_HAND, IN_PROSE, NEWEST_PROSE, ALONE, SHARED),
        "parakeet-cpp": {(JOBS, "job:tests-parakeet-cpp-grpc-transcription")},
    },
}
BACKENDS = {MAY_24: 53, NEWEST: 75}
# The older sample's only C++ backend with macOS images: what is left has none to be written like.
LAST_OF_ITS_KIND = {
    "cppanvil": {
        ("darwin-workflow", "exclusion:cppanvil"),
        ("darwin-makefile", ".NOTPARALLEL:backends/cppanvil-darwin"),
        ("darwin-makefile", "darwin-target:cppanvil"),
    }
}
# Where one thing is left to a person, and the plan says so: a list that names nobody any more does not say
# where else names go; and tests that lock the order of engines have to be read by somebody.
BY_PERSON = {
    **{name: {"importer-drop-in"} for name in ("vllm-cpp", "neo-cppanvil")},
    **{name: {"engine-preference"} for name in ("llama-cpp", "mlx", "vllm")},
    **{name: {"model-gallery"} for name in _SHARED},
    "sglang": {"engine-preference", "model-gallery"},
    "cppanvil": {"darwin-makefile", "darwin-workflow"},
}
NEEDED: dict[str, dict[str, tuple[str, ...]]] = {
    MAY_24: {"llama-cpp": ("ik-llama-cpp", "turboquant")},
    NEWEST: {"llama-cpp": ("bonsai", "ik-llama-cpp", "turboquant", "vllm-cpp"), "vllm": ("vllm-cpp",)},
}


def check(trip: Trip, name: str, exceptions: set[tuple[str, str]]) -> list[str]:
    """What is wrong with a round trip, in words; empty when nothing is."""
    said = [f"not removed: {one}" for one in sorted(trip.left - exceptions)]
    many = {one for one in trip.lost if one[0] == "model-gallery"} if name in MANY_MODELS else set()
    said += [f"not back: {one}" for one in sorted(trip.lost - exceptions - many)]
    said += [f"back after all, take it off the exceptions: {one}" for one in sorted(exceptions - trip.lost - trip.left)]
    said += [f"new: {one}" for one in sorted(trip.gained)]
    said += [f"planned though it is there: {change.place} {change.reason}" for change in trip.first]
    mine = [one for one in trip.removed.by_hand if one.place not in BY_PERSON.get(name, set())]
    said += [f"not removable: {one.place} {one.reason}" for one in mine]
    by_person = {one.place for one in trip.created.by_hand} - BY_PERSON.get(name, set())
    said += [f"by hand: {place}" for place in sorted(by_person)]
    return [f"{name}: {one}" for one in said]


def round_trips(checkout: Checkout, exceptions: dict[str, set[tuple[str, str]]]) -> list[str]:
    """All backends, one after the other, each from the untouched checkout."""
    before = facts_of(checkout)
    problems: list[str] = []
    for name in backends(checkout):
        problems += check(round_trip(checkout, before, name), name, exceptions.get(name, set()))
    return problems


def test_every_sample_backend_makes_the_round_trip(sample: Path) -> None:
    checkout = open_checkout(sample)
    assert len(backends(checkout)) == 9
    assert round_trips(checkout, {}) == []


def test_so_does_every_backend_of_the_older_layout(old_sample: Path) -> None:
    checkout = open_checkout(old_sample)
    assert len(backends(checkout)) == 5
    assert round_trips(checkout, LAST_OF_ITS_KIND) == []


@pytest.mark.localai
@pytest.mark.xdist_group("localai")
@pytest.mark.parametrize("revision", [MAY_24, NEWEST])
def test_every_localai_backend_makes_the_round_trip(localai_at: Callable[[str], Path], revision: str) -> None:
    checkout = open_checkout(localai_at(revision))
    assert len(backends(checkout)) == BACKENDS[revision]
    assert round_trips(checkout, EXCEPTIONS[revision]) == []


@pytest.mark.localai
@pytest.mark.xdist_group("localai")
@pytest.mark.parametrize("revision", [MAY_24, NEWEST])
def test_every_localai_backend_can_be_removed_unless_others_build_upon_it(
    localai_at: Callable[[str], Path], revision: str
) -> None:
    checkout = open_checkout(localai_at(revision))
    refused: dict[str, UsageError] = {}
    for name in backends(checkout):
        try:
            plan = plan_remove(name, checkout)
        except UsageError as error:
            refused[name] = error
        else:
            assert {one.place for one in plan.by_hand} <= BY_PERSON.get(name, set()), name
    needed = NEEDED[revision]
    assert {name: refusal.code for name, refusal in refused.items()} == dict.fromkeys(needed, "backend-needed")
    for name, refusal in refused.items():
        assert refusal.message.startswith(", ".join(needed[name]))
