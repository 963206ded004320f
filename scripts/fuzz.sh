#!/usr/bin/env bash
# Looks for a mail that breaks the reading of mails: each target for so many seconds (SECONDS_EACH, 600). What is found stays in fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh
# The sanitisers are not for the stable compiler; this says that we know.
export RUSTC_BOOTSTRAP=1
if [ ! -x "$tools/bin/cargo-fuzz" ]; then
  echo "installing cargo-fuzz"
  install_tool cargo-fuzz --version 0.13.1 --locked
fi
host=$(rustc -vV | sed -n 's/^host: //p')
for target in head mail quotes html; do cargo fuzz build --target "$host" "$target"; done
seconds=${SECONDS_EACH:-600}
# An input may take a second; three are allowed here, as the machine does other things too, and what took more than one is reported.
run() {
  local found=target/fuzz-corpus/$1
  mkdir -p "$found"
  # The corpus that is kept is read; what is found on the way is not put into it.
  cargo fuzz run --target "$host" "$1" "$found" "fuzz/corpus/$1" -- -max_total_time="$seconds" -max_len=65536 -timeout=3 -report_slow_units=1 -rss_limit_mb=2048 -print_final_stats=1 > "target/fuzz-$1.log" 2>&1 \
    && echo "$1: $(sed -n 's/^stat::number_of_executed_units: //p' "target/fuzz-$1.log") inputs in $seconds s, nothing broke" \
    || { echo "$1 broke: target/fuzz-$1.log"; broke=1; }
}
broke=0
for target in head mail quotes html; do run "$target"; done
exit "$broke"
