"""Draws the README's pictures from real runs, so that they cannot lie: `make pictures`.

docs/pictures/wizard.svg   the questions of `newbackend create`, answered at a pseudo-terminal
docs/pictures/verify.svg   a report of `newbackend verify` on the embedded sample with one branch forgotten
docs/pictures/map.svg      the images of LocalAI's backends, of the checkout that NEWBACKEND_LOCALAI names

The terminal is pyte's, the drawing rich's; the program is the installed `newbackend`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import pexpect
import pyte
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import MONOKAI
from rich.text import Text

from newbackend.sample import init_git, materialise

ROWS, COLUMNS = 44, 100
QUIET_READS = 8
PIN = "antirez/ds4@ae302c2fa18cc6d9aefc021d0f27ae03c9ad2fc0"
FILTER = "scripts/lib/backend-filter.mjs"
ENTER, SPACE, DOWN = "\r", " ", "\x1b[B"


class Terminal:
    """A run of the installed `newbackend` on a terminal of `ROWS` x `COLUMNS` cells."""

    def __init__(self, root: Path, *words: str) -> None:
        program = str(Path(sys.executable).with_name("newbackend"))
        environment = {key: value for key, value in os.environ.items() if key not in ("CI", "NO_COLOR")}
        environment |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PAGER": "cat"}
        environment |= {"NEWBACKEND_GIT_BASE": "file:///nonexistent"}
        self.screen = pyte.HistoryScreen(COLUMNS, ROWS, history=1000)
        self._stream = pyte.Stream(self.screen)
        self._child = pexpect.spawn(
            program,
            list(words),
            cwd=str(root),
            env=environment,
            dimensions=(ROWS, COLUMNS),
            timeout=20,
            encoding="utf-8",
        )

    def until(self, text: str) -> None:
        """Reads until `text` is on the screen. Raises TimeoutError with the screen when it does not come."""
        for _ in range(200):
            if text in "\n".join(self.screen.display):
                return
            self._read()
        raise TimeoutError(f"{text!r} did not come:\n" + "\n".join(self.screen.display))

    def press(self, *keys: str) -> None:
        """Presses keys."""
        for key in keys:
            self._child.send(key)

    def settle(self) -> None:
        """Reads until nothing new comes for a while."""
        quiet = 0
        while quiet < QUIET_READS:
            before = list(self.screen.display)
            self._read()
            quiet = quiet + 1 if before == list(self.screen.display) else 0

    def finish(self) -> None:
        """Reads to the end of the run."""
        while self._read():
            pass

    def close(self) -> None:
        """Ends the program as a closed terminal does."""
        self._child.close(force=True)

    def _read(self) -> bool:
        try:
            text = self._child.read_nonblocking(4096, timeout=0.1)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        if "\x1b[6n" in text:  # where is the cursor? Every terminal answers.
            self._child.send(f"\x1b[{self.screen.cursor.y + 1};{self.screen.cursor.x + 1}R")
        self._stream.feed(text)
        return True

    def lines(self) -> list[Text]:
        """The screen's rows with their colours, without the empty ones at the end."""
        rows = [self._line(y) for y in range(ROWS)]
        while rows and not rows[-1].plain.strip():
            rows.pop()
        return rows

    def _line(self, y: int) -> Text:
        line = Text()
        for x in range(COLUMNS):
            cell = self.screen.buffer[y][x]
            line.append(cell.data, Style(color=_colour(cell.fg), bold=cell.bold, reverse=cell.reverse))
        line.rstrip()
        return line


def _colour(name: str) -> str | None:
    if name == "default":
        return None
    if re.fullmatch(r"[0-9a-f]{6}", name):
        return f"#{name}"
    return {"brown": "yellow"}.get(name, name.replace("bright", "bright_"))


def draw(target: Path, title: str, command: str, lines: Sequence[Text]) -> None:
    """Writes one terminal window as SVG, the command line on top."""
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True)
    console.print(Text("$ ", "green") + Text(command, "bold"))
    for line in lines:
        console.print(line, no_wrap=True, crop=True)
    svg = console.export_svg(title=title, theme=MONOKAI, unique_id=target.stem)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(re.sub(r"[ \t]+$", "", svg, flags=re.M), encoding="utf-8")


def wizard(root: Path, target: Path) -> None:
    """The first questions, with the list of platforms open."""
    terminal = Terminal(root, "create", "--pin", PIN)
    terminal.until("Name of the backend")
    terminal.press(ENTER)
    terminal.until("Language")
    terminal.press(DOWN, DOWN, ENTER)
    for title in ("What does it serve?", "The other questions", "Kind of backend", "Most like which backend?"):
        terminal.until(title)
        terminal.press(ENTER)
    terminal.until("Which platforms?")
    for key in (DOWN, DOWN, SPACE):
        terminal.settle()
        terminal.press(key)
    terminal.settle()
    terminal.close()
    draw(target, "newbackend create", f"newbackend create --pin {PIN[:18]}", terminal.lines())


def report(root: Path, target: Path) -> None:
    """`verify` after the path filter's branch of a C++ backend was taken out."""
    script = root / FILTER
    text = script.read_text(encoding="utf-8")
    branch = re.search(r'^  if \(item\.dockerfile\.endsWith\("cppanvil"\)\) \{\n.*\n  \}\n', text, re.M)
    assert branch, f"{FILTER} of the sample has no branch for cppanvil"
    script.write_text(text.replace(branch[0], "", 1), encoding="utf-8")
    terminal = Terminal(root, "verify", "cppanvil")
    terminal.finish()
    draw(target, "newbackend verify", "newbackend verify cppanvil", terminal.lines())


def matrix(root: Path, target: Path) -> None:
    """`map` of a LocalAI checkout."""
    program = str(Path(sys.executable).with_name("newbackend"))
    command = [program, "map", "--format", "svg", "--repo", str(root)]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    target.write_text(text.replace(f">{root.resolve().name}: ", ">LocalAI: "), encoding="utf-8")


def main() -> None:
    """Draws every picture; that of LocalAI only where there is one."""
    pictures = Path(__file__).resolve().parent.parent / "docs" / "pictures"
    if localai := os.environ.get("NEWBACKEND_LOCALAI"):
        matrix(Path(localai), pictures / "map.svg")
    else:
        print("NEWBACKEND_LOCALAI names no checkout, so map.svg stays as it is", file=sys.stderr)
    for make, name in ((wizard, "wizard"), (report, "verify")):
        with tempfile.TemporaryDirectory(prefix="newbackend-picture-") as folder:
            root = materialise(Path(folder) / "LocalAI")
            init_git(root)
            make(root, pictures / f"{name}.svg")


if __name__ == "__main__":
    main()
