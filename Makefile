# Every target sets up what it needs in .venv; a second run finds it there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
SOURCES := pyproject.toml constraints.txt CMakeLists.txt $(wildcard kernel/CMakeLists.txt kernel/*/CMakeLists.txt kernel/*/*.?pp)
# Extras that tests and tools use; CI adds more.
EXTRAS ?= dev,docs
# Tests run in one process for each core, and all tests of a file in the same process: what they share is made once.
TESTS ?= -n logical --maxprocesses 8 --dist loadfile --no-loadscope-reorder
SITE ?= .cache/site

.PHONY: demo test test-fast lint bench docs site clean
