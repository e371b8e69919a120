# The two commands: `make run` and `make test`. `make help` lists the rest.
# Debian builds its Python with profile-guided optimisation, pyenv by default does not (docs/adr/0014).
PYTHON ?= $(shell /usr/bin/python3.11 -c "import ensurepip" 2>/dev/null && echo /usr/bin/python3.11 || echo python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet --quiet --require-hashes
JOBS ?= 4

.DEFAULT_GOAL := help
.PHONY: help run test test-fast check lint types bench bench-quick letters screenshots translations lock clean

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

run: $(VENV)/run.stamp ## Install, start a database if MONGODB_URI names none, serve on PORT (8000)
	@exec $(BIN)/python -m devdb run --data var/mongo -- $(BIN)/gunicorn -c gunicorn.conf.py

# Debian's Chromium, for the pages; the tests drive it with Playwright.
CHROMIUM = command -v chromium >/dev/null || (apt-get update -qq && apt-get install -y -qq chromium)

test: $(VENV)/test.stamp ## Install what the tests need and run all of them
	@$(CHROMIUM)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

test-fast: $(VENV)/test.stamp ## Run the tests that need no mongod
	$(BIN)/python -m pytest -q tests/fast tests/unit tests/test_architecture.py tests/test_docs.py --ignore tests/unit/test_devdb.py

check: lint types test ## Everything CI checks: lint, types, tests

lint: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/bandit -q -c pyproject.toml -r .
	$(BIN)/deptry .

types: $(VENV)/test.stamp
	$(BIN)/mypy .

bench: $(VENV)/test.stamp ## Measure against the peers: about ten minutes
	@command -v wrk >/dev/null || (apt-get update -qq && apt-get install -y -qq wrk)
	$(BIN)/python -m bench.run

bench-quick: $(VENV)/test.stamp ## The short bench: two minutes
	@command -v wrk >/dev/null || (apt-get update -qq && apt-get install -y -qq wrk)
	$(BIN)/python -m bench.run --quick

# Every letter as HTML and as text, beside each other: open var/letters/index.html.
letters: $(VENV)/run.stamp ## Write every letter to var/letters/ for looking at
	$(BIN)/python -m notifications.preview var/letters

# In docs/screenshots/ only the pictures that the README shows are kept by git.
screenshots: $(VENV)/test.stamp ## Take every page at two widths, light and dark
	@$(CHROMIUM)
	$(BIN)/python -m tests.browser.screenshots docs/screenshots

# The sources are English; what is new in them comes into each catalogue without a translation, for a person to write.
translations: $(VENV)/test.stamp ## Bring the catalogues up to date with the sources, and compile them
	@mkdir -p var
	$(BIN)/pybabel -q extract -F babel.cfg -k lazy_gettext --add-location=never --sort-output -o var/messages.pot .
	$(BIN)/pybabel -q update -i var/messages.pot -d translations -w 120 -N --ignore-obsolete --ignore-pot-creation-date
	$(BIN)/pybabel -q compile -d translations

lock: $(VENV)/test.stamp ## Renew the hashed requirement files from pyproject.toml
	for part in "requirements.txt:" "requirements-devdb.txt:--extra devdb --constraint requirements.txt" \
	    "requirements-dev.txt:--extra devdb --extra test --constraint requirements.txt"; do \
	  $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header --no-annotate \
	    --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --output-file "$${part%%:*}" $${part#*:} pyproject.toml || exit 1; \
	done

clean: ## Remove what was installed and cached; the data in var/ stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements-devdb.txt | $(BIN)/python
	$(PIP) -r requirements-devdb.txt
	@touch $@

$(VENV)/test.stamp: requirements-dev.txt | $(BIN)/python
	$(PIP) -r requirements-dev.txt
	@touch $@ $(VENV)/run.stamp
