"""The attack by what a backend is built with: Makefiles, scripts, Dockerfiles."""

from __future__ import annotations

from fuzz.attacks import unchanged
from fuzz.case import Case, snapshot
from newbackend.cli.common import REPORT_FORMATS

BUILD_FILES = (
    "Makefile",
    "backend/cpp/cppreed/Makefile",
    "backend/cpp/cppreed/package.sh",
    "backend/cpp/cppreed/run.sh",
    "backend/Dockerfile.cppreed",
)
DOUBLING = "A=xxxxxxxxxx\n" + "A:=$(A)$(A)\n" * 30 + "A:=${A}${A}\n" * 10
BUILD_LINES = (
    "A=$(A)\nX:=$(A)\n",
    "A=$(B)$(B)\nB=$(A)$(A)\nX:=$(A)\n",
    DOUBLING,
    "X:=$(shell touch owned)\n",
    "ENV A=$A$A\n" * 40,
    "f=$(call f,$(1)$(1))\nX:=$(call f,x)\n",
    "define E\n$(eval $(value E))\nendef\n$(eval $(value E))\n",
    "X:=$(\n",
    f"X:=$(subst x,{'y' * 5000},{'x' * 9000})\n",
    f"X:=$(addprefix {'y' * 5000},{'x ' * 9000})\n",
    "$(info $(error x))\n",
    "X:=" + "$(if x," * 900 + ")" * 900 + "\n",
    "all: all2\nall2: all\n\t$(MAKE) -C . all\n",
    "include Makefile\n",
    "%: %.x\n",
    "X:=" + "$(foreach a,1 2 3 4 5 6 7 8 9," * 8 + "x" + ")" * 8 + "\n",
    "f() { f; f; }; f\n",
    "while true; do :; done\n",
    "if [ $X ]; then A=1; else A=2; fi\n" * 40,
    "for i in * * *; do for j in * * *; do cp $i $j; done; done\n",
    "$(X)$(Y): ;\n",
    ". ./package.sh\n",
    "exec $0\n",
    "case $X in *) ;; esac\n" * 30,
    "A=${A//x/yyyyyyyy}\n" * 30,
    "cat <<E\n$(cat)\n",
    "((",
    "`",
    "RUN --mount=type=bind,source=/ cat\n",
    "FROM $X AS $Y\n",
    "COPY --from=0 / /\n",
    "COPY ../../.. /x\n",
    "ARG A\nENV B=${A:-$B}\n",
    "RUN make -C backend/cpp/cppreed all\n" * 20,
    "ONBUILD RUN x\n",
    "# syntax=evil/image\n",
    "WORKDIR ../../..\n",
    "ifdef A\n",
)


def builds(case: Case) -> None:
    """Makefiles, scripts and Dockerfiles that grow, loop or break, and what reads them."""
    root = case.checkout()
    for _ in range(case.dice.randint(1, 4)):
        path, line = case.dice.choice(BUILD_FILES), case.dice.choice(BUILD_LINES)
        case.note(f"{path} has {line[:80]!a}")
        rows = (root / path).read_text(encoding="utf-8").splitlines(keepends=True)
        rows.insert(case.dice.choice((0, len(rows), case.dice.randint(0, len(rows)))), line)
        (root / path).write_text("".join(rows), encoding="utf-8")
    before = snapshot(root)
    case.command("trace", "cppreed", "--format", case.dice.choice(("text", "json")), "--repo", str(root))
    case.command("verify", "--format", case.dice.choice(REPORT_FORMATS), "--repo", str(root))
    unchanged(case, before, root, "a reading verb")
    words = ["create", "zz", "--lang", "cpp", "--no-input", "--yes", "--allow-manual", "--repo", str(root)]
    done = case.command(*words)
    if done.status == 0:
        case.command("undo", "--repo", str(root))
    unchanged(case, before, root, f"create with status {done.status}, then undo if it wrote")
