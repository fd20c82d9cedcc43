#!/bin/sh
# Install what TaskExpert needs from Debian's packages (bookworm; Ubuntu and others of the family alike).
#
#   scripts/install.sh            to build and to run, with PoCL as an OpenCL device on the processor
#   scripts/install.sh --tests    also what the tests use: other OpenCL implementations, clang, valgrind
#
# Does nothing when all is there; needs root, or sudo, when not.
set -eu

packages="cmake make gcc libc6-dev pkg-config
    ocl-icd-opencl-dev opencl-headers pocl-opencl-icd libclblast-dev
    libiniparser-dev libjansson-dev libmatio-dev libpng-dev zlib1g-dev libstb-dev fonts-dejavu-core"
test_packages="libcmocka-dev clang libclang-rt-14-dev clang-15 libclc-15 mesa-opencl-icd oclgrind valgrind
    python3 python3-numpy clinfo groff-base locales"

case ${1-} in
'') ;;
--tests) packages="$packages $test_packages" ;;
*)
    echo "usage: scripts/install.sh [--tests]" >&2
    exit 2
    ;;
esac

# Those of $packages that are not installed.
missing() {
    for package in $packages; do
        state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || state=
        [ "$state" = installed ] || echo "$package"
    done
}

# Quiet unless it fails.
quietly() {
    if ! "$@" >"$log" 2>&1; then
        return 1
    fi
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

install_missing() {
    quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        -o Dpkg::Use-Pty=0 $wanted
}

if ! command -v dpkg-query >/dev/null; then
    echo "install.sh: not a Debian system; install the like of these packages yourself:" $packages >&2
    exit 1
fi
wanted=$(missing)
[ -n "$wanted" ] || exit 0
if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    echo "install.sh: as root, please: apt-get install --no-install-recommends" $wanted >&2
    exit 1
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "installing" $wanted
if ! install_missing; then
    # The usual reason is an old list of packages, or none.
    quietly as_root apt-get update && install_missing || {
        cat "$log" >&2
        echo "install.sh: the packages above could not be installed" >&2
        exit 1
    }
fi
