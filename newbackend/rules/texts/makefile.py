"""REG3xx, the root Makefile: facts from contract 8 and 11.1 and the guide's step 4."""

from __future__ import annotations

from newbackend.findings import Confidence, Fix, Rule, Severity
from newbackend.rules.texts.checklist import MAKE

_MAKE_BACKEND = "`make backends/NAME`, the documented way to build and install a backend, needs it."

NOT_PARALLEL = Rule(
    id="REG301",
    name="notparallel-missing",
    severity=Severity.WARNING,
    what="`.NOTPARALLEL` does not list `backends/NAME`, or `backends/NAME-darwin` where there is such a target.",
    why="With -j two image builds run at once and overwrite each other's files under backend-images.",
    how="Append the word to the line.",
    bad=".NOTPARALLEL: backends/other",
    good=".NOTPARALLEL: backends/other backends/demo",
    fix=Fix.SAFE,
    checklist=MAKE,
)

PREPARE_TEST = Rule(
    id="REG302",
    name="prepare-test-extra-missing",
    severity=Severity.NOTE,
    what="`prepare-test-extra` does not build the backend before its tests.",
    why="The guide asks for it; C++ backends are left out by convention, and the target has not run since "
    "protogen-python was removed in July 2025.",
    how="Add `$(MAKE) -C backend/<lang>/NAME` to its recipe.",
    bad="prepare-test-extra: protogen-python\n\t$(MAKE) -C backend/python/other",
    good="prepare-test-extra: protogen-python\n\t$(MAKE) -C backend/python/other\n\t$(MAKE) -C backend/python/demo",
    fix=Fix.SAFE,
    checklist=MAKE,
)

TEST_EXTRA = Rule(
    id="REG303",
    name="test-extra-missing",
    severity=Severity.NOTE,
    what="`test-extra` does not run the backend's tests.",
    why="The guide asks for it in every language; see prepare-test-extra-missing for what it is worth today.",
    how="Add `$(MAKE) -C backend/<lang>/NAME test` to its recipe.",
    bad="test-extra: prepare-test-extra\n\t$(MAKE) -C backend/python/other test",
    good="test-extra: prepare-test-extra\n\t$(MAKE) -C backend/python/other test\n"
    "\t$(MAKE) -C backend/python/demo test",
    fix=Fix.SAFE,
    checklist=MAKE,
)

DEFINITION = Rule(
    id="REG304",
    name="definition-missing",
    severity=Severity.WARNING,
    what="The root Makefile has no `BACKEND_NAME = …` definition.",
    why=_MAKE_BACKEND,
    how="Add the definition and its eval beside those of the same language.",
    incident="ced, face-detect, voice-detect and locate-anything-cpp cannot be built by make.",
    bad="# nothing for demo",
    good="BACKEND_DEMO = demo|golang|.|false|true",
    fix=Fix.SAFE,
    checklist=MAKE,
)

EVAL = Rule(
    id="REG305",
    name="eval-missing",
    severity=Severity.WARNING,
    what="A definition has no `$(eval $(call generate-docker-build-target,…))`.",
    why="Without it there is no docker-build-NAME target, and `make backends/NAME` stops with `No rule to make "
    "target`.",
    how="Add the eval line of that definition.",
    bad="BACKEND_DEMO = demo|golang|.|false|true",
    good="BACKEND_DEMO = demo|golang|.|false|true\n$(eval $(call generate-docker-build-target,$(BACKEND_DEMO)))",
    fix=Fix.SAFE,
    checklist=MAKE,
)

BUILD_ALL = Rule(
    id="REG306",
    name="docker-build-backends-missing",
    severity=Severity.WARNING,
    what="`docker-build-backends` does not list `docker-build-NAME`.",
    why="`make docker-build-backends` builds every backend but this one.",
    how="Append `docker-build-NAME` to the line.",
    bad="docker-build-backends: docker-build-other",
    good="docker-build-backends: docker-build-other docker-build-demo",
    fix=Fix.SAFE,
    checklist=MAKE,
)

DEFINITION_WRONG = Rule(
    id="REG307",
    name="definition-wrong",
    severity=Severity.ERROR,
    what="A definition names a Dockerfile or a build context that does not exist, or another language's Dockerfile.",
    why="`make backends/NAME` fails, or builds with the wrong Dockerfile.",
    how="NAME|TYPE|CONTEXT|PROGRESS|NEEDS_BACKEND: TYPE is python, golang, rust or, for C++, the name.",
    bad="BACKEND_DEMO = demo|go|.|false|true",
    good="BACKEND_DEMO = demo|golang|.|false|true",
    checklist=MAKE,
)

TEST_TARGET = Rule(
    id="REG308",
    name="test-target-missing",
    severity=Severity.WARNING,
    what="`test-extra` calls a `test` target that the backend's Makefile does not have.",
    why="The recipe stops there with `No rule to make target`, and the tests of every later backend with it.",
    how="Add `test:` to the backend's Makefile, or take the line out.",
    incident="faster-whisper and rfdetr are called and have no test target.",
    bad="\t$(MAKE) -C backend/python/demo test      # backend/python/demo/Makefile: no test",
    good="test: demo\n\tbash test.sh",
    checklist=MAKE,
)

TARGET_BROKEN = Rule(
    id="REG309",
    name="docker-build-target-undefined",
    severity=Severity.ERROR,
    what="`docker-build-backends` lists a target that nothing defines.",
    why="`make docker-build-backends` stops at once, for every backend.",
    how="Add the definition and the eval, or take the word off the line.",
    bad="docker-build-backends: docker-build-demo     # no BACKEND_DEMO, or no eval of it",
    good="$(eval $(call generate-docker-build-target,$(BACKEND_DEMO)))",
    fix=Fix.SAFE,
    checklist=MAKE,
)

LEFTOVER = Rule(
    id="REG310",
    name="makefile-leftover",
    severity=Severity.WARNING,
    confidence=Confidence.LIKELY,
    what="The root Makefile still speaks of a backend whose directory is gone.",
    why="Its targets fail; whoever reads the list believes that the backend exists.",
    how="Take its lines and words out.",
    incident="BACKEND_HUGGINGFACE outlived backend/go/huggingface.",
    bad="BACKEND_DEMO = demo|golang|.|false|true     # no backend/go/demo",
    good="# nothing",
    checklist=MAKE,
)

TWICE = Rule(
    id="REG311",
    name="makefile-twice",
    severity=Severity.WARNING,
    what="A definition or eval stands in the root Makefile twice.",
    why="make warns on every run and takes the last one.",
    how="Delete one.",
    bad="BACKEND_DEMO = demo|golang|.|false|true\nBACKEND_DEMO = demo|python|.|false|true",
    good="BACKEND_DEMO = demo|golang|.|false|true",
    checklist=MAKE,
)

EVAL_UNDEFINED = Rule(
    id="REG312",
    name="eval-undefined",
    severity=Severity.ERROR,
    what="An eval expands a `BACKEND_…` variable that is not defined.",
    why="It generates a target with an empty name; make overrides it again and again, and builds nothing.",
    how="Correct the variable's name, or delete the line.",
    bad="$(eval $(call generate-docker-build-target,$(BACKEND_DEMOO)))",
    good="$(eval $(call generate-docker-build-target,$(BACKEND_DEMO)))",
    checklist=MAKE,
)
