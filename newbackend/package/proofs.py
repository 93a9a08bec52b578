"""The opt-in proofs: run the package for real, in another root or on another CPU (PKG701-704).

Each proof names its command, its environment and its result. One that could not run is unknown:
the caller ends with exit status 3.
"""

from __future__ import annotations

import re
import shlex
import shutil
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from newbackend.findings import Checked, Finding, Status
from newbackend.package import health
from newbackend.package.elf import ELFError, parse_elf
from newbackend.package.hostlibs import is_driver
from newbackend.package.hostshell import PLACE, HostShell, build_shell
from newbackend.package.model import Package
from newbackend.package.options import Layout
from newbackend.package.process import Ended, Server, run_once
from newbackend.package.rule import RULES_BY_ID
from newbackend.package.runscript import NAME, matching
from newbackend.package.sandbox import PACKAGE, Bind, Sandbox, environment, find_sandbox, stage_root
from newbackend.package.tree import write_tree

START_TIMEOUT = 40.0  # LocalAI polls Health 20 times, 2 s apart (contract 1.1)
RUN_TIMEOUT = 120.0
_TRACED = re.compile(r"^\s*(\S+)(?: => (\S.*?))?(?: \(0x[0-9a-f]+\))?$")


@dataclass(frozen=True, slots=True)
class Proof:
    """One proof: which rule, what was run, where, and what came out."""

    rule: str
    subject: str
    command: str
    environment: str
    status: Status
    result: str

    def as_json(self) -> dict[str, str]:
        """The proof line as data."""
        return {
            "rule": self.rule, "subject": self.subject, "command": self.command, "environment": self.environment,
            "status": self.status.value, "result": self.result,
        }  # fmt: skip


@dataclass(frozen=True)
class Bench:
    """Everything a proof needs: the package on disk, a sandbox, a shell, and where temporary files go."""

    package: Package
    disk: Path
    sandbox: Sandbox
    shell: HostShell | None
    scratch: Path
    root: Path | None

    @property
    def place(self) -> str:
        """Where the package lies inside: not at the root, so that relocation is proven too."""
        return PACKAGE if self.root is None else f"/tmp{PACKAGE}"

    def argv(self, command: Sequence[str], more: Sequence[Bind] = ()) -> list[str]:
        """The sandboxed command line."""
        binds = [Bind(self.disk, self.place, self.package.layout is Layout.HOST_LIBC), *more]
        if self.shell is not None and self.root is None:
            binds.append(Bind(self.shell.directory, PLACE))
        root = self.root
        if self.sandbox.kind == "unshare":
            root = Path(tempfile.mkdtemp(prefix="root-", dir=self.scratch))
            stage_root(root, binds)
        return self.sandbox.argv(binds, self.place, command, root)

    @property
    def label(self) -> str:
        """The environment, for the proof line."""
        how = {"bwrap": "bubblewrap", "unshare": "chroot in a user namespace"}[self.sandbox.kind]
        if self.root is not None:
            return f"{how}, root {self.root}, package at {self.place}"
        shell = f", {self.shell.label}" if self.shell else ""
        return f"{how}, empty root, package at {self.place}{shell}"


def run_proofs(package: Package, path: Path) -> tuple[Proof, ...]:
    """The proofs that the options ask for, in rule order; empty when none was asked for."""
    options = package.options
    if not (options.smoke or options.run or options.run_root or options.cpu_run):
        return ()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="newbackend-proof-")))
        disk = path.resolve()
        if not path.is_dir() or package.layout is Layout.HOST_LIBC or NAME not in package.tree.entries:
            disk = scratch / "package"
            disk.mkdir()
            write_tree(package.tree, disk)
        return tuple(_proofs(package, disk, scratch))


def _proofs(package: Package, disk: Path, scratch: Path) -> Iterator[Proof]:
    options = package.options
    sandbox = find_sandbox()
    wanted = "PKG703" if options.run_root else "PKG702"
    if isinstance(sandbox, str):
        if options.smoke or options.run or options.run_root:
            yield Proof(wanted, NAME, "", "this host", Status.UNKNOWN, sandbox)
        if options.cpu_run:
            yield Proof("PKG704", NAME, "", "this host", Status.UNKNOWN, sandbox)
        return
    shell = build_shell(scratch / "shell")
    root = options.run_root
    if root is None and package.layout is Layout.HOST_LIBC:
        root = Path("/")  # this layout is made of the host's libc: an empty root would only prove that
    bench = Bench(package, disk, sandbox, shell if isinstance(shell, HostShell) else None, scratch, root)
    if root is not None and sandbox.kind != "bwrap":
        yield Proof(wanted, NAME, "", "this host", Status.UNKNOWN, "running in an existing root needs bubblewrap")
    elif root is not None and not (root / "tmp").is_dir():
        yield Proof(wanted, NAME, "", str(root), Status.UNKNOWN, f"{root} is no root file system (no tmp directory)")
    else:
        if options.smoke and root is None and package.loader:
            yield from _list_proofs(bench)
        if options.smoke or (options.run_root and not options.run):
            yield _smoke(bench, wanted, shell)
        if options.run:
            yield _command(bench, wanted, options.run, shell)
    if options.cpu_run:
        yield _cpu(bench, options.cpu_run)


def _list_proofs(bench: Bench) -> Iterator[Proof]:
    """The bundled loader lists what each started program loads. The environment form goes on after a
    missing driver library, `--list` does not (contract 5.6)."""
    package = bench.package
    for root in (r for r in package.roots if r.line and package.elves[r.path].dynamic):
        command = [f"{PACKAGE}/{package.loader}", *_library_path(bench), f"{PACKAGE}/{root.path}"]
        words, extra = [command[0], "--list", *command[1:]], dict[str, str]()
        if bench.shell is not None:
            # Set inside: in the sandbox's own environment it would make the sandbox tool list itself.
            traced = 'LD_TRACE_LOADED_OBJECTS=1 exec "$@"'
            words, extra = [*bench.shell.argv, "-c", traced, "list", *command], bench.shell.environment
        ended = run_once(bench.argv(words), environment(extra), RUN_TIMEOUT)
        status, result = _judge_list(ended)
        shown = shlex.join([command[0], "--list", *command[1:]])
        yield Proof("PKG701", root.path, shown, bench.label, status, result)


def _library_path(bench: Bench) -> list[str]:
    directories = [f"{bench.place}/{d}".rstrip("/") for d in bench.package.search.library_path]
    return ["--library-path", ":".join(directories)] if directories else []


def _judge_list(ended: Ended) -> tuple[Status, str]:
    outside, absent = [], []
    lines = [m for line in ended.output.splitlines() if (m := _TRACED.match(line))]
    for match in lines:
        name, where = match[1], match[2] or match[1]
        if where == "not found":
            if not is_driver(name):
                absent.append(name)
        elif not name.startswith("linux-vdso") and not where.startswith(PACKAGE) and "/" in where:
            outside.append(f"{name} => {where}")
    if absent or outside:
        return Status.FAIL, "; ".join([f"{n} not found" for n in absent] + outside)
    if ended.status or not lines:
        return Status.FAIL, ended.summary()
    return Status.PASS, f"{len(lines)} libraries, all inside the package"


def _start_words(bench: Bench, shell: HostShell | str) -> tuple[list[str], dict[str, str]] | str:
    """How to start run.sh: by its shebang where the root has a bash, through the taken-along shell else."""
    if bench.root is not None:
        return [f"{bench.place}/{NAME}"], {}
    if isinstance(shell, str):
        return shell
    return [*shell.argv, f"{bench.place}/{NAME}"], dict(shell.environment)


def _smoke(bench: Bench, rule: str, shell: HostShell | str) -> Proof:
    start = _start_words(bench, shell)
    if isinstance(start, str):
        return Proof(rule, NAME, "", bench.label, Status.UNKNOWN, start)
    if bench.package.run is None:
        return Proof(rule, NAME, "", bench.label, Status.FAIL, "there is no run.sh to start")
    words, extra = start
    return _serve(bench, rule, NAME, words, extra, ())


def _serve(
    bench: Bench, rule: str, subject: str, words: Sequence[str], extra: Mapping[str, str], binds: Sequence[Bind]
) -> Proof:
    """Start a server, wait for its port, call Health."""
    port = health.free_port()
    command = [*words, "--addr", f"127.0.0.1:{port}"]
    shown = shlex.join(command)
    with Server(bench.argv(command, binds), environment(extra)) as server:
        started = time.monotonic()
        while time.monotonic() - started < START_TIMEOUT and server.running and not health.is_listening(port):
            time.sleep(0.02)
        waited = time.monotonic() - started
        if not health.is_listening(port):
            ended = server.stop()
            status, result = _not_listening(ended, running=waited >= START_TIMEOUT)
            return Proof(rule, subject, shown, bench.label, status, result)
        answer = health.health(port)
        if answer is None:
            return Proof(rule, subject, shown, bench.label, Status.UNKNOWN,
                         "the port opened; Health was not called because grpcio is not installed")  # fmt: skip
        if answer:
            return Proof(rule, subject, shown, bench.label, Status.FAIL, f"the port opened, Health failed: {answer}")
        return Proof(rule, subject, shown, bench.label, Status.PASS, f"Health answered after {waited:.1f} s")


def _not_listening(ended: Ended, *, running: bool) -> tuple[Status, str]:
    driver = next((w for w in re.findall(r"[\w.+-]+\.so[\w.]*", ended.output) if is_driver(w)), "")
    if driver and not running:
        return Status.UNKNOWN, f"needs the device driver's {driver}, which this root does not have"
    if ended.illegal_instruction:
        return Status.FAIL, f"illegal instruction (SIGILL): {ended.summary()}"
    if running:
        return Status.FAIL, f"no port after {START_TIMEOUT:.0f} s; last output: {ended.last_line()}"
    return Status.FAIL, ended.summary()


def _command(bench: Bench, rule: str, text: str, shell: HostShell | str) -> Proof:
    """The caller's command, in the package's directory; exit status 0 passes."""
    if bench.root is None and isinstance(shell, str):
        return Proof(rule, text, text, bench.label, Status.UNKNOWN, shell)
    words = ["/bin/sh", "-c", text]
    extra: Mapping[str, str] = {}
    if bench.root is None and isinstance(shell, HostShell):
        words, extra = [*shell.argv, "-c", text], shell.environment
    ended = run_once(bench.argv(words), environment(extra), RUN_TIMEOUT)
    status = Status.FAIL if ended.status else Status.PASS
    return Proof(rule, text, text, bench.label, status, ended.summary())


def cpu_models() -> dict[str, str]:
    """Names for --cpu-run and the emulator's models (data/cpus.toml)."""
    text = resources.files("newbackend.package").joinpath("data/cpus.toml").read_text("utf-8")
    return dict(tomllib.loads(text)["cpu"])


def _emulator() -> Path | None:
    """A statically linked qemu-user: only that runs in an empty root."""
    for name in ("qemu-x86_64-static", "qemu-x86_64"):
        where = shutil.which(name)
        try:
            if where and not parse_elf(Path(where).read_bytes()).interp:
                return Path(where)
        except (OSError, ELFError):
            continue
    return None


def _cpu(bench: Bench, wanted: str) -> Proof:
    """The program that run.sh starts, on an emulated CPU. run.sh itself is left out: an emulator of one
    process does not follow exec."""
    package, known = bench.package, cpu_models()
    unknown = _unable(package, wanted, known)
    emulator = _emulator()
    if unknown or emulator is None:
        reason = unknown or "no static qemu-x86_64 is installed (Debian: qemu-user-static)"
        return Proof("PKG704", wanted, "", f"CPU {wanted}", Status.UNKNOWN, reason)
    model = known.get(wanted.lower(), wanted)
    root = next(r for r in package.roots if r.line)
    program = [f"{bench.place}/{root.path}"]
    if package.loader and package.elves[root.path].dynamic:
        program = [f"{bench.place}/{package.loader}", *_library_path(bench), *program]
    binds = [] if bench.root is not None else [Bind(emulator, "/qemu")]
    tool = str(emulator) if bench.root is not None else "/qemu"
    proof = _serve(bench, "PKG704", root.path, [tool, "-cpu", model, *program], _variables(bench), binds)
    note = f"{proof.environment}; emulated CPU {model}, executed paths only"
    return Proof(proof.rule, proof.subject, proof.command, note, proof.status, proof.result)


def _unable(package: Package, wanted: str, known: Mapping[str, str]) -> str:
    if wanted.lower() in ("v4", "x86-64-v4") or "512" in wanted:
        return "the emulator has no AVX-512, so it proves nothing about x86-64-v4"
    if wanted.lower() not in known and wanted not in known.values():
        return f"no CPU model {wanted!r}; known are {', '.join(sorted(known))}"
    if not any(r.line for r in package.roots):
        return "run.sh names no program that could be started without it"
    return ""


def _variables(bench: Bench) -> dict[str, str]:
    """The library variables of run.sh: of several values the first in the package, which is the fallback."""
    package = bench.package
    found = {}
    for name, patterns in (package.run.libraries if package.run else {}).items():
        inside = [p for pattern in patterns for p in matching(package.tree, pattern)]
        if inside:
            found[name] = f"{bench.place}/{inside[0]}"
    return found


def as_findings(proofs: Sequence[Proof]) -> Iterator[Finding]:
    """Failed and unknown proofs as findings."""
    for proof in proofs:
        if proof.status in (Status.FAIL, Status.UNKNOWN):
            head = f"`{proof.command}` in {proof.environment}: " if proof.command else ""
            yield Finding(RULES_BY_ID[proof.rule], proof.subject, NAME, 1, head + proof.result, status=proof.status)


def as_checked(proofs: Sequence[Proof]) -> Iterator[Checked]:
    """Passed proofs with their line, and proofs nobody asked for."""
    for proof in proofs:
        if proof.status is Status.PASS:
            reason = f"`{proof.command}` in {proof.environment}: {proof.result}"
            yield Checked(RULES_BY_ID[proof.rule], Status.PASS, reason=reason)
    done = {proof.rule for proof in proofs}
    for rule in ("PKG701", "PKG702", "PKG703", "PKG704"):
        if rule not in done:
            yield Checked(RULES_BY_ID[rule], Status.SKIPPED, reason="not asked for")


def not_covered(package: Package, proofs: Sequence[Proof]) -> Iterator[str]:
    """What this run says nothing about; every report ends with it."""
    tests: tuple[tuple[Callable[[], bool], str], ...] = (
        (lambda: not any(p.rule in ("PKG702", "PKG703") and p.status is Status.PASS for p in proofs),
         "whether it starts: no run proof passed (--smoke)"),
        (lambda: package.options.cpu_floor is None, "CPU instructions: not scanned (--cpu-floor)"),
        (lambda: package.options.cpu_floor is not None, "which of the scanned instructions will run"),
    )  # fmt: skip
    yield from (text for test, text in tests if test())
    yield "libraries loaded by name during inference"
    yield "device (GPU) code"
