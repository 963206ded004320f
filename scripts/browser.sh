#!/usr/bin/env bash
# Makes sure that there are a Chromium and PostgreSQL's programs for the tests.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/say.sh

install() {
  local sudo=
  [ "$(id -u)" = 0 ] || sudo=sudo
  command -v apt-get >/dev/null || fail "install $1, then try again"
  $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$1" >/dev/null
}

has_postgres() { [ -n "${BALIE_PG_BIN:-}" ] || ls -d /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null; }

command -v chromium >/dev/null || { echo 'installing chromium'; install chromium; }
has_postgres || { echo 'installing postgresql'; install postgresql; }
stamp=end2end/node_modules/.stamp
if [ ! "$stamp" -nt end2end/package-lock.json ]; then
  (cd end2end && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-progress)
  touch "$stamp"
fi
