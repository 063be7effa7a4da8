# Every target makes the virtual environment itself; python3 and make are all it needs.
PY := .venv/bin/python
OUT := runs

.PHONY: drill test up terraform-local down images check fix bench docs clean
.DEFAULT_GOAL := help

help:
	@echo "drill: the core drills under load, with verdict and report    test: all tests"
	@echo "terraform-local: up, with Terraform making the services (TF_PLUGIN_DIR, or the registry)"
	@echo "up, down: the local Fargate    check: format, lint, types, layers    bench    docs    clean"
	@echo "images: the container images; OFFLINE=1 where no registry is reachable"

.venv/.synced: pyproject.toml uv.lock
	@command -v uv >/dev/null || test -x .venv/bin/uv || { python3 -m venv .venv && \
	  .venv/bin/python -m pip install --quiet --disable-pip-version-check uv; } || \
	  { echo "python3 cannot make a virtual environment; hint: install python3-venv, or uv" >&2; exit 1; }
	@PATH="$$PATH:$(CURDIR)/.venv/bin" uv sync --quiet --frozen --inexact
	@touch $@

drill: .venv/.synced
	$(PY) -m rehearse drill --time-scale 10 --out $(OUT)

test: .venv/.synced
	$(PY) -m pytest

up: .venv/.synced
	$(PY) -m rehearse up

terraform-local: .venv/.synced
	$(PY) -m rehearse up --terraform infra/terraform/envs/local

down: .venv/.synced
	$(PY) -m rehearse down

images: .venv/.synced
	$(PY) -m infra.images.build $(if $(OFFLINE),--offline)

check: .venv/.synced
	.venv/bin/ruff format --check --quiet .
	.venv/bin/ruff check --quiet .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(PY) -m docs.build --check

fix: .venv/.synced
	.venv/bin/ruff format --quiet .
	.venv/bin/ruff check --fix --quiet .

bench: .venv/.synced
	$(PY) -m tests.bench

docs: .venv/.synced
	$(PY) -m docs.build

accept-%: .venv/.synced
	$(PY) -m tests.accept $*

clean:
	rm -rf .venv .rehearse runs .accept .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
