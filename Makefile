# Everything starts here: `make demo` and `make test` need nothing but Swift and this checkout.

SWIFT ?= swift
PREFIX ?= /usr/local
BINARY := .build/release/gramdex
DEMO := pipelines/demo

.PHONY: help dependencies build test fuzz sanitize demo lint imports-check docs-check bench soak install clean

help: ## Shows this list.
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | column -t -s "$$(printf '\t')"

dependencies: ## Installs the libraries that are missing (Debian).
	@scripts/install-dependencies

build: dependencies ## Builds the release binary.
	$(SWIFT) build -c release --product gramdex

test: build ## Builds and runs every test.
	GRAMDEX_BINARY="$(CURDIR)/$(BINARY)" $(SWIFT) test

fuzz: dependencies ## Changes files at random for GRAMDEX_FUZZ_SECONDS (60) a target; see Tests/FuzzTests.
	GRAMDEX_FUZZ_SECONDS=$${GRAMDEX_FUZZ_SECONDS:-60} GRAMDEX_FUZZ_TRACE=$${GRAMDEX_FUZZ_TRACE:-0} \
	  $(SWIFT) test --no-parallel --filter FuzzTests

sanitize: dependencies ## Runs the tests of all modules under the address and the thread sanitizer.
	LSAN_OPTIONS="suppressions=$(CURDIR)/scripts/sanitizers/leak" \
	  $(SWIFT) test --sanitize=address --scratch-path .build/sanitize-address --skip EndToEndTests
	TSAN_OPTIONS="suppressions=$(CURDIR)/scripts/sanitizers/thread" \
	  $(SWIFT) test --sanitize=thread --scratch-path .build/sanitize-thread --skip EndToEndTests --skip FuzzTests

demo: build ## Builds an index of the sample corpus, asks it things, trains a network and rescores n-best lists.
	$(BINARY) run $(DEMO)/demo.yaml
	$(BINARY) info $(DEMO)/demo.gramdex
	$(BINARY) query $(DEMO)/demo.gramdex --text "it was a dark night"
	$(BINARY) perplexity $(DEMO)/demo.gramdex $(DEMO)/sample.test.txt
	$(BINARY) train $(DEMO)/demo.gramdex $(DEMO)/sample.train.txt --valid $(DEMO)/sample.valid.txt \
	  --architecture elman --hidden 64 --epochs 2 --name rnn
	$(BINARY) perplexity $(DEMO)/demo.gramdex $(DEMO)/sample.test.txt --model ngram:0.5,rnn:0.5
	$(BINARY) tune $(DEMO)/demo.gramdex $(DEMO)/sample.nbest.jsonl --model ngram,rnn -o $(DEMO)/demo.weights.json
	$(BINARY) rescore $(DEMO)/demo.gramdex $(DEMO)/sample.nbest.jsonl --weights $(DEMO)/demo.weights.json \
	  -o $(DEMO)/demo.rescored.jsonl
	$(BINARY) evaluate $(DEMO)/demo.rescored.jsonl
	$(BINARY) verify $(DEMO)/demo.gramdex

lint: ## Checks the layout of the code.
	$(SWIFT) format lint --strict --recursive Sources Tests Benchmarks Package.swift

imports-check: dependencies ## Checks that modules import only what stands before them.
	$(SWIFT) build --explicit-target-dependency-import-check error

docs-check: build ## Runs the commands of README and docs/ and compares what they print.
	scripts/check-docs --binary "$(CURDIR)/$(BINARY)" README.md docs/GUIDE.md \
	  docs/SMOOTHING.md docs/MIGRATION.md docs/RESCORING.md docs/GRADIENTS.md

bench: dependencies ## Measures speed and size (docs/PERFORMANCE.md).
	Benchmarks/run

soak: ## Builds 2 GB of generated text in 1 GB, kills and resumes it, and checks that everything holds (SCALE=0.1: a tenth).
	Benchmarks/soak $(or $(SCALE),1)

install: build ## Installs the command to PREFIX (/usr/local).
	install -d "$(DESTDIR)$(PREFIX)/bin"
	install -m 755 "$(BINARY)" "$(DESTDIR)$(PREFIX)/bin/gramdex"

clean: ## Removes what was built.
	rm -rf .build $(DEMO)/demo.gramdex $(DEMO)/demo.weights.json $(DEMO)/demo.rescored.jsonl
