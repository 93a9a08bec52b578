"""A fork's jobs start on a change of what it is built from, by the repository's own function."""

from __future__ import annotations

from pathlib import Path

import pytest
from place_trip import added, edited, new_lines, round_trip
from specs import PIN, spec

from newbackend.checkout.filter_engine import path_filter
from newbackend.checkout.layout import open_checkout
from newbackend.checkout.tree import Checkout
from newbackend.registrations.path_filter_forks.place import PathFilterForks
from newbackend.splice.outcome import AnchorMissing, apply_splices

PLACE = PathFilterForks()
FORK = spec(name="oak", flavour="llama-fork", pin={**PIN, "variable": "OAK_VERSION"})
LLAMA = "backend/cpp/llama-cpp/"
TERM = 'backend === "oak"'
NEXT = ("backend/cpp/cppanvil/", LLAMA)


def starts(checkout: Checkout, name: str, file: str) -> bool:
    return path_filter(checkout).call(f'backendChanged("{name}", "backend/cpp/{name}/", ["{file}"])', bool)


def filter_file(checkout: Checkout) -> str:
    return checkout.need(PLACE.path(checkout))


def test_a_fork_joins_the_others_of_its_directory_on_their_line(sample: Path) -> None:
    before = edited(open_checkout(sample), "scripts/lib/backend-filter.mjs", NEXT)
    after = round_trip(PLACE, before, FORK)
    path = PLACE.path(before)
    assert new_lines(before, after, path) == [f'  return (backend === "neo-cppanvil" || {TERM}) &&']
    assert starts(after, "oak", f"{LLAMA}grpc-server.cpp")
    assert starts(after, "neo-cppanvil", f"{LLAMA}grpc-server.cpp")
    assert not starts(before, "oak", f"{LLAMA}grpc-server.cpp")


def test_a_fork_of_another_directory_gets_a_statement_of_its_own(sample: Path) -> None:
    before = open_checkout(sample)
    after = round_trip(PLACE, before, FORK)
    assert starts(after, "oak", f"{LLAMA}grpc-server.cpp")
    assert not starts(after, "oak", "backend/cpp/cppanvil/engine.cpp")
    assert starts(after, "neo-cppanvil", "backend/cpp/cppanvil/engine.cpp")
    assert not starts(after, "neo-cppanvil", f"{LLAMA}grpc-server.cpp")


@pytest.mark.parametrize("same", [True, False], ids=["same directory", "another directory"])
def test_the_older_script_gets_the_block_once_more(old_sample: Path, same: bool) -> None:
    before = open_checkout(old_sample)
    before = edited(before, PLACE.path(before), NEXT) if same else before
    after = round_trip(PLACE, before, FORK)
    assert filter_file(after).count(f"    if ({TERM} && !changed) {{\n") == 1
    assert filter_file(after).count(f'startsWith("{LLAMA}")') == (2 if same else 1)


def test_the_older_script_gets_its_first_block_behind_the_flag(old_sample: Path) -> None:
    before = open_checkout(old_sample)
    (change,) = PLACE.revert(before, "neo-cppanvil")
    alone = before.with_changes(
        {PLACE.path(before): apply_splices(filter_file(before), change.outcome.splices)}  # type: ignore[union-attr]
    )
    after = round_trip(PLACE, alone, FORK)
    rows = filter_file(after).split("\n")
    at = rows.index(f"    if ({TERM} && !changed) {{")
    assert rows[at - 1].startswith("    let changed = ")


def test_crlf_stays_crlf(sample: Path) -> None:
    checkout = open_checkout(sample)
    crlf = checkout.with_changes({PLACE.path(checkout): filter_file(checkout).replace("\n", "\r\n")})
    after = round_trip(PLACE, crlf, FORK)
    assert "\n" not in filter_file(after).replace("\r\n", "")


def test_a_comment_in_another_script_does_not_shift_the_edit(sample: Path) -> None:
    checkout = open_checkout(sample)
    before = checkout.with_changes({PLACE.path(checkout): "// naïve – ü\n" + filter_file(checkout)})
    assert starts(round_trip(PLACE, before, FORK), "oak", f"{LLAMA}x")


def test_the_only_fork_goes_and_the_function_still_answers(sample: Path) -> None:
    before = open_checkout(sample)
    (change,) = PLACE.revert(before, "neo-cppanvil")
    text = apply_splices(filter_file(before), change.outcome.splices)  # type: ignore[union-attr]
    after = before.with_changes({PLACE.path(before): text})
    assert "neo-cppanvil" not in text.split("function backendChanged")[1].split("}")[0]
    assert not starts(after, "neo-cppanvil", "backend/cpp/cppanvil/engine.cpp")
    assert starts(after, "neo-cppanvil", "backend/cpp/neo-cppanvil/Makefile")
    assert starts(added(PLACE, after, FORK), "oak", f"{LLAMA}x")


def test_a_backend_with_sources_of_its_own_is_no_fork(sample: Path) -> None:
    assert PLACE.expect(spec(), open_checkout(sample)) == ()


def test_a_script_without_the_function_is_reported_with_the_line_to_paste(sample: Path) -> None:
    checkout = open_checkout(sample)
    start = filter_file(checkout).index("export function backendChanged")
    end = filter_file(checkout).index("\n}\n", start) + 3
    gone = checkout.with_changes({PLACE.path(checkout): filter_file(checkout)[:start] + filter_file(checkout)[end:]})
    (change,) = PLACE.plan(gone, FORK).changes
    assert isinstance(change.outcome, AnchorMissing)
    assert TERM in change.snippet


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    }\n    emit(backend", "    } else {\n      changed = changed || run;\n    }\n    emit(backend"),
        ('if (backend === "neo-cppanvil" && !changed)', 'if ((backend === "neo-cppanvil" || late) && !changed)'),
        ('    if (backend === "neo-cppanvil" && !changed)', '    if (late) {} else if (backend === "neo-cppanvil")'),
    ],
    ids=["with an else", "with another condition", "after an else"],
)
def test_code_that_serves_others_too_is_left_to_a_person(old_sample: Path, old: str, new: str) -> None:
    checkout = open_checkout(old_sample)
    mixed = edited(checkout, PLACE.path(checkout), (old, new))
    (change,) = PLACE.revert(mixed, "neo-cppanvil")
    assert isinstance(change.outcome, AnchorMissing)


def test_a_parameter_with_a_default_is_called_by_its_name(sample: Path) -> None:
    checkout = open_checkout(sample)
    path = PLACE.path(checkout)
    before = edited(
        checkout, path, ("pathPrefix, changedFiles) {\n  if (ch", "pathPrefix, changedFiles = []) {\n  if (ch")
    )
    assert starts(round_trip(PLACE, before, FORK), "oak", f"{LLAMA}x")


def test_a_function_on_one_line_is_left_to_a_person(sample: Path) -> None:
    checkout = open_checkout(sample)
    path = PLACE.path(checkout)
    start = filter_file(checkout).index("export function backendChanged")
    end = filter_file(checkout).index("\n}\n", start) + 3
    one_line = (
        "export function backendChanged(backend, prefix, files) { return files.some(f => f.startsWith(prefix)); }\n"
    )
    before = checkout.with_changes({path: filter_file(checkout)[:start] + one_line + filter_file(checkout)[end:]})
    (change,) = PLACE.plan(before, FORK).changes
    assert isinstance(change.outcome, AnchorMissing)
