#!/usr/bin/env bash
# Parses every style sheet: the build ships one that does not parse as it is, and says nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh

bash scripts/style.sh
wrong=0
for sheet in style/*.css style/screens/*.css target/style/balie.css; do
  if ! said=$(RUST_BACKTRACE=0 lightningcss --minify "$sheet" 2>&1 >/dev/null); then
    printf '%s does not parse:\n%s\n' "$sheet" "$said" >&2
    wrong=1
  fi
done
exit "$wrong"
