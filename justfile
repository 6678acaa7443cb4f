# Every command of the project. `./run RECIPE` installs what a recipe needs first; continuous integration runs the same.

set shell := ["bash", "-euo", "pipefail", "-c"]

target := env("CARGO_TARGET_DIR", justfile_directory() / "target")
export PATH := target / "tools/bin" + ":" + target / "tools/node/node_modules/.bin" + ":" + env("PATH")
# Where the browser tests find their driver: Node resolves no imports from outside a script's own folders.
export NEPHOSCOPE_NODE_MODULES := target / "tools/node/node_modules"
wasm_flags := "-Oz --enable-bulk-memory --enable-bulk-memory-opt --enable-reference-types --enable-nontrapping-float-to-int --enable-sign-ext --enable-mutable-globals --enable-multivalue"

# Lists the recipes.
default:
    @just --justfile {{ justfile() }} --list --unsorted

# Formats the code.
fmt:
    cargo fmt --all

# Holds the format and every lint, for the machine and for the browser.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    cargo clippy -p nephoscope-frontend --lib --target wasm32-unknown-unknown --features hydrate -- -D warnings

# Unit and story tests.
test *args: debug
    cargo test --workspace {{ args }}

# The checks' own examples, and their mutations.
checks: debug
    {{ target }}/debug/nephoscope checks test

# Crates: who may use what, licences, sources. The rules are in deny.toml.
deny:
    cargo deny --workspace check bans licenses sources

# Rewrites the generated files.
generate: debug
    tools/generate.sh {{ target }}/debug/nephoscope .

# Fails where a generated file differs from what `just generate` would write, or Cargo.lock is out of date.
generate-check: debug
    cargo metadata --locked --format-version 1 > {{ target }}/metadata.json
    tools/generate.sh {{ target }}/debug/nephoscope {{ target }}/generated
    tools/same.sh {{ target }}/generated

# Builds the dashboard's islands into frontend/dist, if anything that decides them changed.
wasm:
    cargo build -p nephoscope-frontend --lib --target wasm32-unknown-unknown --profile wasm --features hydrate
    cargo build --release -p nephoscope-tools --features bindgen --bin bindgen
    tools/wasm.sh {{ target }} "{{ wasm_flags }}"

# Builds the binary for use, with the dashboard inside.
build: wasm
    cargo build --release -p nephoscope-cli

# Serves the sample estate with its history on 127.0.0.1:8080.
demo *args: build
    exec {{ target }}/release/nephoscope demo {{ args }}

# Walks through the dashboard in Chromium, and checks every page's accessibility.
browser: wasm debug
    node tests/browser/run.mjs {{ target }}/debug/nephoscope --test

# Takes a picture of every page at three widths in both themes, into the target folder.
look: wasm debug
    node tests/browser/run.mjs {{ target }}/debug/nephoscope tests/browser/look.mjs {{ target }}/look

# Measures speed, memory and calls.
bench: build
    cargo bench --workspace

# Everything in order, and how long each part took.
ci:
    tools/ci.sh {{ target }} lint wasm test checks deny generate-check browser

# The binary and the tests, built together: one set of crate features, so that nothing is compiled twice.
[private]
debug:
    cargo build --workspace --bins --tests
