#!/bin/sh
# From a fresh machine to maps of a picture: installs what is missing, builds, runs the weights that come along on PoCL.
#
#   scripts/demo.sh [PICTURE]    without a picture: a generated room that training never saw
#
# The result is out/<picture>_overview.png.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
if [ $# -gt 1 ]; then
    echo "usage: scripts/demo.sh [PICTURE]" >&2
    exit 2
fi
if [ $# -eq 1 ] && [ ! -f "$1" ]; then
    echo "demo.sh: there is no picture '$1'" >&2
    exit 2
fi
picture=${1:+$(cd "$(dirname "$1")" && pwd)/$(basename "$1")}
cd "$top"

scripts/install.sh
build=$(mktemp)
trap 'rm -f "$build"' EXIT
echo "building"
if ! { cmake --preset release -DTASKEXPERT_TESTS=OFF -B build-demo &&
    cmake --build build-demo -j "$(nproc)"; } >"$build" 2>&1; then
    cat "$build" >&2
    exit 1
fi
taskexpert=build-demo/taskexpert
weights=weights/rooms.safetensors
mkdir -p out
if [ -z "$picture" ]; then
    picture=out/room.png
    $taskexpert synth -o "$picture" --seed 28 --width 480 --height 480
fi
$taskexpert infer -w "$weights" "$picture" -o out
stem=$(basename "$picture")
echo
echo "The maps lie in $top/out; all of them on one sheet:"
echo "    $top/out/${stem%.*}_overview.png"
echo "The weights are small and have only ever seen generated rooms: weights/README.md says how far they go."
