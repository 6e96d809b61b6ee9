# make run [PORT=8501] [DATA=.dailies]   the dashboard, with everything it needs
# make test                              lint, types and every test
# make faults                            the fault matrix, as a table
# make bench [BENCH=--full]              every figure, into docs/benchmarks.md; about half an hour
# make screenshots                       every page in both themes, for the README, into docs/pictures/
# make hostile                           who may reach what, and which secrets get through, as tables
# make lock, make sbom, make audit       requirements.lock; what is in it, as CycloneDX; known holes in it

PYTHON ?= python3
PORT ?= 8501
DATA ?= .dailies
# Hostile text in every place, planted secrets, patterns, floods, forged clicks, other people's text as evidence.
ATTACKS = hostile.py ui_outside.py terminal.py export.py outgoing.py planted.py linear_patterns.py \
	web_floods.py web_origin.py web_limits.py paid_pace.py user_text.py health_truth.py

.PHONY: run test faults bench screenshots hostile lock sbom audit clean
.DELETE_ON_ERROR:

run: .venv/runtime
	@exec .venv/bin/python -m lib run --port $(PORT) --data "$(DATA)"

test: .venv/development .venv/browser .venv/rest
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/python -m pytest --numprocesses=3 --dist=loadfile --no-loadscope-reorder

faults: .venv/development
	.venv/bin/python -m tests.faults

bench: .venv/development .venv/browser
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r bench/requirements.txt
	.venv/bin/python -m bench $(BENCH)

hostile: .venv/development
	.venv/bin/python -m tests.hostile
	.venv/bin/python -m pytest -vv --no-header $(addprefix tests/unit/test_,$(ATTACKS))

screenshots: .venv/development .venv/browser
	.venv/bin/python -m tools.screenshots

lock: .venv/tools/bin/pip
	.venv/tools/bin/pip-compile --quiet --generate-hashes --strip-extras --no-header --no-emit-index-url \
		--no-emit-trusted-host --no-emit-find-links --output-file requirements.lock requirements.txt

sbom: .venv/tools/bin/pip
	@.venv/tools/bin/cyclonedx-py requirements requirements.lock --output-reproducible

audit: .venv/tools/bin/pip
	.venv/tools/bin/pip-audit --requirement requirements.lock --disable-pip

.venv/tools/bin/pip: | .venv/bin/python
	.venv/bin/python -m venv .venv/tools
	$@ install --quiet --disable-pip-version-check pip-tools==7.6.2 cyclonedx-bom==7.5.0 pip-audit==2.10.1

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
