#!/usr/bin/env bash
# Builds the release: the browser's side, style sheet and assets with hashed names and precompressed, then the executable that has them in it. Does nothing where nothing changed.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh

stamp=target/release/.balie-built
sources=(.cargo Cargo.toml Cargo.lock app desk domain frontend i18n mime public reply_parser server store style scripts/build.sh scripts/assets.mjs scripts/style.sh)

# Names and times, not the newest time alone: a file that was removed, or that git set back, counts too.
state() {
  find "${sources[@]}" -type f -not -path '*/tests/*' -printf '%p %T@ %s\n' | LC_ALL=C sort | sha256sum
}

is_current() {
  [ -x target/release/balie ] && [ -d target/site/pkg ] &&
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$1" ]
}

# Taken before the build: what is edited meanwhile is built the next time.
before=$(state)
if is_current "$before"; then
  echo 'nothing changed since the last build'
  exit 0
fi
mkdir -p target/release

echo "building the browser's side (about 4 minutes on 2 cores the first time)"
packed=target/packed
rm -rf "$packed" && mkdir -p "$packed"

# program NAME OPTION...: one program for the browser.
program() {
  local name=$1
  shift
  cargo build --package frontend --lib --target wasm32-unknown-unknown --profile wasm-release "$@"
  wasm-bindgen target/wasm32-unknown-unknown/wasm-release/frontend.wasm --target web --no-typescript --out-dir "$packed" --out-name "$name"
  # What rustc uses of WebAssembly by itself; the note of it that it leaves in the file is stripped along with the symbols.
  # For size it is no smaller once it is compressed.
  wasm-opt -O3 --strip-debug --strip-producers --enable-bulk-memory --enable-bulk-memory-opt --enable-sign-ext --enable-nontrapping-float-to-int --enable-reference-types \
    --enable-multivalue --enable-mutable-globals "$packed/${name}_bg.wasm" -o "$packed/$name.wasm"
  rm "$packed/${name}_bg.wasm"
  esbuild --minify --format=esm --log-level=warning --allow-overwrite "$packed/$name.js" --outfile="$packed/$name.js"
}
program balie --features board
program portal
bash scripts/style.sh
lightningcss --minify --targets "$(sed -n 's/^browserquery = "\(.*\)"$/\1/p' Cargo.toml)" target/style/balie.css -o "$packed/balie.css"
node scripts/assets.mjs "$packed" public target/site

echo 'building the server (about 12 minutes on 2 cores the first time)'
# Features are those of all packages that are named, so that `make bench` builds nothing of the server anew.
LEPTOS_OUTPUT_NAME=balie cargo build --release --package server --package bench --bin balie --features server/embedded
printf '%s\n' "$before" > "$stamp"
