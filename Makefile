# Everything from a fresh Debian or Ubuntu with git, make and Python 3.11 or newer. `make help` lists the targets.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check
DEMO := compare xfs-softlimit-hang \
	-c linux-3.10 -c linux-3.10+may-enter-fs -c linux-3.10+memalloc-noio -c linux-3.10+congestion-wait
SEEDS ?= 200
INPUTS ?= 1000000
PARTS ?=
MATRIX := tests/golden/matrix.json
ABLATION := tests/golden/ablation.json
PROOF_SECONDS := 60
# What the mail argues about; the scenarios that cost least come first, for a set ends at its first bad one.
MAIL := xfs-hardlimit-dd dd-usb-xfs "dd-usb-ext4 writer_gfp=nofs" "dd-usb-ext4 writer_gfp=fs" xfs-softlimit-hang \
	-k linux-3.10 -f km-noio -f memalloc-noio -f pf-fstrans -f may-enter-fs -f unlocked-write-begin \
	-f wait-after-batch -f congestion-wait -f memcg-dirty-throttle

# Each recipe is one shell script that stops at its first failing line.
.ONESHELL:
.SHELLFLAGS := -ec
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: demo test test-traces test-vmscan test-html bench bench-window matrix screenshots sample soak screenshots sample soak-sweep soak-explore lint clean help
.PHONY: fuzz leaks mutation audit lock soak-crash soak-crowd

demo: $(VENV)/installed-base	## compare three fixes with Linux 3.10 on the posted hang, and print the report
	@mkdir -p build
	$(BIN)/reclaimlab $(DEMO) --seeds 4 --db build/demo.sqlite
	$(BIN)/reclaimlab report latest --format text --db build/demo.sqlite

test: lint $(VENV)/installed-screen	## lint, tests with coverage, and a look into the wheel
	@echo "== pytest"
	$(BIN)/pytest --cov -n 2 --dist loadgroup
	echo "== wheel"
	rm -rf build/wheel
	$(BIN)/python -m build --quiet --no-isolation --wheel --outdir build/wheel
	$(BIN)/check-wheel-contents build/wheel

lint: $(VENV)/installed-dev	## style, types, and which way imports go
	@echo "== ruff"
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --check --quiet
	echo "== mypy"
	$(BIN)/mypy
	echo "== import-linter"
	$(BIN)/lint-imports

test-traces: $(VENV)/installed-dev	## ask trace-cmd, which must be installed, to read a trace.dat
	$(BIN)/pytest tests/tools/check_trace_cmd.py

# Debian's linux-source-6.12 holds the script; any Linux tree of that version does.
VMSCAN_SCRIPT ?= /usr/src/linux-source-6.12/Documentation/trace/postprocess/trace-vmscan-postprocess.pl

test-vmscan: $(VENV)/installed-dev	## ask trace-vmscan-postprocess.pl of Linux 6.12 (VMSCAN_SCRIPT) to read ftrace text
	@if [ ! -f "$(VMSCAN_SCRIPT)" ]; then
		echo "there is no $(VMSCAN_SCRIPT); name the script of a Linux 6.12 tree: make test-vmscan VMSCAN_SCRIPT=..." >&2
		exit 1
	fi
	VMSCAN_SCRIPT="$(VMSCAN_SCRIPT)" $(BIN)/pytest tests/tools/check_vmscan_postprocess.py

CHROMIUM ?= /usr/bin/chromium

test-html: $(VENV)/installed-dev	## open HTML reports in Chromium (CHROMIUM): axe-core, console, network, sorting; needs node and npm
	@for needed in node npm "$(CHROMIUM)"; do
		if ! command -v "$$needed" >/dev/null; then
			echo "make test-html needs $$needed: on Debian, apt-get install chromium nodejs npm" >&2
			exit 1
		fi
	done
	mkdir -p build/html
	npm install --silent --no-audit --no-fund --ignore-scripts --prefix build/html axe-core@4 puppeteer-core@24
	CHROMIUM="$(CHROMIUM)" NODE_MODULES=build/html/node_modules PICTURES=build/html/pictures \
		$(BIN)/pytest -s tests/core/reports/check_html.py

bench: $(VENV)/installed-dev	## time the engine, and hold every figure against its target
	@$(BIN)/python -m pytest benchmarks --benchmark-only --benchmark-group-by=group --benchmark-columns=median,iqr,rounds
	$(BIN)/python -m benchmarks.report

bench-window: $(VENV)/installed-screen	## time the window: start, large stores, long plots, memory
	@QT_QPA_PLATFORM=offscreen $(BIN)/python -m benchmarks.window

proof: $(VENV)/installed-dev	## the proof tables of README, on every schedule, PROOF_SECONDS=60 a cell: up to an hour and a half
	$(BIN)/reclaimlab explore tiny-completion --all --grid workers=1 --grid pages=2 --max-time $(PROOF_SECONDS) --readme README.md
	$(BIN)/python -m tests.tools.proof_cells $(PROOF_SECONDS)

matrix: $(VENV)/installed-base	## run every scenario against its contenders, 20 seeds each, and renew the tables of README.md
	@$(BIN)/reclaimlab matrix -o $(MATRIX) --seeds 20 >/dev/null
	$(BIN)/reclaimlab matrix -o $(MATRIX) --readme README.md
	$(BIN)/python -m tests.tools.hung_cures

ablation: $(VENV)/installed-base	## find which fixes of the mail suffice on its scenarios, and renew README.md
	@mkdir -p build
	$(BIN)/reclaimlab ablate $(MAIL) --db build/ablation.sqlite --readme README.md --json > build/ablation.json
	mv build/ablation.json $(ABLATION)

screenshots: $(VENV)/installed-screen	## take the pictures of gui/README.md, on a screen of their own
	@xvfb-run -a -s "-screen 0 2000x1200x24" $(BIN)/python -m reclaimlab_gui.make_screenshots gui/screenshots

sample: $(VENV)/installed-dev	## compute again what the window shows at its first start
	@$(BIN)/python -m reclaimlab_gui.make_sample

soak: $(VENV)/installed-dev	## hours of looking for trouble: many examples a property, SEEDS=200 seeds a contender
	@$(BIN)/pytest --hypothesis-profile=soak
	$(BIN)/pytest tests/hardening/check_*.py
	$(MAKE) fuzz leaks
	mkdir -p build
	$(BIN)/reclaimlab $(DEMO) --seeds $(SEEDS) --db build/soak.sqlite

soak-crash: $(VENV)/installed-screen	## kill -9 at 375 random moments of each command that writes, and of the window
	@$(BIN)/pytest --hypothesis-profile=soak tests/hardening/test_crash.py tests/hardening/test_crash_commands.py

soak-crowd: $(VENV)/installed-screen	## eight writers, four readers and a window on one store, for five minutes
	@$(BIN)/pytest --hypothesis-profile=soak -s tests/hardening/test_concurrency.py

soak-sweep: $(VENV)/installed-dev	## kill a sweep and its workers at 50 random moments: resumed, its store is the same
	@RECLAIMLAB_KILLS=50 $(BIN)/pytest tests/core/sweep/test_kill.py

soak-explore: $(VENV)/installed-dev	## every cell of tiny-completion, ten minutes each at most, against the protocol by hand
	@RECLAIMLAB_CELL_SECONDS=600 $(BIN)/pytest -rx tests/core/explore/test_tiny_completion.py

fuzz: $(VENV)/installed-dev	## INPUTS=1000000 hostile inputs to whatever reads a file; no traceback, no hang, no memory
	@$(BIN)/python tests/hardening/fuzz.py $(INPUTS)

leaks: $(VENV)/installed-screen	## sweeps and a window for SOAK_MINUTES=120; memory, handles and threads must stay as they are
	@$(BIN)/python -m tests.hardening.soak

mutation: $(VENV)/installed-dev	## break each operator of engine, hook table and statistics: 4 of 5 must be noticed
	@$(PIP) install 'cosmic-ray>=8.3.8,<9'
	$(BIN)/python -m tests.tools.mutation $(PARTS)

audit: $(VENV)/installed-dev	## ask the vulnerability service of pip-audit about each version of the lock file
	@$(PIP) install 'pip-audit>=2.9,<3'
	$(BIN)/pip-audit --strict --disable-pip --no-deps --require-hashes -r requirements-ci.lock

lock: $(VENV)/installed-dev	## write what is installed, with hashes, to the lock file of CI
	@$(BIN)/python -m tests.tools.lock

clean:	## remove all that make has made
	@rm -rf $(VENV) build dist .coverage .benchmarks .hypothesis .import_linter_cache
	rm -rf .mypy_cache .pytest_cache .ruff_cache
	find core plugins gui tests -name __pycache__ -prune -exec rm -rf {} +

help:	## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 16

# The lock file is of one Python on one system: elsewhere the ranges of pyproject.toml say what is installed.
LOCKED = $(BIN)/python -c 'import platform as p, sys; sys.exit((p.machine(), sys.version_info[:2]) != ("x86_64", (3, 11)))'

# The demo asks for less than the tests do, so each has its own stamp.
$(VENV)/installed-base: pyproject.toml | $(VENV)/bin/python
	@echo "== installing reclaimlab"
	$(PIP) install --editable .
	touch $@

$(VENV)/installed-dev: pyproject.toml | $(VENV)/bin/python
	@echo "== installing reclaimlab and its development tools"
	if [ "$$CI" = true ] && $(LOCKED); then
		$(PIP) install --no-deps --require-hashes -r requirements-ci.lock
	fi
	$(PIP) install --editable '.[dev,gui]'
	touch $(VENV)/installed-base $@

# What Qt needs to draw, and a screen that is not there: only the tests of the window need them.
SCREEN := xvfb xauth libegl1 libgl1 libdbus-1-3 libfontconfig1 libxkbcommon0 libxcb-cursor0 libxcb-icccm4 \
	libxcb-keysyms1 libxcb-image0 libxcb-render-util0 libxcb-shape0 libxcb-xkb1 libxkbcommon-x11-0

$(VENV)/installed-screen: $(VENV)/installed-dev
	@if ! xvfb-run -a $(BIN)/python -c 'from PySide6.QtWidgets import QApplication; QApplication([])' 2>/dev/null; then
		install="apt-get install -y --no-install-recommends $(SCREEN)"
		if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
			echo "The tests of the window need a screen. Type this line, or what your system has for it, then make again:" >&2
			echo "  sudo $$install" >&2
			exit 1
		fi
		echo "== $$install"
		export DEBIAN_FRONTEND=noninteractive
		apt-get update -qq
		$$install -qq >/dev/null
	fi
	touch $@

# Each candidate is run, not only looked up: a version manager's shim may stand for a Python that is not there.
# Debian keeps what `python3 -m venv` needs in a package of its own, python3-venv.
$(VENV)/bin/python:
	@for python in python3 python3.13 python3.12 python3.11 none; do
		$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break
	done
	if [ $$python = none ]; then
		echo "reclaimlab needs Python 3.11 or newer: none of python3, python3.13, python3.12, python3.11 is." >&2
		exit 1
	fi
	if ! $$python -c 'import ensurepip, venv' 2>/dev/null; then
		install="apt-get install -y $$python-venv"
		if [ "$$(id -u)" != 0 ]; then
			echo "$$python cannot make a virtual environment. Type this line, then make again:" >&2
			echo "  sudo $$install" >&2
			exit 1
		fi
		echo "== $$install"
		export DEBIAN_FRONTEND=noninteractive
		apt-get update -qq
		$$install -qq --no-install-recommends >/dev/null
	fi
	echo "== making $(VENV) with $$($$python --version)"
	$$python -m venv --clear $(VENV)
