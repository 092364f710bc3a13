# Two commands set everything up on a fresh machine: `make plan` and `make test`.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: plan test quick lint format clean

.venv/installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

.venv/tested: .venv/installed
	$(BIN)/python -m pip install --quiet --editable '.[test,dask]'
	touch $@

plan: .venv/installed
	$(BIN)/labelbits plan examples/digits.toml --out plan-digits

test: .venv/tested
	$(BIN)/python -m pytest -n auto --dist worksteal

# The inner loop: what takes long is left out (tests/slow.txt).
quick: .venv/tested
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not slow"

lint: .venv/tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/deptry src
	$(BIN)/pyright

format: .venv/tested
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv plan-digits
