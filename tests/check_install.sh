#!/bin/sh
# What a user of the library meets: installed into an empty prefix, docs/examples built with CMake's find_package and with
# pkg-config, both run, the header taken as C++.
#
#   check_install.sh BUILD_FOLDER
set -eu
build=$1
top=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix

# step DESCRIPTION COMMAND...: quiet unless it fails.
passed=0
step() {
    doing=$1
    shift
    if ! "$@" >"$work/log" 2>&1; then
        echo "FAILED: $doing"
        cat "$work/log"
        exit 1
    fi
    echo "ok: $doing"
    passed=$((passed + 1))
}

build_with_cmake() {
    cmake -S "$top/docs/examples" -B "$work/example" -DCMAKE_PREFIX_PATH="$prefix" && cmake --build "$work/example"
}

build_with_pkg_config() {
    found=$(find "$prefix" -name taskexpert.pc)
    export PKG_CONFIG_PATH="${found%/*}"
    cc "$top/docs/examples/embed.c" -Wall -Wextra -Werror $(pkg-config --cflags --libs taskexpert) -o "$work/embed" \
        -Wl,-rpath,"$(pkg-config --variable=libdir taskexpert)"
}

header_as_cpp() {
    printf '#include <taskexpert.h>\nint main() { return te_version()[0] == 0; }\n' >"$work/main.cpp"
    clang -x c++ -std=c++11 -Wall -Wextra -pedantic -Werror -fsyntax-only -I "$prefix/include" "$work/main.cpp"
}

manual_page() {
    "$prefix/bin/taskexpert" help --man | cmp - "$prefix/share/man/man1/taskexpert.1"
}

documents_named() {
    cat "$prefix/share/man/man1/taskexpert.1" "$prefix/include/taskexpert.h" >"$work/page"
    named=$(grep -o 'docs/[A-Z]*\.md' "$work/page" | sort -u)
    [ -n "$named" ] && cd "$prefix/share/doc/taskexpert" && ls $named
}

make_weights() {
    "$prefix/bin/taskexpert" init --config "$prefix/share/taskexpert/configs/pascal_tiny.ini" -o "$work/w.safetensors" \
        input.height=64 input.width=64 model.blocks=2 model.taps="1 2"
}

make_picture() {
    printf 'P6\n40 30\n255\n' >"$work/grey.ppm"
    head -c 3600 /dev/zero | tr '\0' '\200' >>"$work/grey.ppm"
}

# Both programs say the same of each task of the model.
run_both() {
    "$work/example/embed" "$work/w.safetensors" "$work/grey.ppm" >"$work/first"
    "$work/embed" "$work/w.safetensors" "$work/grey.ppm" >"$work/second"
    cat "$work/first"
    [ "$(wc -l <"$work/first")" -eq 5 ] && cmp "$work/first" "$work/second"
}

step "cmake --install" cmake --install "$build" --prefix "$prefix"
step "weights are installed" test -s "$prefix/share/taskexpert/weights/rooms.safetensors"
step "the licence is installed" test -s "$prefix/share/doc/taskexpert/LICENSE"
step "the manual page is installed, as help prints it" manual_page
step "documents that help names are installed" documents_named
step "find_package(taskexpert)" build_with_cmake
step "pkg-config taskexpert" build_with_pkg_config
step "the header as C++" header_as_cpp
step "the installed command makes weights" make_weights
make_picture
step "the example runs" run_both
echo "$passed passed, 0 failed"
