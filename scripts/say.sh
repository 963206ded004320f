# shellcheck shell=bash
# Sourced: says what is done and how far it is, and keeps what each step printed. The caller sets `steps`.

logs=target/log
number=0
steps=${steps:-0}

# Cargo hides its progress where a pipe reads it, and `tee` is one.
if [ -t 1 ]; then
  export CARGO_TERM_COLOR=always CARGO_TERM_PROGRESS_WHEN=always
  CARGO_TERM_PROGRESS_WIDTH=$(tput cols 2>/dev/null || echo 80)
  export CARGO_TERM_PROGRESS_WIDTH
fi

elapsed() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }

fail() {
  printf 'balie: %s\n' "$*" >&2
  exit 1
}

# announce TEXT: the next number, and the time since the start.
announce() {
  number=$((number + 1))
  printf '\n[%d/%d] %s … (%s since the start)\n' "$number" "$steps" "$1" "$(elapsed "$SECONDS")"
}

# step NAME TEXT COMMAND...: runs a program, not a function: `set -e` would not hold inside one.
step() {
  local name=$1 text=$2 begun=$SECONDS
  shift 2
  announce "$text"
  mkdir -p "$logs"
  "$@" 2>&1 | tee "$logs/$name.log" ||
    fail "step $number of $steps failed after $(elapsed $((SECONDS - begun))): $text. What it printed is in $logs/$name.log"
  printf '[%d/%d] done in %s\n' "$number" "$steps" "$(elapsed $((SECONDS - begun)))"
}
