"""Repairs in LocalAI's history: found before, gone after; and every error at the newest revision was read."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import NEWEST, git

from newbackend.checkout.revision import RevisionCheckout
from newbackend.findings import Severity, Status
from rules.found import found, ids

REPAIRS = [
    ("1bdd3338a", "REG603", "qwen3-tts-cpp rfdetr-cpp sglang sherpa-onnx vibevoice-cpp"),
    ("baa11133f", "REG603", "parakeet-cpp"),
    ("ef80a0e82", "REG603", "insightface speaker-recognition"),
    ("2f3dd404b", "REG601", "mlx-audio"),
    ("9b57dcb72", "REG702", "kokoros sam3-cpp sglang supertonic turboquant"),
    ("13f59f082", "REG702", "privacy-filter"),
    ("13f59f082", "REG703", "privacy-filter"),
    ("c678530cf", "REG806", "acestep-cpp ced crispasr omnivoice-cpp parakeet-cpp stablediffusion-ggml whisper"),
    ("17c1fc74b", "REG806", "silero-vad"),
    ("068d397ac", "REG806", "piper"),
    ("6afe127cd", "REG806", "opus"),
    ("6afe127cd", "REG807", "opus"),
    ("6a80e2373", "REG811", "llama-cpp"),
    ("ef15b4bfd", "REG814", "vllm"),
    ("270c25640", "REG816", "kokoros"),
    ("2be495f9c", "REG816", "kokoros"),
    ("0258f8af5", "REG816", "kokoros"),
    ("c5645795b", "REG816", "kokoros"),
    ("4bb592cf9", "REG817", "qwen3-tts-cpp"),
    ("38350d363", "REG850", "acestep-cpp qwen3-tts-cpp"),
]


@pytest.mark.localai
@pytest.mark.parametrize(("commit", "rule", "names"), REPAIRS, ids=[f"{row[0]}-{row[1]}" for row in REPAIRS])
def test_what_history_repaired_is_found_before_and_gone_after(
    localai_clone: Path, commit: str, rule: str, names: str
) -> None:
    wanted = {(rule, name) for name in names.split()}
    revisions = [git(localai_clone, "rev-parse", f"{commit}{parent}").strip() for parent in ("^", "")]
    before, after = (ids(found(_at(localai_clone, revision), rule)) for revision in revisions)
    assert wanted <= before
    assert not wanted & after


def _at(root: Path, revision: str) -> RevisionCheckout:
    checkout = RevisionCheckout(root, revision)
    checkout.prefetch_backends()
    return checkout


@pytest.mark.localai
def test_every_error_at_the_newest_revision_is_one_that_was_read(localai_clone: Path) -> None:
    revision = git(localai_clone, "rev-parse", NEWEST).strip()
    findings = found(_at(localai_clone, revision), "REG6", "REG7", "REG8")
    errors = {(f.rule.id, f.backend or f.subject) for f in findings if f.level is Severity.ERROR}
    assert not [finding for finding in findings if finding.status is Status.UNKNOWN]
    assert errors == {
        ("REG606", "bark"),
        *(("REG806", name) for name in ("ds4", "face-detect", "voice-detect")),
        *(("REG807", name) for name in ("face-detect", "voice-detect")),
        *(("REG813", name) for name in ("liquid-audio", "rfdetr")),
        *(("REG815", name) for name in ("ced", "face-detect", "moss-transcribe-cpp", "parakeet-cpp", "voice-detect")),
        *(("REG817", name) for name in ("moss-transcribe-cpp", "piper", "voxtral")),
        *(("REG850", name) for name in ("crispasr", "whisper")),
    }
