"""Drives a generated backend over gRPC, whatever language it is written in.

    results = drive(package / "run.sh", checkout / "backend/backend.proto",
                    name="my-engine", modalities=["llm"], features=features)
    assert not failures(results), report(results)

`PYTHONPATH=tests:. python -m drive RUN_SH PROTO NAME MODALITY[,MODALITY]` does the same by hand.
"""

from .report import failures, report
from .runner import drive
from .session import CheckResult

__all__ = ["CheckResult", "drive", "failures", "report"]
