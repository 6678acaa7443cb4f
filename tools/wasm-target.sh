#!/usr/bin/env bash
# Gives the Rust toolchain its standard library for wasm32-unknown-unknown.
#
# `rustup target add` where it works. Elsewhere the library is built from the toolchain's own source: the
# rust-src component where it is installed, else Debian's package rust-src of exactly the compiler's version,
# unpacked in a temporary folder. Nothing but the toolchain's wasm target is changed.
set -euo pipefail

target=wasm32-unknown-unknown
sysroot=$(rustc --print sysroot)
installed=$sysroot/lib/rustlib/$target/lib
if compgen -G "$installed/libstd-*.rlib" >/dev/null; then exit 0; fi

fail() {
    echo "wasm target: $1" >&2
    echo "  help: $2" >&2
    exit 1
}

if command -v rustup >/dev/null && timeout 120 rustup target add $target >&2; then
    if compgen -G "$installed/libstd-*.rlib" >/dev/null; then exit 0; fi
fi

echo "  rustup cannot fetch it; building it from the standard library's source" >&2
release=$(rustc -vV | sed -n 's/^release: //p')
work=$(mktemp -d)
source=$sysroot/lib/rustlib/src/rust
# Cargo looks for the library's source in the sysroot and nowhere else; a copy put there for the build is
# taken away again.
borrowed=
trap 'rm -rf "$work" ${borrowed:+"$borrowed"}; rmdir "$sysroot/lib/rustlib/src" 2>/dev/null || true' EXIT

if [ ! -e "$source/library/std/Cargo.toml" ]; then
    command -v dpkg >/dev/null || fail "no source of the standard library $release" \
        "install the rust-src component of your toolchain, then run this again"
    mirror=$(sed -nE 's/^(URIs:|deb( \[[^]]*\])?) +([^ ]*\/debian\/?)( .*)?$/\3/p' \
        /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1 || true)
    [ -n "$mirror" ] || fail "apt names no Debian mirror" \
        "install the rust-src component of your toolchain, then run this again"
    # Lists and cache of its own: the machine's configured sources stay as they are.
    mkdir -p "$work/lists/partial" "$work/archives/partial"
    apt=(-q -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=/dev/null
        -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work" -o APT::Sandbox::User=root)
    package=
    for suite in trixie-backports sid; do
        echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" \
            >"$work/sources.list"
        apt-get "${apt[@]}" update >&2 || continue
        package=$(apt-cache "${apt[@]}" madison rust-src | awk '{print $3}' | grep -m 1 "^$release[+-]" || true)
        [ -z "$package" ] || break
    done
    [ -n "$package" ] || fail "Debian has no rust-src $release" \
        "install the rust-src component of your toolchain, or a Rust release that Debian's backports carry"
    (cd "$work" && apt-get "${apt[@]}" download "rust-src=$package" >&2) ||
        fail "rust-src $package could not be downloaded from $mirror" "look at apt's message above"
    dpkg -x "$work"/rust-src_*.deb "$work/unpacked"
    borrowed=$source
    mkdir -p "$source"
    cp -r "$work/unpacked/usr/src/rustc-$release/library" "$source/library"
fi

mkdir -p "$work/empty/src"
printf '[package]\nname = "empty"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n' >"$work/empty/Cargo.toml"
: >"$work/empty/src/lib.rs"
(cd "$work/empty" && RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$work/built \
    cargo build --release -Zbuild-std=std,panic_abort --target $target) ||
    fail "the standard library did not build" "look at cargo's message above"
rm -f "$work/built/$target/release/deps/"libempty-*
mkdir -p "$installed"
cp "$work/built/$target/release/deps/"*.rlib "$installed/"
