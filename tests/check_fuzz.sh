#!/bin/sh
# Fuzz one target for FUZZ_SECONDS (default 20), starting from a copy of its corpus.
#
#   check_fuzz.sh .../fuzz_NAME      corpus: tests/fuzz/corpus/NAME
#
# A crash leaves its input as crash-* in the working folder; `fuzz_NAME crash-...` repeats it.
set -u
program=$1
seconds=${FUZZ_SECONDS:-20}
name=$(basename "$program")
corpus=$(cd "$(dirname "$0")" && pwd)/fuzz/corpus/${name#fuzz_}
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
[ ! -d "$corpus" ] || cp "$corpus"/* "$copy"
"$program" -max_total_time="$seconds" -max_len=65536 -timeout=20 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1 \
    -artifact_prefix="$PWD/$name-" "$copy" >"$copy.log" 2>&1
status=$?
tail -n 40 "$copy.log"
runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$copy.log")
rm -f "$copy.log"
if [ "$status" -ne 0 ] || [ "${runs:-0}" -lt 100 ]; then
    echo "FAILED: $name, exit status $status after ${runs:-0} inputs"
    exit 1
fi
echo "$name: $runs inputs in $seconds s"
