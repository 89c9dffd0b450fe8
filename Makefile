# make demo | year | test | test-fast | check | bench | faults | dist | clean — nothing needed beforehand but Python ≥ 3.11 with venv.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Processes that share the tests, a file at a time: flow tests wait for most of their time, so that three fill two cores.
WORKERS ?= 3
SIDE_BY_SIDE = -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# A run starts hundreds of processes: without bytecode each would compile the hub anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo year test test-fast check bench faults dist clean
.DEFAULT_GOAL := demo

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Creating $(VENV) and installing the hub (first time only)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(STAMP)
	@$(BIN)/hub demo --out build/demo

# The long form of the story: twelve months, minutes.
year: $(STAMP)
	@$(BIN)/python -m tests.flow.whole_year --out build/year

test: $(STAMP)
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) $(TESTS)

# Nothing here waits, so that two processes fill two cores.
test-fast: WORKERS = 2
test-fast: $(STAMP)
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) tests/unit tests/contract

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/tidy
	$(BIN)/hub contracts check

faults: $(STAMP)
	@$(BIN)/python -m tests.faults.run
	@$(BIN)/python -m tests.faults.hour --minutes $(or $(MINUTES),60)

bench: $(STAMP)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	@$(BIN)/python -m tests.bench.run

dist: $(STAMP)
	@$(BIN)/python -m build --outdir dist .

clean:
	@if [ -x $(BIN)/hub ]; then $(BIN)/hub clean; fi
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +
