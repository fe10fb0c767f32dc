# 旧改 Jiugai. `make` alone lists what there is. Each target installs what it needs, inside this folder.

PYTHON ?= python3
UV_VERSION := 0.13.9

TOOLS := .tools
UV := $(TOOLS)/uv-venv/bin/uv
BIN := .venv/bin
export UV_PYTHON_DOWNLOADS := never
export UV_SYSTEM_CERTS := 1
export UV_COMPILE_BYTECODE := 1
unexport VIRTUAL_ENV PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install demo run down test check bench fmt lint types arch migration migrations-agree openapi

##@ 使用 Use
help: ## 列出命令 List the commands
	@awk 'BEGIN {FS = ":.*## "} /^##@ / {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

install: $(BIN)/.installed ## 安装依赖到 .venv Install dependencies into .venv

demo: install ## 起一座演示城市 Fill a demonstration city and run it
	$(BIN)/jiugai demo

run: install ## 运行接口与后台任务，PORT=8000 Run API and worker
	$(BIN)/jiugai run

down: install ## 停止 .data 下的数据库与缓存 Stop the servers under .data
	$(BIN)/jiugai down

##@ 开发 Develop
test: install $(if $(PG),postgresql-$(PG)) ## 测试，t=路径 缩小范围，PG=15 换数据库版本 Run tests; t=path narrows, PG=15 uses Debian's
	$(if $(PG),JIUGAI_POSTGRES_BIN=/usr/lib/postgresql/$(PG)/bin) $(BIN)/python -m pytest $(or $(t),-n auto --maxprocesses 4 --dist worksteal)

check: install ## 合并前的全部检查 Everything that must pass before a merge
	$(BIN)/ruff format --check
	@$(MAKE) --no-print-directory lint types arch migrations-agree test

bench: install ## 测速，p="ground imports" 只测几部分 Measure; p names parts
	@$(BIN)/python -c 'import pymcdm' 2>/dev/null || { \
		$(UV) export --frozen --quiet --only-group bench --output-file $(TOOLS)/bench.txt && \
		$(TOOLS)/uv-venv/bin/python -m pip --python $(BIN)/python install --quiet --require-hashes -r $(TOOLS)/bench.txt; }
	$(BIN)/python -m bench $(p)

fmt: install ## 排版并修正 Format and mend
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lint: install ## 代码检查 Lint
	$(BIN)/ruff check

types: install ## 类型检查 Check types
	$(BIN)/mypy

arch: install ## 依赖方向检查 Check which module may import which
	$(BIN)/lint-imports

migrations-agree: install ## 模型与迁移是否一致 Check that models and migrations agree
	$(BIN)/jiugai check-migrations

migration: install ## 写新迁移，m="说明" Write a migration from the models
	@test -n "$(m)" || { echo 'make migration m="what it does"' >&2; exit 2; }
	$(BIN)/jiugai migration "$(m)"

openapi: install ## 写 docs/openapi.json Write docs/openapi.json
	$(BIN)/jiugai openapi

# The lock's own addresses first; where only a mirror of pip's can be reached, the same files by hash through pip.
$(BIN)/.installed: uv.lock pyproject.toml | $(UV)
	@set -e; settings=$$($(TOOLS)/uv-venv/bin/python -m pip config list); \
	cert=$$(echo "$$settings" | sed -n "s/.*\.cert='\(.*\)'/\1/p" | head -n 1); \
	if [ -n "$$cert" ]; then export SSL_CERT_FILE="$${SSL_CERT_FILE:-$$cert}"; fi; \
	if echo "$$settings" | grep -q '\.index-url=' || ! $(UV) sync --frozen --quiet --python $(PYTHON); then \
		echo 'uv.lock through the index that pip is configured for'; \
		test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) .venv; \
		$(UV) export --frozen --quiet --no-emit-project --output-file $(TOOLS)/requirements.txt; \
		$(TOOLS)/uv-venv/bin/python -m pip --python $(BIN)/python install --quiet --require-hashes -r $(TOOLS)/requirements.txt; \
		$(TOOLS)/uv-venv/bin/python -m pip --python $(BIN)/python install --quiet --no-deps --editable .; \
	fi
	@touch $@

# uv, pinned, in an environment of its own. Debian's python3 may come without venv's and pip's other half.
$(UV): Makefile .ci/pip_bootstrap.py
	@rm -rf $(TOOLS)/uv-venv
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=…")'
	@if ! $(PYTHON) -m venv $(TOOLS)/uv-venv >/dev/null 2>&1; then \
		set -e; \
		rm -rf $(TOOLS)/uv-venv; \
		$(PYTHON) -m venv --without-pip $(TOOLS)/uv-venv; \
		pip=$$($(PYTHON) .ci/pip_bootstrap.py $(TOOLS)); \
		$(TOOLS)/uv-venv/bin/python "$$pip/pip" install --quiet "$$pip"; \
	fi
	@$(TOOLS)/uv-venv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

postgresql-%:
	@test -x /usr/lib/postgresql/$*/bin/postgres || { \
		test "$$(id -u)" = 0 || { echo "apt-get install postgresql-$* (as root), then again" >&2; exit 1; }; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends postgresql-$*; }
