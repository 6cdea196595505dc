# The two commands a newcomer needs are `make run` and `make test`; each sets up .venv by itself, from requirements/.
PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13,$(shell $(name) -c '' >/dev/null 2>&1 && echo $(name))) python3)
BIN := .venv/bin
BENCH ?= tests/benchmarks
PARALLEL := -n auto --maxprocesses 4 --dist loadfile

# A machine's own constraints would fight the lock; its index, proxy and certificates are used as they are.
PIP := PIP_CONSTRAINT=/dev/null $(BIN)/python -m pip install --disable-pip-version-check
LOCKED := --require-hashes --no-build-isolation --requirement
UV ?= $(BIN)/uv
# As locked before where that still fits; else `newest`, or `lowest`: what pyproject.toml allows at all.
VERSIONS := kept
UPGRADE := $(if $(filter newest,$(VERSIONS)),--upgrade) $(if $(filter lowest,$(VERSIONS)),--upgrade --resolution lowest-direct)
LOCK = UV_CUSTOM_COMPILE_COMMAND='make lock' $(UV) pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --annotation-style line $(UPGRADE)

# Of `regress`: cpu or cuda; FULL=1 runs whole tasks too.
DEVICE ?= cpu
FULL ?=
REGRESS := runs/regress

.PHONY: run install test slow check lock bench replay regress weights audit clean

# What builds packages comes first; then all that the lock names, each file checked; then this package, and nothing else.
define install
test -x $(BIN)/python || $(PYTHON) -m venv .venv
@echo "installing requirements/$(1).txt into .venv: up to 3 GB come from the package index, minutes"
$(PIP) --quiet $(LOCKED) requirements/build.txt
$(PIP) $(LOCKED) requirements/$(1).txt
$(PIP) --quiet --no-deps --no-build-isolation --editable .
$(BIN)/mserbench packages
endef

# What `make run` needs is a part of what development needs, with the same versions: each finds the other's work.
RUN := .venv/.installed-run
DEV := .venv/.installed-dev
SOURCES := pyproject.toml requirements/build.txt requirements/run.txt

$(RUN): $(SOURCES)
	$(call install,run)
	touch $@

$(DEV): $(SOURCES) requirements/dev.txt
	$(call install,dev)
	touch $(RUN) $@

install: $(DEV)  ## what development needs, from the lock, and nothing else

run: $(RUN)  ## the main job: a floor, a baseline and mser-llm with its small real parts on three synthetic languages
	$(BIN)/mserbench weights get whisper-base
	$(BIN)/mserbench weights get smollm2-135m-instruct
	$(BIN)/mserbench run --model prior,logmel,mser-llm --task demo-el,demo-fa,demo-ru

test slow: export OMP_NUM_THREADS ?= 1  # many small products: more threads only wait for one another

test: $(DEV)  ## every test but the slow ones
	$(BIN)/python -m pytest -m 'not slow and not network' $(PARALLEL)

slow: $(DEV)  ## the tests that take minutes
	$(BIN)/python -m pytest -m slow $(PARALLEL)

check: $(DEV)  ## style, types, who imports whom, the board and its experiments
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/mserbench leaderboard --replay --html leaderboard/site
	$(BIN)/mserbench experiment transfer-real --out leaderboard/transfer-real --replay
	$(BIN)/mserbench experiment mser-real --out leaderboard/mser-real --replay
	$(BIN)/mserbench experiment mser-prompts --out leaderboard/mser-prompts --replay
	$(BIN)/mserbench experiment mser-stages --out leaderboard/mser-stages --replay
	$(BIN)/mserbench experiment adaptation --out leaderboard/adaptation --replay

lock: $(DEV)  ## remake requirements/ from pyproject.toml; versions that still fit stay, unless VERSIONS=newest or =lowest
	$(LOCK) requirements/build.in --output-file requirements/build.txt
	$(LOCK) pyproject.toml --extra dev --constraint requirements/build.txt --output-file requirements/dev.txt
	$(LOCK) pyproject.toml --extra demo --extra train --extra stress --constraint requirements/dev.txt --output-file requirements/run.txt

# Times are compared with the stored ones of the same kind of machine. On one of your own, SAVE=NAME stores
# them, and FAIL=mean:50% makes a slower time an error; on a shared machine only the ratios are held.
STORED := tests/benchmarks/baselines
bench: $(DEV)  ## speed and memory, each against a reference timed in the same run
	mkdir -p runs/bench
	$(BIN)/python -m pytest $(BENCH) -o python_files='bench_*.py' -o python_functions='bench_*' -s \
		--benchmark-storage=$(STORED) --benchmark-json=runs/bench/benchmarks.json \
		$(if $(SAVE),--benchmark-save=$(SAVE)) $(if $(wildcard $(STORED)/*),--benchmark-compare) \
		$(if $(FAIL),--benchmark-compare-fail=$(FAIL))

replay: $(DEV)  ## remake every number of the board, the baselines and the experiments from the committed predictions
	$(BIN)/mserbench leaderboard --replay --html leaderboard/site
	$(BIN)/mserbench baseline replay
	$(BIN)/mserbench experiment transfer-real --out leaderboard/transfer-real --replay
	$(BIN)/mserbench experiment mser-real --out leaderboard/mser-real --replay
	$(BIN)/mserbench experiment mser-prompts --out leaderboard/mser-prompts --replay
	$(BIN)/mserbench experiment mser-stages --out leaderboard/mser-stages --replay
	$(BIN)/mserbench experiment adaptation --out leaderboard/adaptation --replay

regress: replay  ## run every model with a baseline again and compare (DEVICE=cuda, FULL=1); the report is runs/regress/summary.md
	-$(BIN)/mserbench weights get whisper-base
	-$(BIN)/mserbench weights get smollm2-135m-instruct
	@code=0; \
	$(BIN)/mserbench baseline run --out $(REGRESS)/runs --not-run $(REGRESS)/not-run.md --device $(DEVICE) $(if $(FULL),--full) || code=$$?; \
	$(BIN)/mserbench check $(REGRESS)/runs --baseline leaderboard/baselines --again --report $(REGRESS)/summary.md || code=$$?; \
	cat $(REGRESS)/not-run.md >> $(REGRESS)/summary.md; \
	exit $$code

weights: $(DEV)  ## remake the weights that ship with the baselines (wants $$MSERBENCH_DATA)
	$(BIN)/python -m mserbench_baselines.remake_weights
	$(BIN)/python -m mserbench_whisper_linear.remake_weights

audit: $(DEV)  ## remake docs/measured/audit.md from a folder of splits (wants SPLITS=folder and $$MSERBENCH_DATA)
	$(BIN)/mserbench audit --splits $(SPLITS) --about docs/measured/audit.toml --out docs/measured/audit.md

clean:
	rm -rf .venv build dist runs
