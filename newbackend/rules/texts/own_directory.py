"""REG801, REG810 to REG812, REG818, REG820, REG821, the own directory: contract 3.1, 4.1, 5.2, 5.3, 6 and 7."""

from __future__ import annotations

from newbackend.findings import Rule, Severity
from newbackend.rules.texts.checklist import DIRECTORY, OS

INCOMPLETE = Rule(
    id="REG801",
    name="directory-incomplete",
    severity=Severity.ERROR,
    what="The backend's directory lacks a file that its image is built or started with; a warning for a Python "
    "backend without any test.",
    why="The image build stops, or its install is refused: an image without run.sh at the top is no backend.",
    how="Python: backend.py, Makefile, install.sh, run.sh, requirements.txt. Go: main.go, Makefile, run.sh, "
    "package.sh. C++: Makefile, run.sh, package.sh, and unless it builds a sibling's sources CMakeLists.txt and "
    "grpc-server.cpp. Rust: Cargo.toml, build.rs, src/main.rs, Makefile, run.sh, package.sh.",
    bad="backend/go/demo/{main.go,Makefile,run.sh}",
    good="backend/go/demo/{main.go,Makefile,run.sh,package.sh}",
    checklist=DIRECTORY,
)
NO_TESTS_SEVERITY = Severity.WARNING
"""Tests are asked for, not needed to build."""

NOT_EXECUTABLE = Rule(
    id="REG810",
    name="run-script-not-executable",
    severity=Severity.NOTE,
    what="run.sh is not executable, and package.sh copies it as it is.",
    why="LocalAI makes it executable when it can; where the backends directory is read-only (a system image, another "
    "user's files) the backend cannot be started.",
    how="chmod +x run.sh, and commit the mode.",
    incident="10a3f0bd9 (#6051) made LocalAI change the mode only where it must.",
    bad="100644 backend/go/demo/run.sh",
    good="100755 backend/go/demo/run.sh",
    checklist=DIRECTORY,
)

BUILD_NOT_IGNORED_SEVERITY = Severity.NOTE
"""REG811 for a build directory alone: the image build stops at the foreign CMake cache, so nobody is misled."""

CLONE_NOT_IGNORED = Rule(
    id="REG811",
    name="clone-not-ignored",
    severity=Severity.WARNING,
    what="The Makefile clones its engine into the build context, and .dockerignore does not leave that out; a note for "
    "the directory that CMake configures in.",
    why="After a local build the stale clone is copied into the image, and make takes it for the pinned one: the image "
    "has another engine than the Makefile says.",
    how="Add the path to .dockerignore, with the build directory, the binary and package/. (A build directory from "
    "outside stops CMake: its cache names another source directory.)",
    incident="6a80e2373 (#9802) added llama-cpp's after images had been compiled against an older llama.cpp.",
    bad="demo.cpp:\n\tgit clone … demo.cpp      # and nothing in .dockerignore",
    good="backend/cpp/demo/demo.cpp",
    checklist=DIRECTORY,
)

SUBMODULE = Rule(
    id="REG820",
    name="submodule-incomplete",
    severity=Severity.ERROR,
    what="A backend's submodule has an entry in .gitmodules and no commit in git, or a commit and no entry.",
    why="Without the commit CI checks out an empty directory and the build stops; without the entry every "
    "`git submodule` command in the whole repository fails.",
    how="Add the submodule with `git submodule add URL PATH`, which writes both, and commit both.",
    bad='[submodule "backend/rust/demo/sources/Engine"]      # and `git ls-files -s` shows nothing at that path',
    good="160000 29e99ad5a5aa64b97e1e8e963e6d73b0267d796a 0\tbackend/rust/demo/sources/Engine",
    checklist=DIRECTORY,
)

SWALLOWED = Rule(
    id="REG812",
    name="directory-swallowed",
    severity=Severity.ERROR,
    what="A directory of the backend that is part of the repository is dropped by a pattern in .dockerignore.",
    why="`backend/go/*/{build,sources,package,.cache}`, `backend/python/**/source` and `**/venv` never reach an image "
    "build: it fails there, and works in a checkout.",
    how="Give the directory another name.",
    bad="backend/go/demo/sources/shim.cpp",
    good="backend/go/demo/cpp/shim.cpp",
    checklist=DIRECTORY,
)

PLACEHOLDER = Rule(
    id="REG818",
    name="placeholder-engine",
    severity=Severity.NOTE,
    what="The engine is still the stand-in that `newbackend create` wrote.",
    why="It answers every request with made-up results, right for a first pull request, wrong for a release.",
    how="Put the real engine in, and delete the comment with NEWBACKEND-PLACEHOLDER.",
    bad="// NEWBACKEND-PLACEHOLDER: replace this with the real engine.",
    good="// calls the engine",
    checklist=DIRECTORY,
)

NO_DARWIN_BUILD = Rule(
    id="REG821",
    name="darwin-build-missing",
    severity=Severity.ERROR,
    what="A C++ backend has a macOS row, and no make target with a script of its own builds it there.",
    why="Go and Python share a script; C++ backends are built by `make backends/NAME-darwin`, and the job stops there.",
    how="Add scripts/build/NAME-darwin.sh and the target that runs it (llama-cpp's is the pattern).",
    incident="ds4's macOS image was in the gallery before anything built it; privacy-filter got its script in "
    "d388f874d (#10513).",
    bad='includeDarwin:\n  - backend: "demo"\n    lang: "go"          # C++ sources, no backends/demo-darwin',
    good="backends/demo-darwin: build\n\tbash ./scripts/build/demo-darwin.sh",
    checklist=OS,
)
