# Every command of the project. `./run RECIPE` installs first what the recipe needs.

set shell := ["bash", "-euo", "pipefail", "-c"]

target := env("CARGO_TARGET_DIR", justfile_directory() / "target")
export PATH := target / "tools/bin" + ":" + target / "tools/node/node_modules/.bin" + ":" + env("PATH")
# Node looks for packages beside a script and above it, nowhere else; so the browser tests are told.
export NEPHOSCOPE_NODE_MODULES := target / "tools/node/node_modules"

# The tests that compare a generated file with its sources, or write it where NEPHOSCOPE_GENERATE is set.
generated := "generated_files the_written_schema as_it_was_recorded"

# Lists the recipes.
default:
    @just --justfile {{ justfile() }} --list --unsorted

# Formats the code.
fmt:
    cargo fmt --all

# Holds the format.
fmt-check:
    cargo fmt --all --check

# Holds the format and every lint, for the machine and for the browser.
lint: fmt-check clippy

[private]
clippy:
    cargo clippy --workspace --all-targets -- -D warnings
    cargo clippy -p nephoscope-frontend --lib --target wasm32-unknown-unknown --features hydrate -- -D warnings

# Unit and story tests.
test *args: debug
    cargo test --workspace --no-fail-fast {{ args }}

# The checks' own examples and their mutations.
checks: debug
    {{ target }}/debug/nephoscope checks test

# Who may use which crate, licences and sources, as deny.toml says.
deny:
    cargo deny --workspace check bans licenses sources

# Rewrites the generated files.
generate: debug
    NEPHOSCOPE_GENERATE=1 cargo test --workspace --lib --test all -- {{ generated }}

# Fails where a generated file, or Cargo.lock, is not what its sources say.
generate-check: debug
    cargo metadata --locked --format-version 1 > {{ target }}/metadata.json
    cargo test --workspace --lib --test all -- {{ generated }}

# Builds the dashboard's islands into frontend/dist, if anything that decides them changed.
wasm:
    cargo build -p nephoscope-frontend --lib --target wasm32-unknown-unknown --profile wasm --features hydrate
    cargo build --release -p nephoscope-tools --features bindgen --bin bindgen
    tools/wasm.sh {{ target }}

# Builds the binary for use, with the dashboard inside.
build: wasm
    cargo build --release -p nephoscope-cli

# Serves the sample estate with its history on 127.0.0.1:8080.
demo *args: build
    XDG_CACHE_HOME={{ target }}/cache exec {{ target }}/release/nephoscope demo {{ args }}

# Walks through the dashboard in Chromium and checks the accessibility of every page.
browser: wasm debug
    node tests/browser/run.mjs {{ target }}/debug/nephoscope --test tests/browser/walk.test.mjs tests/browser/axe.test.mjs

# Takes a picture of every page at three widths in both themes, into the target folder.
look: wasm debug
    node tests/browser/run.mjs {{ target }}/debug/nephoscope tests/browser/look.mjs {{ target }}/look

# Measures speed and memory.
bench: build
    cargo bench --workspace --exclude nephoscope-tests
    cargo bench -p nephoscope-tests --bench figures

# Measures scans of a simulated cloud at the published quotas; takes about twenty minutes.
bench-cloud *parts: build
    cargo bench -p nephoscope-tests --bench cloud -- {{ parts }}

# Everything in order; ends with how long each part took.
ci:
    JUST={{ just_executable() }} tools/ci.sh {{ target }}/ci fmt-check clippy wasm test checks deny generate-check browser

# The binary and the tests, built together: one set of crate features, so that nothing is compiled twice.
[private]
debug:
    cargo build --workspace --bins --tests
