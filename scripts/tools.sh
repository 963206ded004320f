#!/usr/bin/env bash
# Installs what the build needs and the machine lacks: the WASM target, wasm-bindgen, wasm-opt; with `watch` also cargo-leptos, which only `make watch` uses.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/say.sh
. scripts/env.sh

leptos_version=0.3.10

machine() {
  command -v cargo >/dev/null || fail 'install Rust with rustup first'
  command -v npm >/dev/null || fail 'install Node.js 20 or later, with npm, first'
  command -v cc >/dev/null || fail 'install a C compiler first (Debian: build-essential)'
}

target() {
  [ -d "$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown" ] && return
  command -v rustup >/dev/null || fail 'this Rust lacks the target wasm32-unknown-unknown; install Rust with rustup'
  rustup target add wasm32-unknown-unknown
}

# The library and the program must be of one version: it is written down once, in Cargo.toml.
bindgen() {
  local version
  version=$(sed -n 's/^wasm-bindgen = "=\([0-9.]*\)".*/\1/p' Cargo.toml)
  [ -n "$version" ] || fail 'Cargo.toml has no line: wasm-bindgen = "=version"'
  [ "$(wasm-bindgen --version 2>/dev/null)" = "wasm-bindgen $version" ] && return
  echo "installing wasm-bindgen $version (about 2 minutes on 2 cores)"
  install_tool wasm-bindgen-cli --version "$version"
}

leptos() {
  [ "$(cargo leptos --version 2>/dev/null)" = "cargo-leptos $leptos_version" ] && return
  echo "installing cargo-leptos $leptos_version (about 7 minutes on 2 cores)"
  install_tool cargo-leptos --version "$leptos_version" --locked --features no_downloads
}

npm_tools() {
  local stamp=scripts/tools/node_modules/.stamp
  [ "$stamp" -nt scripts/tools/package-lock.json ] && return
  echo 'installing wasm-opt and lightningcss'
  (cd scripts/tools && npm ci --no-progress)
  touch "$stamp"
}

machine
target
bindgen
npm_tools
if [ "${1:-}" = watch ]; then leptos; fi
rm -rf "$tools/target"
