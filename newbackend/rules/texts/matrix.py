"""REG1xx, `.github/backend-matrix.yml`: facts from contract 11.2, 13 and 14.4."""

from __future__ import annotations

from newbackend.findings import Confidence, Rule, Severity
from newbackend.rules.texts.checklist import IMAGES, OS, ROWS, SUFFIX

ROW_MISSING = Rule(
    id="REG101",
    name="row-missing",
    severity=Severity.ERROR,
    what="A gallery entry points at an image that no row of the build matrix builds.",
    why="The tag does not exist in the registry (or is a stale one of years ago), so installing the backend on "
    "that hardware fails with a pull error.",
    how="Add the row to `include`, or take the entries and their capability key out of the gallery.",
    incident="rocm-turboquant stood in the gallery without a row; cuda12-trl and cuda13-trl pointed at tags that "
    "nothing built until the suffixes were aligned.",
    bad='uri: "…:latest-gpu-rocm-hipblas-demo"   # and no row with that tag-suffix',
    good="- build-type: 'hipblas'\n  tag-suffix: '-gpu-rocm-hipblas-demo'\n  backend: \"demo\"",
    checklist=ROWS,
)

ROW_DUPLICATE = Rule(
    id="REG102",
    name="row-duplicate",
    severity=Severity.ERROR,
    what="Two rows have the same tag-suffix and platform-tag.",
    why="Both push the same image; whichever job ends last wins, and the path filter, which tells rows apart by "
    "these two fields, sees only one of them.",
    how="Give one of them its own tag-suffix, or delete the copy.",
    incident="The repository's own filter keys rows by tag-suffix and platform-tag (scripts/lib/backend-filter.mjs).",
    bad="- tag-suffix: '-cpu-demo'\n  backend: \"demo\"\n- tag-suffix: '-cpu-demo'\n  backend: \"other\"",
    good="- tag-suffix: '-cpu-demo'\n  backend: \"demo\"\n- tag-suffix: '-cpu-other'\n  backend: \"other\"",
    checklist=ROWS,
)

ROW_FIELDS = Rule(
    id="REG103",
    name="row-field",
    severity=Severity.ERROR,
    what="A row lacks a field that the build needs, or has one that nothing reads.",
    why="A missing field reaches the workflow as an empty string and the job fails or builds the wrong thing; a "
    "misspelt one is ignored without a word.",
    how="Copy the field from a row of the same shape.",
    bad="- build-type: 'cublas'\n  base_image: \"ubuntu:24.04\"",
    good="- build-type: 'cublas'\n  base-image: \"ubuntu:24.04\"",
    checklist=ROWS,
)

DARWIN_MISSING = Rule(
    id="REG104",
    name="darwin-row-missing",
    severity=Severity.ERROR,
    what="A gallery entry points at a macOS image, and `includeDarwin` has no row for it.",
    why="The image is never built, so installing on a Mac fails.",
    how="Add the row to `includeDarwin`, or take the `metal` capability and its entries out.",
    incident="ds4's metal-ds4 entries were in the gallery from its first day; the row came later.",
    bad='uri: "…:latest-metal-darwin-arm64-demo"   # and no includeDarwin row',
    good='includeDarwin:\n  - backend: "demo"\n    tag-suffix: "-metal-darwin-arm64-demo"',
    checklist=OS,
)

DOCKERFILE_MISSING = Rule(
    id="REG105",
    name="row-dockerfile",
    severity=Severity.ERROR,
    what="A row names a Dockerfile that does not exist.",
    why="The job fails at its first step.",
    how="Correct the path; shared ones are backend/Dockerfile.python, .golang and .rust.",
    bad='dockerfile: "./backend/Dockerfile.go"',
    good='dockerfile: "./backend/Dockerfile.golang"',
    checklist=ROWS,
)

LEG_ALONE = Rule(
    id="REG106",
    name="platform-leg-alone",
    severity=Severity.NOTE,
    confidence=Confidence.POSSIBLE,
    what="A row has a platform-tag but no twin of the other architecture.",
    why="It works, as an image of one architecture. If the twin was forgotten, hosts of the other architecture "
    "are told there is no image for them.",
    how="Add the twin with the same tag-suffix, or drop platform-tag from the lone row.",
    incident="-gpu-vulkan-privacy-filter and -cpu-liquid-audio are built for amd64 only.",
    bad="- platform-tag: 'amd64'\n  tag-suffix: '-cpu-demo'",
    good="- platform-tag: 'amd64'\n  tag-suffix: '-cpu-demo'\n- platform-tag: 'arm64'\n  tag-suffix: '-cpu-demo'",
    checklist=ROWS,
)

ARCH_MISMATCH = Rule(
    id="REG107",
    name="row-architecture",
    severity=Severity.ERROR,
    what="A row's platforms, platform-tag and runner do not speak of the same architecture.",
    why="The job builds under emulation for hours or not at all, or an image is merged under the other "
    "architecture's name.",
    how="amd64: 'linux/amd64' on 'ubuntu-latest'; arm64: 'linux/arm64' on 'ubuntu-24.04-arm'. Two architectures are "
    "two rows, never one list.",
    incident="Rows with 'linux/amd64,linux/arm64' were split per architecture in May 2026.",
    bad="platforms: 'linux/arm64'\nplatform-tag: 'amd64'\nruns-on: 'ubuntu-latest'",
    good="platforms: 'linux/arm64'\nplatform-tag: 'arm64'\nruns-on: 'ubuntu-24.04-arm'",
    checklist=ROWS,
)

LEGS_DISAGREE = Rule(
    id="REG108",
    name="legs-disagree",
    severity=Severity.ERROR,
    what="The amd64 and arm64 rows of one image differ in a field that must be the same.",
    why="They are merged into one tag: it would be :latest by the first leg's word only, or hold another backend "
    "or build type on one architecture.",
    how="Make the fields equal.",
    incident="computeMergeMatrix only warns in the log and takes the first leg's value.",
    bad="- platform-tag: 'amd64'\n  tag-latest: 'auto'\n- platform-tag: 'arm64'\n  tag-latest: 'false'",
    good="- platform-tag: 'amd64'\n  tag-latest: 'auto'\n- platform-tag: 'arm64'\n  tag-latest: 'auto'",
    checklist=ROWS,
)

SUFFIX_SHARED = Rule(
    id="REG109",
    name="suffix-shared",
    severity=Severity.ERROR,
    what="Rows of one tag-suffix are partly with and partly without platform-tag.",
    why="The multi-arch job and the single-arch job both publish that tag; the later one overwrites the earlier.",
    how="Give every row of that image a platform-tag, or the single one its own suffix.",
    bad="- tag-suffix: '-cpu-demo'\n  platform-tag: 'amd64'\n- tag-suffix: '-cpu-demo'",
    good="- tag-suffix: '-cpu-demo'\n  platform-tag: 'amd64'\n- tag-suffix: '-cpu-demo'\n  platform-tag: 'arm64'",
    checklist=SUFFIX,
)

BUILDER_BASE = Rule(
    id="REG110",
    name="builder-base-image",
    severity=Severity.ERROR,
    what="A row's builder-base-image is missing where its siblings have one, is of the other architecture, or is "
    "built by no workflow.",
    why="The job starts from an image that does not exist or cannot run there; without one it compiles gRPC first, "
    "half an hour of every build.",
    how="Take the base-grpc image of the row's build type and architecture; .github/workflows/base-images.yml lists "
    "them.",
    bad="platforms: 'linux/arm64'\nbuilder-base-image: \"quay.io/go-skynet/ci-cache:base-grpc-amd64\"",
    good="platforms: 'linux/arm64'\nbuilder-base-image: \"quay.io/go-skynet/ci-cache:base-grpc-arm64\"",
    checklist=ROWS,
)

ROW_DIRECTORY = Rule(
    id="REG111",
    name="row-directory",
    severity=Severity.ERROR,
    what="A row builds a backend that has no directory, or one in another language than its Dockerfile.",
    why="The image build stops where it copies the sources; after a backend was removed its row fails every night.",
    how="Correct `backend` and `dockerfile`, or delete the row of a removed backend.",
    bad='backend: "demo"                            # sources in backend/go/demo\n'
    'dockerfile: "./backend/Dockerfile.python"',
    good='backend: "demo"\ndockerfile: "./backend/Dockerfile.golang"',
    checklist=ROWS,
)

BASE_MISMATCH = Rule(
    id="REG112",
    name="base-image-release",
    severity=Severity.ERROR,
    what="A row's base-image is of another Ubuntu release than its ubuntu-version.",
    why="Vendor repositories of the wrong release are added, and libraries land in the image that the runtime "
    "image's glibc cannot load.",
    how="Make them agree: '2404' with 24.04 images, '2204' with 22.04 and JetPack r36.",
    incident="#11143, #11059: images built on one release need a newer glibc than the other has.",
    bad="base-image: \"ubuntu:22.04\"\nubuntu-version: '2404'",
    good="base-image: \"ubuntu:24.04\"\nubuntu-version: '2404'",
    checklist=ROWS,
)

JOB_LIMIT = Rule(
    id="REG113",
    name="job-limit",
    severity=Severity.ERROR,
    what="A matrix job gets more rows than GitHub starts: 256.",
    why="Nothing fails visibly: the job waits for ever and builds none of its rows.",
    how="Raise SINGLEARCH_SHARDS and add the matching jobs to backend.yml and backend_pr.yml.",
    incident="The v4.6.1 tag build had 268 single-arch rows and started none of them.",
    bad="const SINGLEARCH_SHARDS = 1;   // 268 single-arch rows",
    good="const SINGLEARCH_SHARDS = 4;",
    checklist=ROWS,
)

SUFFIX_MEANING = Rule(
    id="REG114",
    name="suffix-meaning",
    severity=Severity.ERROR,
    what="A row's tag-suffix promises other hardware than its build-type and CUDA version build.",
    why="Users of that hardware get an image for another one.",
    how="Correct whichever of the two was copied: suffix, build-type or cuda-major-version.",
    bad="tag-suffix: '-gpu-nvidia-cuda-13-demo'\nbuild-type: 'cublas'\ncuda-major-version: \"12\"",
    good="tag-suffix: '-gpu-nvidia-cuda-13-demo'\nbuild-type: 'cublas'\ncuda-major-version: \"13\"",
    checklist=SUFFIX,
)

BUILD_TYPE = Rule(
    id="REG115",
    name="build-type-unknown",
    severity=Severity.ERROR,
    confidence=Confidence.LIKELY,
    what="A row's build-type is one that no other row and no build script knows, or lacks the CUDA version it needs.",
    why="Makefiles compare BUILD_TYPE with fixed words; an unknown one builds for the CPU without a word.",
    how="One of '', cublas, l4t, hipblas, intel, sycl_f16, sycl_f32, vulkan; for macOS metal or mps.",
    bad="build-type: 'cuda'",
    good="build-type: 'cublas'",
    checklist=ROWS,
)

DARWIN_LANG = Rule(
    id="REG116",
    name="darwin-row-lang",
    severity=Severity.ERROR,
    what="A macOS row's lang names a make target that does not exist, or another language than the backend's.",
    why="The workflow runs `make build-darwin-<lang>-backend`; without lang it takes python.",
    how='lang: "go" for Go and for C++ with its own build; no lang for Python.',
    bad='- backend: "demo"\n  lang: "golang"',
    good='- backend: "demo"\n  lang: "go"',
    checklist=OS,
)

LINUX_ONLY = Rule(
    id="REG117",
    name="linux-only",
    severity=Severity.NOTE,
    confidence=Confidence.POSSIBLE,
    what="The backend has a CPU image for Linux and no macOS row.",
    why="The guide asks to cover every system or to say why not; a backend only under `include` is not offered on a "
    "Mac although its code may well run there.",
    how="Add a row to `includeDarwin` and the `metal` entries, or say in the pull request why it cannot run there.",
    bad="include:\n  - backend: \"demo\"\n    tag-suffix: '-cpu-demo'",
    good='includeDarwin:\n  - backend: "demo"\n    tag-suffix: "-metal-darwin-arm64-demo"',
    checklist=OS,
)

NO_ROWS = Rule(
    id="REG118",
    name="never-built",
    severity=Severity.ERROR,
    what="A backend directory has no row at all, neither Linux nor macOS.",
    why="No image of it is ever built or pushed.",
    how="Add its rows, or delete the directory of a removed backend.",
    bad="backend/go/demo/run.sh                # and no row with backend: demo",
    good="- backend: \"demo\"\n  tag-suffix: '-cpu-demo'",
    checklist=ROWS,
)

SUFFIX_UNIQUE_IMAGE = Rule(
    id="REG119",
    name="suffix-foreign",
    severity=Severity.ERROR,
    what="Rows of two backends share one tag-suffix.",
    why="They are merged into one image tag; half of the users get the other backend.",
    how="Give each backend its own suffix; it ends in the backend's name.",
    bad="- tag-suffix: '-cpu-demo'\n  platform-tag: 'amd64'\n  backend: \"demo\"\n"
    "- tag-suffix: '-cpu-demo'\n  platform-tag: 'arm64'\n  backend: \"other\"",
    good="- tag-suffix: '-cpu-demo'\n  platform-tag: 'amd64'\n  backend: \"demo\"\n"
    "- tag-suffix: '-cpu-other'\n  platform-tag: 'arm64'\n  backend: \"other\"",
    checklist=SUFFIX,
)

YAML_KEY_TWICE = Rule(
    id="REG120",
    name="yaml-key-twice",
    severity=Severity.ERROR,
    what="A mapping in the matrix or the gallery has the same key twice.",
    why="LocalAI's and the CI's YAML readers refuse the whole file, so no backend can be listed or built; others "
    "silently take the last value.",
    how="Delete one of the two lines.",
    bad='capabilities:\n  nvidia: "cuda12-demo"\n  nvidia: "cuda13-demo"',
    good='capabilities:\n  nvidia: "cuda12-demo"\n  nvidia-cuda-13: "cuda13-demo"',
    checklist=IMAGES,
)
