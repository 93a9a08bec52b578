"""The lines of the checklist (`.agents/adding-backends.md`, section 5, and the pitfalls beside it).

Rules that stand behind the same line share its text; the Markdown report ticks it when all of them pass.
"""

DIRECTORY = "Backend directory is complete"
ROWS = "Build rows in `.github/backend-matrix.yml` for every platform"
OS = "OS coverage considered: macOS row, gallery entries, path filter, packaging"
META = "Meta definition in `backend/index.yaml`, production and development"
IMAGES = "Image entries for every variant, latest and development"
SUFFIX = "Tag suffixes match between the matrix and the gallery"
CAPABILITIES = "Capability map reaches every image, with a fallback"
MAKE = "Root Makefile: all six edits"
SYNTAX = "No YAML or Makefile syntax errors"
FILTER = "Path filter starts the backend's jobs"
BUMP = "Pinned upstreams are registered with the bump bot"
IMPORTABLE = "Importable: importer in specificity order, or a line among the known backends"
USECASES = "Capability entry with RPCs and usecases"
ENGINE_RANK = "Gallery variant ranking considered"
DOCUMENTED = "Documented in the backends page and the compatibility table"
IN_HOUSE = "In-house engine listed in README.md"
TEST_JOB = "Tests run: `test` target, and a job in test-extra.yml where there is one"
