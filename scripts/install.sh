#!/bin/sh
# Install what TaskExpert needs from Debian's packages (bookworm, trixie; Ubuntu and others of the family alike).
#
#   scripts/install.sh            to build and to run, with PoCL as an OpenCL device on the processor
#   scripts/install.sh --tests    also what the tests use: other OpenCL implementations, clang, valgrind. What a release
#                                 does not have of that is left out: bookworm has all.
#
# Does nothing when all is there; needs root, or sudo, when not.
set -eu

packages="cmake make gcc libc6-dev pkg-config
    ocl-icd-opencl-dev opencl-headers pocl-opencl-icd libclblast-dev
    libiniparser-dev libjansson-dev libmatio-dev libpng-dev zlib1g-dev libstb-dev fonts-dejavu-core"
test_packages="libcmocka-dev clang libclang-rt-dev valgrind mesa-opencl-icd python3 python3-numpy clinfo groff-base locales"
may_lack="clang-15 libclc-15 oclgrind"

case ${1-} in
'') ;;
--tests) packages="$packages $test_packages $may_lack" ;;
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

# Without those of $may_lack that this release does not have.
leave_out_unknown() {
    apt-cache show cmake >/dev/null 2>&1 || return 0 # no list of packages yet
    left=""
    for package in $wanted; do
        case " $may_lack " in
        *" $package "*) apt-cache show "$package" >/dev/null 2>&1 || continue ;;
        esac
        left="$left $package"
    done
    wanted=$left
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
leave_out_unknown
[ -n "$wanted" ] || exit 0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "installing" $wanted
if ! install_missing; then
    # The usual reason is an old list of packages, or none.
    quietly as_root apt-get update && leave_out_unknown && install_missing || {
        cat "$log" >&2
        echo "install.sh: the packages above could not be installed" >&2
        exit 1
    }
fi
