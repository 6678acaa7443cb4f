#!/usr/bin/env bash
# From the compiled frontend to the two files that a browser loads: `wasm.sh TARGET_FOLDER`.
# Kept in the target folder beside a digest of what decides them, so that an unchanged frontend costs nothing.
set -euo pipefail
target=$1
input=$target/wasm32-unknown-unknown/wasm/nephoscope_frontend.wasm
bindgen=$target/release/bindgen
built=$target/islands
dist=frontend/dist

# Not `--all-features`: browsers refuse what it turns on.
flags=(-Oz --enable-bulk-memory --enable-bulk-memory-opt --enable-reference-types
    --enable-nontrapping-float-to-int --enable-sign-ext --enable-mutable-globals --enable-multivalue)

digest=$(cat "$input" "$bindgen" "$0" tools/package.json | sha256sum)
if [ "$digest" != "$(cat "$built/digest" 2>/dev/null)" ]; then
    rm -rf "$built"
    mkdir -p "$built"
    "$bindgen" "$input" "$built/raw"
    # The islands import nothing: a snippet would need a third file that the pages do not load.
    [ ! -e "$built/raw/snippets" ] || {
        echo "wasm: a dependency brings JavaScript snippets, which the pages do not load" >&2
        exit 1
    }
    cp "$built/raw/nephoscope.js" "$built/nephoscope.js"
    wasm-opt "${flags[@]}" "$built/raw/nephoscope_bg.wasm" -o "$built/nephoscope_bg.wasm"
    rm -rf "$built/raw"
    echo "$digest" >"$built/digest"
fi

# Only what differs: the server embeds these files and is built again when they change.
mkdir -p $dist
for file in nephoscope.js nephoscope_bg.wasm; do
    cmp -s "$built/$file" "$dist/$file" || cp "$built/$file" "$dist/$file"
done
echo "islands: $(wc -c <$dist/nephoscope_bg.wasm) bytes of wasm, $(wc -c <$dist/nephoscope.js) bytes of JavaScript"
