"""What a backend's Makefile clones, where no row of the bump bot says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from newbackend.checkout.tree import Checkout
from newbackend.registrations.support.engine_use import cloned

SHA = "1234567890" * 4
ONE_LINE = f"""
TOOL_VERSION?=1.2
ENGINE_COMMIT?={SHA}
tool:
	curl -L https://github.com/other/tool/releases/download/v$(TOOL_VERSION)/tool.tgz -o tool.tgz
engine:
	git clone https://github.com/acme/engine.git engine
	cd engine && git checkout $(ENGINE_COMMIT)
"""
BY_VARIABLE = f"""
export ENGINE_REPO ?= https://github.com/acme/engine.cpp
ENGINE_VERSION = {SHA}
engine:
	cd engine && git init && \\
	git remote add origin $(ENGINE_REPO) && \\
	git fetch --depth 1 origin ${{ENGINE_VERSION}} && git checkout FETCH_HEAD
"""
TWO = f"""
ONE_VERSION?={SHA}
TWO_VERSION?={SHA[::-1]}
one:
	git -C two fetch git@github.com:acme/two $(TWO_VERSION)
	git clone https://github.com/acme/one one && git -C one checkout -q $(ONE_VERSION)
"""
A_TAG = "V?=v1.0\nx:\n\tgit clone -b $(V) https://github.com/acme/tagged\n"
NO_GIT = f"V?={SHA}\nx:\n\tcurl https://github.com/acme/archive/$(V).tgz\n"


@pytest.mark.parametrize(
    ("makefile", "found"),
    [
        (ONE_LINE, ("acme/engine", "ENGINE_COMMIT")),
        (BY_VARIABLE, ("acme/engine.cpp", "ENGINE_VERSION")),
        (TWO, ("acme/two", "TWO_VERSION")),
        (A_TAG, None),
        (NO_GIT, None),
        ("", None),
    ],
)
def test_the_commit_belongs_to_the_repository_that_is_named_last(
    tmp_path: Path, makefile: str, found: tuple[str, str] | None
) -> None:
    (tmp_path / "Makefile").write_text(makefile, encoding="utf-8")
    assert cloned(Checkout(tmp_path), ".") == found
