# The two commands: `make run` and `make test`. `make help` lists the rest.
# Debian builds its Python with profile-guided optimisation, pyenv by default does not (docs/adr/0014).
PYTHON ?= $(shell /usr/bin/python3.11 -c "import ensurepip" 2>/dev/null && echo /usr/bin/python3.11 || command -v python3 || echo /usr/bin/python3.11)
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 4
TESTS ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run simulate test test-bare test-npm test-fast check lint types bench bench-quick emails letters screenshots translations lock clean

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

run: install-run ## Install, start a database if MONGODB_URI names none, serve on PORT (8000)
	@exec $(BIN)/python -m devdb run --demo --data var/mongo -- $(BIN)/gunicorn -c gunicorn.conf.py

test: install-test ## Install what the tests need and run all of them
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(TESTS)

test-bare: install-test-bare ## Try the two commands in a minimal Debian; needs root, takes minutes
	$(BIN)/python -m pytest -q -s tests/bare/bare_machine.py

test-npm: install-test ## Follow a rush of reservations with the Socket.IO client from npm; needs Node
	$(BIN)/python -m pytest -q tests/npm/socketio_client.py

SEEDS ?= 10000

simulate: install-test ## Simulate orders with SEEDS seeds (10000): faults at every await, all invariants after each step
	$(BIN)/python -m tests.simulation --seeds $(SEEDS)

test-fast: install-tools ## Run the tests that need no mongod
	$(BIN)/python -m pytest -q tests/fast tests/core tests/admin/test_csv_export.py tests/booking tests/schedules tests/test_architecture.py tests/test_docs.py

check: lint types test ## Everything CI checks: lint, types, tests

lint: install-tools
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/bandit -q -c pyproject.toml -r .
	$(BIN)/deptry .
	$(BIN)/lint-imports --no-logo

types: install-tools
	$(BIN)/mypy .

bench: install-bench ## Benchmark the service and its peers: about 25 minutes
	$(BIN)/python -m bench.run

bench-quick: install-bench ## The short benchmark: about six minutes
	$(BIN)/python -m bench.run --quick

# Every e-mail as HTML and as text, side by side: open var/emails/index.html.
emails: install-emails ## Write every e-mail to var/emails/
	$(BIN)/python -m notifications.preview var/emails

letters: emails ## The former name of `make emails`, deprecated

# In docs/screenshots/ only the pictures that the README shows are kept by git.
screenshots: install-test ## Take every page at two widths, light and dark
	$(BIN)/python -m tests.browser.screenshots docs/screenshots

# The sources are English; what is new in them comes into each catalogue without a translation, for a person to write.
translations: install-tools ## Bring the catalogues up to date with the sources, and compile them
	@mkdir -p var
	$(BIN)/pybabel -q extract -F babel.cfg -k lazy_gettext --add-location=never --sort-output -o var/messages.pot .
	$(BIN)/pybabel -q update -i var/messages.pot -d translations -w 120 -N --ignore-obsolete --ignore-pot-creation-date
	$(BIN)/pybabel -q compile -d translations

lock: install-tools ## Renew the hashed requirement files from pyproject.toml
	for part in "run.txt:" "devdb.txt:--extra devdb --constraint requirements/run.txt" \
	    "dev.txt:--extra devdb --extra test --constraint requirements/run.txt"; do \
	  $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header --no-annotate \
	    --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --output-file "requirements/$${part%%:*}" $${part#*:} pyproject.toml || exit 1; \
	done

clean: ## Remove what was installed and cached; the data in var/ stays
	rm -rf $(VENV) $(VENV).unfinished .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Installs for one target, and does nothing if all is there.
install-%:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed. Type as root: apt-get update && apt-get install -y python3.11-venv" >&2; exit 2; }
	@$(PYTHON) -m devdb.install $*
