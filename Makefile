# SPDX-License-Identifier: Apache-2.0
# The commands of every day; each does its own set-up. The work is done by CMake, CTest and dev/.
SHELL := /bin/bash
.DEFAULT_GOAL := help
JOBS := $(shell nproc)

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

deps:
	@dev/deps.sh build

build: deps ## build everything into build/ (programs in build/bin/)
	@cmake --preset dev >build.log 2>&1 || { cat build.log; exit 1; }; rm -f build.log
	@cmake --build build --parallel $(JOBS)

demo: build ## show the main job on a real control plane of its own; leaves it running
	@dev/demo.sh

demo-flink: ## the same with real Flink on a real node of this machine; as root
	@dev/demo-flink.sh

test: deps ## run every test: units, fuzz replay, sanitizers, a real control plane
	@dev/test-all.sh

test-flink: build ## run the tests with real Flink on a real node of this machine; as root
	@dev/test-flink.sh

test-unit: build ## run the unit tests alone
	@ctest --test-dir build --output-on-failure -LE 'cluster|flink'

test-crash: build ## let the controller die at every single write of a cluster's life; half an hour
	@SLUICE_CRASH_STRIDE=1 ctest --test-dir build --output-on-failure -R keeper_crash

generate: build ## write the generated files anew: CRD, man pages, reference, fuzz dictionary
	@cmake --build build --target generate

bench: ## measure the webhook beside a static server
	@dev/deps.sh bench
	@dev/bench/run.sh

scale: build ## hold the controller with 2,000 clusters against a plain client
	@SLUICE_SCALE_CLUSTERS=2000 SLUICE_SCALE_STRICT=1 SLUICE_BIN_DIR=$(CURDIR)/build/bin SLUICE_PLAIN_CLIENT=$(CURDIR)/build/tools/plain-client \
	    python3 tests/cluster/keeper_scale_test.py

lint: ## check format, shell scripts and the rules of the house
	@dev/deps.sh lint
	@dev/lint.sh

down: ## end what demo and tests started
	@for name in $$(dev/cluster list | awk 'NR > 1 || !/NAME/ {print $$1}'); do dev/cluster down --name $$name; done

clean: ## remove build/
	@rm -rf build

.PHONY: help deps build demo demo-flink test test-unit test-flink test-crash generate bench scale lint down clean
