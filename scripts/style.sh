#!/usr/bin/env bash
# Joins the style sheets in the order of their layers; cargo-leptos minifies the one file.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p target/style
cat style/tokens.css style/base.css style/components.css style/screens/*.css > target/style/balie.css.new
cmp -s target/style/balie.css.new target/style/balie.css 2>/dev/null && rm target/style/balie.css.new || mv target/style/balie.css.new target/style/balie.css
