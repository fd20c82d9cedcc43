#!/bin/sh
# Every kernel compiled for instruction sets of real GPUs, without a GPU: NVIDIA (PTX for sm_70), AMD (gfx906), SPIR, also as
# OpenCL C 2.0, and, for the files written for processors, x86-64; in every storage type and with the sizes that host/ops uses.
#
#   check_kernels.sh [FOLDER]     the check; a warning is an error, and so is any extension
#   check_kernels.sh --table      registers, waves a SIMD, spills, local memory of every kernel, as a Markdown table
#
# Not run (exit status 77) without clang-15 or libclc-15.
set -u
here=$(cd "$(dirname "$0")" && pwd)
clc=/usr/lib/clc
common="-x cl -cl-std=CL1.2 -Xclang -cl-ext=-all -O2 -Wall -Wextra -Werror"
nvidia="-target nvptx64--nvidiacl -Xclang -target-cpu -Xclang sm_70
        -Xclang -mlink-builtin-bitcode -Xclang $clc/nvptx64--nvidiacl.bc"
amd="-target amdgcn-mesa-mesa3d -nogpulib
     -Xclang -mlink-builtin-bitcode -Xclang $clc/gfx906-amdgcn-mesa-mesa3d.bc"

# Options of a target; words of one shell argument.
flags_of() {
    case $1 in
    nvidia) echo $nvidia ;;
    amd) echo $amd -mcpu=gfx906 ;;
    "amd "*) echo $amd -mcpu=${1#amd } ;;
    spir) echo "-target spir64 -emit-llvm" ;;
    spir-2.0) echo "-target spir64 -emit-llvm -cl-std=CL2.0" ;; # in which a pointer that names no address space is generic
    x86-64) echo "-target x86_64-linux-gnu -march=x86-64-v4 -emit-llvm" ;;
    esac
}

# Sizes that host/ops compiles a file with, besides the file's own defaults: sets of options, one a line.
sizes_of() {
    case $1 in
    linear)
        printf '%s\n' "-DSIDE=1 -DBLOCKS=1" "-DSIDE=4 -DBLOCKS=1 -DX_ROWS=1 -DW_ROWS=1" "-DSIDE=8 -DBLOCKS=1 -DW_ROWS=1" \
            "-DSIDE=8 -DBLOCKS=2 -DALIGNED=1 -DX_ROWS=1 -DW_ROWS=1" "-DSIDE=16 -DBLOCKS=2 -DALIGNED=1 -DGELU=1" \
            "-DSIDE=16 -DBLOCKS=2 -DALIGNED=1 -DW_ROWS=1" -DPRODUCT_BF16 -DPRODUCT_FP16
        ;;
    conv) printf '%s\n' -DPRODUCT_BF16 -DPRODUCT_FP16 ;;
    conv_winograd) printf '%s\n' -DWIDTH=16 ;;
    conv_cpu | linear_cpu) printf '%s\n' -DPRODUCT_BF16 -DPRODUCT_FP16 "-DBLOCK_K=192 -DCHUNK_M=2 -DCHUNK_TILES=8" ;;
    head_predict_cpu) printf '%s\n' -DCHANNELS=16 "-DCHANNELS=768 -DPRODUCT_BF16" -DPRODUCT_FP16 ;;
    layernorm) printf '%s\n' -DGROUP=1 -DGROUP=2 -DGROUP=256 ;;
    attention_cpu | attention_grad_cpu) printf '%s\n' -DHEAD=16 -DHEAD=96 -DHEAD=128 ;;
    attention)
        printf "%s\n" "-DHEAD=4 -DCOLUMNS=1 -DLINES=1" "-DHEAD=30 -DCOLUMNS=8 -DLINES=2" \
            "-DHEAD=36 -DCOLUMNS=16 -DLINES=4" "-DHEAD=256 -DCOLUMNS=32 -DLINES=4"
        ;;
    esac
}

# Files that use vectors of 16 are for processors; one does so only where it is told to.
is_for_processors() {
    case $1 in
    *_cpu.cl) return 0 ;;
    */conv_winograd.cl) return 1 ;;
    esac
    grep -q -e '#include "wide.clh"' -e '#include "bf16_' "$1"
}

# compile TARGET FILE OUTPUT OPTIONS...: prints what the compiler says.
compile() {
    target=$1 file=$2 output=$3
    shift 3
    clang-15 $common $(flags_of "$target") "$@" -I "$(dirname "$file")" -S "$file" -o "$output" 2>&1
}

# One line for one compilation: "ok ..." or "FAILED ..." with the compiler's text.
compile_one() {
    target=$1 file=$2
    shift 2
    if text=$(compile "$target" "$file" /dev/null "$@"); then
        echo "ok      $(basename "$file") for $target $*"
    else
        printf 'FAILED  %s for %s %s\n%s\n' "$(basename "$file")" "$target" "$*" "$text"
    fi
}

# The compilations, one a line: TARGET FILE OPTIONS...
list_compilations() {
    for file in "$folder"/*.cl; do
        stem=$(basename "$file" .cl)
        if is_for_processors "$file"; then
            targets="spir spir-2.0 x86-64"
            grep -q -e '"bf16_dot.clh"' -e '"bf16_amx.clh"' "$file" && targets=x86-64 # they hold inline assembly
            for target in $targets; do
                { echo; sizes_of "$stem"; } | sed "s|^|$target $file |; s| *$||"
            done
            continue
        fi
        for target in nvidia amd spir spir-2.0; do
            { echo; echo -DREAL_FP16; echo -DREAL_BF16; sizes_of "$stem"; } | sed "s|^|$target $file |; s| *$||"
        done
    done
}

# Every -D that host/ops gives to a compiler must be among the sizes above.
check_sizes_are_known() {
    known=$(for file in "$folder"/*.cl; do sizes_of "$(basename "$file" .cl)"; done)
    grep -ho '"[^"]*-D[A-Z_0-9]*[^"]*"' "$here"/../host/ops/*.c | grep -o -- '-D[A-Z_0-9]*' | sort -u | while read -r option; do
        case $known in
        *"$option"*) echo "ok      $option is among the sizes" ;;
        *) echo "FAILED  host/ops uses $option: add its values to sizes_of()" ;;
        esac
    done
}

# Rows "kernel vgpr scratch lds occupancy fmas reads" from AMD assembly. LLVM prints a block of figures after each
# function. The last two are the multiply-adds (64 at least) and the reads of local memory of the basic block that reads most.
amd_figures() {
    awk 'function finish() {
             if (fmas >= 64 && (reads > most || (reads == most && fmas < of_most))) { most = reads; of_most = fmas }
             fmas = reads = 0
         }
         /^; -- End function/ { next }
         /^\t\.globl/ { name = $2; most = of_most = fmas = reads = 0 }
         /^\.LBB|^; %bb|s_barrier/ { finish() }
         $1 ~ /^v_(fma|fmac|mac|mad)_f32/ { fmas++ }
         $1 ~ /^v_pk_fma_f32/ { fmas += 2 }
         $1 ~ /^ds_(read|load)/ { reads++ }
         /^; NumVgprs:/ { vgpr = $3 }
         /^; ScratchSize:/ { scratch = $3 }
         /^; LDSByteSize:/ { lds = $3 }
         /^; Occupancy:/ { finish(); print name, vgpr, scratch, lds, $3, of_most, most }' "$1"
}

# Rows "kernel registers spills" from what ptxas says of PTX.
nvidia_figures() {
    ptxas -arch=sm_80 -v "$1" -o /dev/null 2>&1 |
        awk "/Compiling entry function/ { split(\$0, part, \"'\"); name = part[2] }
             /bytes spill stores/ { spills = \$5 }
             /Used [0-9]+ registers/ { for (i = 1; i < NF; i++) if (\$i == \"Used\") print name, \$(i + 1), spills }"
}

print_table() {
    assembly=$(mktemp -d)
    trap 'rm -rf "$assembly"' EXIT
    export PATH="$PATH:/usr/local/cuda/bin"
    echo "| kernel | local bytes | multiply-adds : reads | gfx906 VGPRs, waves | gfx90a | gfx1030 | scratch |" \
        "sm_80 registers | spilled |"
    echo "|---|---|---|---|---|---|---|---|---|"
    for file in "$folder"/*.cl; do
        is_for_processors "$file" && continue
        for chip in gfx906 gfx90a gfx1030; do
            compile "amd $chip" "$file" "$assembly/amd.s" $(table_options "$file") || return 1
            amd_figures "$assembly/amd.s" >"$assembly/$chip"
        done
        compile nvidia "$file" "$assembly/nvidia.ptx" $(table_options "$file") || return 1
        command -v ptxas >/dev/null && nvidia_figures "$assembly/nvidia.ptx" >"$assembly/nvidia" || : >"$assembly/nvidia"
        while read -r kernel vgpr scratch lds waves fmas reads; do
            row="| $kernel | $lds | - | $vgpr, $waves |"
            [ "$reads" -eq 0 ] || row="| $kernel | $lds | $fmas : $reads | $vgpr, $waves |"
            for chip in gfx90a gfx1030; do
                row="$row $(awk -v name="$kernel" '$1 == name { print $2 ", " $5 " |" }' "$assembly/$chip")"
                scratch=$((scratch + $(awk -v name="$kernel" '$1 == name { print $3 }' "$assembly/$chip")))
            done
            set -- $(awk -v name="$kernel" '$1 == name { print $2, $3 }' "$assembly/nvidia")
            echo "$row $scratch | ${1:--} | ${2:--} |"
        done <"$assembly/gfx906"
    done
}

# What the table compiles a file with: that which the model's large products get.
table_options() {
    case $(basename "$1") in linear.cl) echo -DALIGNED=1 ;; esac
}

folder=$here/../kernels
case ${1-} in
--one)
    shift
    compile_one $*
    exit
    ;;
esac
if ! command -v clang-15 >/dev/null || [ ! -r "$clc/nvptx64--nvidiacl.bc" ]; then
    echo "not run: clang-15 and libclc-15 are needed"
    exit 77
fi
if [ "${1-}" = --table ]; then
    print_table
    exit
fi
folder=${1:-$folder}
results=$(
    list_compilations | xargs -P "$(nproc)" -L 1 sh "$0" --one
    check_sizes_are_known
)
echo "$results" | grep -v "^ok"
failed=$(echo "$results" | grep -c '^FAILED')
passed=$(echo "$results" | grep -c '^ok')
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
