# The commands of this project. Each is a script in .ci/ that says what it
# promises; the build server runs the same ones.

.DEFAULT_GOAL := help
.PHONY: help run test check bench fuzz generated fmt

help: ## List these commands
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18

run: ## Build Signalbox and open its window (headless without a display); ARGS="--port 0" is passed on
	@.ci/start $(ARGS)

test: ## Run every test there is, and count them
	@.ci/test

check: ## Formatting, lints, walls between crates, licences, generated files
	@.ci/check

bench: ## Measure what the proxy adds to a request
	@.ci/bench

fuzz: ## Feed every wire reader with damaged input; ARGS="SECONDS TARGET..." is passed on
	@.ci/fuzz $(ARGS)

generated: ## Write the panel's TypeScript from the control API
	@.ci/generated --write

fmt: ## Format the Rust code
	@cargo fmt --all
