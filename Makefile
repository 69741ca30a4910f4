# The two commands that matter: `make demo` and `make test`. Both set up .venv the first time.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LINT_ONLY_READY := .venv-lint-only/.ready

RECIPE := recipes/smollm2-python-docstrings.yaml
# accelerate, which `axolotl train` starts, is looked up on PATH, and gives each process one thread
# unless told otherwise; nothing here needs a hub
TRAIN_ENV := PATH="$(abspath $(BIN)):$$PATH" HF_HUB_OFFLINE=1 AXOLOTL_DO_NOT_TRACK=1 \
	OMP_NUM_THREADS=$$(getconf _NPROCESSORS_ONLN)

.DELETE_ON_ERROR:
.PHONY: demo test test-matrix check docs screenshots lint-only clean

demo: $(READY)
	$(BIN)/python demo/fetch_model.py
	$(BIN)/python demo/make_dataset.py
	$(BIN)/dataset-tools lint demo/data/train.jsonl demo/data/heldout.jsonl
	$(TRAIN_ENV) $(BIN)/dataset-tools preview --recipe $(RECIPE) --rows 2
	$(TRAIN_ENV) axolotl train $(RECIPE)
	$(TRAIN_ENV) $(BIN)/python demo/compare.py

test: check
	$(TRAIN_ENV) $(BIN)/python -m pytest --numprocesses 2 --dist worksteal

# on each Axolotl we support for which there is a Python: PYTHON311=... PYTHON312=..., or on PATH
test-matrix:
	PYTHON311=$(PYTHON311) PYTHON312=$(PYTHON312) $(PYTHON) tests/axolotl_matrix.py $(AXOLOTL)

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python docs/generate.py --check

docs: $(READY)
	$(BIN)/python docs/generate.py

# the README's pictures, made by running the commands they show
screenshots: $(READY)
	HF_HUB_OFFLINE=1 $(BIN)/python docs/screenshots.py
	HF_HUB_OFFLINE=1 $(BIN)/python docs/page_screenshots.py

lint-only: $(LINT_ONLY_READY)
	@echo "installed without torch: .venv-lint-only/bin/dataset-tools"

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --editable '.[train,demo,dev]'
	$(BIN)/python -m compileall -q dataset_tools plugin  # as pip does where it copies
	touch $@

$(LINT_ONLY_READY): pyproject.toml
	$(PYTHON) -m venv .venv-lint-only
	.venv-lint-only/bin/python -m pip install .
	touch $@

clean:
	rm -rf $(VENV) .venv-lint-only .venv-axolotl-* demo/data demo/model demo/adapter last_run_prepared outputs
