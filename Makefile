# Everything a developer types. `make help` lists it. Stamp files in $(VENV) keep repeated calls quick.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV ?= .venv
UV := $(shell command -v uv 2>/dev/null)
PY := $(VENV)/bin/python

.PHONY: help run setup test check docs screens bench chaos messages lock clean

help: ## list what can be made
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

# --- the virtual environment -------------------------------------------------------------------------------------

$(PY):
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	$(if $(UV),uv venv --quiet --python $$($(PYTHON) -c 'import sys; print(sys.executable)') $(VENV),$(PYTHON) -m venv $(VENV))

# The lock file names every package there is, so nothing is resolved here: older pips look past the lock for extras.
define install
	$(if $(UV),uv pip install --quiet --python $(PY),$(PY) -m pip install --quiet --disable-pip-version-check) --no-deps --require-hashes -r $(1)
endef

$(VENV)/.runtime-ready: requirements.txt | $(PY)
	$(call install,$<)
	@touch $@

$(VENV)/.dev-ready: requirements-dev.txt | $(PY)
	$(call install,$<)
	@touch $@ $(VENV)/.runtime-ready

run: $(VENV)/.runtime-ready ## start the whole portal here, with sample data (PORT=, DATA_DIR=, DATABASE_URL=, ...)
	@$(PY) -m scripts.messages
	@exec $(PY) -m portal.demo

setup: $(VENV)/.dev-ready ## install everything for development into .venv

test: setup ## the whole suite on SQLite, then the domain again on a throw-away PostgreSQL
	@tests/bring.sh
	@$(PY) -m scripts.messages
	@status=0; \
	echo "--- SQLite"; \
	$(PY) -m pytest -n 3 --dist worksteal -q || status=$$?; \
	echo "--- PostgreSQL"; \
	$(PY) -m tests.servers postgres -- $(PY) -m pytest -n 3 --dist worksteal -q || status=$$?; \
	exit $$status

check: setup ## everything about the code that needs no test run
	@VENV=$(VENV) scripts/check.sh

docs: setup ## write the diagrams in README.md and docs/ anew from the rows
	@$(PY) -m scripts.docs --write

screens: setup ## take pictures of every page in every role into docs/screens/
	@$(PY) -m scripts.messages
	@exec $(PY) -m scripts.screens

bench: setup ## measure against the bare minimum, on SQLite and PostgreSQL
	@tests/bring.sh
	@exec $(PY) -m tests.benchmarks

chaos: setup ## kill workers, beat, Redis and mail server at random under thousands of due accounts (CHAOS_SEED=)
	@tests/bring.sh
	@$(PY) -m scripts.messages
	@exec $(PY) -m tests.chaos 3

messages: setup ## collect the texts to translate into locale/, and compile them (needs xgettext)
	$(PY) manage.py makemessages --locale nb --no-wrap --no-location --ignore '.venv/*' --ignore 'tests/*' --ignore 'loop_standin/*'
	$(PY) -m scripts.messages

lock: ## resolve pyproject.toml again into requirements*.txt (needs uv)
	$(if $(UV),,$(error make lock needs uv: install it with "$(PYTHON) -m pip install uv"))
	uv pip compile pyproject.toml --extra xlsx --universal --python-version 3.11 \
	  --generate-hashes --no-annotate --custom-compile-command "make lock" -q -o requirements.txt
	uv pip compile pyproject.toml --extra xlsx --group dev -c requirements.txt --universal --python-version 3.11 \
	  --generate-hashes --no-annotate --custom-compile-command "make lock" -q -o requirements-dev.txt

clean: ## remove what was built (the data folder stays)
	rm -rf $(VENV) static_collected .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find locale -name '*.mo' -delete 2>/dev/null || true
