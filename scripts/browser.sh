#!/usr/bin/env bash
# Installs what the tests need and the machine lacks: Chromium, PostgreSQL's programs, Playwright, and the programs of mail servers.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/say.sh
. scripts/env.sh

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# apt_install PACKAGE: says what to install by hand where it cannot do so itself.
apt_install() {
  local by_hand="install the package $1 yourself (as root: apt-get install $1), then try again"
  command -v apt-get >/dev/null || fail "no apt-get here: $by_hand"
  [ "$(id -u)" = 0 ] || command -v sudo >/dev/null || fail "not root, and no sudo here: $by_hand"
  echo "installing $1"
  as_root apt-get update -qq || fail "apt-get update failed: $by_hand"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" >/dev/null || fail "apt-get install failed: $by_hand"
}

playwright() {
  local stamp=end2end/node_modules/.stamp
  [ "$stamp" -nt end2end/package-lock.json ] && return
  (cd end2end && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-progress)
  touch "$stamp"
}

find_chromium >/dev/null || apt_install chromium
find_postgres >/dev/null || apt_install postgresql
playwright
bash scripts/mail-servers.sh
