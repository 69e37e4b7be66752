# make run    sets up the light environment and opens the app         (Python 3.11 or newer)
# make test   sets up the full environment and runs every check
# make setup  the full environment alone: everything into .venv, the command at .venv/bin/tejido
# make web    the runtime that answers in the browser               (Node.js 20 or newer with npm)
# make slow   the checks that take longest: the largest networks, all real pictures, a study of real trainings
# make fuzz   new examples for the property tests, which make test gives the same ones every time
# make schemathesis  thousands of made-up requests to the API    make durability  kills the server 20 times while cases are written

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
PIP = -m pip install -qq --disable-pip-version-check

VENDOR = src/tejido/app/web/vendor

.DEFAULT_GOAL := help
.PHONY: help run web setup test lint types imports unit slow fuzz schemathesis durability clean

help:
	@sed -n '1,7s/^# //p' Makefile

# The light environment stands alone, so that `make run` never waits for torch.
.venv-light/ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Tejido needs Python 3.11 or newer; name one with PYTHON=...")'
	@echo "Setting up the light environment in .venv-light (once, about half a minute)"
	@$(PYTHON) -m venv .venv-light
	@.venv-light/bin/python $(PIP) -e .
	@touch $@

run: .venv-light/ready
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory web || exit 1; \
	else echo "There is no npm here, so the browser gets no runtime: this server will judge the pictures"; fi
	@.venv-light/bin/tejido serve --host $(HOST) --port $(PORT)

# What the page takes from others: the runtime that answers in the browser.
$(VENDOR)/ready: web/package.json web/package-lock.json web/place.mjs
	@command -v npm >/dev/null || { echo "make web needs Node.js 20 or newer with npm"; exit 1; }
	@echo "Fetching the page's runtime (once, about 180 MB, of which 4 MB are kept)"
	@cd web && npm ci --silent --no-audit --no-fund && node place.mjs

web: $(VENDOR)/ready

.venv/ready: pyproject.toml scripts/install_browser.sh scripts/install_postgresql.sh
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Tejido needs Python 3.11 or newer; name one with PYTHON=...")'
	@echo "Setting up the full environment in .venv (once, some minutes; about 7 GB, most of it torch)"
	@$(PYTHON) -m venv .venv
	@.venv/bin/python $(PIP) -e '.[dev]'
	@sh scripts/install_browser.sh
	@sh scripts/install_postgresql.sh
	@touch $@

setup: .venv/ready web

test: lint types imports unit

lint: .venv/ready
	@echo "Style"
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .

types: .venv/ready web
	@echo "Types"
	@.venv/bin/mypy
	@cd web && npx --no-install tsc -p .

imports: .venv/ready
	@echo "Import rules"
	@.venv/bin/lint-imports --no-logo

unit: .venv/ready web
	@echo "Tests"
	@OMP_NUM_THREADS=1 .venv/bin/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder

slow: .venv/ready web
	@echo "Slow tests"
	@OMP_NUM_THREADS=1 .venv/bin/python -m pytest -n 2 -m slow --timeout=900

fuzz: .venv/ready
	@TEJIDO_EXAMPLES=fuzz OMP_NUM_THREADS=1 .venv/bin/python -m pytest -n 2 -m hypothesis

# 200 requests for each of 18 routes, following the description and breaking it.
schemathesis: .venv/ready
	@TEJIDO_REQUESTS=200 OMP_NUM_THREADS=1 .venv/bin/python -m pytest tests/app/test_schema.py --timeout=3600

durability: .venv/ready
	@OMP_NUM_THREADS=1 .venv/bin/python -m tests.app.cases.durability --kills 20

clean:
	rm -rf .venv .venv-light
