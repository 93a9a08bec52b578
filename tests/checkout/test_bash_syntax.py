"""Scripts that bash parses, and executes nothing of."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from newbackend.checkout.bash_syntax import script_faults
from newbackend.checkout.tree import Checkout
from newbackend.findings import Status
from newbackend.rules.run import verify
from newbackend.sample import materialise

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")

SOUND = [
    "#!/bin/bash\necho hi\n",
    "#!/bin/bash\n",
    "#!/bin/bash\n# nothing but a comment",
    "#!/bin/sh\ncat <<EOF\n}\nfi\n'\nEOF\n",
    "#!/bin/bash\nshopt -s extglob\nrm -f !(a|b)\n",
    "#!/bin/bash\ncase $1 in a) echo ;; esac\necho '\"'\n",
]
BROKEN = [
    ("#!/bin/bash\nif true; then\n    echo\n", 0),
    ("#!/bin/bash\necho\nfi\n", 3),
    ("#!/bin/bash\necho 'a\n", 0),
    ('#!/bin/bash\necho "a\n', 0),
    ("#!/bin/bash\ncat <<EOF\ntext\n", 0),
    ("#!/bin/bash\nfor a in b; do\n", 0),
    ("#!/bin/bash\n}\n{ echo\n", 2),
    ("#!/bin/bash\necho `date\n", 0),
]


def test_sound_scripts() -> None:
    assert script_faults(SOUND) == {}


@pytest.mark.parametrize(("script", "line"), BROKEN)
def test_a_broken_one_among_others(script: str, line: int) -> None:
    faults = script_faults([*SOUND, script, "#!/bin/bash\necho after\n"])
    assert list(faults) == [script]
    assert line in (0, faults[script].line)
    assert faults[script].problem


@pytest.mark.parametrize("quote", ["'", '"', "`", "$(", "${", "<<'X'\n"])
def test_two_of_a_kind_do_not_close_each_other(quote: str) -> None:
    first, second = f"#!/bin/bash\necho {quote}a\n", f"#!/bin/bash\necho {quote}b\n"
    assert script_faults([first, *SOUND, second]).keys() == {first, second}


def test_mistakes_that_bash_sees_alone_are_seen_among_others(tmp_path: Path) -> None:
    dice = random.Random(3)
    scripts = [path.read_text() for path in materialise(tmp_path).rglob("*.sh")]
    for _ in range(60):
        text = dice.choice(scripts)
        at = dice.randrange(len(text))
        mutant = dice.choice(
            [text[:at], text[:at] + text[at + 1 :], f"{text[:at]}{dice.choice(chr(34) + '(){};')}{text[at:]}"]
        )
        alone = subprocess.run(["bash", "-n"], input=mutant.encode(), capture_output=True, check=False)
        assert (mutant in script_faults([*scripts, mutant])) == (alone.returncode != 0 or bool(alone.stderr))


def test_nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hook, mark = tmp_path / "hook", tmp_path / "ran"
    hook.write_text(f"touch {mark}\n")
    monkeypatch.setenv("BASH_ENV", str(hook))
    monkeypatch.setenv("BASH_FUNC_echo%%", f"() {{ touch {mark}; }}")
    evil = f"#!/bin/bash\n}}\ntouch {mark}\n$(touch {mark})\nset +n\ntouch {mark}\n{{ :\n"
    script_faults([evil, f"touch {mark}\n", "#!/bin/bash\nfi\n"])
    assert not mark.exists()


def test_without_bash_it_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    report = verify(Checkout(materialise(tmp_path)))
    found = [finding for finding in report.findings if finding.rule.id == "REG832"]
    assert [finding.status for finding in found] == [Status.UNKNOWN]
    assert "bash is not installed" in found[0].message
