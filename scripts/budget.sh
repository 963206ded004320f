#!/usr/bin/env bash
# Holds the first visit to its size: what the browser gets, compressed with brotli.
set -euo pipefail
cd "$(dirname "$0")/.."

total() { find target/site/pkg \( -name "$1" -o -name "$2" \) -printf '%s\n' | awk '{ n += $1 } END { print n + 0 }'; }
within() {
  printf '%-24s %4d KiB of %d KiB\n' "$1" $(($2 / 1024)) "$3"
  [ "$2" -gt 0 ] && [ "$2" -le $(($3 * 1024)) ] || { echo "$1 is over its budget, or was not built" >&2; exit 1; }
}

within 'WASM and JS, portal' "$(total 'portal.*.wasm.br' 'portal.*.js.br')" 260
within 'WASM and JS, staff' "$(total 'balie.*.wasm.br' 'balie.*.js.br')" 320
within 'CSS' "$(total 'balie.*.css.br' 'balie.*.css.br')" 20
