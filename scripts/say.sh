# Sourced: says what is done and how far it is.

started=$(date +%s)

# step N OF TEXT: one line per step, with the time since the start.
step() {
  local seconds=$(( $(date +%s) - started ))
  printf '\n[%s/%s] %s (%d:%02d)\n' "$1" "$2" "$3" $((seconds / 60)) $((seconds % 60))
}

fail() {
  printf 'balie: %s\n' "$*" >&2
  exit 1
}
