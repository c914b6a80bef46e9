# Every target sets up .venv by itself; a fresh clone needs Python, make and pip's package index, nothing else.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# what constraints.txt was made with first; then whatever else it installs on
SUITABLE := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
FOUND = $(shell for p in python3.11 python3 python3.12 python3.13; do $$p -c '$(SUITABLE)' 2>/dev/null && echo $$p && break; done)
PYTHON ?= $(FOUND)
ifneq ($(filter torch-matrix,$(MAKECMDGOALS)),)
PYTHONS := $(if $(filter command line,$(origin PYTHON)),$(PYTHON))
override PYTHON := $(FOUND)
endif
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
# two workers, one thread each: torch's own threads only get into each other's way
WORKERS ?= 2
export OMP_NUM_THREADS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
PYTEST := $(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile

# other people's models lie beside the project's packages, where they cannot take the place of any
ZOO := $(VENV)/zoo/site-packages

# tools around models: an environment of its own outside of the tree, behind which the packages of $(VENV) lie
ECOSYSTEM ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/scriptkit/ecosystem

# what `scriptkit[mypy]` asks for, and the last one before it, where the rules run earlier
MYPY_VERSIONS ?= 2.3.1 2.4.1

.PHONY: help demo test check zoo zoo-export zoo-optimize ecosystem lint types mypy-matrix torch-matrix torch-matrix-clean versions docs bench operators corpus rules reference readme map generated release-check clean

help:  ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "no Python 3.11, 3.12 or 3.13 on PATH: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "setting up $(VENV) with $$($(PYTHON) --version) (torch is a large download)"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install -q -c constraints.txt "$$(grep '^torch==' constraints.txt)"
	@$(BIN)/python -m pip install -q -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(READY)  ## a broken model, its diagnostics, the fixed one trained, saved and reloaded
	@$(BIN)/python -m examples.demo

test: $(READY)  ## the tests, without the slow ones
	@$(PYTEST) -m "not slow"

$(ZOO)/ready: $(READY) tests/zoo/packages.txt
	@echo "installing other people's models into $(ZOO)"
	@rm -rf $(ZOO)
	@$(BIN)/python -m pip install -q --no-deps --target $(ZOO) -r tests/zoo/packages.txt
	@rm -rf $(ZOO)/torchaudio/lib  # built for CUDA; without it the Python part works
	@touch $@

zoo: $(ZOO)/ready  ## every model of other people, with figures by source
	@SCRIPTKIT_ZOO=all $(BIN)/python -m tests.zoo

zoo-optimize: $(ZOO)/ready  ## every model of other people optimised: none different, none slower
	@$(BIN)/python -m tests.zoo.optimized

zoo-export: $(ZOO)/ready  ## every model of other people as a verified program of torch.export
	@$(BIN)/python -m tests.zoo.exported

$(ECOSYSTEM)/ready: $(READY) tests/ecosystem/packages.txt
	@echo "installing tools around models into $(ECOSYSTEM)"
	@$(BIN)/python -m venv --clear $(ECOSYSTEM)
	@$(BIN)/python -c "import sysconfig; print(sysconfig.get_path('purelib'), '$(CURDIR)', sep='\n')" \
		> "$$($(ECOSYSTEM)/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")/around.pth"
	@$(ECOSYSTEM)/bin/python -m pip install -q --no-deps -r tests/ecosystem/packages.txt
	@rm -rf $(ECOSYSTEM)/lib/python*/site-packages/examples  # some package ships one, which would hide ours
	@touch $@

ecosystem: $(ECOSYSTEM)/ready  ## everyday uses of the tools people put round a model, as a table; renews docs/ecosystem.md
	@$(ECOSYSTEM)/bin/python -W ignore -m tests.ecosystem --write
	@PYTHONPATH=$(CURDIR) $(ECOSYSTEM)/bin/python -m pytest -q -n 0 tests/ecosystem tests/serving tests/live/test_sent_by_value.py

check: lint types  ## all that must hold before a commit: style, types, tests with coverage, docs
	@$(MAKE) --no-print-directory $(ZOO)/ready || echo "no models of other people: their packages cannot be installed"
	@SCRIPTKIT_ZOO=$$(test -e $(ZOO)/ready && echo quick) $(PYTEST) --cov --cov-report=term
	@$(MAKE) --no-print-directory docs generated

lint: $(READY)  ## ruff
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

types: $(READY)  ## mypy --strict on package, examples, benchmarks and tests, with our own plugin
	@$(BIN)/mypy

# each version in an environment of its own, which sees the packages of $(VENV) behind it
$(VENV)/mypy-%/ready: $(READY)
	@$(BIN)/python -m venv --clear --without-pip $(@D)
	@$(BIN)/python -m pip --python $(@D)/bin/python install -q mypy==$*
	@$(BIN)/python -c "import sysconfig; print(sysconfig.get_path('purelib'), '$(CURDIR)', sep='\n')" \
		> "$$($(@D)/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")/around.pth"
	@touch $@

mypy-matrix: $(MYPY_VERSIONS:%=$(VENV)/mypy-%/ready)  ## the tests of the plugin with each version of mypy it supports
	@for version in $(MYPY_VERSIONS); do \
		$(VENV)/mypy-$$version/bin/python -m mypy --version; \
		$(VENV)/mypy-$$version/bin/python -m pytest -q -p no:cacheprovider tests/mypy --ignore=tests/mypy/test_stubs.py; \
	done

# Other versions of torch and Python, each in an environment of its own outside the tree. PYTHON names versions there:
# `make torch-matrix TORCH="2.15.0 2.14.1" PYTHON=3.13`. Where the whole suite takes too long, each directory of tests can
# be run and recorded by itself: `python -m tools.torch_matrix --torch 2.15.0 --by-directory exporting cpp --record`
TORCH ?=
PARTS ?= README demo modules suite
torch-matrix: $(READY)  ## README, demo, torch's modules and suite with every supported torch and Python, or with TORCH=... PYTHON=...
	@$(BIN)/python -m tools.torch_matrix --torch "$(TORCH)" --python "$(PYTHONS)" $(PARTS:%=--only %)

versions: $(READY)  ## write the page of the supported versions
	@$(BIN)/python -m tools.torch_matrix.page

torch-matrix-clean: $(READY)  ## remove the environments of torch-matrix
	@$(BIN)/python -m tools.torch_matrix --remove

docs: $(READY)  ## the site, warnings are errors
	@$(BIN)/python -m sphinx -q -n -W --keep-going -b html docs docs/_build/html
	@echo "docs: docs/_build/html/index.html"

bench: $(READY)  ## ratios against torch.jit.script
	@$(BIN)/python -m benchmarks

operators: $(READY)  ## generate the operator table of the installed torch
	@$(BIN)/python -m tools.operators

corpus: $(READY)  ## how well the rules judge the corpus of model files
	@$(BIN)/python -m tools.corpus tests/corpus

rules: $(READY)  ## write the pages of the rules
	@$(BIN)/python -m tools.rules

reference: $(READY)  ## write the page of what TorchScript is
	@$(BIN)/python -m tools.language_reference

readme: $(READY)  ## write what the code of README and docs says into the pages
	@$(BIN)/python -m tools.readme

map: $(READY)  ## write the map of the repository and the picture of its levels
	@$(BIN)/python -m tools.repository_map

generated: $(READY)  ## generated files are up to date (the tests look after the pages whose code runs)
	@$(BIN)/python -m tools.operators --check
	@$(BIN)/python -m tools.rules --check
	@$(BIN)/python -m tools.manifest_schema --check
	@$(BIN)/python -m tools.repository_map --check
	@$(BIN)/python -m tools.torch_matrix.page --check

# what is released, seen from outside: nothing of the repository but the examples is there
RELEASE := $(VENV)/release

release-check: $(READY)  ## build, check the metadata, install what was built in a fresh environment, run the demonstration there
	@rm -rf dist $(RELEASE)
	@$(BIN)/python -m hatchling build -d dist
	@$(BIN)/python -m twine check --strict dist/*
	@$(BIN)/python -m venv $(RELEASE)
	@$(RELEASE)/bin/python -m pip install -q -c constraints.txt "$$(grep '^torch==' constraints.txt)" dist/*.whl
	@cp -R examples $(RELEASE)/examples
	@cd $(RELEASE) && bin/python -m examples.demo && bin/scriptkit doctor

clean:  ## remove what the targets made
	rm -rf $(VENV) dist docs/_build .mypy_cache .ruff_cache .pytest_cache .coverage*
