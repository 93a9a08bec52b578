# Everything a newcomer needs: `make demo` and `make test`. Both set up what they use.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
JOBS   ?= 2
SECONDS ?= 60
# The installed copy of the wheel is what the tests import: nothing here puts the source tree on the path.
# A digest names the installed state: template names have characters that make cannot have in a prerequisite.
SOURCE_ID := $(shell find newbackend templates docs/schema pyproject.toml -type f ! -name '*.pyc' -print0 \
	| LC_ALL=C sort -z | xargs -0 cksum | cksum | tr ' ' '-')
STAMP  := $(VENV)/.installed-$(SOURCE_ID)
DEV    := $(VENV)/.dev-$(SOURCE_ID)

.DEFAULT_GOAL := help
.PHONY: help demo test lint fmt check fuzz bench system-packages go-tools golden docs site pictures wheel clean

help: ## Show the targets.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit("newbackend needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

$(STAMP): | $(BIN)/pip
	rm -f $(VENV)/.installed-* $(VENV)/.dev-*
	$(BIN)/pip install --quiet --disable-pip-version-check build
	rm -rf dist
	$(BIN)/python -m build --quiet --wheel --outdir dist .
	$(BIN)/pip install --quiet --disable-pip-version-check --force-reinstall --no-deps dist/newbackend-*.whl
	$(BIN)/pip install --quiet --disable-pip-version-check "$$(ls dist/newbackend-*.whl)"
	touch $@

$(DEV): | $(STAMP)
	$(BIN)/pip install --quiet --disable-pip-version-check "$$(ls dist/newbackend-*.whl)[dev,cpu,zstd]"
	touch $@

wheel: $(STAMP) ## Build the wheel and install it into .venv.

demo: $(STAMP) ## Set up, then run the main job on the embedded sample checkout.
	$(BIN)/newbackend demo

test: $(DEV) system-packages go-tools lint ## Set up, then run everything.
	$(BIN)/pytest -n $(JOBS) --dist loadgroup

check: $(DEV) ## Tests without the compiled backends: quick.
	$(BIN)/pytest -n $(JOBS) --dist loadgroup -m "not build"

lint: $(DEV) ## ruff and mypy --strict.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fmt: $(DEV) ## Format the code.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

fuzz: $(DEV) ## Attack it for SECONDS (60) and print a table; SEED=N repeats a run.
	PYTHONPATH=tests $(BIN)/python -m fuzz --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))

bench: $(DEV) ## Print the table of measured times (docs/performance.md).
	$(BIN)/python bench/bench.py

docs: $(DEV) ## Write docs/rules.md and docs/schema/ again, from the rules and the types.
	$(BIN)/python -m newbackend.rulebooks docs/rules.md
	$(BIN)/python -m newbackend.schema.registry docs/schema

site: $(DEV) ## Build the documentation as a site into build/site.
	$(BIN)/mkdocs build --strict

pictures: $(DEV) ## Draw the README's pictures again, from real runs.
	$(BIN)/python tools/pictures.py

golden: $(DEV) ## Rewrite every golden file; review the result as a diff.
	NEWBACKEND_GOLDEN=write $(BIN)/pytest -q -m "not build" tests

system-packages: ## On Debian as root: compilers and gRPC for the tests that build backends.
	@sh .ci/system-packages

go-tools: $(DEV)
	@sh .ci/go-tools

clean: ## Remove what the targets made.
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .cache
