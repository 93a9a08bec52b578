"""Addresses of models as people paste them, in the forms that LocalAI downloads from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeGuard

from newbackend.answers import ModelAnswers
from newbackend.errors import UsageError
from newbackend.records import dataclass

_HUB = (
    r"(?a)(?:huggingface://|hf://|https?://(?:www\.)?(?:huggingface\.co|hf\.co)/)"
    r"(?P<repo>[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})"
    r"(?:/(?:resolve|blob)/(?P<ref>[\w.-]+))?(?:/(?P<path>[\w.+ -]+(?:/[\w.+ -]+)*))?/?(?:\?download=true)?\Z"
)
_HTTPS = r"(?a)https://[A-Za-z0-9.-]+(?::\d{1,5})?/(?:[\w.~%+-]+/)*(?P<file>[\w.+-]+)(?:\?[\w.~%+&=/-]*)?\Z"
_MARK = (
    r"(?i)[-_.]?(?:(?:ud|i1)-)?(?:i?q[1-8](?:_[a-z0-9]+)*|[bt]?f(?:16|32)|fp(?:16|8|32|4)|int[48]|mxfp4|nvfp4"
    r"|[248]bit)\Z"
)
FORMS = "huggingface://OWNER/REPO/FILE, huggingface://OWNER/REPO or https://…/FILE"


@dataclass(frozen=True)
class Address:
    """A model's address as LocalAI's gallery has it. `repo` is that of the hub, "" elsewhere; `path` the file in it, ""
    for a repository that the backend loads by its name."""

    uri: str
    repo: str
    path: str

    @property
    def file(self) -> str:
        """The file's name; "" for a whole repository."""
        return self.path.rpartition("/")[2]

    @property
    def page(self) -> str:
        """The page about the model; "" when only the file's address is known."""
        return f"https://huggingface.co/{self.repo}" if self.repo else ""

    @property
    def stem(self) -> str:
        """A name for the model: that of its file without the ending, else that of its repository."""
        stem = re.sub(r"(?i)\.(?:gguf|ggml|bin|onnx|safetensors|pt|pth|zip|tar|gz|bz2|tgz)\b", "", self.file)
        return re.sub(r"[^a-z0-9._-]+", "-", (stem or self.repo.rpartition("/")[2]).lower()).strip("-._")


def read_address(text: str) -> Address:
    """The address of a model; a page or a download link of the hub will do. Raises UsageError for another form."""
    hub = re.match(_HUB, text.strip())
    if hub and ".." not in text:
        repo, path = hub["repo"], hub["path"] or ""
        if hub["ref"] and not path:
            raise _refused(text)
        branch = f"@{hub['ref']}" if hub["ref"] not in (None, "main") else ""
        return Address(f"huggingface://{repo}/{path}{branch}" if path else f"huggingface://{repo}", repo, path)
    other = re.match(_HTTPS, text.strip())
    if other and not hub and "/../" not in text:
        return Address(text.strip(), "", other["file"])
    raise _refused(text)


def model_answers(text: str) -> ModelAnswers:
    """`URI` or `URI#sha256=HEX`, as pip writes it. Raises UsageError when malformed."""
    uri, mark, checksum = text.strip().partition("#")
    if mark and not checksum.startswith("sha256="):
        raise UsageError("model-uri", f"{text!r}: behind # only sha256=HEX is known", hint=f"give {FORMS}")
    return ModelAnswers(uri=read_address(uri).uri, sha256=checksum.removeprefix("sha256=") or None)


def is_models(value: object) -> TypeGuard[tuple[ModelAnswers, ...]]:
    """Whether an answer is a list of models, and not an empty one."""
    return isinstance(value, tuple) and any(isinstance(one, ModelAnswers) for one in value)


def model_words(models: Iterable[ModelAnswers]) -> str:
    """Models as they are typed: the reverse of `model_answers`, for a list with commas."""
    rows = ((model.uri or "", f"#sha256={model.sha256}" if model.sha256 else "") for model in models)
    return ", ".join(uri + checksum for uri, checksum in rows)


def _refused(text: str) -> UsageError:
    return UsageError("model-uri", f"{text!r} is no address of a model", hint=f"give {FORMS}")


def build_of(name: str) -> str:
    """A model's name without the mark of its quantisation: the builds of one model share it."""
    return re.sub(_MARK, "", name)
