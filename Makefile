# Everything a newcomer or CI needs. Each target sets up what it uses; a second call starts at once.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check
PYTEST  = $(BIN)/pytest -n auto --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help demo lint test test-quick test-heavy test-lowest coverage bench reference docs dist clean

help:  ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.core: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.core requirements-dev.txt plugins/dslint-example/pyproject.toml
	$(PIP) install --quiet --requirement requirements-dev.txt
	$(PIP) install --quiet --no-deps --editable plugins/dslint-example
	@touch $@

$(VENV)/.heavy: $(VENV)/.dev requirements-heavy.txt
	$(PIP) install --quiet --requirement requirements-heavy.txt
	@touch $@

$(VENV)/.docs: $(VENV)/.core requirements-docs.txt
	$(PIP) install --quiet --requirement requirements-docs.txt
	@touch $@

demo: $(VENV)/.core  ## lint the example dataset; its gate fails, as documented
	@cd examples/support-chat && ../../$(BIN)/dslint check; code=$$?; \
	  if [ $$code -eq 1 ]; then echo "(exit code 1: the gate failed, as it should for this dataset)"; \
	  else echo "(exit code $$code, but the gate of this dataset should fail with 1)"; exit 1; fi

lint: $(VENV)/.dev  ## style, types and the order of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint  ## style, types, and all tests but the heavy ones
	$(PYTEST) -m "not heavy" --durations 15

test-quick: $(VENV)/.dev  ## the tests that are neither slow nor heavy: two minutes on two cores
	$(PYTEST) -m "not slow and not heavy"

test-heavy: dist docs test-lowest  ## what needs more: browser, pre-commit, wheel, documentation, oldest releases
	$(PYTEST) -m heavy --durations 5

# What the oldest releases depend on is new and may warn, so warnings are no errors here. The pages are made with the newest typer,
# and old releases of pyarrow make no half floats and cannot read an empty list of fixed size from Parquet.
test-lowest: $(VENV)/.heavy  ## the quick tests, with the oldest releases that pyproject.toml allows
	rm -rf $(VENV)-lowest
	$(PYTHON) -m venv $(VENV)-lowest
	$(BIN)/uv pip compile --quiet --resolution lowest-direct --extra all --python $(VENV)-lowest/bin/python \
	  pyproject.toml --output-file $(VENV)-lowest/lowest.txt
	$(BIN)/uv pip install --quiet --python $(VENV)-lowest/bin/python --constraint $(VENV)-lowest/lowest.txt \
	  --requirement requirements-dev.txt --editable plugins/dslint-example
	$(VENV)-lowest/bin/pytest -n auto --dist worksteal -m "not slow and not heavy" -W default -p no:randomly \
	  --deselect tests/docs/test_docs.py::test_the_generated_pages_are_current \
	  --deselect tests/core/data/test_readers_damage.py::test_values_of_tables

coverage: $(VENV)/.dev  ## which lines and branches no test reaches; TESTS=tests/core/gate/test_gate.py measures a part
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n auto --dist worksteal -m "not heavy" $(TESTS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

bench: $(VENV)/.core  ## measure dslint beside its peers, in an environment of the peers' own
	$(PYTHON) -m venv $(VENV)-bench
	$(VENV)-bench/bin/python -m pip --disable-pip-version-check install --quiet . --requirement requirements-bench.txt
	$(VENV)-bench/bin/python benchmarks/run.py

reference: $(VENV)/.core  ## write the generated pages of docs/reference anew
	$(BIN)/python docs/generate.py

docs: $(VENV)/.docs reference  ## build the documentation into site/
	$(BIN)/mkdocs build --strict

# Both are made from a clean copy: the wheel of what the sdist holds.
dist: $(VENV)/.heavy  ## build sdist and wheel into dist/, and try the wheel from an empty folder
	rm -rf dist $(VENV)-dist
	$(BIN)/python -m build
	$(PYTHON) -m venv $(VENV)-dist
	$(VENV)-dist/bin/python -m pip --disable-pip-version-check install --quiet dist/*.whl
	$(VENV)-dist/bin/python -I .ci/smoke.py
	$(VENV)-dist/bin/python -I .ci/size.py

clean:  ## remove all that these targets have made
	rm -rf $(VENV) $(VENV)-* site build dist .coverage
