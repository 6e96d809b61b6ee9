# make run [PORT=8501] [DATA=.dailies]   the dashboard, with everything it needs
# make test                              lint, types and every test
# make faults                            the fault matrix, as a table

PYTHON ?= python3
PORT ?= 8501
DATA ?= .dailies

.PHONY: run test faults clean
.DELETE_ON_ERROR:

run: .venv/runtime
	@exec .venv/bin/python -m lib run --port $(PORT) --data "$(DATA)"

test: .venv/development .venv/browser .venv/rest
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/python -m pytest

faults: .venv/development
	.venv/bin/python -m tests.faults

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache

.venv/bin/python:
	@tools/venv $(PYTHON)

.venv/runtime: requirements.txt | .venv/bin/python
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/development: requirements-dev.txt .venv/runtime
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

.venv/browser: tools/browser | .venv/development
	@tools/browser
	@touch $@

.venv/rest: tests/rest/package-lock.json | .venv/development
	@tools/rest
	@touch $@
