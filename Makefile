# make run     train LeNet-5 on drawn digits (no download of data) and draw its curves
# make check   linter, type checker and fast tests: a minute and a half
# make test    those and the slow tests: five to eight minutes on two cores; LENET_DATA=<folder> adds the real MNIST
# make test-all  those and what takes long by its nature: kills, sweeps under launchers, defects that
#              are put in on purpose: ten minutes more
# make test-fresh  every property on fresh examples, which no earlier run has seen: two minutes
# make table1  the paper's Table I over ten seeds, on MNIST
# make optimizers, architectures, capacity, best_3_epochs, best, fashion, best_fashion, lecun1998,
#      lecun1998_distorted, lecun1998_sizes, lecun1998_choices, from_1998_to_2025
#              the study of that name (lenet experiment=<name>) in runs/<name>
# make publish-<study>  copy what results/<study> shows from runs/<study>: tables and figures, of best
#              the network of seed 0
# make stress  51 runs killed at random moments, they or one of their workers
# make soak    short runs for MINUTES (60): memory, open files and threads must stay flat
# make coverage  all tests, and what they reach of lenet/: at least 95 % of lines and branches
# make test-slurm, test-ray, test-optuna  sweeps on a SLURM cluster, on Ray, and searches by Optuna
# make test-tensorboard, test-mlflow  runs that are shown by TensorBoard and MLflow
# make test-onnx  networks that ONNX Runtime reads
# make page    runs/page/page.html: draw, and watch a network of three epochs and results/reader
# make test-page  that page in a browser, if there is one
#
# Each sets up what it needs in .venv first. PYTHON=<a Python 3.11 to 3.14> chooses another one.

STUDIES := optimizers architectures capacity best_3_epochs best fashion best_fashion lecun1998 \
	lecun1998_distorted lecun1998_sizes lecun1998_choices from_1998_to_2025

.PHONY: run check lint test test-all test-fresh table1 $(STUDIES) stress soak coverage test-slurm test-ray test-optuna test-tensorboard test-mlflow test-onnx page test-page clean
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))
PYTHON ?= $(shell for python in python3.14 python3.13 python3.12 python3.11 python3 python; do \
	$$python -c '$(FITS)' 2>/dev/null && echo $$python && break; done)

run: $(VENV)/core
	$(BIN)/lenet
	$(BIN)/python scripts/plot_curves.py

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check: lint
	$(BIN)/pytest -n auto --dist worksteal --up-to fast

test: lint
	$(BIN)/pytest -n auto --dist worksteal

test-all: test
	$(BIN)/pytest -n auto --dist worksteal -m thorough

test-fresh: $(VENV)/dev
	$(BIN)/pytest -n auto --dist worksteal --up-to thorough -m hypothesis --hypothesis-profile fresh

table1: $(VENV)/core
	$(BIN)/lenet experiment=table1 hydra/launcher=joblib hydra.sweep.dir=runs/table1
	$(BIN)/python scripts/table1.py runs/table1
	$(BIN)/python scripts/plot_curves.py runs/table1

$(STUDIES): $(VENV)/core
	$(BIN)/lenet experiment=$@ hydra/launcher=joblib hydra.sweep.dir=runs/$@
	$(BIN)/python scripts/compare.py runs/$@

page: $(VENV)/core
	$(BIN)/lenet keep_weights=epochs hydra.run.dir=runs/page
	$(BIN)/lenet-runs page runs/page results/reader

publish-best:
	cp $(addprefix runs/best/*-seed0-*/,config.yaml weights.npz) results/best/

publish-%:
	mkdir -p results/$*
	cp $(or $(patsubst results/%,runs/%,$(wildcard results/$*/*)),runs/$*/runs.csv runs/$*/settings.csv) results/$*/

stress: $(VENV)/dev
	$(BIN)/pytest -n auto -m stress

MINUTES := 60
soak: $(VENV)/dev
	$(BIN)/python tests/soak.py $(MINUTES)

coverage: $(VENV)/dev
	$(BIN)/pytest -n auto --dist worksteal --up-to thorough --cov

test-slurm test-ray test-optuna test-tensorboard test-mlflow test-onnx test-page: test-%: $(VENV)/dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,$*]'
	$(BIN)/pytest -rs --up-to thorough -m $*

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache

$(VENV)/core: pyproject.toml constraints.txt
	@"$(PYTHON)" -c '$(FITS)' 2>/dev/null || { echo "Python 3.11 to 3.14 is needed: make PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	touch $@

$(VENV)/dev: $(VENV)/core
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@
