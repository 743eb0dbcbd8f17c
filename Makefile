# Two commands are enough: `make run` and `make test`. Each fetches what it needs; nothing is installed by hand.
# The work is done by `python -m antifraud.start`; this file only finds Python and gives the verbs their names.

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
START := .venv/bin/python -m antifraud.start
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v $$p && break; done)
# Options for the verb, for example: make test ARGS="tests/banks -k lane"
ARGS ?=

.PHONY: help run test e2e lint journey chaos chaos-full bench-pages bench-exchange bench-memory bench-import bench-trace bench-series manage secrets venv venv-dev

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: venv ## Start the platform with demo data; ctrl-C stops it and keeps the data
	@$(START) run

test: venv-dev ## Run the whole test suite, browser tests included
	@$(START) test -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

e2e: venv-dev ## Run the browser tests alone
	@$(START) test tests/e2e $(ARGS)

lint: venv-dev ## Run every static check
	@$(START) lint

journey: venv-dev ## Play the whole story over real processes and count what happened
	@$(START) tests.journey $(ARGS)

chaos: venv-dev ## Kill, stop and cut off every part of the exchange, and count what was lost
	@$(START) tests.chaos $(ARGS)

chaos-full: venv-dev ## The same with the full sizes of the acceptance tests (hours)
	@$(START) tests.chaos --full $(ARGS)

bench-pages: venv-dev ## Measure the pages over HTTP on a large seeded database
	@$(START) tests.bench.pages $(ARGS)

bench-exchange: venv-dev ## Measure orders on their way to the banks, beside the machine's limits
	@$(START) tests.bench.exchange $(ARGS)

bench-import: venv-dev ## Measure statement files on their way into the ledger, beside raw COPY and bulk_create
	@$(START) tests.bench.imports $(ARGS)

bench-trace: venv-dev ## Measure traces on generated ledgers, beside other engines and the limit
	@$(START) tests.bench.traces $(ARGS)

bench-series: venv-dev ## Measure linking cases to series, and the full check beside a union-find
	@$(START) tests.bench.series $(ARGS)

bench-memory: venv ## Measure the memory of all processes at rest, after a start from nothing
	@$(START) tests.bench.memory $(ARGS)

manage: venv ## Run a management command on the data of `make run`: make manage ARGS="create_officer …"
	@$(START) manage $(ARGS)

secrets: venv ## Make the passwords and keys that docker-compose.yml reads from ./secrets
	@$(START) secrets

venv:
	@$(call python,embedded)

venv-dev:
	@$(call python,dev)

define python
test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it with \`apt-get install python3 python3-venv\`." >&2; exit 2; }; \
"$(PYTHON)" antifraud/start/venv.py $(1)
endef
