# `make demo`, `make test` and `make check` need Python 3.11 or later and make: everything else is set up here.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.locked

.PHONY: help demo test check fix lock clean setup quality quality-data peers lock-peers speed spark

help:
	@echo "make demo   a simulated company, from raw tables to scored leads and a report"
	@echo "make test   all tests"
	@echo "make check  format, lint, types, layers, lock, tests and the demo: what CI runs"
	@echo "make quality  leadgauge beside its peers on the sets in ../shared/data (LEADGAUGE_DATA); one to two hours"
	@echo "make speed  a night beside what pandas or Polars with LightGBM or shap take, at 10,000 to 1,000,000 leads; about 40 minutes"
	@echo "make spark  add PySpark, for projects that say engine: spark"
	@echo "make fix    repair formatting and lint"
	@echo "make lock   resolve the dependencies anew"

$(STAMP): requirements.lock installer.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "leadgauge needs Python 3.11 or later; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r installer.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(STAMP)

# PySpark is half a gigabyte: whoever stays on one machine does without. `engine: spark` also wants Java 17.
SPARK := $(VENV)/.spark

$(SPARK): spark.lock $(STAMP)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r spark.lock
	@touch $@

spark: $(SPARK)

demo: $(STAMP)
	$(BIN)/leadgauge demo

test: $(STAMP) $(SPARK)
	$(BIN)/python -m pytest -n 2 --dist worksteal

check: $(STAMP) $(SPARK)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/test_lock.py
	$(MAKE) test
	$(MAKE) demo

fix: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(STAMP)
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --no-emit-index-url --group dev --output-file requirements.lock pyproject.toml
	echo 'uv>=0.13,<0.14' | $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --no-emit-index-url --output-file installer.lock -
	echo 'pyspark>=4.0,<4.1' | $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --no-emit-index-url --constraint requirements.lock --output-file spark.lock -

# The peers of `make quality` that want other versions than ours (CatBoost, AutoGluon without torch).
PEERS := .venv-peers

$(PEERS)/.locked: benchmarks/quality/peers.lock $(STAMP)
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(PEERS)
	$(BIN)/uv pip install --quiet --python $(PEERS)/bin/python --require-hashes -r benchmarks/quality/peers.lock
	@touch $@

peers: $(PEERS)/.locked

quality-data:
	@test -d "$${LEADGAUGE_DATA:-../shared/data}" || { echo "make quality reads public data sets that are no part of this repository: put them into ../shared/data, or say LEADGAUGE_DATA=FOLDER"; exit 4; }

quality: quality-data $(STAMP) $(PEERS)/.locked
	$(BIN)/python -m benchmarks.quality --curve --shuffled --out build/quality

speed: $(STAMP)
	$(BIN)/python -m benchmarks.speed --out build/speed

lock-peers: $(STAMP)
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --no-emit-index-url --output-file benchmarks/quality/peers.lock benchmarks/quality/peers.in

clean:
	rm -rf $(VENV) $(PEERS) leadgauge-home leadgauge-demo .mypy_cache .ruff_cache .pytest_cache
