# SPDX-License-Identifier: GPL-3.0-or-later
# `make` explains the targets. They need git, make, Go and a Python; the rest they install, and say so.

.NOTPARALLEL:
SHELL := /bin/bash
INVENTORY ?= inventories/lab
LAB ?= nspawn
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: venv venv-dev
venv:
	@python="$$(tools/find-python)" && "$$python" tools/venv.py
venv-dev:
	@python="$$(tools/find-python)" && "$$python" tools/venv.py --dev

# ---------------------------------------------------------------- a cluster

.PHONY: cluster down
cluster: venv ## bare hosts of INVENTORY=inventories/lab to a Kubernetes cluster with the guestbook; LAB=nspawn or vagrant
	@tools/make-cluster "$(INVENTORY)" "$(LAB)"

down: ## remove the hosts of `make cluster` again
	@tools/make-down "$(INVENTORY)" "$(LAB)"

# ---------------------------------------------------------------- the gates

# pytest is the one runner: every gate is a test (tests/gates). `make test` is two runs of it, each by two workers. The first takes the
# gates and the unit tests; the second what needs lab hosts (tests/host, the molecule scenario `lab`, tests/cluster): there each worker has
# a lab of its own, and tests that share hosts stay together. tests/conftest.py makes that order.
# The whole must fit in 90 minutes; the goal on 2 cores is 30 with empty caches and 15 with full ones.
PYTEST := $(BIN)/python -m pytest
WORKERS := --numprocesses 2
LABS := $(WORKERS) --dist loadscope --no-loadscope-reorder --durations 40

.PHONY: check lint test bench bench-scale
check: venv-dev ## the fast gates and the unit tests, under a minute
	@HYPOTHESIS_PROFILE=fast $(PYTEST) $(WORKERS) --quiet -m "not slow and not lab" tests/gates tests/unit

lint: venv-dev ## the gates alone, the slow ones too (ansible-lint, ansible-test, packaging, …)
	@tools/need ruby=ruby
	@$(PYTEST) $(WORKERS) -m "not lab" tests/gates

test: venv-dev ## everything that must hold before a change lands; .ci/run is this
	@tools/need ruby=ruby
	@status=0; \
	$(PYTEST) $(WORKERS) -m "not lab" tests || status=1; \
	$(PYTEST) $(LABS) --verbose -m lab tests || status=1; \
	exit $$status

bench: venv ## time the first and the second run of site.yml on bare lab hosts
	@tools/bench "$(INVENTORY)"

bench-scale: venv ## measure the controller with 3, 20 and 100 workers, most of them stand-ins
	@$(BIN)/python tools/bench-scale

# ---------------------------------------------------------------- upkeep

.PHONY: format docs update-locks clean
format: venv-dev ## rewrite the Python files as the format gate wants them
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

docs: venv-dev ## docs/variables.md, from the documentation of roles and plugins
	@$(BIN)/python tools/generate-variables

update-locks: venv-dev ## the newest releases that requirements*.in allow, into requirements*.txt
	@tools/update-locks

clean: ## remove the virtual environment and what the gates built
	rm -rf .venv .build .mypy_cache .ruff_cache .pytest_cache .hypothesis
