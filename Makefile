# Docket. `make help` lists the targets.
SHELL := /bin/bash
PY := .venv/bin/python
.DEFAULT_GOAL := help

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup:
	@scripts/setup.sh

.PHONY: setup-tests
setup-tests:
	@scripts/setup.sh tests

.PHONY: run
run: setup ## start everything here (RESET=1 empty, DEMO=1 with a month of work, HOST=func Core Tools)
	@RESET="$(RESET)" DEMO="$(DEMO)" HOST="$(HOST)" exec $(PY) -m local.run

.PHONY: test
test: setup-tests ## run all tests, browser tests included, on free ports
	@$(PY) -m pytest $(ARGS)

.PHONY: check
check: setup ## format, lint, types, import rules, desk files, infrastructure
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy -p shared -p functions -p local
	@$(PY) -m mypy -p scripts -p bench
	@.venv/bin/lint-imports --no-cache
	@$(PY) -m shared.config_check
	@$(PY) -m scripts.infra_check

.PHONY: pictures
pictures: setup-tests ## take the README's pictures from a running system with demo data
	@$(PY) -m scripts.pictures

.PHONY: format
format: setup ## format and sort imports
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

.PHONY: desk-check
desk-check: setup ## validate every desk, with file, line, field and the nearest valid name
	@$(PY) -m shared.config_check

.PHONY: bench
bench: setup ## measure; prints ratios within one run
	@$(PY) -m bench

.PHONY: form
form: setup ## write a Word file for Microsoft Forms' import and a mapping (DESK=mytc)
	@$(PY) -m local.forms_import $(DESK)

.PHONY: package
package: setup ## build the deployment package; says how large it is
	@$(PY) -m scripts.package $(ARGS)
