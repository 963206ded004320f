# shellcheck shell=bash
# Sourced from the project's folder: where the tools of build and tests are.

tools=${BALIE_TOOLS:-$HOME/.cache/balie/tools}
# Before everything else: Debian's own wasm-opt is too old, and a wasm-bindgen of another version does not fit.
export PATH="$tools/bin:$PWD/scripts/tools/node_modules/.bin:$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"

find_chromium() { command -v "${CHROMIUM:-chromium}" || command -v chromium-browser || command -v google-chrome; }

# A client alone brings pg_config too, so what counts is initdb.
find_postgres() {
  local folder
  for folder in "${BALIE_PG_BIN:-}" "$(pg_config --bindir 2>/dev/null)" $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -Vr) "$(dirname "$(command -v initdb)")"; do
    if [ -x "$folder/initdb" ]; then echo "$folder"; return; fi
  done
  return 1
}

if found=$(find_chromium); then export CHROMIUM=$found; fi
if found=$(find_postgres); then export BALIE_PG_BIN=$found; fi
if [ -x "$tools/mail/usr/sbin/dovecot" ]; then export BALIE_MAIL_SERVERS=$tools/mail; fi
unset found

# install_tool CRATE OPTION...: a tool's own release profile optimises for years of use; here it runs a few times, and has to be there soon.
install_tool() {
  CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=256 \
    CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_TARGET_DIR="$tools/target" cargo install --root "$tools" --force "$@"
}
