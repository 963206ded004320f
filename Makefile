# Two commands do everything on a fresh machine: `make run` and `make test`.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run watch test lint journeys audit bench clean

help: ## What there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: ## Build the release and serve it with demo data on http://127.0.0.1:3000
	@bash scripts/run.sh

watch: ## Serve while you work: builds again at every change
	@bash scripts/tools.sh
	@bash scripts/watch.sh

test: ## Every check there is
	@bash scripts/test.sh

journeys: ## Only the journeys in Chromium, on the release as it is built
	@bash scripts/browser.sh
	@bash scripts/build.sh
	@cd end2end && npx playwright test $(ARGS)

audit: ## Licences, bans and sources of the dependencies
	@command -v cargo-deny >/dev/null || cargo install cargo-deny --locked
	@cargo deny check bans licenses sources

bench: ## Measurements; ARGS says which (see docs/benchmarks.md)
	@cargo run --release -q -p bench -- $(ARGS)

clean: ## Remove what was built; data/ stays
	@rm -rf target end2end/node_modules scripts/tools/node_modules
