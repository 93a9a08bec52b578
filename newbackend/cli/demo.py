"""`newbackend demo`: creates and verifies a backend on the embedded sample checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from newbackend.cli.common import FormatOption, check_format, print_err, print_out, verb_app

app = verb_app()

PIN = "antirez/ds4@ae302c2fa18cc6d9aefc021d0f27ae03c9ad2fc0"
CREATE = [
    "create", "ds4", "--lang", "cpp", "--pin", PIN, "--variants", "cpu,cuda13,l4t-cuda13", "--engine", "placeholder",
    "--no-input", "--yes",
]  # fmt: skip
"""`--engine placeholder`: the demonstration needs no network."""


@app.command()
def demo(
    directory: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="Where to put the sample (new or empty; default: a temporary folder)."),
    ] = None,
    format_: FormatOption = "text",
) -> int:
    """Create a backend on a small embedded checkout, verify it, and draw the map. No LocalAI clone, no network."""
    import tempfile

    from newbackend.sample import init_git, materialise

    check_format(format_)
    target = directory if directory is not None else Path(tempfile.mkdtemp(prefix="newbackend-demo-"))
    root = materialise(target)
    init_git(root)
    if format_ == "json":
        return _as_json(root)
    print_err(f"A sample checkout with a handful of backends is in {root}\n")
    status = _step(CREATE, root) or _step(["verify", "ds4"], root) or _step(CREATE, root)
    if status == 0:
        print_out(f"\nLook around:  cd {root} && git status && git diff")
        print_out(f"Take it back: newbackend undo --repo {root}")
        print_out(f"See it all:   {_map(root)}")
    return status


def _map(root: Path) -> str:
    """The address of a map of the sample, in a folder of its own: the sample stays as it is."""
    from newbackend.checkout.layout import open_checkout
    from newbackend.map.gather import map_of
    from newbackend.map.output import target_for, write_map
    from newbackend.map.render import page

    return write_map(target_for("newbackend-map.html"), page(map_of(open_checkout(root)))).as_uri()


def _step(words: list[str], root: Path) -> int:
    """One command of the demo, printed as a user would type it."""
    import sys

    print_out(f"$ newbackend {' '.join(words)}")
    sys.stdout.flush()
    status = _run([*words, "--repo", str(root)])
    print_out("")
    return status


def _as_json(root: Path) -> int:
    """The same steps as one document, each with its command, its exit status and the small form of what it prints."""
    import io
    import json
    from contextlib import redirect_stdout

    from newbackend.sanitize import json_text

    steps: list[dict[str, object]] = []
    for words in ([*CREATE, "--no-diff"], ["verify", "ds4", "--summary"], [*CREATE, "--no-diff"]):
        with redirect_stdout(io.StringIO()) as said:
            status = _run([*words, "--repo", str(root), "--format", "json"])
        result = json.loads(said.getvalue())
        steps.append({"command": ["newbackend", *words], "status": status, "result": result})
    print_out(json_text({"schema": "newbackend/demo/1", "directory": str(root), "steps": steps}))
    return max(int(str(step["status"])) for step in steps)


def _run(words: list[str]) -> int:
    from newbackend.cli.main import run

    status = run(words)
    return status if isinstance(status, int) else 0
