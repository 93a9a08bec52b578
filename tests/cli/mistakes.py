"""Mistakes that people make at the command line, and what they must be told.

One table for the test (`test_mistakes.py`) and for a listing of what programs answer:

    PYTHONPATH=tests python -m cli.mistakes OLD_PROGRAM NEW_PROGRAM > before-and-after.md
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SHA = "ae302c2fa18cc6d9aefc021d0f27ae03c9ad2fc0"


@dataclass(frozen=True)
class Mistake:
    """A command line, run in a sample checkout, with `{files}` for the folder of `prepare`; the exit status; and the
    texts that the one sentence must have. `where` is a folder to run it in, below `{files}` if it says so."""

    line: str
    status: int
    says: tuple[str, ...]
    where: str = ""

    def folder(self, checkout: Path, files: Path) -> Path:
        """Where it is run."""
        return Path(self.where.replace("{files}", str(files))) if self.where else checkout

    def words(self, files: Path) -> list[str]:
        """The arguments."""
        return [word.replace("{files}", str(files)) for word in self.line.split(" ") if word]


def _rows(*rows: tuple[str, int, str] | tuple[str, int, str, str]) -> list[Mistake]:
    return [Mistake(row[0], row[1], tuple(row[2].split(" | ")), row[3] if len(row) > 3 else "") for row in rows]


CREATE = "create oak --no-input --lang"
MISTAKES: list[Mistake] = [
    # verbs and options
    *_rows(
        ("creat oak", 2, "no verb 'creat' | did you mean create?"),
        ("crate oak", 2, "did you mean create?"),
        ("add oak", 2, "did you mean create?"),
        ("verfy", 2, "did you mean verify?"),
        ("lint", 2, "did you mean verify?"),
        ("check cppreed", 2, "did you mean verify?"),
        ("delete cppreed", 2, "did you mean remove?"),
        ("rm cppreed", 2, "did you mean remove?"),
        ("ls", 2, "did you mean list?"),
        ("explain REG401", 2, "did you mean rule?"),
        ("rollback", 2, "did you mean undo?"),
        ("frobnicate", 2, "no verb 'frobnicate' | --help"),
        ("--repo . verify", 2, "--repo | comes after it"),
        ("create --varients cpu", 2, "--varients | did you mean --variants?"),
        ("create --platforms cpu", 2, "did you mean --variants?"),
        ("create --licence MIT", 2, "did you mean --license?"),
        ("create --language go", 2, "did you mean --lang?"),
        ("create --modalities tts", 2, "did you mean --modality?"),
        ("create --dryrun", 2, "did you mean --dry-run?"),
        ("create --xyzzy", 2, "No such option: --xyzzy | --help"),
        ("verify --fixes", 2, "did you mean --unsafe-fixes or --fix?"),
        ("verify --formt json", 2, "did you mean --format?"),
        ("list --fromat json", 2, "did you mean --format?"),
        ("describe", 2, "Missing argument 'NAME' | --help"),
        ("apply", 2, "Missing argument 'PLAN.json'"),
        ("package chek x", 2, "'chek' | 'check'"),
        ("list extra words", 2, "unexpected extra argument"),
        ("--show-completion tcsh", 2, "only for bash, zsh, fish"),
    ),
    # values of options
    *_rows(
        ("list --format jsn", 2, "--format 'jsn' is unknown | did you mean json?"),
        ("list --format xml", 2, "--format 'xml' is not one of text, json"),
        ("verify --format sari", 2, "did you mean sarif?"),
        ("verify --format md", 2, "--format 'md' is not one of | markdown"),
        ("verify --fail-on errors", 2, "did you mean error?"),
        ("verify --severity high", 2, "--severity 'high' is not one of error, warning, note"),
        ("verify --select REG99X", 2, "no rule of verify begins with 'REG99X' | newbackend rule"),
        ("verify --select route-mising", 2, "did you mean REG401?"),
        ("verify --ignore ,", 2, "--ignore names no rule"),
        ("verify --statistics --format sarif", 2, "--statistics is text or json, not sarif"),
        ("verify --all cppreed", 2, "--all goes with neither NAME nor --base"),
        ("verify --base main", 3, "no revision 'main' | did you mean master?"),
        ("verify --base HEAD~5", 3, "the history of 'HEAD' does not reach back to 'HEAD~5'"),
        ("verify --base -x", 2, "'-x' is not a revision"),
        ("verify --base v1.0", 3, "no revision 'v1.0' | git branch --all"),
    ),
    # names of backends
    *_rows(
        ("verify cpprede", 3, "no backend 'cpprede' | did you mean cppreed?"),
        ("describe CPPREED", 3, "did you mean cppreed?"),
        ("remove cpp_reed --yes", 3, "did you mean cppreed?"),
        ("remove go.tide --yes", 3, "did you mean gotide?"),
        ("update gotid --yes", 3, "did you mean gotide?"),
        ("pr goquil", 3, "did you mean goquill?"),
        ("verify whistle", 3, "did you mean"),
        ("describe zzz", 3, "no backend 'zzz' | newbackend list"),
        ("verify backend/cpp/nothere", 3, "no backend 'nothere'"),
        ("remove common --yes", 3, "'common' is registered nowhere, so its directory is not touched"),
        ("update cppreed --yes", 3, "'cppreed' has no .newbackend.yml"),
        ("create oak --like cpprede --no-input", 3, "did you mean cppreed?"),
        ("create oak --like gotide --lang cpp --no-input", 2, "--like gotide is a go backend"),
    ),
    # names of a new backend
    *_rows(
        ("create --lang go --no-input", 2, "name is missing | newbackend create NAME"),
        ("create my_engine --lang go --no-input", 2, "'my_engine' | call it my-engine"),
        ("create MyEngine --lang go --no-input", 2, "call it myengine"),
        ("create llama.cpp2 --lang go --no-input", 2, "call it llama-cpp2"),
        ("create -oak- --lang go --no-input", 2, "No such option"),
        ("create a--b --lang go --no-input", 2, "single hyphens | call it a-b"),
        ("create cuda-oak --lang go --no-input", 2, "'cuda' | call it oak"),
        ("create cpu-oak --lang go --no-input", 2, "starts with 'cpu-' | call it oak"),
        ("create oak-development --lang go --no-input", 2, "ends with '-development' | call it oak"),
        ("create common --lang python --no-input", 2, "is reserved"),
        ("create cppreed --lang go --no-input", 2, "cppreed"),
        ("create backend/cpp/oak --lang go --no-input", 2, "is a path of cpp backends, and --lang says 'go'"),
        ("create ../../etc/oak --lang go --no-input", 2, "may only have lower-case letters"),
        (f"create {'a' * 80} --lang go --no-input", 2, "longer than 63"),
    ),
    # languages, flavours, variants, modalities
    *_rows(
        ("create oak --no-input", 2, "language is missing | --lang"),
        (f"{CREATE} golang", 2, "did you mean go?"),
        (f"{CREATE} c++", 2, "did you mean cpp?"),
        (f"{CREATE} Python", 2, "did you mean python?"),
        (f"{CREATE} rs", 2, "did you mean rust?"),
        (f"{CREATE} perl", 2, "'perl' is not one of python, go, cpp, rust"),
        (f"{CREATE} go --flavour pureg", 2, "Go flavour 'pureg' | did you mean purego?"),
        (f"{CREATE} go --flavour cgo", 2, "'cgo' is not one of pure, capi, purego"),
        (f"{CREATE} cpp --variants cuda-12", 2, "did you mean cuda12?"),
        (f"{CREATE} cpp --variants cuda", 2, "did you mean cuda12, cuda13, l4t-cuda12 or l4t-cuda13?"),
        (f"{CREATE} cpp --variants hip", 2, "did you mean rocm?"),
        (f"{CREATE} cpp --variants macos", 2, "did you mean metal?"),
        (f"{CREATE} cpp --variants tpu", 2, "'tpu' is not one of cpu, cuda12"),
        (f"{CREATE} go --variants vulkan", 2, "cannot ship vulkan | flavour=purego"),
        (f"{CREATE} rust --variants cuda12", 2, "cannot ship cuda12"),
        (f"{CREATE} go --variants ,", 2, "at least one platform variant | --variants cpu"),
        (f"{CREATE} go --modality text-to-speech", 2, "did you mean tts?"),
        (f"{CREATE} go --modality stt", 2, "did you mean transcription?"),
        (f"{CREATE} go --modality chat", 2, "did you mean llm?"),
        (f"{CREATE} go --modality smell", 2, "'smell' is not one of llm"),
        (f"{CREATE} go --modality rerank", 2, "cannot serve rerank"),
    ),
    # pins
    *_rows(
        (f"{CREATE} go --pin nonsense", 2, "'nonsense' is not OWNER/REPO | https://github.com/OWNER/REPO"),
        (f"{CREATE} go --pin https://gitlab.com/a/b", 2, "gitlab.com | only GitHub, because the bump bot"),
        (f"{CREATE} go --pin https://huggingface.co/a/b", 2, "huggingface.co | only GitHub"),
        (f"{CREATE} go --pin git@codeberg.org:a/b.git", 2, "codeberg.org | only GitHub"),
        (f"{CREATE} go --pin https://github.com/a", 2, "is not OWNER/REPO"),
        (f"{CREATE} go --pin https://github.com/a/b/issues/5", 2, "names no branch, tag or commit | pass a/b"),
        (f"{CREATE} go --pin https://github.com/a/b/commit/ae302c2", 2, "all 40 digits"),
        (f"{CREATE} go --pin a/b@AE302C2FA1", 2, "abbreviated commit | all 40 digits"),
        (f"{CREATE} go --pin a/b@--upload-pack=x", 2, "is not OWNER/REPO"),
        (f"{CREATE} go --pin a/b", 3, "a/b cannot be reached | --pin a/b@<40 hex digits>"),
        (f"{CREATE} go --set pin.repo=a/b --set pin.sha=xyz", 2, "pin.sha 'xyz' is not a full commit | pin.branch"),
        (f"{CREATE} go --pin a/b@{SHA} --set pin.branch=a..b", 2, "is not a git branch name"),
    ),
    # other answers
    *_rows(
        (f"{CREATE} go --set licence=MIT", 2, "unknown key 'licence' | did you mean license?"),
        (f"{CREATE} go --set platforms=cpu", 2, "did you mean variants?"),
        (f"{CREATE} go --set import.kid=none", 2, "did you mean import.kind?"),
        (f"{CREATE} go --set colour=red", 2, "unknown key 'colour' | known: name, lang"),
        (f"{CREATE} go --set license", 2, "'license' is not KEY=VALUE"),
        (f"{CREATE} go --set options.native_march=maybe", 2, "options.native_march must be true or false"),
        (f"{CREATE} go --license {'MIT!' * 2}", 2, "is not an SPDX licence expression"),
        (f"{CREATE} go --import dropin", 2, "did you mean drop-in?"),
        (f"{CREATE} go --import drop-in", 2, "must say which | import.of"),
        (f"{CREATE} go --import-extensions gguf", 2, "'gguf' is not a file extension such as .gguf"),
        (f"{CREATE} go --import importer", 2, "needs something to tell"),
        (f"{CREATE} go --set icon=ftp://x", 2, "is not an http(s) URL"),
        (f"{CREATE} go --glibc-floor 2", 2, "is not a glibc release | such as 2.28"),
        (f"{CREATE} python --glibc-floor 2.28", 2, "have no glibc floor"),
        (f"{CREATE} go --review", 2, "--review | --no-input forbids that"),
        ("create oak --lang go --review", 2, "--review | needs a terminal"),
        (f"{CREATE} go", 2, "nothing was written | --yes"),
    ),
    # files
    *_rows(
        ("create --no-input --answers {files}/none.yml", 3, "no such answers file"),
        ("create --no-input --answers {files}/list.yml", 2, "must be a mapping"),
        ("create --no-input --answers {files}/broken.yml", 2, "broken.yml:3 | is not plain YAML"),
        ("create --no-input --answers {files}/licence.yml", 2, "licence.yml | did you mean license?"),
        ("create --no-input --answers {files}/sha.yml", 2, "sha.yml | pin.sha 'xyz' is not a full commit"),
        ("create ash --no-input --answers {files}/oak.yml", 2, "the answers are for 'oak', not 'ash'"),
        ("create --no-input --answers {files}", 2, "cannot be read"),
        (f"{CREATE} go --dry-run --plan-out {{files}}/no/plan.json", 2, "cannot be written"),
        ("apply {files}/none.json", 3, "no such plan"),
        ("apply {files}/broken.json", 2, "broken.json"),
        ("apply {files}/empty.json", 2, "empty.json"),
        ("route {files}/oak.yml", 2, "is not in the checkout"),
        ("demo {files}", 2, "{files}"),
        ("undo", 3, "nothing in this checkout that could be undone"),
        ("rule REG40X", 3, "no rule 'REG40X' | did you mean"),
        ("rule route-mising", 3, "did you mean route-missing?"),
        ("rule nonsense", 3, "`newbackend rule` lists them"),
    ),
    # checkouts
    *_rows(
        ("list --repo {files}/nowhere", 3, "no such directory"),
        ("list --repo {files}", 3, "no LocalAI checkout here or above | newbackend demo"),
        ("list --repo {files}/old", 2, "no .github/backend-matrix.yml | older than 2026-05-08 | newer revision"),
        ("verify", 3, "no LocalAI checkout here or above", "{files}"),
    ),
    # packages
    *_rows(
        ("package check {files}/nothing", 3, "does not exist"),
        ("package check {files}/source", 2, "source directory, not its package | check {files}/source/package"),
        ("package floor {files}/unbuilt", 2, "source directory, not its package | make -C {files}/unbuilt"),
        ("package check .", 2, "is a LocalAI checkout, not a built package"),
        ("package check {files}/oak.yml", 2, "not a whole tar archive"),
        ("package check {files}/source/package --layout static2", 2, "did you mean static?"),
        ("package check {files}/source/package --target ubuntu2204", 2, "ubuntu2204"),
        ("package check {files}/source/package --cpu-floor v9", 2, "no CPU level 'v9'"),
        ("package", 2, "Usage"),
    ),
]


def prepare(files: Path) -> None:
    """Writes what the mistakes are about."""
    texts = {
        "list.yml": "- a\n- b\n",
        "broken.yml": "name: oak\nlang: [go\n",
        "licence.yml": "name: oak\nlang: go\nlicence: MIT\n",
        "sha.yml": "name: oak\nlang: go\npin: {repo: a/b, sha: xyz}\n",
        "oak.yml": "name: oak\nlang: go\n",
        "broken.json": "{",
        "empty.json": "{}\n",
        "old/go.mod": "module github.com/go-skynet/LocalAI\n",
        "source/Makefile": "build:\n",
        "source/package.sh": "true\n",
        "source/package/run.sh": "#!/bin/sh\n",
        "unbuilt/Makefile": "build:\n",
        "unbuilt/package.sh": "true\n",
    }
    for name, text in texts.items():
        (files / name).parent.mkdir(parents=True, exist_ok=True)
        (files / name).write_text(text)


def answer(program: Sequence[str], mistake: Mistake, checkout: Path, files: Path) -> tuple[int, str]:
    """The exit status of a program and the last line that it says on standard error."""
    state = {"XDG_STATE_HOME": str(files.parent / "state")}
    env = {**os.environ, "NEWBACKEND_GIT_BASE": "file:///nonexistent", "NO_COLOR": "1", **state}
    done = subprocess.run(
        [*program, *mistake.words(files)],
        capture_output=True,
        text=True,
        cwd=mistake.folder(checkout, files),
        env=env,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode, done.stderr.strip() or done.stdout.strip()


def main(programs: Sequence[str]) -> None:
    """Prints what each program answers to each mistake, as Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        checkout, files = Path(folder) / "sample", Path(folder) / "files"
        files.mkdir()
        prepare(files)
        subprocess.run([programs[-1], "demo", str(checkout)], capture_output=True, check=True)
        for words in (("checkout", "--quiet", "."), ("clean", "-fdq")):
            subprocess.run(["git", "-C", str(checkout), *words], check=True)
        for mistake in MISTAKES:
            rows = [f"### `{mistake.line}`", ""]
            for program in programs:
                status, said = answer([program], mistake, checkout, files)
                lines = said.splitlines() or ["nothing"]
                line = lines[0] if lines[0].startswith("Usage:") else lines[-1]
                rows.append(f"- {status}: {json.dumps(line.replace(folder, ''), ensure_ascii=False)}")
            sys.stdout.write("\n".join([*rows, "", ""]))


if __name__ == "__main__":
    main(sys.argv[1:])
