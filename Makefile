# Two commands: `make run` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
BENCH ?= all
BENCHES := safety_stock orders quality rules log rollback service replicas
# The first interpreter that runs (a version manager's shim may exist and not run); PYTHON=... overrides.
PYTHON ?= $(shell for p in python3.11 python3.12 python3; do $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' 2>/dev/null && echo $$p && break; done)
UV := VIRTUAL_ENV=$(VENV) $(BIN)/uv pip
# unpinned tools that the environment may set must not reach the tests
export PYTHONHASHSEED := 0
# and where this one is set every process compiles the packages anew, which is a third of its start
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup run serve test check format fmt lint types contracts protos migrations docs generate lock bench soak tck clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(STAMP)  ## the virtual environment, from the committed lock

# The lock carries hashes and no index: any mirror can serve it.
$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/pip install --quiet uv
	$(UV) sync --quiet --compile-bytecode --require-hashes requirements.lock
	$(UV) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

run: setup  ## one decision end to end over gRPC on the bundled example
	$(BIN)/decisionctl tour

serve: setup  ## the service on loopback, embedded store
	$(BIN)/decisionctl serve --found policies/replenishment

test: setup  ## every test that needs no outside service
	$(BIN)/pytest -q -n 2 --dist loadscope

check: setup format lint types contracts protos migrations docs  ## everything but the tests

format: setup
	$(BIN)/ruff format --check .

lint: setup
	$(BIN)/ruff check .

types: setup
	$(BIN)/mypy

contracts: setup
	$(BIN)/lint-imports

protos: setup  ## lint, no breaking change, generated code in step
	$(BIN)/buf lint
	$(BIN)/buf format --diff --exit-code protos
	$(BIN)/buf breaking --against protos/baseline.binpb
	@d=$$(mktemp -d) && trap 'rm -rf $$d' EXIT && \
	  $(BIN)/python -m grpc_tools.protoc -I protos --python_out=$$d --pyi_out=$$d protos/decision_service/v1/*.proto protos/buf/validate/*.proto && \
	  for f in $$(cd $$d && find . -name '*.py*'); do cmp $$d/$$f $$f || { echo "run make generate"; exit 1; }; done

migrations: setup  ## up and down on an empty database
	$(BIN)/pytest -q tests/contract/audit -k migration

docs: setup  ## every command of the documents exists
	$(BIN)/pytest -q tests/test_docs.py -k "not runs"

fmt: setup  ## format and fix
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/buf format -w protos

generate: setup  ## code from the protos and the command reference, committed
	$(BIN)/python -m grpc_tools.protoc -I protos --python_out=. --pyi_out=. protos/decision_service/v1/*.proto protos/buf/validate/*.proto
	$(BIN)/python tests/test_docs.py --commands

lock: setup  ## resolve the dependencies anew
	$(UV) compile pyproject.toml --all-extras --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o requirements.lock

bench: setup  ## BENCH=safety_stock|orders|quality|rules|log|rollback|service|replicas: ratios measured side by side
	@for b in $(if $(filter all,$(BENCH)),$(BENCHES),$(BENCH)); do echo "== $$b"; $(BIN)/python tests/benchmarks/bench_$$b.py || exit 1; done

soak: setup  ## the long forms: joins, crashes, replays by the hundred
	@for b in joins rules crash replay edge; do echo "== $$b"; $(BIN)/python tests/benchmarks/soak_$$b.py || exit 1; done

tck: setup  ## TCK=FOLDER: the DMN Technology Compatibility Kit against rules.dmn
	$(BIN)/python tests/benchmarks/run_tck.py "$(TCK)"

clean:  ## what can be made again
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache bench-results
