#!/bin/sh
# Install what building and running need (Debian 12, root); with --tests also what the tests need.
set -eu
packages="cmake gcc libc6-dev make pkg-config ocl-icd-opencl-dev opencl-headers pocl-opencl-icd libclblast-dev
    libiniparser-dev libjansson-dev libpng-dev zlib1g-dev libstb-dev fonts-dejavu-core"
[ "${1:-}" != --tests ] || packages="$packages libcmocka-dev"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $packages >/dev/null
