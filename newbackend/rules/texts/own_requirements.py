"""REG813 and REG814, requirement files of Python backends: facts from contract 3.3 and 3.4."""

from __future__ import annotations

from newbackend.findings import Rule, Severity
from newbackend.rules.texts.checklist import DIRECTORY

PROFILE_MISSING = Rule(
    id="REG813",
    name="requirements-profile-missing",
    severity=Severity.ERROR,
    what="A row selects a build profile for which the backend has no requirement file, and the engine is installed "
    "by those files.",
    why="libbackend.sh skips a missing file without a word: the image is built and published without the engine, and "
    "every model fails to load. (A backend whose requirements.txt has the engine, or whose install.sh installs it, "
    "needs no such file.)",
    how="Add requirements-PROFILE.txt: cpu, cublas12, cublas13, l4t12, l4t13, hipblas, intel, mps.",
    incident="liquid-audio has had an intel row and no file for it since 0245b33ea (#9801), rfdetr an l4t12 row; trl "
    "got its mps file with the macOS row in a7fec9a49 (#10487).",
    bad="# .github/backend-matrix.yml: build-type 'intel'; no requirements-intel.txt",
    good="# requirements-intel.txt\n--extra-index-url https://download.pytorch.org/whl/xpu\ntorch\ndemo",
    checklist=DIRECTORY,
)

AFTER_UNREAD = Rule(
    id="REG814",
    name="requirements-after-unread",
    severity=Severity.WARNING,
    what="A `requirements-PROFILE-after.txt` exists for a profile that has none: hipblas, intel, mps or vulkan.",
    why="libbackend.sh reads the profile's `-after` file only where the profile differs from the build type. What the "
    "file lists is never installed.",
    how="Move its lines to requirements-PROFILE.txt, or to requirements-after.txt if they are for all profiles.",
    incident="vllm's requirements-hipblas-after.txt listed vllm itself, unread: its ROCm image crashed with "
    "`No module named 'vllm'` until ef15b4bfd (#10651).",
    bad="# requirements-hipblas-after.txt\ndemo",
    good="# requirements-hipblas.txt\ndemo",
    checklist=DIRECTORY,
)
