#!/bin/sh
# Install, build and pass the tests.
set -eu
cd "$(dirname "$0")/.."
sh scripts/install.sh --tests
cmake --preset release
cmake --build --preset release -j "$(nproc)"
ctest --test-dir build --output-on-failure
