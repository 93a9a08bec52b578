"""Whether shell scripts parse, by bash itself, which with `-n` reads commands and executes none.

All scripts are read by one process, each in a group of its own. Only when something is wrong with them together is
each one read alone. bash gets the text on standard input, an empty environment (BASH_ENV and exported functions are
code) and a time limit.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryFile

from newbackend.records import dataclass

TIMEOUT_SECONDS = 20.0
_GROUP = "case x in x) :\n{script}\n;; esac\n: \")\" ')'\n"
"""An unfinished compound command meets the `;;` behind it, an open quotation the bracket in the line after."""
_SAYS = re.compile(r"^[^:\n]*: (?:warning: )?(?:line (\d+): )?(?:warning: )?(.+)$", re.M)
_PARSED: set[str] = set()
"""Texts that were read without complaint; rules run many times over nearly the same checkout."""


@dataclass(frozen=True)
class ScriptFault:
    """The 1-based line that bash names, and what it says."""

    line: int
    problem: str


def bash() -> str | None:
    """Where bash is, None when it is not installed."""
    found = shutil.which("bash")
    return str(Path(found).absolute()) if found else None


def script_faults(scripts: Iterable[str]) -> dict[str, ScriptFault]:
    """The texts that bash cannot parse, with its complaint.

    Raises OSError when bash cannot be started or no temporary file be written, and subprocess.TimeoutExpired when it
    takes too long.
    """
    new = [script for script in dict.fromkeys(scripts) if script not in _PARSED]
    # bash does not look between backticks when it executes nothing, so an odd one would hide what follows.
    groups = [script for script in new if script.count("`") % 2 == 0]
    if groups and _complaint("".join(_GROUP.format(script=script) for script in groups)) is None:
        _PARSED.update(groups)
    alone = {script: _complaint(script) for script in new if script not in _PARSED}
    _PARSED.update(script for script, fault in alone.items() if fault is None)
    return {script: fault for script, fault in alone.items() if fault is not None}


def _complaint(text: str) -> ScriptFault | None:
    options = ["-O", "extglob"] if "extglob" in text else []
    program = bash()
    if program is None:
        raise FileNotFoundError("bash")
    # Of a pipe bash reads one byte at a time, of a file a block.
    with TemporaryFile() as script:
        script.write(text.encode("utf-8", "surrogatepass"))
        script.seek(0)
        done = subprocess.run(
            [program, "--noprofile", "--norc", *options, "-n"],
            stdin=script,
            capture_output=True,
            check=False,
            timeout=TIMEOUT_SECONDS,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            cwd="/",
        )
    said = done.stderr.decode("utf-8", "replace")
    if done.returncode == 0 and not said:
        return None
    first = _SAYS.search(said)
    return ScriptFault(int(first[1] or 1), first[2]) if first else ScriptFault(1, "cannot be parsed")
