# The commands of Slipway. Each sets up what it needs and is quiet when that is there already; `make` lists them.
# Everything that is got or built goes to .venv/, .cache/ and the user's cache; nothing else in a checkout is touched.

STACK ?= dev
PLATFORM ?= .
BASE ?= main
OUT ?=
NAME ?=
TO ?=
APP ?=

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help setup environment preview render diff schema env rollback test consumers consumers-setup check benchmark images docs golden definitions backup restore

# The first Python that is new enough; the ones that CI runs come first.
PYTHON := $(shell for python in python3 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; done)
VENV_PYTHON := .venv/bin/python
REHEARSAL = $(VENV_PYTHON) -m rehearsal
WHICH = --stack '$(STACK)' --project '$(PLATFORM)'

help: ## list the commands
	@echo 'usage: make COMMAND [STACK=dev] [PLATFORM=.]'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 19

environment:
	@test -n '$(PYTHON)' || { echo 'make: needs Python 3.11 or later as python3, python3.13, python3.12 or python3.11 on PATH' >&2; exit 1; }
	@$(PYTHON) -m toolchain.virtual_environment

setup: environment ## get what the other commands need: .venv and the Pulumi engine
	@$(PYTHON) -m toolchain.engine > /dev/null

preview: setup ## rehearse `pulumi preview` of STACK on this machine, without cluster and credentials
	@$(REHEARSAL) preview $(WHICH)

render: setup ## write every object of STACK to OUT, one file each
	@test -n '$(OUT)' || { echo 'make: say where to: make render STACK=$(STACK) OUT=rendered' >&2; exit 2; }
	@$(REHEARSAL) render $(WHICH) --out '$(OUT)'

diff: setup ## what the working tree changes in STACK since BASE (default main), as a review report
	@$(VENV_PYTHON) -m review diff $(WHICH) --base '$(BASE)' || [ $$? -lt 30 ]

schema: environment ## print the JSON Schema of a stack file of PLATFORM
	@$(VENV_PYTHON) $(if $(filter cluster cluster/,$(PLATFORM)),-m cluster.config,config.py) schema '$(PLATFORM)'

env: environment ## print an .env template for APP of STACK, to run it outside its container
	@test -n '$(APP)' || { echo 'make: say which app: make env APP=api' >&2; exit 2; }
	@$(VENV_PYTHON) env_template.py '$(APP)' $(WHICH)

rollback: setup ## put the images of the last good release back into the file of STACK
	@$(VENV_PYTHON) -m rollback $(WHICH)

test: setup ## floors 1 and 2: specs, components, stacks, rehearsals
	@$(VENV_PYTHON) -m pytest --ignore tests/consumers

consumers-setup: setup ## get the real programs for `make consumers`; the first time half an hour, as root with Debian packages
	@$(PYTHON) -m toolchain.consumers setup

consumers: setup ## floor 3: a real API server, Docker daemon and servers read what is generated
	@$(PYTHON) -m toolchain.consumers check
	@$(VENV_PYTHON) -m pytest tests/consumers

check: environment ## format, lint, strict types, budgets
	@failed=0; \
	$(VENV_PYTHON) -m ruff format --check --output-format concise . || { echo 'make: `.venv/bin/ruff format .` mends the format' >&2; failed=1; }; \
	$(VENV_PYTHON) -m ruff check --quiet --output-format concise . || failed=1; \
	$(VENV_PYTHON) -m basedpyright || failed=1; \
	$(VENV_PYTHON) -m pytest --quiet tests/house || failed=1; \
	exit $$failed

benchmark: setup ## what the program costs beside a plain one; slow, and best on an idle machine
	@$(VENV_PYTHON) -m benchmarks

backup: environment ## base backup of the PostgreSQL servers of STACK, which is on Docker; one with NAME=server
	@$(VENV_PYTHON) -m recovery backup $(WHICH) $(if $(NAME),--server '$(NAME)')

restore: environment ## bring a server back: NAME=server or a backup, TO='2026-11-25 01:29:59+00:00' for a moment
	@test -n '$(NAME)' || { echo 'make: say what: make restore NAME=main' >&2; exit 2; }
	@$(VENV_PYTHON) -m recovery restore '$(NAME)' $(WHICH) $(if $(TO),--to '$(TO)')

images: ## build the images of this repository
	@sh images/build.sh

docs: environment ## write the generated tables of docs/ anew
	@$(VENV_PYTHON) -m tests.generate docs

golden: environment ## write the expected results in tests/golden/ anew; read the diff before you commit it
	@$(VENV_PYTHON) -m tests.generate golden

definitions: environment ## write the operators' definitions in cluster/ anew, from their pinned Go modules
	@$(VENV_PYTHON) -m toolchain.definitions
