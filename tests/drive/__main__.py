"""`python -m drive RUN_SH PROTO NAME MODALITIES`: exit 1 when a check fails."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import drive, failures, report


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m drive", description=__doc__)
    parser.add_argument("run_sh", type=Path)
    parser.add_argument("proto", type=Path, help="backend.proto of the checkout")
    parser.add_argument("name", help="name of the backend")
    parser.add_argument("modalities", help="comma-separated modality ids")
    arguments = parser.parse_args()
    text = arguments.proto.read_text(encoding="utf-8")
    results = drive(
        arguments.run_sh,
        arguments.proto,
        name=arguments.name,
        modalities=arguments.modalities.split(","),
        features={"model_identity": "ModelIdentity" in text, "embedding_layout": "EmbeddingLayout" in text},
    )
    print(report(results))
    return 1 if failures(results) else 0


if __name__ == "__main__":
    sys.exit(main())
