#!/usr/bin/env bash
# Installs what the build needs and the machine lacks: the WASM target, wasm-bindgen, cargo-leptos, wasm-opt.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/say.sh

tools=${BALIE_TOOLS:-$HOME/.cache/balie/tools}
export PATH="$tools/bin:$PATH"

# A tool's own release profile optimises for years of use; here it runs a few times, and has to be there soon.
quick() {
  CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=256 \
    CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_TARGET_DIR="$tools/target" cargo install --root "$tools" "$@"
}

target() {
  rustup target list --installed | grep -qx wasm32-unknown-unknown || rustup target add wasm32-unknown-unknown
}

# The library and the program must be of one version: it is written down once, in Cargo.toml.
bindgen() {
  local version
  version=$(sed -n 's/^wasm-bindgen = "=\(.*\)"$/\1/p' Cargo.toml)
  [ "$(wasm-bindgen --version 2>/dev/null)" = "wasm-bindgen $version" ] && return
  echo "installing wasm-bindgen $version (about 2 minutes on 2 cores)"
  quick wasm-bindgen-cli --version "$version" --force
}

leptos() {
  [ "$(cargo leptos --version 2>/dev/null)" = "cargo-leptos 0.3.10" ] && return
  echo "installing cargo-leptos 0.3.10 (about 7 minutes on 2 cores)"
  quick cargo-leptos --version 0.3.10 --locked --features no_downloads --force
}

npm_tools() {
  local stamp=scripts/tools/node_modules/.stamp
  [ "$stamp" -nt scripts/tools/package-lock.json ] && return
  (cd scripts/tools && npm ci --no-progress)
  touch "$stamp"
}

target
bindgen
leptos
npm_tools
rm -rf "$tools/target"
