"""What the checkout already has is not taken from its owner."""

from __future__ import annotations

from pathlib import Path

import pytest
from specs import PIN, spec

from newbackend.checkout.layout import INDEX, open_checkout
from newbackend.errors import UsageError
from newbackend.plan.collisions import check_collisions
from newbackend.wizard.names import free_name


def refused(root: Path, **answers: object) -> UsageError:
    with pytest.raises(UsageError) as caught:
        check_collisions(spec(**answers), open_checkout(root))
    assert "\n" not in caught.value.sentence()
    return caught.value


def test_a_new_name_is_fine(any_sample: Path) -> None:
    check_collisions(spec(), open_checkout(any_sample))


@pytest.mark.parametrize("name", ["cppreed", "pyecho", "goquill", "rustlark"])
def test_the_name_of_any_backend_is_taken(sample: Path, name: str) -> None:
    assert refused(sample, name=name).code == "name-taken"


def test_a_leftover_registration_is_found_with_its_line(sample: Path) -> None:
    import shutil

    shutil.rmtree(sample / "backend/cpp/cppreed")
    error = refused(sample, name="cppreed")
    assert error.code == "name-taken"
    assert ":" in error.where


def test_an_anchor_that_another_meta_has_is_refused(sample: Path) -> None:
    text = (sample / INDEX).read_text()
    assert "&pyecho" in text
    assert refused(sample, name="py-echo").code == "anchor-taken"


def test_a_dockerfile_that_ends_like_a_language_is_refused(sample: Path) -> None:
    assert refused(sample, name="trust").code == "dockerfile-suffix"


def test_a_name_that_is_the_ending_of_anothers_dockerfile_is_refused(sample: Path) -> None:
    assert refused(sample, name="reed").code == "dockerfile-suffix"


def test_a_pin_variable_that_the_bump_bot_follows_already_is_refused(sample: Path) -> None:
    text = (sample / ".github/workflows/bump_deps.yaml").read_text()
    variable = next(line.split('"')[1] for line in text.splitlines() if "variable:" in line)
    assert refused(sample, pin={**PIN, "variable": variable}).code == "pin-variable-taken"


def test_our_own_backend_may_be_created_again(sample: Path) -> None:
    folder = sample / "backend/cpp/ds4"
    folder.mkdir(parents=True)
    (folder / ".newbackend.yml").write_text("name: ds4\n")
    check_collisions(spec(), open_checkout(sample))


def test_a_fork_of_what_is_not_here_is_refused(sample: Path) -> None:
    fork = spec(flavour="llama-fork")
    with pytest.raises(UsageError) as caught:
        check_collisions(fork, open_checkout(sample))
    assert (caught.value.code, caught.value.where) == ("flavour-not-here", "backend/cpp/llama-cpp/grpc-server.cpp")
    engine = {"backend/cpp/llama-cpp/grpc-server.cpp": "int main() {}\n"}
    check_collisions(fork, open_checkout(sample).with_changes(engine))


def test_an_empty_directory_takes_no_name(sample: Path) -> None:
    (sample / "backend/cpp/ds4/src").mkdir(parents=True)
    assert free_name("ds4", open_checkout(sample)) == "ds4"
    check_collisions(spec(), open_checkout(sample))
    (sample / "backend/cpp/ds4/src/main.cpp").touch()
    assert refused(sample).code == "name-taken"
