"""Drives a generated backend over gRPC, whatever language it is written in.

    results = drive(package / "run.sh", checkout / "backend/backend.proto",
                    name="my-engine", modalities=["llm"], features=features)
    assert not failures(results), report(results)

`python -m tests.drive RUN_SH PROTO NAME MODALITY[,MODALITY]` does the same by hand.
"""

from tests.drive.report import failures, report
from tests.drive.runner import drive
from tests.drive.session import CheckResult

__all__ = ["CheckResult", "drive", "failures", "report"]
