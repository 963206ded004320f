#!/usr/bin/env bash
# Every check there is, the quick ones first.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/say.sh
export PATH="${BALIE_TOOLS:-$HOME/.cache/balie/tools}/bin:$PWD/scripts/tools/node_modules/.bin:$PATH"

step 1 9 'Looking for the tools of build and tests, and installing what is missing'
bash scripts/tools.sh
bash scripts/browser.sh
step 2 9 'Format'
cargo fmt --all --check
step 3 9 'Style sheets'
bash scripts/style.sh
lightningcss --minify target/style/balie.css -o target/style/checked.css
step 4 9 'Lint'
cargo clippy --all-targets --features store/testing,desk/testing -- -D warnings
cargo clippy -p frontend --target wasm32-unknown-unknown -- -D warnings
step 5 9 'Unit and integration tests, on SQLite and PostgreSQL'
cargo test --features store/testing,desk/testing
step 6 9 'Documentation'
RUSTDOCFLAGS='-D warnings' cargo doc --no-deps
step 7 9 'Release build'
bash scripts/build.sh
step 8 9 'Size of the first visit'
bash scripts/budget.sh
step 9 9 'Journeys in Chromium'
(cd end2end && npx playwright test)
printf '\nEvery check passed:\n9 passed, 0 failed\n'
