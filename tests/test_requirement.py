"""One release of one distribution, as `--pip` takes it."""

from __future__ import annotations

import pytest

from newbackend.catalog.torch import torch_packages
from newbackend.errors import UsageError
from newbackend.requirement import parse_requirement, same_version


@pytest.mark.parametrize(
    ("text", "line", "with_cuda", "key"),
    [
        ("faster-whisper==1.2.1", "faster-whisper==1.2.1", "faster-whisper[cuda]==1.2.1", "faster-whisper"),
        (" nemo_toolkit[asr, tts] == 2.4.0rc1 ", "nemo_toolkit[asr,tts]==2.4.0rc1",
         "nemo_toolkit[asr,tts,cuda]==2.4.0rc1", "nemo-toolkit"),
        ("a[cuda]==1!2.0.post1+cu130", "a[cuda]==1!2.0.post1+cu130", "a[cuda]==1!2.0.post1+cu130", "a"),
    ],
)  # fmt: skip
def test_a_release_is_read_and_written(text: str, line: str, with_cuda: str, key: str) -> None:
    found = parse_requirement(text)
    assert (str(found), found.with_extra("cuda"), found.key) == (line, with_cuda, key)


@pytest.mark.parametrize(
    "text",
    ["", "demo", "demo>=1", "demo==1.*", "demo==", "==1", "demo==1 --index-url http://x", "demo==1\nother==2",
     "-e .==1",
     "demo @ git+https://x==1", "demo[]==1", "demo==1; python_version<'3'", "../demo==1"],
)  # fmt: skip
def test_anything_else_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(UsageError, match="is not PACKAGE==VERSION"):
        parse_requirement(text)


@pytest.mark.parametrize(
    ("needs", "found"),
    [
        ((), ()),
        (("numpy", "onnxruntime>=1.20", "torch>=2; extra == 'gpu'", 'torch;extra=="x"'), ()),
        (("Torch (>=2.0)", "torchaudio"), ("torch", "torchaudio")),
        (("torchvision==0.1",), ("torch", "torchvision")),
        (("openai_whisper",), ("torch",)),
        (("torchtext", "pytorch"), ()),
    ],
)
def test_what_is_needed_of_pytorch(needs: tuple[str, ...], found: tuple[str, ...]) -> None:
    assert torch_packages(needs) == found


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1.2", "1.2.0", True),
        ("v1.2.0.0", "1.2", True),
        ("1.2.0rc1", "1.2rc1", True),
        ("1.0.1", "1.1", False),
        ("1.20", "1.2", False),
        ("1.0.0.1", "1", False),
    ],
)
def test_zeros_at_the_end_are_the_same_release(one: str, other: str, same: bool) -> None:
    assert same_version(one, other) == same
