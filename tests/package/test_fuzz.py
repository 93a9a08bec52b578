"""Mutated ELF files, archives and scripts: no traceback, no hang, bounded memory. Seeded, a few seconds."""

from __future__ import annotations

import random
import time
import tracemalloc
from pathlib import Path

import pytest
from fuzz.packages import mutated

from newbackend.errors import NewbackendError
from newbackend.package import PackageOptions, check_package
from newbackend.package.archive import Entry, Kind, open_package
from newbackend.package.elf import (
    ELFError,
    constructors,
    executable_parts,
    library_strings,
    parse_elf,
    read_symbols,
    relocation_types,
)
from newbackend.package.script import RunScript
from package.archives import docker_save, files, gz, oci
from package.workshop import Built

ELF_ROUNDS, ARCHIVE_ROUNDS, PACKAGE_ROUNDS, SCRIPT_ROUNDS = 3000, 600, 30, 800
TRACED_ROUNDS = 300
SECONDS = 60.0
MEMORY = 64 << 20


def refusal(path: Path) -> str:
    """The sentence with which a package is refused; empty when it is read."""
    try:
        open_package(path)
    except NewbackendError as err:
        return err.sentence()
    return ""


def test_mutated_elf_files_are_read_or_refused(built: Built) -> None:
    dice = random.Random(7)
    samples = [built.foo.read_bytes(), built.server.read_bytes(), (built.lib / "libm.so.6").read_bytes()[:40000]]
    refused = 0
    begun = time.monotonic()
    for turn in range(ELF_ROUNDS):
        if turn == ELF_ROUNDS - TRACED_ROUNDS:
            tracemalloc.start()  # slows everything tenfold: only the last rounds
        data = mutated(dice.choice(samples), dice, 1500)
        try:
            elf = parse_elf(data)
            read_symbols(data, elf)
            list(library_strings(data, elf))
            list(executable_parts(data, elf))
            relocation_types(data, elf)
            constructors(data, elf)
        except ELFError:
            refused += 1
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert time.monotonic() - begun < SECONDS
    assert peak < MEMORY
    assert 0 < refused < ELF_ROUNDS


def test_mutated_archives_are_read_or_refused_in_one_sentence(tmp_path: Path) -> None:
    dice = random.Random(11)
    layer = files({"run.sh": b"#!/bin/bash\n", "lib/x": bytes(3000)})
    samples = [layer, gz(layer), docker_save([layer, gz(layer)], identities=None), files(oci([gz(layer)], nested=True))]
    target = tmp_path / "package.tar"
    refused = 0
    begun = time.monotonic()
    for _ in range(ARCHIVE_ROUNDS):
        sample = dice.choice(samples)
        target.write_bytes(mutated(sample, dice, len(sample)))
        sentence = refusal(target)
        refused += bool(sentence)
        assert "\n" not in sentence
    assert time.monotonic() - begun < SECONDS
    assert refused > ARCHIVE_ROUNDS // 10


def test_packages_with_mutated_files_are_judged_without_a_traceback(built: Built) -> None:
    dice = random.Random(13)
    whole = {path: path.read_bytes() for path in (built.foo, built.server, built.run)}
    begun = time.monotonic()
    broken = 0
    for _ in range(PACKAGE_ROUNDS):
        for path, data in whole.items():
            path.write_bytes(mutated(data, dice, 1500) if dice.random() < 0.7 else data)
        report = check_package(built.root, options=PackageOptions())
        broken += bool(report.findings)
    assert time.monotonic() - begun < SECONDS
    assert broken > PACKAGE_ROUNDS // 2


def test_any_text_is_a_run_script() -> None:
    dice = random.Random(17)
    words = ["exec", "=", ":", "LD_LIBRARY_PATH=", "CURDIR=$(dirname $0)", "${A:-${B}}", "A=$A:$A", "export"]
    words += ["$CURDIR", "${X", "$(", ")", "`", '"', "'", "\\", "#", "<<EOF", "\n", " ", "()", "{", "}", ";;", "|", "&"]
    begun = time.monotonic()
    for _ in range(SCRIPT_ROUNDS):
        text = "#!/bin/bash\n" + "".join(dice.choice(words) for _ in range(dice.randint(1, 60)))
        run = RunScript(text, Entry("run.sh", Kind.FILE))
        assert all(isinstance(s.line, int) for s in run.starts)
        assert isinstance(run.library_path, tuple)
        assert isinstance(run.libraries, dict)
    assert time.monotonic() - begun < SECONDS


@pytest.mark.parametrize("text", ["A=$A$A$A$A\n" * 30 + "exec $A", "A=$B$B\nB=$C$C\nC=$D$D\nD=$A$A\nexec $A/x"])
def test_variables_that_grow_without_end_are_cut_off(text: str) -> None:
    begun = time.monotonic()
    run = RunScript(text, Entry("run.sh", Kind.FILE))
    assert len(run.starts) == 1
    assert time.monotonic() - begun < 5
