"""What is read of run.sh: starts, loaders, library paths, variables; in the spellings that backends use."""

from __future__ import annotations

import time

import pytest

from newbackend.package.archive import Entry, Kind, Tree
from newbackend.package.script import RunScript, matching, shell

HEAD = '#!/bin/bash\nCURDIR=$(dirname "$(realpath "$0")")\n'


def script(body: str, head: str = HEAD) -> RunScript:
    return RunScript(head + body, Entry("run.sh", Kind.FILE))


def starts(run: RunScript) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    return [(s.loader, s.programs) for s in run.starts]


@pytest.mark.parametrize(
    "line",
    [
        'exec "$CURDIR"/lib/ld.so "$CURDIR"/grpc-server "$@"',
        'exec "$CURDIR/lib/ld.so" "$CURDIR/grpc-server" "$@"',
        "exec ${CURDIR}/lib/ld.so ${CURDIR}/grpc-server $@",
        "exec $CURDIR/lib/ld.so --library-path $CURDIR/lib $CURDIR/grpc-server",
        "exec $CURDIR/lib/ld.so --argv0 server $CURDIR/grpc-server",
        "exec ./lib/ld.so ./grpc-server",
        'if [ -f x ]; then exec "$CURDIR"/lib/ld.so \\\n  "$CURDIR"/grpc-server "$@"; fi',
    ],
)
def test_a_start_through_the_loader_is_read_in_every_spelling(line: str) -> None:
    assert starts(script(line)) == [(("lib/ld.so",), ("grpc-server",))]


@pytest.mark.parametrize(
    "assignment",
    [
        'CURDIR=$(dirname "$(realpath $0)")',
        'DIR="$( cd "$( dirname "${BASH_SOURCE[0]}" )" && pwd )"',
        "backend_dir=$(dirname $0)",
    ],
)
def test_the_own_directory_is_known_by_how_it_is_worked_out(assignment: str) -> None:
    name = assignment.split("=")[0]
    assert starts(script(f"{assignment}\nexec ${name}/x", head="#!/bin/bash\n")) == [((), ("x",))]


def test_every_value_of_a_variable_is_a_possible_program() -> None:
    run = script('BINARY=a\nif x; then\n\tBINARY=b\nfi\nexec "$CURDIR"/$BINARY "$@"')
    assert starts(run) == [((), ("a", "b"))]


def test_an_unknown_variable_becomes_a_pattern() -> None:
    assert starts(script('exec "$CURDIR"/server-$1 "$@"')) == [((), ("server-*",))]


def test_a_program_of_the_host_is_no_program_of_the_package() -> None:
    assert starts(script("exec python3 x.py")) == [((), ())]


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ('export LD_LIBRARY_PATH="$CURDIR"/lib:$LD_LIBRARY_PATH', ("lib",)),
        ('export LD_LIBRARY_PATH="$CURDIR/lib:"$CURDIR":${LD_LIBRARY_PATH:-}"', ("lib", "")),
        ('LD_LIBRARY_PATH="$CURDIR/lib${LD_LIBRARY_PATH:+:${LD_LIBRARY_PATH}}" exec $CURDIR/x', ("lib",)),
        ("export LD_LIBRARY_PATH=/opt/cuda/lib", ()),
        ("exec $CURDIR/lib/ld.so --library-path $CURDIR/lib:$CURDIR/more $CURDIR/x", ("lib", "more")),
        ("export DYLD_LIBRARY_PATH=$CURDIR/lib", ()),
        ("source $CURDIR/../common/libbackend.sh\nstartBackend $@", ("lib",)),
    ],
)
def test_the_library_path_inside_the_package_is_read(line: str, path: tuple[str, ...]) -> None:
    assert script(line).library_path == path


def test_library_variables_are_read_with_all_their_values() -> None:
    run = script('LIBRARY="$CURDIR/libx-fallback.so"\nLIBRARY="$CURDIR/libx-avx.so"\nexport X_LIBRARY=$LIBRARY\n')
    assert run.libraries["X_LIBRARY"] == ("libx-fallback.so", "libx-avx.so")


def test_the_line_of_the_export_is_known_and_a_plain_assignment_is_none() -> None:
    assert script("export LD_LIBRARY_PATH=$CURDIR/lib").export_line == 3
    assert script("LD_LIBRARY_PATH=$CURDIR/lib\nexport LD_LIBRARY_PATH").export_line == 4
    assert script("LD_LIBRARY_PATH=$CURDIR/lib $CURDIR/x").export_line == 0


def names(text: str) -> list[str]:
    return [c.argv[0] for c in shell.commands(text) if c.argv]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a | b && c || d; e & f", ["a", "b", "c", "d", "e", "f"]),
        ("if a; then b; else c; fi", ["a", "b", "c"]),
        ("x=$(grep y /z | head -1) cmd", ["grep", "head", "cmd"]),
        ('echo "a; b | c" # d; e', ["echo"]),
        ("case $x in\n  Linux) a ;;\n  *) b ;;\nesac", ["$x", "a", "b"]),
        ("a 2>&1 >/dev/null\nb &>x", ["a", "b"]),
        ("cat <<EOF\nnot a command\nEOF\nb", ["cat", "b"]),
        ("f() { a; }\nb", ["a", "b"]),
        ("a \\\n  --flag\nb", ["a", "b"]),
        ('echo "open quote\nb', ["echo", "b"]),
        ("x=$((1 + 2))\nb", ["b"]),
    ],
)
def test_simple_commands_are_found_in_order(text: str, expected: list[str]) -> None:
    assert names(text) == expected


def test_commands_keep_their_lines() -> None:
    assert [(c.line, c.words[0]) for c in shell.commands("a\n\nb \\\n  c\nd")] == [(1, "a"), (3, "b"), (5, "d")]


def test_patterns_match_files_of_the_same_depth_only() -> None:
    paths = ["variants/avx/x.so", "variants/avx2/x.so", "variants/avx/deep/x.so"]
    tree = Tree("t", {p: Entry(p, Kind.FILE) for p in paths})
    assert list(matching(tree, "variants/*/x.so")) == paths[:2]
    assert list(matching(tree, "variants/avx/x.so")) == paths[:1]
    assert list(matching(tree, "variants/none")) == []


@pytest.mark.parametrize("piece", ["${a", "`", "$$(", "${a:-", "x"])
def test_a_word_without_end_costs_no_time(piece: str) -> None:
    start = time.process_time()
    run = script(f"{piece * 30_000}\nexec ./grpc-server\n")
    assert run.starts
    assert time.process_time() - start < 1
