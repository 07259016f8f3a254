# Thin lines over the scripts in tools/. `make` alone lists what there is.
# Variables: PYTHON=/path/to/python3.12   UNLOCKED=1 (newest allowed packages)   NOTEBOOK=01_knn   ARGS="..." (passed on)
.DEFAULT_GOAL := help
.PHONY: help lab test test-browser notebooks experiments cifar10 bench clean
export PYTHON UNLOCKED

help: ## this list
	@sh tools/run.sh help "$(MAKEFILE_LIST)"

lab: ## open the notebooks in JupyterLab (NOTEBOOK=01_knn opens one)
	@sh tools/run.sh base tools/lab.py $(NOTEBOOK)

test: ## ruff, the unit tests, and every notebook run again with its text compared
	@sh tools/run.sh test tools/test.py $(ARGS)

test-browser: ## drive every control of every notebook in Chromium
	@sh tools/run.sh browser -m pytest tests/browser -n 2 --no-loadscope-reorder $(ARGS)

notebooks: ## run the notebooks again in place and tidy what is committed (NOTEBOOK=01_knn for one)
	@sh tools/run.sh test tools/notebooks.py $(NOTEBOOK)

experiments: ## run the long experiments again whose results the notebooks plot (NAME=ensembles for one)
	@sh tools/run.sh test tools/experiments.py $(NAME)

cifar10: ## fetch CIFAR-10, 170 MB, with its checksum (URL=... names another copy or a file, SHA256=... its checksum)
	@sh tools/run.sh base -m cs231n_helpers.data.cifar10 $(if $(URL),"$(URL)") $(if $(SHA256),--sha256 "$(SHA256)")

bench: ## measure the rows of benchmarks/README.md, side by side
	@sh tools/run.sh browser -m benchmarks $(ARGS)

clean: ## remove the environment and every cache (not the data that was downloaded)
	@sh tools/run.sh clean
