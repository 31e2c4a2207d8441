# Two commands do everything on a fresh machine: `make demo` and `make test`.
# Both use the release profile, so that nothing is built twice.

SHELL := /bin/bash
.DELETE_ON_ERROR:
PLIM := target/release/plim
DEMO := examples/digital-economy
MDBOOK := target/tools/bin/mdbook
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: build demo countries test lint rust cluster browser tools bench docs reference api clean

build:
	cargo build --release --locked -p plim-cli

## Simulates the cities, runs the study of the mission, and says where the report is.
demo: build
	$(PLIM) simulate cities --seed 1 --into $(DEMO)/data
	$(PLIM) run $(DEMO)/study.toml --out $(DEMO)/out

## The same study on real countries (needs the shared data, see examples/countries).
countries: build
	$(PLIM) run examples/countries/study.toml --out examples/countries/out

## Installs what the tests need and runs all of them.
test: lint rust browser

lint:
	cargo fmt --all --check
	cargo clippy --release --locked --workspace --all-targets -- -D warnings

# nextest when it is there; cargo's own runner does the same work.
rust: build
	if cargo nextest --version >/dev/null 2>&1; \
	then cargo nextest run --release --locked --workspace --lib --bins --tests; \
	else cargo test --release --locked --workspace --lib --bins --tests; fi
	cargo test --release --locked --workspace --doc

## Queries on a cluster of this machine's own, which breaks on purpose, and object stores. The feature changes what the
## libraries are built with, so it has a target directory of its own; one test at a time, for they share the cores.
cluster: export CARGO_TARGET_DIR := target/cluster
cluster:
	cargo clippy --release --locked --workspace --all-targets --features plim-cli/cluster -- -D warnings
	cargo test --release --locked -p plim-table -p plim-cli --features plim-cli/cluster --lib --test cluster --test objects -- --test-threads 1

## Reports in a real browser: the demo's, one with hostile labels, and that of the countries where their data are.
browser: demo tools
	cd tests/browser && PLIM_REPORT="$(CURDIR)/$(DEMO)/out/report.html" node --test
	mkdir -p target/hostile && cp tests/browser/hostile.toml target/hostile/study.toml
	$(PLIM) simulate cities --cities 20 --records 10 --into target/hostile
	$(PLIM) run target/hostile/study.toml
	cd tests/browser && PLIM_REPORT="$(CURDIR)/target/hostile/out/report.html" node --test --test-name-pattern="hostile|network|overflow"
	if [ -d "$${PLIM_SHARED:-../shared}/data" ]; \
	then $(PLIM) run examples/countries/study.toml --out target/countries && \
	cd tests/browser && PLIM_REPORT="$(CURDIR)/target/countries/report.html" node --test; \
	else echo "SKIPPED: the countries' report, for the shared data are not here"; fi

tools:
	@command -v chromium >/dev/null || { $(SUDO) apt-get update -q && $(SUDO) apt-get install -yq chromium fonts-noto-cjk; }
	@command -v node >/dev/null || $(SUDO) apt-get install -yq nodejs npm
	cd tests/browser && npm ci --no-audit --no-fund

## Measures the engine against its peers; see bench/README.md.
bench: build
	bash bench/run.sh

## The documentation as a site: target/site/index.html. Needs the network once, for the builder of the book.
docs: $(MDBOOK)
	$(MDBOOK) build docs

# The builder is no dependency of the program, and `make test` does without it: it is installed below target/ by who
# builds the book first, without its server and its watcher.
$(MDBOOK):
	cargo install mdbook --version 0.5.4 --locked --no-default-features --features search --root target/tools

## The page of every option; a test tells when it is behind the program.
reference: build
	$(PLIM) explain all > target/reference.md
	mv target/reference.md docs/guide/reference.md

## Documentation of the crates.
api:
	cargo doc --release --locked --workspace --no-deps

clean:
	rm -rf $(DEMO)/data $(DEMO)/out examples/countries/out
