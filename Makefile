# The developer's vocabulary. Every target works on a fresh clone: it sets up `.venv` first.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
# Many tests wait for processes that they started: with one more than there are cores, none of these is idle.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')

.DEFAULT_GOAL := help
.PHONY: help demo test matrix lint format bench docs ui pages wizard-picture lock clean

help: ## Show this help
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements.lock pyproject.toml
	@echo "Setting up $(VENV) (once; under a minute) …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "Python 3.10 or newer is needed; try: make PYTHON=python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@$(BIN)/python -m compileall -q connect connect_cli_ext connect_devops connect_eaas
	@touch $@

demo: $(READY) ## Run the whole loop: new project, local platform, runner, every kind of task (KEEP=1 leaves it running)
	@$(BIN)/ccli devops demo $(if $(KEEP),--keep)

test: $(READY) lint ## Check everything: what lint checks, and all tests
	@CHAOS=$${CHAOS:-short} $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

matrix: ## Run the tests that depend on the version of Python on each of 3.10 to 3.13 that is here
	@tests/other_pythons.sh $(PYTHONS)

lint: $(READY) ## Format check, lint, types, import contracts, documentation
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache > $(VENV)/import-contracts.txt || { cat $(VENV)/import-contracts.txt; exit 1; }
	@$(BIN)/mkdocs build --strict --quiet --site-dir $(VENV)/site

format: $(READY) ## Rewrite the code in the house's format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(READY) ## Print ratios against references measured in the same run
	@$(BIN)/python -m benchmarks

docs: $(READY) ## Build the user documentation strictly, into site/
	@$(BIN)/mkdocs build --strict --quiet

ui: $(READY) ## Open the local platform with demo data in the browser
	@$(BIN)/ccli devops demo --keep --open

pages: $(READY) ## Build the pages of the project template anew (needs Node.js)
	@$(BIN)/python tests/integration/template/page_builds.py

wizard-picture: $(READY) ## Draw the wizard of the documentation anew
	@$(BIN)/python tests/integration/cli/record_wizard.py

lock: ## Renew requirements.lock (needs uv)
	uv pip compile --quiet --upgrade pyproject.toml --all-extras --group dev --group docs --universal \
		--python-version 3.10 --no-header --no-annotate -o requirements.lock

clean: ## Remove what the other targets made
	rm -rf $(VENV) $(VENV)-3.* site dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage htmlcov
