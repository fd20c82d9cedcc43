#!/bin/sh
# Run a test program on an OpenCL implementation other than the default one.
#
#   check_device.sh small PROGRAM [ARGUMENT...]      PoCL with work-groups of at most 64 work-items
#   check_device.sh llvmpipe PROGRAM [ARGUMENT...]   Mesa's rusticl on llvmpipe: no fp64, in-order queues only
#   check_device.sh oclgrind PROGRAM [ARGUMENT...]   the Oclgrind simulator: invalid accesses, barriers not met by all
#   check_device.sh races PROGRAM [ARGUMENT...]      the same, with data races and uninitialised values, unoptimised
#   check_device.sh valgrind PROGRAM [ARGUMENT...]   memcheck, PoCL only, with suppressions/valgrind.supp
#
# Fails when the program fails, when its cmocka summary is missing (a crash at the end), or when the checker has something
# to say. Exit status 77, "not run", where the implementation is not installed.
set -u
kind=$1 program=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
vendors=/etc/OpenCL/vendors
scratch=$(mktemp -d)
output=$scratch/output
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM
# Binaries of one way of running must not serve another: the checkers change compiler options behind the program's back.
# Small work-groups are PoCL's as ever, whose cache tells kernels by their work-group's size.
XDG_CACHE_HOME=${XDG_CACHE_HOME:-$scratch}
[ "$kind" = small ] || XDG_CACHE_HOME=$XDG_CACHE_HOME/$kind
export XDG_CACHE_HOME
mkdir -p "$XDG_CACHE_HOME"

need() {
    if ! eval "$2"; then
        echo "not run: $1 is not installed"
        exit 77
    fi
}

# Both streams in order into $output; the status is the program's.
run() {
    "$@" >"$output" 2>&1
    status=$?
    cat "$output"
}

# Oclgrind exits with 0 whatever it finds, and its --log keeps the last context's reports only: read what it prints.
oclgrind_reports() {
    grep -E '^[[:space:]]*Kernel: |^Oclgrind[: ]|^OCLGRIND' "$output" >"$output.reports"
}

case $kind in
small)
    need pocl-opencl-icd '[ -e $vendors/pocl.icd ]'
    export POCL_MAX_WORK_GROUP_SIZE=64 TASKEXPERT_DEVICE=cpu OCL_ICD_VENDORS=$vendors/pocl.icd
    run "$program" "$@"
    ;;
llvmpipe)
    need mesa-opencl-icd '[ -e $vendors/rusticl.icd ]'
    export RUSTICL_ENABLE=llvmpipe TASKEXPERT_DEVICE=llvmpipe TE_TEST_CHOSEN=1
    run "$program" "$@"
    ;;
oclgrind)
    need oclgrind 'command -v oclgrind >/dev/null'
    export TASKEXPERT_DEVICE=oclgrind
    run oclgrind "$program" "$@"
    oclgrind_reports
    ;;
races)
    need oclgrind 'command -v oclgrind >/dev/null'
    export TASKEXPERT_DEVICE=oclgrind TE_TEST_SMALL=1
    # Unoptimised: the checker of uninitialised values does not know LLVM's `freeze`.
    run oclgrind --uninitialized --data-races --build-options -cl-opt-disable --max-wgsize 64 --max-errors 200 \
        "$program" "$@"
    oclgrind_reports
    ;;
valgrind)
    need valgrind 'command -v valgrind >/dev/null'
    export OCL_ICD_VENDORS=$vendors/pocl.icd
    run valgrind --quiet --num-callers=40 --error-exitcode=9 --leak-check=full --show-leak-kinds=definite \
        --errors-for-leak-kinds=definite --suppressions="$here/suppressions/valgrind.supp" "$program" "$@"
    ;;
*)
    echo "check_device.sh: unknown kind '$kind'"
    exit 2
    ;;
esac

if [ "$status" -ne 0 ]; then
    echo "FAILED: exit status $status"
elif ! grep -q '\[  PASSED  \] [1-9][0-9]* test(s)' "$output"; then
    echo "FAILED: the program did not reach its end"
elif [ -s "$output.reports" ]; then
    echo "FAILED: oclgrind has $(wc -l <"$output.reports") reports"
else
    exit 0
fi
exit 1
