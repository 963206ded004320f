#!/usr/bin/env bash
# Every check there is, the quick ones first; each is a target of the Makefile too.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/say.sh
steps=9

# check TARGET TEXT
check() { step "$1" "$2" make --no-print-directory "$1"; }

check setup 'Looking for the tools of build and tests, and installing what is missing'
check fmt 'Format'
check lint 'Lint, the server and then the browser side'
check css 'Style sheets'
check unit 'Unit and integration tests, on SQLite and PostgreSQL'
check doc 'Documentation'
check build 'Release build'
check budget 'Size of the first visit'
check journeys 'Journeys in Chromium'
printf '\nEvery check passed in %s:\n%d passed, 0 failed\n' "$(elapsed "$SECONDS")" "$number"
