#!/usr/bin/env bash
# Development: joins the style sheets again when one changes, while cargo-leptos watches the rest.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh

bash scripts/style.sh
# A sheet may be half written, or gone for a moment, while it is saved.
(while sleep 1; do bash scripts/style.sh 2>/dev/null || true; done) &
joiner=$!
trap 'kill "$joiner"' EXIT
cargo leptos watch
