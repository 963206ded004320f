#!/usr/bin/env bash
# Fetches the programs of a mail server and a mailbox server for the tests, from Debian's packages. They are unpacked in a folder and not installed: nothing of the system changes, nothing is started.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh
folder=$tools/mail
packages=(dovecot-core dovecot-imapd dovecot-lmtpd exim4-base exim4-daemon-light)

[ -x "$folder/usr/sbin/exim4" ] && [ -x "$folder/usr/sbin/dovecot" ] && exit
# What they need besides is asked of apt, which only root may keep waiting for.
if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
  echo "mail servers are not fetched (that takes root on Debian): the tests with real mail servers are left out"
  exit
fi
echo "fetching mail servers for the tests"
debs=$(mktemp -d)
trap 'rm -rf "$debs"' EXIT
mkdir -p "$debs/partial" "$folder"
apt-get update -qq
apt-get -qq -y --no-install-recommends --download-only -o Dir::Cache::archives="$debs" -o APT::Sandbox::User=root install "${packages[@]}" >/dev/null
for deb in "$debs"/*.deb; do dpkg-deb -x "$deb" "$folder"; done
