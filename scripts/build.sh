#!/usr/bin/env bash
# Builds the release: the browser's side, the server, hashed and precompressed files. Does nothing where nothing changed.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh

stamp=target/release/.balie-built
sources=(Cargo.toml Cargo.lock app desk domain frontend letters public quotes server store style words scripts/build.sh scripts/style.sh)

# Names and times, not the newest time alone: a file that was removed, or that git set back, counts too.
state() {
  find "${sources[@]}" -type f -not -path '*/tests/*' -printf '%p %T@ %s\n' | LC_ALL=C sort | sha256sum
}

is_current() {
  [ -x target/release/balie ] && [ -f target/release/hash.txt ] && [ -d target/site/pkg ] &&
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$1" ]
}

# Taken before the build: what is edited meanwhile is built the next time.
before=$(state)
if is_current "$before"; then
  echo 'nothing changed since the last build'
  exit 0
fi
bash scripts/style.sh
echo "building the browser's side, then the server (about 10 minutes on 2 cores the first time)"
cargo leptos build --release --precompress
printf '%s\n' "$before" > "$stamp"
