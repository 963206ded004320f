#!/usr/bin/env bash
# Builds the release: the browser's side, the server, hashed and precompressed files. Does nothing where nothing changed.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/say.sh

tools=${BALIE_TOOLS:-$HOME/.cache/balie/tools}
export PATH="$tools/bin:$PWD/scripts/tools/node_modules/.bin:$PATH"
stamp=target/release/.balie-built

is_current() {
  [ -x target/release/balie ] && [ -f target/release/hash.txt ] && [ -f "$stamp" ] &&
    [ -z "$(find Cargo.toml Cargo.lock app desk domain frontend public server store style scripts/build.sh -newer "$stamp" -type f -not -path '*/tests/*' -print -quit)" ]
}

is_current && exit 0
bash scripts/style.sh
echo "building the browser's side, then the server (about 10 minutes on 2 cores the first time)"
cargo leptos build --release --precompress
touch "$stamp"
