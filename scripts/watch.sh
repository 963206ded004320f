#!/usr/bin/env bash
# Development: joins the style sheets again when one changes, while cargo-leptos watches the rest.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="${BALIE_TOOLS:-$HOME/.cache/balie/tools}/bin:$PWD/scripts/tools/node_modules/.bin:$PATH"
bash scripts/style.sh
(while sleep 1; do bash scripts/style.sh; done) &
trap 'kill %1' EXIT
cargo leptos watch
