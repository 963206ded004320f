#!/usr/bin/env bash
# Licences, bans and sources of the dependencies. Advisories need a database from the network: `cargo deny check advisories`.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh

if ! command -v cargo-deny >/dev/null; then
  echo 'installing cargo-deny (several minutes on 2 cores)'
  install_tool cargo-deny --version 0.20.2 --locked
  rm -rf "$tools/target"
fi
cargo deny check licenses bans sources
