"""REG802 to REG804 and REG815, the backend's own Makefile: facts from contract 3.6, 4.7, 5.3, 6 and 8."""

from __future__ import annotations

from newbackend.findings import Confidence, Rule, Severity
from newbackend.rules.texts.checklist import DIRECTORY, TEST_JOB

TARGET_MISSING = Rule(
    id="REG802",
    name="make-target-missing",
    severity=Severity.ERROR,
    what="The backend's Makefile lacks a target that its image build or its macOS build calls.",
    why="The job stops with `No rule to make target`; on macOS the missing `clean` fails a job whose image is built.",
    how="Go and Rust: `build` (binary and package). C++: what backend/Dockerfile.NAME calls, `grpc-server` and "
    "`package` as a rule. Go and Python with a macOS row: `clean`.",
    bad="demo:\n\tgo build -o demo .",
    good="build: demo package\n\nclean:\n\trm -rf demo package",
    checklist=DIRECTORY,
)

DEFAULT_GOAL = Rule(
    id="REG803",
    name="default-goal-wrong",
    severity=Severity.ERROR,
    what="The default goal of the Makefile does not build the backend: for Python an error, since the image is built "
    "with a bare `make`; in the other languages a note where a test step relies on it.",
    why="make takes the first rule of the file. Where that is the one that clones the sources, `make` fetches them "
    "and stops, without an error.",
    how="Set `.DEFAULT_GOAL := build` (Python: `install`), or move that rule up.",
    bad="sources/demo.cpp:\n\tgit clone …\n\nbuild: demo package",
    good=".DEFAULT_GOAL := build\n\nsources/demo.cpp:\n\tgit clone …",
    checklist=DIRECTORY,
)
DEFAULT_GOAL_SEVERITY = Severity.NOTE
"""Outside Python: the step's `make … test` builds what it needs."""

TEST_STEP = Rule(
    id="REG804",
    name="test-step-broken",
    severity=Severity.ERROR,
    what="A step of test-extra.yml runs make in a directory or for a target that does not exist.",
    why="The job fails on every pull request that starts it.",
    how="Add the target to the backend's Makefile, or take the step out.",
    bad="make -C backend/python/demo test      # backend/python/demo/Makefile: no test",
    good="test: install\n\tbash test.sh",
    checklist=TEST_JOB,
)

NOTHING_NATIVE = Severity.NOTE
"""Where no native code is built: the image for the hardware is the CPU image again, which is odd and harmless."""

BUILD_TYPE = Rule(
    id="REG815",
    name="build-type-ignored",
    severity=Severity.ERROR,
    confidence=Confidence.LIKELY,
    what="Rows build the backend for hardware that its Makefile never looks at; a note for a Go backend without any "
    "native code.",
    why="The build succeeds and publishes the CPU binary under the hardware's tag; whoever installs it on such a host "
    "downloads gigabytes of drivers and computes on the CPU. backend/Dockerfile.rust hands no build type on at all.",
    how="Turn the build type into the engine's own option, or take the rows and their gallery entries out.",
    incident="parakeet-cpp, ced, voice-detect and face-detect were copied from one another with rows for SYCL and "
    "no branch for it (4912c9b73 and later).",
    bad="ifeq ($(BUILD_TYPE),cublas)\n\tCMAKE_ARGS+=-DDEMO_CUDA=ON\nendif      # and a row with build-type sycl_f16",
    good="else ifneq (,$(findstring sycl,$(BUILD_TYPE)))\n\tCMAKE_ARGS+=-DDEMO_SYCL=ON",
    checklist=DIRECTORY,
)
