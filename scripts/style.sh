#!/usr/bin/env bash
# Joins the style sheets in the order of their layers; cargo-leptos minifies the one file.
set -euo pipefail
cd "$(dirname "$0")/.."

joined=target/style/balie.css
mkdir -p target/style
cat style/tokens.css style/base.css style/components.css style/screens/*.css > "$joined.new"
# The same text keeps its time, or a watch would build without end.
if cmp -s "$joined.new" "$joined"; then rm "$joined.new"; else mv "$joined.new" "$joined"; fi
