# Every target sets up what it needs in .venv; a second run finds it there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
SOURCES := pyproject.toml constraints.txt CMakeLists.txt $(wildcard kernel/CMakeLists.txt kernel/*/CMakeLists.txt kernel/*/*.?pp)
# Extras that tests and tools use; CI adds more.
EXTRAS ?= dev,docs
# Tests run in one process for each core, and all tests of a file in the same process: what they share is made once.
# One process more than there are processors: some wait for a server, a browser or a clock.
TESTS ?= -n $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1) --maxprocesses 8 --dist loadfile --no-loadscope-reorder
SITE ?= .cache/site

.PHONY: demo test test-fast lint bench docs site clean

demo: $(VENV)/installed $(VENV)/reader
	$(BIN)/drystone build examples/demo.toml
	$(BIN)/drystone index demo/release
	$(BIN)/drystone search demo/release 'sym:Session lang:python' --limit 3 --lines 2
	$(BIN)/drystone ask demo/release "How long does a permanent session live in Flask by default?"

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest $(TESTS)

test-fast: $(VENV)/installed-dev
	$(BIN)/python -m pytest $(TESTS) -m "not slow and not network"

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/clang-format --dry-run --Werror kernel/*/*.?pp

bench: $(VENV)/installed-dev
	for name in build_throughput build_memory build_scaling resume near_duplicates detection search governance software_heritage catalog reader reader_load reader_quality reader_exports answers first_hour export_memory scale; do \
	  echo "== $$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done

# Command help in docs/commands.md and the columns in docs/release-format.md are generated; a test fails where stale.
docs: $(VENV)/installed-dev
	$(BIN)/python docs/commands.py
	$(BIN)/python docs/columns.py

# The pages of docs/ as a site with search, in $(SITE)/index.html; a link that leads nowhere is an error.
site: $(VENV)/installed-dev
	$(BIN)/python -m sphinx -E -W --keep-going --quiet -d $(SITE).doctrees docs $(SITE)

$(VENV)/installed: $(SOURCES)
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --constraint constraints.txt .
	touch $@

# What answers questions; drystone itself stays as it is installed.
$(VENV)/reader: models/mini/pyproject.toml constraints.txt | $(VENV)/installed
	$(PIP) install --quiet --constraint constraints.txt 'drystone[reader]' ./models/mini
	touch $@

$(VENV)/installed-dev: $(SOURCES)
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --constraint constraints.txt --editable '.[$(EXTRAS)]'
	touch $@ $(VENV)/installed

clean:
	rm -rf $(VENV) build .cache .pytest_cache .mypy_cache .ruff_cache
