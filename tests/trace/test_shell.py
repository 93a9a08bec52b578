"""The reading of shell scripts against a real bash: the same output for what is known."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from newbackend.checkout.tree import Checkout
from newbackend.trace.machine import Machine
from newbackend.trace.opentext import is_open, shown
from newbackend.trace.shell.run import Shell, output_of
from newbackend.trace.steps import Kind, Where

SCRIPTS = [
    'echo "$A/$B" ${C:-default} ${A:+set} ${D:+unset} ${A%.so} ${B##*/} ${B%/*} ${A//o/0}',
    'x=$(echo inner); echo "got $x"; y="a b"; set -- $y; echo $# "$1"; shift; echo "$@"',
    'if [ "x${A:-}" == "xone.so" ]; then echo yes; elif true; then echo no; fi',
    'if [[ "$A" == one* && -n "$B" ]]; then echo glob; fi; [ -z "$C" ] && echo empty || echo full',
    'case "$A" in *.dylib) echo mac;; one*|two) echo one;; *) echo other;; esac',
    'for f in a "b c" d; do echo "<$f>"; done; for i in 1 2; do for j in x y; do echo $i$j; done; done',
    'f() { local v="$1"; echo "in $v"; return 0; }; f arg; r=$(f sub); echo "$r"',
    'cd sub && pwd | sed "s|.*/||"; (cd .. && echo "$PWD" >/dev/null); basename "$(pwd)"',
    'a=1; a+=2; echo $a; b=(x y); b+=(z); echo "${b[@]}"; unset a; echo "[$a]"',
    "echo $(basename /p/q.txt) $(dirname /p/q.txt); test -f file.txt && echo there; [ ! -d nowhere ] && echo missing",
    "cat <<EOF >/dev/null\nhi\nEOF\necho after; { echo group; } ; ! false && echo negated",
    'A=temporary sh -c \'echo "$A"\'; echo "$A"; export Z=exported; bash -c \'echo "$Z" "$0"\' name',
    'echo "quoted $A $B" \'single $A\' "esc \\"x\\" \\$A"; printf "%s" plain; echo; echo -n no-newline; echo',
    'if [ "$A" = other ] || [ -f file.txt ]; then echo or; fi; [ 3 -gt 2 ] && echo greater',
    '. ./lib.sh; greet you; echo "$FROM_LIB"',
    "exit 0; echo never",
    'grep "^greet" lib.sh; grep -q nothing lib.sh || echo none; if grep -q FROM_LIB lib.sh; then echo some; fi',
    "grep -s x sub/nowhere; echo end",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory that scripts can look into."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "file.txt").write_text("")
    (tmp_path / "lib.sh").write_text('FROM_LIB=lib\ngreet() { echo "hello $1"; }\n')
    return tmp_path


def machine_at(root: Path, *, system: str = "Linux", arch: str = "x86_64", image: str = "ubuntu:24.04") -> Machine:
    """A machine with a directory as its checkout, at the same path."""
    machine = Machine(Checkout(root), system, arch, image)
    machine.put(str(root), "")
    return machine


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
@pytest.mark.parametrize("script", SCRIPTS)
def test_the_output_is_that_of_bash(script: str, folder: Path) -> None:
    environment = {"A": "one.so", "B": "p/q/r"}
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env={"PATH": "/usr/bin:/bin", **environment}, capture_output=True, text=True
    )
    got = output_of(machine_at(folder), script, environment, str(folder), Where("x", 1))
    if "| sed" in script:
        assert is_open(got)  # what a filter prints is not known
    else:
        assert got == done.stdout.rstrip("\n")


def run(script: str, root: Path, **environment: str) -> Machine:
    """A machine after a script."""
    machine = machine_at(root)
    Shell(machine, environment, str(root), Where("script.sh", 10)).run(script)
    return machine


def test_a_test_that_cannot_be_decided_reads_both_ways(folder: Path) -> None:
    machine = run(
        "if ldconfig -p | grep -q cuda; then\n  F=-DA=ON\n  cp a $PWD/package/\nelse\n  F=-DA=OFF\nfi\ncmake $F\n",
        folder,
    )
    assert [(str(step.where), shown(step.text)) for step in machine.steps] == [("script.sh:16", "cmake $F")]
    assert [(copy.target, copy.condition) for copy in machine.copies] == [
        (f"{folder}/package/a", "ldconfig -p | grep -q cuda")
    ]


def test_conditions_are_decided_by_the_row(folder: Path) -> None:
    script = "if [ $(uname) = Darwin ]; then cmake m; elif [ -f /lib64/ld-linux-x86-64.so.2 ]; then cmake amd; fi"
    assert [step.text for step in run(script, folder).steps] == ["cmake amd"]
    arm = machine_at(folder, arch="aarch64")
    Shell(arm, {}, str(folder), Where("s", 1)).run(script)
    assert arm.steps == []
    intel = machine_at(folder, image="intel/oneapi-basekit:2025")
    Shell(intel, {}, str(folder), Where("s", 1)).run("[ -d /opt/intel ] && cmake intel")
    assert [step.text for step in intel.steps] == ["cmake intel"]


def test_copies_carry_the_names_that_they_get(folder: Path) -> None:
    machine = run(
        'mkdir -p package/lib\ncp -avf "$PWD/file.txt" lib.sh package/\ncp x package/lib/y\ncp -r sub/. package/lib',
        folder,
    )
    assert [(copy.target.removeprefix(f"{folder}/"), copy.where.line) for copy in machine.copies] == [
        ("package/file.txt", 11),
        ("package/lib.sh", 11),
        ("package/lib/y", 12),
        ("package/lib/*", 13),
    ]


def test_a_script_that_is_not_there_is_said(folder: Path) -> None:
    machine = run(
        "bash sub/gone.sh; bash fetched/x.sh; git clone https://host/r.git fetched2; bash fetched2/b.sh", folder
    )
    assert [gap.text for gap in machine.unknown] == ["bash sub/gone.sh", "bash fetched/x.sh"]
    assert [step.kind for step in machine.steps][-1] is Kind.ENGINE


@pytest.mark.parametrize(
    "script",
    [
        "f() { f; }; f",
        "while true; do cmake x; done",
        ". ./loop.sh",
        "for i in 1 2; do :; done; (((",
        'echo "$(',
        "\x00\ue000",
    ],
)
def test_a_script_without_end_or_sense_ends(script: str, folder: Path) -> None:
    (folder / "loop.sh").write_text(". ./loop.sh\n")
    run(script, folder)
