#!/usr/bin/env bash
# From a fresh machine to the first page; the second time, straight to the page.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/say.sh
steps=4

step tools 'Looking for the tools of the build, and installing what is missing' bash scripts/tools.sh
step build 'Building Balie' bash scripts/build.sh
step demo 'Filling the database with demo data, where it is empty' target/release/balie demo --if-empty
announce 'Opening http://127.0.0.1:3000 (stop with Ctrl-C)'
exec target/release/balie serve
