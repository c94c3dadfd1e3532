# Every command of daily work; `make help` lists them. The first use of any of them installs what it
# needs into .venv from requirements/, and again only when a list there has changed.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo test check explore simulate mutants bench up down deploy lock clean

# The newest interpreter among the usual names that runs and is new enough, unless one is given.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)

VENV := .venv
INSTALLED := $(VENV)/.installed
RUN := $(VENV)/bin/python

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

demo: $(INSTALLED)  ## start the whole stack on this machine and watch a month of payments arrive
	@./paysignal demo

# One of the three workers has the end-to-end tests, which wait for most of their time.
test: check  ## every check, then every test; the last line is pytest's
	@echo "== tests"
	@$(RUN) -m pytest -n 3 --dist loadgroup -q

check: $(INSTALLED)  ## format, lint, types, import rules
	@echo "== format and lint"
	@$(VENV)/bin/ruff format --check --quiet . || { echo "run: $(VENV)/bin/ruff format"; exit 1; }
	@$(VENV)/bin/ruff check --quiet .
	@echo "== types"
	@$(VENV)/bin/mypy
	@echo "== import rules"
	@$(VENV)/bin/lint-imports --no-cache

explore: $(INSTALLED)  ## the property tests on new random examples; each failure prints its seed
	@PAYSIGNAL_EXPLORE=1 $(RUN) -m pytest -n 2 --dist loadgroup -q -m hypothesis

simulate: $(INSTALLED)  ## random schedules of faults: N=20000 SEED=0 JOBS=2 PART= UNBOUNDED=1 PAIRS=1 KEEP=0
	@$(RUN) -m tests.simulation --schedules $(or $(N),20000) --seed $(or $(SEED),0) \
		--jobs $(or $(JOBS),2) $(if $(PART),--part $(PART)) $(if $(UNBOUNDED),--unbounded) \
		$(if $(PAIRS),--pairs) $(if $(filter 0,$(KEEP)),--no-keep)

mutants: $(INSTALLED)  ## which small mistakes in what lets somebody in no test would notice
	@$(RUN) -m tests.mutation $(MODULES)

bench: $(INSTALLED)  ## print the figures the README quotes
	@$(RUN) -m tests.benchmarks

up: $(INSTALLED)  ## start the stack on this machine
	@./paysignal up

down: $(INSTALLED)  ## stop it; its records stay
	@./paysignal down

deploy: $(INSTALLED)  ## create or update the stack in your AWS account; options in ARGS="--email …"
	@./paysignal deploy $(ARGS)

lock: $(INSTALLED)  ## resolve requirements/*.in anew, with hashes and without index addresses
	@for list in installer runtime dev emulator; do \
		$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
			--no-annotate --custom-compile-command "make lock" \
			requirements/$$list.in --output-file requirements/$$list.txt || exit 1; done

clean:  ## remove what was built and installed here, the local records included
	@if [ -x $(RUN) ]; then ./paysignal down --quiet; fi
	@rm -rf $(VENV) .paysignal cdk.out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# pip alone installs the installer; where uv cannot work (an unusual index, a proxy), pip does it all.
$(INSTALLED): requirements/installer.txt requirements/dev.txt
	@if [ -z "$(PYTHON)" ]; then echo "paysignal needs Python 3.11 or newer; \
	this machine's python3 is `python3 --version 2>&1`." \
	"Install one, or name it: make PYTHON=/path/to/python3.13 $(MAKECMDGOALS)" >&2; exit 1; fi
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	echo "paysignal needs Python 3.11 or newer; $(PYTHON) is older." >&2; exit 1; }
	@echo "== installing into $(VENV) with `$(PYTHON) --version` (about a minute, once)"
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) || { \
	echo "$(PYTHON) cannot make virtual environments; on Debian: apt install python3-venv" >&2; exit 1; }
	@$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r requirements/installer.txt
	@$(VENV)/bin/uv pip install --quiet --python $(RUN) --require-hashes -r requirements/dev.txt \
		|| $(RUN) -m pip install --disable-pip-version-check --progress-bar off \
			--require-hashes -r requirements/dev.txt
	@touch $@
	@echo "== installed"
