# Two commands do everything on a fresh machine: `make run` and `make test`.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run watch test setup tools fmt lint css unit doc build budget journeys audit fuzz bench clean
.NOTPARALLEL:

native := --workspace --exclude frontend
testing := --features store/testing,desk/testing
BENCH_ARGS ?= $(ARGS)

help: ## What there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: ## Build the release and serve it with demo data on http://127.0.0.1:3000
	@bash scripts/run.sh

watch: ## Serve while you work: builds again at every change
	@bash scripts/tools.sh watch
	@bash scripts/watch.sh

test: ## Every check there is, in the order below
	@bash scripts/test.sh

setup: tools ## Install what build and tests need and the machine lacks
	@bash scripts/browser.sh

tools: ## Install what the build needs and the machine lacks
	@bash scripts/tools.sh

fmt: ## The format of the Rust sources
	@cargo fmt --all --check

lint: tools ## Clippy, where no warning passes
	@cargo clippy $(native) --all-targets $(testing) -- -D warnings
	@cargo clippy -p frontend --all-features --target wasm32-unknown-unknown -- -D warnings

css: tools ## Style sheets parse
	@bash scripts/css.sh

# Not nextest: it gives each test a process of its own, and each process would start a PostgreSQL of its own.
unit: setup ## Unit and integration tests, on SQLite and PostgreSQL; ARGS goes to cargo test
	@. scripts/env.sh && cargo test --no-fail-fast $(native) $(testing) $(ARGS)

doc: ## Documentation, where no warning passes
	@RUSTDOCFLAGS='-D warnings' cargo doc --no-deps $(native)

build: tools ## The release, in target/
	@bash scripts/build.sh

budget: build ## The size of the first visit
	@bash scripts/budget.sh

journeys: setup build ## Journeys in Chromium, on the release; ARGS goes to Playwright
	@. scripts/env.sh && cd end2end && npx playwright test $(ARGS)

audit: ## Licences, bans and sources of the dependencies
	@bash scripts/audit.sh

fuzz: tools ## Look for a mail that breaks the reading of mails, ten minutes for each of four targets
	@bash scripts/fuzz.sh

bench: tools ## Measurements; BENCH_ARGS says which
	@LEPTOS_OUTPUT_NAME=balie cargo build --release -q --package server --package bench --bin bench --features server/embedded
	@target/release/bench $(BENCH_ARGS)

clean: ## Remove what was built; data/ stays
	@rm -rf target end2end/node_modules scripts/tools/node_modules
