"""The attacks on a checkout: each makes one case, runs commands on it and says what must not be."""

from __future__ import annotations

import json
import random
import signal
import time
from pathlib import Path
from typing import Any

from fuzz.case import Case, difference, snapshot
from fuzz.hostile import FORMAT, HOSTILE, plant_filter
from fuzz.mutations import LINES, OTHERS, REGISTRATIONS, mutate_checkout
from newbackend.answers_file import dump_answers
from newbackend.catalog import modalities
from newbackend.catalog.languages import languages
from newbackend.checkout.layout import FILTER_MODULE
from newbackend.cli.common import REPORT_FORMATS

SHA = "ae302c2fa18cc6d9aefc021d0f27ae03c9ad2fc0"
BACKENDS = ("pyecho", "cppreed", "goquill", "rustlark", "fast-pywhistle", "neo-cppanvil", "gotide")
WORDS = (
    "", "a", "Text to speech: fast & small", "'quoted' \"twice\"", "# no comment", "{{ jinja }}", "$(touch owned)",
    "é😀", FORMAT, HOSTILE, "x" * 3000, "- a\n- b", " ", "a\tb", "\\", "*x", "&x", "!!str x", "null", "1e3", "<<",
    "]]>",
)  # fmt: skip


def a_spec(dice: random.Random) -> dict[str, Any]:
    """Answers of every language and flavour, most of them possible."""
    language = languages()[dice.choice(list(languages()))]
    flavour = dice.choice(list(language.flavours))
    its = language.flavours[flavour]
    serves = [key for key in modalities() if key in its.modalities]
    name = dice.choice("abcdefxyz") + "".join(dice.choice("abcfyl3016-") for _ in range(dice.randint(0, 8)))
    found: dict[str, Any] = {
        "name": name.replace("--", "-").strip("-"),
        "lang": language.id,
        "flavour": flavour,
        "variants": dice.sample(list(its.variants), dice.randint(1, min(4, len(its.variants)))),
        "modalities": dice.sample(serves, dice.randint(1, min(2, len(serves)))),
        "description": dice.choice(WORDS),
        "license": dice.choice(("", "mit", "Apache-2.0 OR MIT", "x" * 40)),
        "tags": dice.sample(("a", "b c", "#d", "e: f", "'g"), dice.randint(0, 3)),
        "urls": dice.sample(("https://a.b/c", "https://a.b/(c)", "https://a.b/c|d"), dice.randint(0, 2)),
        "import": {"kind": dice.choice(("preference", "none"))},
        "docs": {"in_house": dice.random() < 0.5},
    }
    if its.needs_pin or dice.random() < 0.5:
        found["pin"] = {"repo": "owner/engine.cpp", "sha": SHA, "branch": "main", "variable": "RANDOM_VERSION"}
    if dice.random() < 0.1:
        found[dice.choice(("name", "icon", "like", "license"))] = dice.choice(WORDS)
    return found


def a_reading_command(dice: random.Random) -> list[str]:
    """A command that writes nothing."""
    name = dice.choice((*BACKENDS, "zz", "no-such"))
    both = ["--format", dice.choice(("text", "json"))]
    return dice.choice(
        [
            ["verify", "--all", "--format", dice.choice(REPORT_FORMATS)],
            ["verify", name, "-v"],
            ["verify", "--base", "HEAD", "--format", dice.choice(REPORT_FORMATS)],
            ["verify", "--fix", "--unsafe-fixes", "--diff"],
            ["list", *both],
            ["describe", name, *both],
            ["pr", name, *both],
            ["route", dice.choice((*REGISTRATIONS, *OTHERS, HOSTILE)), *both],
            ["create", "zz", "--lang", dice.choice(list(languages())), "--no-input", "--dry-run", *both],
            ["create", "zz", "--like", name, "--no-input", "--dry-run", *both],
            ["remove", name, "--dry-run", *both],
            ["update", name, "--dry-run", *both],
            ["change", name, "--set", f"description={dice.choice(WORDS)}", "--dry-run", *both],
            ["trace", name, *both],
            ["undo"],
        ]
    )


def specs(case: Case) -> None:
    """Random answers: what is created is created once, and goes without a trace, by `undo` or by `remove`."""
    root = case.checkout()
    answers = a_spec(case.dice)
    file = case.folder / "answers.yml"
    file.write_text(json.dumps(answers), encoding="utf-8")
    case.note(json.dumps(answers))
    before = snapshot(root)
    words = ["create", "--answers", str(file), "--no-input", "--yes", "--allow-dirty", "--repo", str(root)]
    made = case.command(*words)
    if made.status != 0:
        unchanged(case, before, root, "a refused create")
        return
    after = snapshot(root)
    if difference(before, after) == "":
        case.fault("create wrote nothing and said that it did")
    if case.dice.random() < 0.4:
        again = case.command(*words)
        if again.status != 0 or difference(after, snapshot(root)):
            case.fault(
                f"a second create: status {again.status}, differs in {difference(after, snapshot(root))}\n{again.err}"
            )
        case.command("remove", str(answers["name"]), "--yes", "--allow-dirty", "--repo", str(root))
    else:
        take_back = ["undo"] if case.dice.random() < 0.5 else ["remove", str(answers["name"]), "--yes", "--allow-dirty"]
        back = case.command(*take_back, "--repo", str(root))
        if back.status != 0:
            case.fault(f"{take_back[0]} refused: {back.err}")
    unchanged(case, before, root, "taken back")


def unchanged(case: Case, before: dict[str, tuple[object, ...]], root: Path, when: str) -> None:
    """A fault when the tree is not as before."""
    if paths := difference(before, snapshot(root)):
        case.fault(f"{when}: the tree differs in {paths}")


def checkouts(case: Case) -> None:
    """A checkout with changed files: reading verbs change nothing, writing ones all or nothing."""
    root = case.checkout()
    for _ in range(case.dice.randint(1, 3)):
        mutate_checkout(root, case.dice, case.note)
    before = snapshot(root)
    for _ in range(2):
        case.command(*a_reading_command(case.dice), "--repo", str(root))
    unchanged(case, before, root, "a reading verb")
    name = case.dice.choice(BACKENDS)
    writing = case.dice.choice(
        [
            ["create", "zz", "--lang", case.dice.choice(list(languages())), "--no-input", "--yes"],
            ["remove", name, "--yes"],
            ["verify", "--fix", "--unsafe-fixes"],
        ]
    )
    done = case.command(*writing, "--allow-dirty", "--repo", str(root))
    if "repaired in" in done.err or "`newbackend undo`" in done.err:
        case.command("undo", "--repo", str(root))
    unchanged(case, before, root, f"{writing[0]} with status {done.status}, then undo if it wrote")


def kills(case: Case) -> None:
    """Killed at any moment: all or nothing after the next command, and at once after Ctrl-C."""
    root = case.checkout()
    before = snapshot(root)
    words = ["create", "zz", "--lang", case.dice.choice(list(languages())), "--no-input", "--yes", "--repo", str(root)]
    sign = case.dice.choice((signal.SIGKILL, signal.SIGINT, signal.SIGTERM))
    killed = case.command(*words, kill=(case.dice.random() ** 2 * 1.2 + 0.05, sign))
    after = snapshot(root)
    if sign == signal.SIGINT:
        if killed.status not in (0, 2):
            case.fault(f"Ctrl-C ended with status {killed.status}: {killed.err[-300:]}")
        if difference(before, after) and "files written" not in killed.err and killed.status != 0:
            case.fault(f"Ctrl-C left half of it: {difference(before, after)}")
    if case.dice.random() < 0.4:
        case.command("undo", "--repo", str(root), kill=(case.dice.random() * 0.3, signal.SIGKILL))
    case.command("undo", "--repo", str(root))
    case.command("undo", "--repo", str(root))
    case.command("verify", "--fix", "--diff", "--repo", str(root))
    now = snapshot(root)
    if difference(before, now):
        # An undo that was killed when it was done has taken its own record along: then all is there, or nothing.
        case.command(*words)
        case.command("undo", "--repo", str(root))
        unchanged(case, before, root, f"after signal {sign} and undo")


SCRIPTS = (
    "for(;;){}", "throw {toString(){for(;;){}}};", "Array.prototype.reverse.call({length:2**53-1});", "throw null",
    "/(a+)+$/.test('a'.repeat(50)+'b')", "'x'.repeat(1<<28).repeat(64)", "(function f(){f()})()", "throw new Error(H)",
    "inferBackendPath=()=>H", "inferBackendPath=()=>{throw H}", "inferBackendPath=x=>x", "inferBackendPath=null",
    "filterMatrix=()=>{for(;;){}}", "JSON.stringify=()=>H", "JSON=null", "Array.prototype.map=null", "`${H", "/*",
    "delete globalThis.JSON", "backendChanged=()=>{throw H}",
    "Object.prototype.toString=()=>{throw H}", "inferBackendPath=()=>'../../..'", "inferBackendPathDarwin=()=>H",
    "inferBackendPath=()=>'x'.repeat(1e6)", "let a=[];for(;;)a.push(new Uint8Array(1e6))", "import('fs')", "await 1",
    "new Proxy({},{get(){for(;;){}}})+''", "Symbol.iterator in 1", "String.prototype.endsWith=()=>true",
    "Promise.resolve().then(()=>{for(;;){}})", "inferBackendPath=()=>({toJSON(){for(;;){}}})", "var x = \u2028",
    "Object.defineProperty(globalThis,'inferBackendPath',{get(){throw H}})", "Function('for(;;){}')()",
)  # fmt: skip


def javascript(case: Case) -> None:
    """A path filter that loops, throws, lies or blows up."""
    root = case.checkout()
    script = case.dice.choice(SCRIPTS).replace("H", json.dumps(HOSTILE)) if case.dice.random() < 0.8 else ""
    case.note(f"the filter has {script!a}")
    if case.dice.random() < 0.7:
        plant_filter(root, script)
    else:
        file = root / FILTER_MODULE
        text = file.read_text(encoding="utf-8")
        at = case.dice.choice([number for number, char in enumerate(text) if char in "{};\n"])
        file.write_text(f"{text[: at + 1]}{script or case.dice.choice(LINES)}{text[at + 1 :]}", encoding="utf-8")
    before = snapshot(root)
    started = time.monotonic()
    done = case.command(*a_reading_command(case.dice), "--repo", str(root))
    if done.seconds + time.monotonic() - started > 45:
        case.fault("the limit of the filter does not hold")
    done = case.command("create", "zz", "--lang", "cpp", "--no-input", "--yes", "--repo", str(root))
    if done.status == 0:
        case.command("undo", "--repo", str(root))
    unchanged(case, before, root, f"create with status {done.status}, then undo if it wrote")


def dump_answers_of(case: Case) -> str:
    """An answers file that nobody here has kept."""
    from newbackend.answers import read_answers

    return dump_answers(read_answers({"name": "zz", "description": case.dice.choice(WORDS)}, "fuzz"))


def answers_files(case: Case) -> None:
    """An answers file of a stranger."""
    root = case.checkout()
    text = dump_answers_of(case) if case.dice.random() < 0.2 else json.dumps(a_spec(case.dice), indent=1)
    for _ in range(case.dice.randint(0, 5)):
        at = case.dice.randrange(len(text))
        text = (
            text[:at]
            + case.dice.choice((*LINES, *WORDS, "!", "&a", "*a", "[", "{"))
            + text[at + case.dice.randint(0, 9) :]
        )
    file = case.folder / "answers.yml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    case.note(ascii(text))
    before = snapshot(root)
    case.command(
        "create",
        "--answers",
        str(file),
        "--no-input",
        "--dry-run",
        "--format",
        case.dice.choice(("text", "json")),
        "--repo",
        str(root),
    )
    unchanged(case, before, root, "a dry run")
