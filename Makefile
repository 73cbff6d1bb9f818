# SPDX-License-Identifier: GPL-3.0-or-later
# `make` lists the targets. They need git, make, Go and Python 3.11 or later; what else they need, they install, and say so.

.NOTPARALLEL:
SHELL := /bin/bash
INVENTORY ?= inventories/lab
LAB ?= nspawn
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^# -+ / {sub(/^# -+ /, ""); printf "\n%s\n", $$0} \
		/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@printf '\nSettings: INVENTORY=%s (the hosts), LAB=%s (or guests, vagrant), BAREHOST_LAB=name (a second lab on this machine),\n' \
		'$(INVENTORY)' '$(LAB)'
	@printf '          PYTHON=path (the interpreter for .venv)\n'

# ---------------------------------------------------------------- a cluster

.PHONY: cluster down
cluster: ## create the hosts of INVENTORY, a Kubernetes cluster on them, and the guestbook; again: converge the same hosts
	@python="$$(tools/find-python)" && "$$python" tools/make_cluster.py up "$(INVENTORY)" "$(LAB)"

down: ## remove the hosts that make cluster created
	@python="$$(tools/find-python)" && "$$python" tools/make_cluster.py down "$(INVENTORY)" "$(LAB)"

# ---------------------------------------------------------------- tests

# pytest is the one runner: every gate is a test (tests/gates). `make test` is two runs of it, each by two workers. The first takes the
# gates and the unit tests; the second what needs lab hosts (tests/host, two molecule scenarios, tests/cluster): there each worker has
# a lab of its own, and tests that share hosts stay together. tests/conftest.py makes that order.
# The whole must fit in 90 minutes; the goal on 2 cores is 30 with empty caches and 15 with full ones.
PYTEST := $(BIN)/python -m pytest
WORKERS := --numprocesses 2
LABS := $(WORKERS) --dist loadscope --no-loadscope-reorder --durations 40
# Named, not chosen by a mark: in a fresh checkout, collecting the unit tests takes half a minute of a processor for each worker.
WITHOUT_HOSTS := tests/gates tests/unit
ON_HOSTS := tests/host tests/molecule tests/cluster

# Tests start Python thousands of times, mostly of the same modules: what it compiles is kept, also where a machine's settings forbid that.
unexport PYTHONDONTWRITEBYTECODE

# Where molecule looks for scenarios. Without this it warns that those of a collection should migrate to extensions/molecule.
export MOLECULE_GLOB := molecule/*/molecule.yml
# those on lab hosts
SCENARIOS ?= $(filter-out default vagrantfile,$(patsubst molecule/%/molecule.yml,%,$(wildcard $(MOLECULE_GLOB))))

.PHONY: check lint test fuzz matrix long test-guests molecule bench bench-scale
check: venv-dev ## run the fast gates and the unit tests, in under a minute
	@HYPOTHESIS_PROFILE=fast $(PYTEST) $(WORKERS) --quiet -m "not slow" $(WITHOUT_HOSTS)

lint: venv-dev ## run all gates: format, types, ansible-lint, ansible-test, packaging
	@tools/need ruby=ruby chromium=chromium npm=npm
	@$(PYTEST) $(WORKERS) tests/gates

test: venv-dev ## run all tests, on lab hosts too; a change lands when they pass
	@tools/need ruby=ruby chromium=chromium npm=npm skopeo=skopeo
	@status=0; \
	$(PYTEST) $(WORKERS) -m "not long" $(WITHOUT_HOSTS) || status=1; \
	$(PYTEST) $(LABS) --verbose -m "not matrix and not long and not guests" $(ON_HOSTS) || status=1; \
	exit $$status

fuzz: venv-dev ## try the planners with 100 000 host states of which two things are wrong (takes some forty minutes)
	@HYPOTHESIS_PROFILE=fuzz $(PYTEST) --quiet tests/unit/fuzz

matrix: venv-dev ## run every playbook on lab hosts while something is wrong: the table of docs/second-fault.md
	@$(PYTEST) --verbose -m matrix tests/cluster/second_fault

long: venv-dev ## run what takes too long for make test: all kill points, authorities replaced under a probe, upgrades
	@tools/need skopeo=skopeo
	@$(PYTEST) --verbose -m long tests

test-guests: venv-dev ## run the tests on hosts with a kernel of their own: SELinux enforcing, cgroup v2, modules to load
	@$(PYTEST) --verbose -m guests tests/cluster

molecule: venv-dev ## run all molecule scenarios on lab hosts, one after the other; or SCENARIOS="etcd docker"
	@status=0; \
	for scenario in $(SCENARIOS); do $(BIN)/molecule test --scenario-name $$scenario || status=1; done; \
	exit $$status

bench: venv ## measure site.yml on lab hosts, with targets; AGAINST=commit measures that one in turns
	@tools/bench "$(INVENTORY)" $(if $(AGAINST),--against "$(AGAINST)")

bench-scale: venv ## measure the controller with 3, 20, 100 and 300 workers, of which all but one are simulated
	@tools/bench-scale $(if $(AGAINST),--against "$(AGAINST)")

# ---------------------------------------------------------------- upkeep

.PHONY: venv venv-dev format docs site platforms update-locks clean
venv: ## create .venv with what the playbooks need
	@python="$$(tools/find-python)" && "$$python" tools/venv.py

venv-dev: ## create .venv with what the tests need, too
	@python="$$(tools/find-python)" && "$$python" tools/venv.py --dev

format: venv-dev ## format the Python files
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

docs: venv-dev ## write docs/reference from roles, playbooks and plugins
	@$(BIN)/python tools/generate_reference.py

site: venv-dev ## build the site of the documents in .build/site, offline
	@$(BIN)/python tools/build_site.py

platforms: venv-dev ## write molecule/default/molecule.yml from the inventory and vagrant/
	@$(BIN)/python tools/vagrant_platforms.py

update-locks: venv-dev ## write requirements*.txt: the newest releases that requirements*.in allow
	@tools/update-locks

clean: ## remove .venv and what the tests built
	rm -rf .venv .build .mypy_cache .ruff_cache .pytest_cache .hypothesis
