#!/bin/sh
# The weights that come with the project do what their card says: on generated scenes that training never saw, every
# metric of every task is better than its trivial predictor's.
#
#   check_weights.sh TASKEXPERT WEIGHTS
set -u
pictures=24
table=$(mktemp)
trap 'rm -f "$table"' EXIT
"$1" eval -q -w "$2" --count "$pictures" >"$table" || exit 1
cat "$table"
# task, metric, unit (some have none), model, trivial, better, pictures
awk 'NR > 1 {
    model = $(NF - 3); trivial = $(NF - 2); better = $(NF - 1); tasks[$1] = 1
    if (better == "higher" ? model <= trivial : model >= trivial) { print "FAILED: no better than trivial: " $0; bad++ }
    if (better != "higher" && better != "lower") { print "FAILED: not understood: " $0; bad++ }
}
END {
    for (task in tasks) { count++ }
    if (count != 6) { print "FAILED: " count " tasks instead of 6"; bad++ }
    exit bad > 0
}' "$table"
