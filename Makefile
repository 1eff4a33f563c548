# `make help` lists what there is. Everything runs in .venv, which is made on first use.

PYTHON ?= python3
BIN := .venv/bin
ifdef PORTABLE
export ARAE_PORTABLE := $(PORTABLE)
endif
READY := .venv/.ready

.PHONY: help reproduce embedded paper environment extras check test test-all crash benchmark lint clean
.DEFAULT_GOAL := help

help:
	@echo "make reproduce   install into .venv, run the first embedded study, print its table"
	@echo "make embedded    all embedded studies: every table and figure, without downloads"
	@echo "make paper       the studies of the paper, at full size (downloads SNLI)"
	@echo "make environment only install into .venv, from requirements.lock"
	@echo "make extras      and what clusters, PostgreSQL and the fastText package need"
	@echo "make check       style, types and the fast tests of what computes: for the hand at work"
	@echo "make test        the tests (make test-all: and slow variants of some)"
	@echo "make crash       kill every stage at every write boundary: the table of docs/crash.md"
	@echo "make benchmark   time what should be fast, beside the committed record"
	@echo "make lint        formatting, types, workflow and dvc.yaml"
	@echo "make clean       remove .venv, work/ (checkpoints, downloads, journals) and logs/;"
	@echo "                 data/ and results/ are never touched"
	@echo "PORTABLE=1       with any of these: paths of the libraries that all AVX2 processors share"
	@echo "PYTHON=...       the Python (3.11 or newer) that .venv is made with"

reproduce: $(READY)
	$(BIN)/snakemake
	@cat results/studies/coverage-scenes/table.md
	@echo
	@echo "The report: $(CURDIR)/results/report.html"

embedded: $(READY)
	$(BIN)/snakemake embedded
	@echo "The report: $(CURDIR)/results/embedded/report.html"

paper: $(READY)
	$(BIN)/snakemake paper

environment: $(READY)

extras: $(READY)
	$(BIN)/python -m pip install --quiet --requirement requirements.lock \
		--requirement requirements.extras.lock

# pyproject.toml is a prerequisite too: it holds the package's metadata and entry point.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed, and '$(PYTHON)' is not; name one: make PYTHON=python3.12 ..." >&2; \
		exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $@

# By file: a fixture that takes long is made once a process, and tests of one cluster do not meet.
FAST = tests/nn tests/systems tests/text
TEST = $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
check: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check --quiet
	$(BIN)/mypy
	$(BIN)/python -m pytest -m "not slow and not workflow and not thorough" $(FAST)

test: $(READY)
	$(TEST) -m "not thorough"

test-all: $(READY)
	$(TEST)

crash: $(READY)
	$(BIN)/python -m tests.workflow.crash.sweep

benchmark: $(READY)
	$(BIN)/python -m benchmarks

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check --quiet
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint
	$(BIN)/python workflow/scripts/dvc_sync.py check

clean:
	rm -rf .venv work logs
	@echo "Removed .venv, work/ and logs/. To remove results as well: rm -r data results .snakemake"
