# The two commands a newcomer needs are `make run` and `make test`; each sets up .venv by itself (torch: 5 GB).
PYTHON ?= python3.11
BIN := .venv/bin
STAMP := .venv/.installed
BENCH ?= tests/benchmarks
# The systems and seeds that were computed; the last layer was not.
MSER_REAL := --seeds 0,1,2 --only mser-llm,mser-llm_wo_lec,mser-llm_generate,whisper-linear,prior
PARALLEL := -n auto --maxprocesses 4 --dist loadfile

.PHONY: run test slow check bench replay weights audit clean

$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

run: $(STAMP)  ## the main job: a floor, a baseline and mser-llm with its small real parts on three synthetic languages
	$(BIN)/mserbench weights get whisper-base
	$(BIN)/mserbench weights get smollm2-135m-instruct
	$(BIN)/mserbench run --model prior,logmel,mser-llm --task demo-el,demo-fa,demo-ru

test slow: export OMP_NUM_THREADS ?= 1  # many small products: more threads only wait for one another

test: $(STAMP)  ## every test but the slow ones
	$(BIN)/python -m pytest -m 'not slow and not network' $(PARALLEL)

slow: $(STAMP)  ## the tests that take minutes
	$(BIN)/python -m pytest -m slow $(PARALLEL)

check: $(STAMP)  ## style, types, who imports whom, the board and its experiments
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/mserbench leaderboard --check
	$(BIN)/mserbench experiment transfer-real --out leaderboard/transfer-real --check
	$(BIN)/mserbench experiment mser-real --out leaderboard/mser-real $(MSER_REAL) --check
	$(BIN)/mserbench experiment mser-prompts --out leaderboard/mser-prompts --check

bench: $(STAMP)  ## speed and memory, each against a reference timed in the same run
	$(BIN)/python -m pytest $(BENCH) -o python_files='bench_*.py' -o python_functions='bench_*' -s

replay: $(STAMP)  ## remake every number of the board, and of the experiments beside it, from the committed predictions
	$(BIN)/mserbench leaderboard --check
	$(BIN)/mserbench experiment transfer-real --out leaderboard/transfer-real --check
	$(BIN)/mserbench experiment mser-real --out leaderboard/mser-real $(MSER_REAL) --check
	$(BIN)/mserbench experiment mser-prompts --out leaderboard/mser-prompts --check

weights: $(STAMP)  ## remake the weights that ship with the baselines (wants $$MSERBENCH_DATA)
	$(BIN)/python plugins/remake_weights.py

audit: $(STAMP)  ## remake docs/audit.md from a folder of splits (wants SPLITS=folder and $$MSERBENCH_DATA)
	$(BIN)/mserbench audit --splits $(SPLITS) --about docs/audit.toml --out docs/audit.md

clean:
	rm -rf .venv build dist runs
