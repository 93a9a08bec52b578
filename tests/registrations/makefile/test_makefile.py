"""The six edits of the root Makefile, judged by GNU make."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from specs import spec

from newbackend.checkout.layout import MAKEFILE, open_checkout
from newbackend.registrations.makefile.place import RootMakefile, backend_of_directory
from newbackend.splice.outcome import Inserted, apply_splices


def edited(root: Path, **answers: object) -> str:
    checkout = open_checkout(root)
    changes = RootMakefile().plan(checkout, spec(**answers)).changes
    splices = [s for change in changes if isinstance(change.outcome, Inserted) for s in change.outcome.splices]
    return apply_splices(checkout.need(MAKEFILE), splices)


@pytest.mark.parametrize(
    ("lang", "definition", "prepare"),
    [
        ("cpp", "ds4|ds4|.|false|false", "$(MAKE) -C backend/cpp/ds4 grpc-server"),
        ("go", "ds4|golang|.|false|true", "$(MAKE) -C backend/go/ds4"),
        ("python", "ds4|python|.|false|true", "$(MAKE) -C backend/python/ds4"),
        ("rust", "ds4|rust|.|false|true", "$(MAKE) -C backend/rust/ds4 ds4-grpc"),
    ],
)
def test_every_language_gets_its_six_edits(sample: Path, lang: str, definition: str, prepare: str) -> None:
    text = edited(sample, lang=lang, flavour=None, variants=["cpu"])
    lines = text.splitlines()
    assert f"BACKEND_DS4 = {definition}" in lines
    assert "$(eval $(call generate-docker-build-target,$(BACKEND_DS4)))" in lines
    assert f"\t{prepare}" in lines
    assert f"\t$(MAKE) -C backend/{lang}/ds4 test" in lines
    assert next(line for line in lines if line.startswith(".NOTPARALLEL:")).endswith(" backends/ds4")
    assert next(line for line in lines if line.startswith("docker-build-backends:")).endswith(" docker-build-ds4")


def test_make_itself_prints_the_docker_command(sample: Path) -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    (sample / MAKEFILE).write_text(edited(sample))
    done = subprocess.run(["make", "-n", "docker-build-ds4"], cwd=sample, capture_output=True, text=True, check=True)
    assert "docker build" in done.stdout
    assert "backend/Dockerfile.ds4" in done.stdout


def test_lines_stand_where_their_siblings_stand(sample: Path) -> None:
    lines = edited(sample, lang="go", flavour=None, variants=["cpu"]).splitlines()
    above = lines[lines.index("BACKEND_DS4 = ds4|golang|.|false|true") - 1]
    assert "|golang|" in above
    above = lines[lines.index("\t$(MAKE) -C backend/go/ds4 test") - 1]
    assert "-C backend/go/" in above


def test_an_omitted_edit_is_left_out(sample: Path) -> None:
    text = edited(sample, overrides={"places": {"makefile": {"omit": ["prepare-test-extra", "test-extra"]}}})
    assert "-C backend/cpp/ds4" not in text
    assert "BACKEND_DS4" in text


def test_revert_keeps_names_that_contain_the_name(sample: Path) -> None:
    checkout = open_checkout(sample)
    splices = [
        splice
        for change in RootMakefile().revert(checkout, "pywhistle")
        if isinstance(change.outcome, Inserted)
        for splice in change.outcome.splices
    ]
    left = apply_splices(checkout.need(MAKEFILE), splices)
    assert "backend/python/pywhistle" not in left
    assert left.count("fast-pywhistle") == checkout.need(MAKEFILE).count("fast-pywhistle")


@pytest.mark.parametrize(
    ("path", "backend"),
    [("backend/cpp/ds4/Makefile", "ds4"), ("backend/go/x", "x"), ("backend/index.yaml", ""), ("docs/cpp/x", "")],
)
def test_a_backend_is_read_off_its_directory(path: str, backend: str) -> None:
    assert backend_of_directory(path) == backend
