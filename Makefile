# Two commands matter: `make demo` and `make test`. Both make the virtual environment they need.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
SEED   ?= 1
DEMO   := --seed $(SEED) $(if $(BROKER),--broker $(BROKER)) $(OPTIONS)

.DEFAULT_GOAL := help
.PHONY: help demo test e2e chaos check format lint types lock docs clean
.PHONY: bench bench-peers bench-growth bench-latency bench-scale bench-recovery bench-table

help:          ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

demo: $(READY) ## four simulated vendors, live in the terminal; BROKER=host:port uses your own Kafka
	@$(BIN)/undertow demo $(DEMO)

# loadgroup: one test at a time to whoever is free, so that the long ones, which wait for brokers, do not queue up
test: $(READY) ## every test that can run here; what cannot is skipped with its reason; ARGS="-n0 tests/unit" to choose
	$(BIN)/python -m pytest -n 3 --dist loadgroup $(ARGS)

e2e: $(READY)  ## the gaming vendor from Kafka to the leaders' letter box, through real Prometheus and Alertmanager; two minutes
	$(BIN)/python -m pytest tests/e2e $(ARGS)

chaos: $(READY) ## 200,000 events through kills, rebalances, pauses and a dead broker; SEED=n BROKER_KIND=apache|embedded
	@$(BIN)/python -m tests.chaos.run --seed $(SEED) --broker $(or $(BROKER_KIND),apache) $(ARGS)

BENCH := PYTHONPATH=tests $(BIN)/python -m bench
bench: $(READY) ## CPU an event of the peers' job and of the product, beside the floor; EVENTS=n ROUNDS=n
	@$(BENCH).run
bench-peers: $(READY) ## the same job by the engines of ../shared/peers, installed on first use; PEERS=quix,bytewax
	@$(BENCH).peers
bench-growth: $(READY) ## CPU an event and memory a ticket with 10,000 to 1,000,000 tickets in; SIZES=n,n
	@$(BENCH).growth
bench-latency: $(READY) ## broker's append to changed figure, and CPU, at a steady rate; RATE=n DURATION=s
	@$(BENCH).latency
bench-scale: $(READY) ## one, two and four workers on eight partitions; WORKERS=n,n
	@$(BENCH).scale
bench-recovery: $(READY) ## a worker with 200,000 tickets from start to ready; TICKETS=n
	@$(BENCH).recovery
bench-table: $(READY) ## write the tables of tests/bench/README.md from results.json
	@$(BENCH).generate

check: lint test ## what continuous integration runs

lint: types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(READY)
	$(BIN)/mypy
	$(BIN)/mypy --config-file tests/mypy.ini tests

format: $(READY) ## write the code's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(READY) ## write the generated parts of the README, and the dashboards' JSON
	$(BIN)/python -m tests.docs.generate
	$(BIN)/python -m dashboards.generate

lock: ## pin the newest versions that pyproject.toml allows
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip install --quiet --upgrade pip
	$(VENV)-lock/bin/python -m pip install --quiet '.[demo,dev]'
	$(VENV)-lock/bin/python -m pip freeze --exclude undertow > constraints.txt
	rm -rf $(VENV)-lock

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis build streams/*.egg-info

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=...")'
	@echo "installing into $(VENV) (once, about a minute)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[demo,dev]'
	@touch $@
