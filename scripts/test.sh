#!/bin/sh
# Install, build and pass the tests: everything that continuous integration runs.
#
#   scripts/test.sh           all of it, some 25 minutes on two cores, most of them compiling kernels
#   scripts/test.sh --quick   the release build and its tests on PoCL only
#
# Ends with a line "N passed, N failed". A check whose tool is not installed is named as "not run"; fewer checks than the
# floors below are a failure, so that nothing is left out in silence.
set -u
cd "$(dirname "$0")/.."
floor_checks=126 # ctest entries that passed, over all builds
floor_cases=4500 # cmocka cases that passed inside them
quick=${1-}
jobs=$(nproc)
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
passed=0 failed=0 cases=0 skipped=""

# stage NAME COMMAND...: run quietly, show the output only of what fails, and how long it took.
stage() {
    name=$1
    shift
    begin=$(date +%s)
    if "$@" >"$logs/stage" 2>&1; then
        echo "$name: $(($(date +%s) - begin)) s"
        return 0
    fi
    cat "$logs/stage"
    echo "FAILED: $name"
    failed=$((failed + 1))
    return 1
}

# build FOLDER CMAKE-ARGUMENT...: configure and compile.
build() {
    folder=$1
    shift
    cmake -S . -B "$folder" "$@" && cmake --build "$folder" -j "$jobs"
}

# run_tests NAME FOLDER CTEST-ARGUMENT...: run them, add them up.
run_tests() {
    name=$1 folder=$2
    shift 2
    begin=$(date +%s)
    ctest --test-dir "$folder" -j "$jobs" --output-on-failure --no-tests=error "$@" >"$logs/run" 2>&1
    status=$?
    good=$(grep -c ' Passed ' "$logs/run")
    bad=$(grep -cE '\*\*\*(Failed|Timeout|Exception|Not Run)' "$logs/run")
    left=$(sed -n 's/^ *[0-9/]* Test *#[0-9]*: \([a-z_0-9]*\) .*\*\*\*Skipped.*/\1/p' "$logs/run" | tr '\n' ' ')
    log=$folder/Testing/Temporary/LastTest.log
    cases_left=$(sed -n 's/^\[  SKIPPED \] \([A-Za-z_0-9]*\)$/\1/p' "$log" | sort -u | tr '\n' ' ')
    inside=$(awk '/\[  PASSED  \] [0-9]+ test/ { sum += $4 } END { print sum + 0 }' "$log")
    echo "$name: $good passed, $bad failed, with $inside cases inside, $(($(date +%s) - begin)) s"
    if [ "$status" -ne 0 ]; then
        cat "$logs/run"
        [ "$bad" -gt 0 ] || bad=1
    fi
    passed=$((passed + good)) failed=$((failed + bad)) cases=$((cases + inside)) skipped="$skipped$left$cases_left"
}

finish() {
    [ -z "$skipped" ] || echo "not run: $skipped"
    if [ "$quick" != --quick ] && { [ "$passed" -lt $floor_checks ] || [ "$cases" -lt $floor_cases ]; }; then
        echo "FAILED: only $passed checks and $cases cases passed, at least $floor_checks and $floor_cases are there"
        failed=$((failed + 1))
    fi
    echo "cases inside the checks: $cases"
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
    exit
}

stage "install" sh scripts/install.sh --tests || finish
stage "build (gcc, warnings are errors)" build build -DCMAKE_BUILD_TYPE=Release -DTASKEXPERT_WERROR=ON || finish
if [ "$quick" = --quick ]; then
    run_tests "tests on PoCL" build -E '_(small|llvmpipe|races|oclgrind|valgrind)$'
    finish
fi
run_tests "tests" build
stage "build (clang, warnings are errors)" build build-clang -DCMAKE_C_COMPILER=clang -DTASKEXPERT_WERROR=ON \
    -DTASKEXPERT_TESTS=OFF
stage "build (sanitizers)" build build-sanitize -DCMAKE_BUILD_TYPE=RelWithDebInfo -DTASKEXPERT_SANITIZE=ON \
    -DTASKEXPERT_TEST_CACHE="$PWD/build/tests/cache" &&
    run_tests "tests with address and undefined-behaviour sanitizers" build-sanitize
stage "build (fuzz targets)" build build-fuzz -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DTASKEXPERT_SANITIZE=ON -DTASKEXPERT_FUZZ=ON && run_tests "fuzzing" build-fuzz
finish
