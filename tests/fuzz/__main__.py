"""`python -m fuzz`: attacks the installed newbackend for a while; exit 1 when something gave way."""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

from fuzz.driver import ATTACKS, fuzz, table


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=None, help="default: another one each time")
    parser.add_argument("--only", action="append", choices=ATTACKS, default=[], help="this attack; may be repeated")
    parser.add_argument("--case", type=int, default=None, help="run only this case of each attack")
    parser.add_argument("--keep", type=Path, default=Path("build/fuzz"), help="where cases with faults are saved")
    arguments = parser.parse_args()
    seed = random.randrange(1 << 32) if arguments.seed is None else arguments.seed
    print(f"seed {seed}", flush=True)
    seconds, first = (arguments.seconds, 0) if arguments.case is None else (0.0, arguments.case)
    counts = fuzz(seconds, seed, arguments.only, first, arguments.keep.resolve())
    for count in counts.values():
        print("\n".join(count.reports), end="\n\n" if count.reports else "")
    print(table(counts))
    return 1 if any(count.faults for count in counts.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
