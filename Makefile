# Each target sets up what it needs. A fresh machine needs Python 3.11 or newer and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CLAIMS ?= 1000000
export DAGSTER_DISABLE_TELEMETRY := 1

.PHONY: help setup demo test test-long graph ui check bench wheel lock clean
help:
	@echo "make demo   make up a region, run its history and 2025, clear the year, print the result"
	@echo "make test   run the tests"
	@echo "make test-long  a day of operation, 50 kills through web server and daemon, and faults at every place"
	@echo "make graph  write down the asset graph, after a change of it that is meant"
	@echo "make ui     open the Dagster UI on the demo's data"
	@echo "make check  lint and types"
	@echo "make bench  how long a million claims take, beside a bare pass over them (CLAIMS=100000 for fewer)"
	@echo "make wheel  a wheel in dist/ that needs no checkout"
	@echo "make setup  only the environment (.venv, with the drg command)"

setup: $(VENV)/.ready

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name it with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@

demo: setup
	$(BIN)/drg demo

test: setup
	$(BIN)/python -m pytest -q -n 2 --dist loadfile

# Needs DRG_SAMPLES; DRG_KILLS, DRG_INPUTS, DRG_SEED, DRG_PICTURES (a folder for screenshots) and DRG_FAULT_TABLE (a
# file for what was tried) change what it does.
test-long: export DRG_KILLS ?= 50
test-long: export DRG_INPUTS ?= 200
test-long: setup
	$(BIN)/python -m pytest -q -s -x tests/long tests/faults

# tests/architecture/asset_graph.txt: its difference is part of what is reviewed.
graph: setup
	PYTHONPATH=tests $(BIN)/python -m support.asset_graph

ui: setup
	$(BIN)/drg ui

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup
	$(BIN)/python -m bench.pipeline --claims $(CLAIMS)

wheel: setup
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --wheel-dir dist .

# Renew the lock: versions and hashes only, no registry in it. Needs uv.
lock:
	uv pip compile --universal --python-version 3.11 --no-strip-extras --generate-hashes --no-annotate --no-header --extra dev pyproject.toml -o requirements.lock

clean:
	rm -rf data/demo
