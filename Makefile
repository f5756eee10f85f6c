# Every job of the repository by name; `make help` lists them. Needs make, bash and Python 3.11, and no root.
# What is done leaves a stamp in .venv, so that a second `make setup` finds nothing to do.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
DONE := $(VENV)/.done

.PHONY: help setup protos run demo test test-slow soak lint format bench minio lock protos-baseline dev clean

help: ## Say what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name what; do \
	  printf '  make %-16s %s\n' "$$name" "$$what"; done

setup: $(DONE)/requirements $(DONE)/headwater $(DONE)/pages protos ## Install all that running needs; nothing to do the second time

run: setup ## Start everything on this machine and print the addresses
	@exec $(BIN)/headwater run

demo: setup ## Push a generated picture into a new livestream and print where to watch
	@exec $(BIN)/headwater demo

test: dev ## Install what tests need, then run all but the slow ones (ARGS="-k playlist" goes to pytest)
	@tools/packages.sh
	@tools/test.sh $(ARGS)

test-slow: dev ## Run the tests that take minutes
	@tools/packages.sh
	@$(BIN)/pytest -m slow $(ARGS)

soak: dev ## Run the outage tests of tests/e2e, slow ones included, and kill api at every write of every order
	@tools/packages.sh
	@$(BIN)/pytest -m "slow or e2e" tests/e2e tests/api/test_fault_points.py $(ARGS)

lint: dev ## Check format, style, types, protos and the rules of tests/rules
	@tools/lint.sh

format: dev ## Put Python and protos into the format that lint asks for
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/buf format -w protos

bench: dev ## Measure, beside nginx-rtmp and MEDIAMTX_BIN where they are (docs/performance.md)
	@$(BIN)/python -m tests.bench $(ARGS)

protos: $(DONE)/requirements ## Build headwater/v1 and the other Python of protos/
	@$(BIN)/python tools/protos.py

protos-baseline: protos ## Take the present protos as what `make lint` holds later changes against
	@tools/protolint.sh --take-baseline

minio: setup ## Build the reference object store with Go (about 4 minutes); run and tests then use it
	@tools/minio.sh

lock: dev ## Lock requirements*.in and package.json anew: versions and hashes, no addresses
	@tools/lock.sh

clean: ## Remove all that was built or installed, but not the state in var/
	@rm -rf $(VENV) node_modules build dist buf headwater/v1 headwater/internal services/*/static/vendor *.egg-info
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

dev: setup $(DONE)/requirements-dev $(DONE)/pages-dev

$(DONE)/venv:
	@tools/venv.sh "$(PYTHON)" $(VENV)
	@mkdir -p $(DONE) && touch $@

$(DONE)/requirements $(DONE)/requirements-dev: $(DONE)/%: %.txt $(DONE)/venv
	@tools/install.sh $(BIN)/python $<
	@touch $@

$(DONE)/headwater: pyproject.toml $(DONE)/requirements
	@$(BIN)/python -m pip install -q --no-deps --no-index --no-build-isolation --config-settings editable_mode=compat -e .
	@touch $@

$(DONE)/pages: package-lock.json tools/pages.py $(DONE)/requirements
	@$(BIN)/python tools/pages.py
	@touch $@

$(DONE)/pages-dev: package-lock.json $(DONE)/pages
	@$(BIN)/python tools/pages.py --dev
	@touch $@
