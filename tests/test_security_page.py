"""The numbers on docs/security.md are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from newbackend import answers_file, pin
from newbackend.apply import journal, written
from newbackend.checkout import git, javascript, reading
from newbackend.package.archive import source, tree, unpack
from newbackend.package.elf import binary
from newbackend.package.proofs import server
from newbackend.package.sandbox import process
from newbackend.splice import yaml_nodes
from newbackend.wizard import upstream

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")


def size(number: int) -> str:
    """`16 MiB`."""
    for unit, shift in (("GiB", 30), ("MiB", 20), ("KiB", 10)):
        if number >= 1 << shift:
            assert number % (1 << shift) == 0
            return f"{number >> shift} {unit}"
    return str(number)


LIMITS = {
    "a file of a checkout, at any revision": size(reading.LIMIT_BYTES),
    "a YAML text: characters": f"{yaml_nodes.TEXT_LIMIT:,}",
    "a YAML text: values as written": f"{yaml_nodes.NODE_LIMIT:,}",
    "a YAML text: values, aliases followed": f"{yaml_nodes.VALUE_LIMIT:,}",
    "a YAML text: characters of these values": f"{yaml_nodes.CHARACTER_LIMIT:,}",
    "a YAML text: values inside of one another": f"{yaml_nodes.DEPTH_LIMIT}",
    "an answers file": f"{size(answers_file.TEXT_LIMIT)}, {answers_file.VALUE_LIMIT:,} values, "
    f"{answers_file.DEPTH_LIMIT} deep",
    "a plan": size(reading.LIMIT_BYTES),
    "the path filter: one run": f"{javascript.SECONDS:g} s, {size(javascript.MEMORY_BYTES)}; "
    "after the first that is too long, none",
    "git: one command": f"{git.TIMEOUT_SECONDS:g} s",
    "git: `ls-remote` of a pin; all of an upstream's proposals": f"{pin.TIMEOUT_SECONDS} s; {upstream.SECONDS:g} s",
    "the journal; the record of what was written": f"{size(journal._LIMIT)}; {size(written._LIMIT)}",
    "an archive, unpacked": f"{size(unpack.FREE_BYTES)} and {unpack.MAX_RATIO} times its size, "
    f"at most {size(unpack.MAX_BYTES)}; {source.MAX_LAYERS} layers, {tree.MAX_ENTRIES:,} files",
    "an archive's JSON": size(source.MAX_JSON),
    "an ELF file's records; of all files; symbols of all files": f"{size(binary.MAX_RECORD)}; "
    f"{size(binary.MAX_RECORDS)}; {size(binary.MAX_SYMBOL_BYTES)}",
    "a proof: start; `--run`; Health": f"{server.START_TIMEOUT:g} s; {process.RUN_TIMEOUT:g} s; "
    f"{server.HEALTH_TIMEOUT:g} s",
    f"a proof: output, of which {size(process.TAIL)} are kept": size(process.MAX_OUTPUT),
}


def rows() -> dict[str, str]:
    """The table of limits: what, and how much."""
    section = PAGE.partition("\n## Limits\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|", section, re.M)
    return {what: limit for what, limit in cells[1:] if "---" not in what}


def test_every_limit_is_the_codes() -> None:
    assert rows() == LIMITS


@pytest.mark.parametrize("link", re.findall(r"\]\(([\w./-]+)(?:#[\w-]+)?\)", PAGE))
def test_links_lead_somewhere(link: str) -> None:
    assert (ROOT / "docs" / link).is_file()


def test_files_named_on_the_page_exist() -> None:
    for name in re.findall(r"`(newbackend/[\w/]+\.py)`", PAGE) + re.findall(r"docs/adr/\d{4}", PAGE):
        assert list(ROOT.glob(name + "*")), name
