# The two commands: `make companion` sets everything up and runs the loop, `make test` sets
# everything up and runs the checks. All of it lands in .venv.

PYTHON ?= python3
DURATION ?= 90
INPUT ?= auto
REPLAY ?=
LIBRARY ?=
SCENARIO ?= home
SUMMARY ?=
CONSENT ?=
DASHBOARD ?= open
SAMPLE ?= 100
SEED ?= 1
JOBS ?= 2
ARGS ?=

BOOTSTRAP = $(PYTHON) scripts/bootstrap.py

.DEFAULT_GOAL := help
.PHONY: help companion test test-system mutation bench build lint lock clean

help:
	@echo 'make companion   set up and run the loop'
	@echo '    DURATION=seconds              how long, 0 = until Ctrl-C (90)'
	@echo '    INPUT=auto|devices|demo|replay  where the signals come from (auto)'
	@echo '    REPLAY=path                   recording, a folder or an .mcap file'
	@echo '    LIBRARY=folder                music; default: a library made on the first run'
	@echo '    SCENARIO=home|daycare|group   settings (home)'
	@echo '    SUMMARY=path                  summary JSON of the run'
	@echo '    CONSENT=yes                   the person consents to be sensed; INPUT=devices needs it'
	@echo '    DASHBOARD=open|true|false     pages to watch and steer by; open = in the browser, too'
	@echo 'make test        set up and run all checks and tests (ARGS=... for pytest)'
	@echo 'make test-system test with a browser and servers of music and data (ARGS=... for pytest)'
	@echo 'make mutation    change operators at random and tell which changes no test notices'
	@echo '    SAMPLE=changes                how many (100)'
	@echo '    SEED=number                   which (1)'
	@echo '    JOBS=number                   how many at a time (2)'
	@echo 'make bench       measure speed beside named peers (ARGS=face, ARGS="--save docs")'
	@echo 'make build       build and install into .venv what changed'
	@echo 'make lint        check style and types'
	@echo 'make lock        resolve the pinned versions again'
	@echo 'make clean       remove everything that was made here'

companion:
	@$(BOOTSTRAP) companion --input "$(INPUT)" --duration "$(DURATION)" --scenario "$(SCENARIO)" \
	  $(if $(REPLAY),--replay "$(REPLAY)") $(if $(LIBRARY),--library "$(LIBRARY)") \
	  $(if $(SUMMARY),--summary "$(SUMMARY)") $(if $(CONSENT),--consent "$(CONSENT)") \
	  --dashboard "$(DASHBOARD)" $(ARGS)

test:
	@$(BOOTSTRAP) test $(ARGS)

test-system:
	@$(BOOTSTRAP) test-system $(ARGS)

mutation:
	@$(BOOTSTRAP) mutation --sample "$(SAMPLE)" --seed "$(SEED)" --jobs "$(JOBS)" $(ARGS)

bench:
	@$(BOOTSTRAP) bench $(ARGS)

build:
	@$(BOOTSTRAP) build

lint:
	@$(BOOTSTRAP) lint

lock:
	@$(PYTHON) scripts/lock.py

clean:
	rm -rf .venv build install log .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
