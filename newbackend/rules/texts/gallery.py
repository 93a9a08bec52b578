"""REG2xx, `backend/index.yaml`: facts from contract 11.3, 11.4, 13.7 and pkg/system/capabilities.go."""

from __future__ import annotations

from newbackend.findings import Confidence, Fix, Rule, Severity
from newbackend.rules.texts.checklist import CAPABILITIES, IMAGES, META, SUFFIX

META_MISSING = Rule(
    id="REG201",
    name="meta-missing",
    severity=Severity.ERROR,
    what="A backend has rows in the matrix and no meta entry in the gallery, or one image under its plain name that "
    "hides its others.",
    why="Its images are built and nobody can install it by its name; where the plain name is one image, a Mac is "
    "given the Linux one.",
    how="Add an anchored entry with name, alias and capabilities to the section `## metas`.",
    bad="- !!merge <<: *demo          # image entries only",
    good='- &demo\n  name: "demo"\n  alias: "demo"\n  capabilities:\n    default: "cpu-demo"',
    checklist=META,
)

DEV_META_MISSING = Rule(
    id="REG202",
    name="development-meta-missing",
    severity=Severity.WARNING,
    what="A meta has no `-development` twin although development images exist.",
    why="`local-ai backends install NAME-development` picks no variant; testers must know the image entry's name.",
    how="Add the development meta: the anchor merged, the name and the capability map with -development.",
    incident="voxtral, trl and six more have none.",
    bad='- &demo\n  name: "demo"                  # and no demo-development',
    good='- !!merge <<: *demo\n  name: "demo-development"\n  capabilities:\n    default: "cpu-demo-development"',
    fix=Fix.SAFE,
    checklist=META,
)

ENTRY_MISSING = Rule(
    id="REG203",
    name="entry-missing",
    severity=Severity.ERROR,
    what="A row builds an image that no gallery entry offers: warning when only the development entry lacks.",
    why="CI builds and publishes it for nobody; hosts of that hardware fall back to another image, often the CPU one.",
    how="Add the `latest` and the `master` entry, and name the first in the capability map.",
    incident="sherpa-onnx is built for CUDA 13 and was never offered; whisperx and faster-whisper for L4T likewise.",
    bad="tag-suffix: '-gpu-nvidia-cuda-13-demo'      # and no entry whose uri ends so",
    good='- !!merge <<: *demo\n  name: "cuda13-demo"\n'
    '  uri: "quay.io/go-skynet/local-ai-backends:latest-gpu-nvidia-cuda-13-demo"',
    fix=Fix.SAFE,
    checklist=IMAGES,
)

SUFFIX_MISMATCH = Rule(
    id="REG204",
    name="suffix-mismatch",
    severity=Severity.ERROR,
    what="A gallery entry and the row of the same hardware disagree on the image's tag.",
    why="The gallery points at a tag that nothing builds, while the image that is built is offered nowhere.",
    how="Make the entry's uri and mirrors end in the row's tag-suffix, letter by letter.",
    incident="cuda12-trl pointed at -cublas-cuda12-trl; the row builds -gpu-nvidia-cuda-12-trl.",
    bad="uri: \"…:latest-cublas-cuda12-demo\"\ntag-suffix: '-gpu-nvidia-cuda-12-demo'",
    good="uri: \"…:latest-gpu-nvidia-cuda-12-demo\"\ntag-suffix: '-gpu-nvidia-cuda-12-demo'",
    fix=Fix.UNSAFE,
    checklist=SUFFIX,
)

TARGET_MISSING = Rule(
    id="REG205",
    name="capability-target-missing",
    severity=Severity.ERROR,
    what="A capability map names an entry that does not exist.",
    why="Installing the backend on that hardware fails with `no backend found`.",
    how="Correct the name, or add the entry that it means.",
    incident="diffusers' and kokoro's nvidia-l4t-cuda-12 pointed at entries of another spelling for months.",
    bad='capabilities:\n  nvidia: "cuda-12-demo"       # the entry is called cuda12-demo',
    good='capabilities:\n  nvidia: "cuda12-demo"',
    checklist=CAPABILITIES,
)

KEY_UNKNOWN = Rule(
    id="REG206",
    name="capability-key-unknown",
    severity=Severity.ERROR,
    what="A capability map has a key that no host ever reports; a warning when the right key is there too.",
    why="Nothing ever looks the key up; the hosts that were meant take the default image.",
    how="Use one of default, nvidia, nvidia-cuda-12, nvidia-cuda-13, nvidia-l4t, nvidia-l4t-cuda-12, "
    "nvidia-l4t-cuda-13, amd, intel, vulkan, metal, darwin-x86, cpu.",
    incident="metal-darwin-arm64 stands in five maps; Macs report metal.",
    bad='capabilities:\n  metal-darwin-arm64: "metal-demo"',
    good='capabilities:\n  metal: "metal-demo"',
    checklist=CAPABILITIES,
)

NO_FALLBACK = Rule(
    id="REG207",
    name="capability-fallback",
    severity=Severity.ERROR,
    what="A capability map has neither `default` nor `cpu`, although a CPU image exists.",
    why="A host without a usable GPU, or with one that the map does not name, is told there is no backend for it.",
    how='Add `default: "cpu-NAME"`.',
    bad='capabilities:\n  nvidia: "cuda12-demo"\n- name: "cpu-demo"',
    good='capabilities:\n  default: "cpu-demo"\n  nvidia: "cuda12-demo"',
    checklist=CAPABILITIES,
)

KEY_MISSING = Rule(
    id="REG208",
    name="capability-key-missing",
    severity=Severity.ERROR,
    what="An image is offered, and the capability map lacks the key of the hosts it is for.",
    why="There is no fallback from nvidia-cuda-13 to nvidia or the like: those hosts silently get the default image.",
    how="Add the key: cuda12 nvidia and nvidia-cuda-12, cuda13 nvidia-cuda-13, rocm amd, sycl or intel intel, "
    "vulkan vulkan, L4T nvidia-l4t and its CUDA versions, macOS metal.",
    incident="Metas with nvidia only gave CUDA 13 hosts the CPU image (contract 14.4).",
    bad='capabilities:\n  default: "cpu-demo"\n- name: "cuda13-demo"',
    good='capabilities:\n  default: "cpu-demo"\n  nvidia-cuda-13: "cuda13-demo"\n- name: "cuda13-demo"',
    checklist=CAPABILITIES,
)

TARGET_WRONG = Rule(
    id="REG209",
    name="capability-target-wrong",
    severity=Severity.ERROR,
    what="A capability key points at an image that cannot run there, or at another backend or channel.",
    why="The host installs it and fails at load, or silently follows the development channel.",
    how="Point the key at the entry of the same backend, hardware and channel.",
    bad='amd: "cuda12-demo"',
    good='amd: "rocm-demo"',
    checklist=CAPABILITIES,
)

DEV_KEYS = Rule(
    id="REG210",
    name="development-meta-differs",
    severity=Severity.WARNING,
    what="The development meta's capability keys or variants are not those of the production meta.",
    why="Somebody who tests the development channel gets another variant than production users will.",
    how="Copy the map and add -development to every name.",
    incident="Several development metas miss keys that were added to production later.",
    bad="demo:             default, nvidia-cuda-13\ndemo-development: default",
    good="demo:             default, nvidia-cuda-13\ndemo-development: default, nvidia-cuda-13",
    checklist=META,
)

ALIAS_MISSING = Rule(
    id="REG211",
    name="alias-missing",
    severity=Severity.WARNING,
    what="A meta has no alias, or one that is not its name.",
    why="An installed variant such as cuda12-NAME is found under the plain name by its alias only.",
    how='Add `alias: "NAME"` to the anchored entry.',
    incident="Pitfall 5 of contract 14.4.",
    bad='- &demo\n  name: "demo"',
    good='- &demo\n  name: "demo"\n  alias: "demo"',
    checklist=META,
)

NAME_TWICE = Rule(
    id="REG212",
    name="entry-name-twice",
    severity=Severity.ERROR,
    what="Two gallery entries have the same name; a warning when they say the same.",
    why="LocalAI takes the first one it finds; the other can never be installed.",
    how="Rename or delete one.",
    incident="metal-whisper, metal-crispasr and intel-rfdetr are there twice.",
    bad='- name: "metal-demo"\n- name: "metal-demo"',
    good='- name: "metal-demo"\n- name: "metal-demo-development"',
    fix=Fix.UNSAFE,
    checklist=IMAGES,
)

FOREIGN_MERGE = Rule(
    id="REG213",
    name="entry-merge",
    severity=Severity.ERROR,
    what="An image entry merges another backend's anchor, or none; without any it is a warning.",
    why="It takes that backend's alias and licence: LocalAI then runs this image under the other's name.",
    how="`- !!merge <<: *anchor-of-this-backend`.",
    bad='- !!merge <<: *other\n  name: "cpu-demo"',
    good='- !!merge <<: *demo\n  name: "cpu-demo"',
    checklist=IMAGES,
)

MIRROR = Rule(
    id="REG214",
    name="mirror-mismatch",
    severity=Severity.WARNING,
    what="An entry's mirror is missing, or is not the same tag as its uri.",
    why="When quay.io fails the mirror is used: another image then, or none.",
    how="`localai/localai-backends:` and the tag of the uri.",
    bad='uri: "…:latest-cpu-demo"\nmirrors:\n  - localai/localai-backends:latest-cpu-other',
    good='uri: "…:latest-cpu-demo"\nmirrors:\n  - localai/localai-backends:latest-cpu-demo',
    checklist=IMAGES,
)

CHANNEL = Rule(
    id="REG215",
    name="entry-channel",
    severity=Severity.ERROR,
    what="An entry's name says one channel and its uri the other.",
    why="Production users get unreleased images, or testers get old ones.",
    how="`latest` for the plain name, `master` for the name with -development.",
    bad='name: "cpu-demo"\nuri: "…:master-cpu-demo"',
    good='name: "cpu-demo"\nuri: "…:latest-cpu-demo"',
    checklist=IMAGES,
)

HARDWARE_NAME = Rule(
    id="REG216",
    name="name-hardware-token",
    severity=Severity.ERROR,
    confidence=Confidence.LIKELY,
    what="The backend's name contains a word that LocalAI reads as hardware its images are not for.",
    why="IsBackendCompatible matches names by substring: on every other host the backend is hidden.",
    how="Rename the backend, in every place.",
    incident="Contract 11.3; a name such as chipmunk contains hip, AMD's token.",
    bad='name: "chipmunk"      # contains hip',
    good='name: "munk"',
    checklist=META,
)
