#!/bin/sh
# The command from outside: exit statuses, messages, files, what goes to which stream.
#
#     test_cli.sh COMMAND
#
# Expected outputs lie in tests/cli. Without an OpenCL device what needs one is left out, and that is said.
set -u
export LC_ALL=C
[ $# -eq 1 ] || { echo "usage: test_cli.sh COMMAND" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
command=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
expected=$here/cli
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
cd "$work" || exit 1
POCL_CACHE_DIR=${XDG_CACHE_HOME:-$work/cache}/pocl # its compiler is the same every time; caches of ours start empty
export XDG_CACHE_HOME="$work/cache" POCL_CACHE_DIR
unset TASKEXPERT_DEVICE

passed=0
failed=0

# check NAME: the status of the command before it decides
check() {
    # shellcheck disable=SC2181
    if [ $? -eq 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $1 (status $status)"
        sed 's/^/    stderr: /' stderr | head -5
        sed 's/^/    stdout: /' stdout | head -5
    fi
}

# run ARGUMENTS...: into stdout, stderr and $status
run() {
    "$command" "$@" >stdout 2>stderr </dev/null
    status=$?
}

# shellcheck disable=SC2002 # a file that is missing has none
lines() { cat "$1" 2>/dev/null | wc -l | tr -d ' '; }
# shellcheck disable=SC2002
bytes() { cat "$1" 2>/dev/null | wc -c | tr -d ' '; }

has_three_lines() { [ "$(lines "$1")" -ge 3 ]; }

# await TENTHS COMMAND...: until the command succeeds, for at most so many tenths of a second
await() {
    tenths=$1
    shift
    while ! "$@" && [ "$tenths" -gt 0 ]; do
        sleep 0.1
        tenths=$((tenths - 1))
    done
}

# wrong FILE: the rows of a table of wrong command lines
wrong() {
    while IFS='|' read -r want part arguments; do
        case $want in '#'* | '') continue ;; esac
        eval "run $arguments"
        [ "$status" -eq "$want" ] && grep -qF -- "$part" stderr && grep -q '^taskexpert: ' stderr &&
            [ "$(lines stderr)" -eq 1 ] && [ ! -s stdout ]
        check "$arguments -> $want '$part'"
    done <"$1"
}

# picture NAME WIDTH HEIGHT: a binary PPM with a pattern
picture() {
    printf 'P6\n%d %d\n255\n' "$2" "$3" >"$1"
    awk -v w="$2" -v h="$3" 'BEGIN {
        for (y = 0; y < h; y++)
            for (x = 0; x < w; x++)
                printf "%c%c%c", 1 + x % 120, 1 + y % 120, 1 + (x * y) % 120
    }' >>"$1"
}

# small OUT ARGUMENTS...: init of a model that is done in milliseconds
small() {
    out=$1
    shift
    run init -o "$out" --config "$here/../configs/pascal_tiny.ini" input.height=64 input.width=64 model.width=16 \
        model.heads=2 model.blocks=2 model.taps="1 2" model.decoder_width=8 model.expert_hidden=16 \
        model.gate_width=8 model.tasks="semseg human_parts sal normals edge depth" "$@"
}

# ---- help, version, settings: no files, no device ----

run version
[ "$status" -eq 0 ] && grep -qE '^taskexpert [0-9]+\.[0-9]+\.[0-9]+$' stdout && [ ! -s stderr ]
check "version"
cp stdout version
run --version
[ "$status" -eq 0 ] && cmp -s stdout version
check "--version"

run help
[ "$status" -eq 0 ] && cmp stdout "$expected/help.txt" && [ ! -s stderr ]
check "help is as in tests/cli/help.txt"
cp stdout help
run --help
[ "$status" -eq 0 ] && cmp -s stdout help
check "--help"
run help infer
[ "$status" -eq 0 ] && cmp stdout "$expected/help_infer.txt"
check "help infer is as in tests/cli/help_infer.txt"
cp stdout help
run infer --help
[ "$status" -eq 0 ] && cmp -s stdout help
check "infer --help"
for name in devices init info infer train eval experts bench tune selftest settings synth dataset version help; do
    run help "$name"
    [ "$status" -eq 0 ] && grep -q "^Usage: taskexpert $name" stdout && ! grep -qE '.{81}' stdout
    check "help $name"
done
run help settings
[ "$status" -eq 0 ] && grep -q '^  model.blocks  ' stdout && grep -q '^  device.pick  ' stdout &&
    grep -q 'pictures a step \[S\] (1 to 256; default 4)' stdout
check "help settings lists the settings"

run help --man
[ "$status" -eq 0 ] && grep -q '^\.TH TASKEXPERT 1' stdout && grep -q '^\.SH EXIT STATUS' stdout
check "help --man"
if groff --version >/dev/null 2>&1; then
    cp stdout page.1
    groff -man -Tascii -ww page.1 >stdout 2>stderr
    [ ! -s stderr ] && [ "$(lines stdout)" -gt 100 ]
    check "the manual page has no warnings"
fi

run settings
[ "$status" -eq 0 ] && grep -q '^\[model\]$' stdout && grep -q '^blocks = 0$' stdout && [ ! -s stderr ]
check "settings"
run settings model.blocks=7 'device.name=a "b" # c' input.fit=stretch model.memory=no
cp stdout all.ini
[ "$status" -eq 0 ] && grep -q '^blocks = 7$' stdout && grep -q '^memory = off$' stdout
check "settings from the command line"
run settings --config all.ini
[ "$status" -eq 0 ] && cmp -s stdout all.ini
check "settings are read back as they were written"
run settings --config all.ini model.blocks=9
[ "$status" -eq 0 ] && grep -q '^blocks = 9$' stdout && grep -q '^fit = stretch$' stdout
check "the command line is over the ini file"

# ---- init ----

small w.safetensors
[ "$status" -eq 0 ] && [ ! -s stderr ] && cmp stdout "$expected/init.txt"
check "init is as in tests/cli/init.txt"
small same.safetensors --seed=1
cmp -s w.safetensors same.safetensors
check "the seed is 1 by default, same seed, same file"
small rooms.safetensors model.semseg_classes=22
[ "$status" -eq 0 ]
check "init with the classes of rooms"
small other.safetensors --seed 2
[ "$status" -eq 0 ] && ! cmp -s w.safetensors other.safetensors
check "another seed, another file"
small half.safetensors --storage fp16
[ "$status" -eq 0 ] && [ "$(bytes half.safetensors)" -lt $(($(bytes w.safetensors) * 2 / 3)) ]
check "fp16 takes half the room"
small timm.safetensors --backbone "$here/golden/timm_backbone.safetensors" model.blocks=3 model.taps="1 3"
[ "$status" -eq 0 ] && grep -qE '^backbone +41 tensors of .* used, 3 ignored$' stdout
check "init --backbone"
run init -o space.safetensors -q model.backbone=tiny "model.tasks=sal edge" model.blocks=1 model.taps=1
[ "$status" -eq 0 ] && grep -q 'model.tasks = sal edge$' stdout
check "a setting with a space"

# ---- synth ----

run synth -o room.png --size 48x64 --seed 7
[ "$status" -eq 0 ] && [ "$(cat stdout)" = room.png ] && [ ! -s stderr ]
check "synth writes a picture"
run synth -o again.png --width 64 --height 48 --seed 7
[ "$status" -eq 0 ] && cmp -s room.png again.png
check "--size is --height and --width"
run synth -o rooms --count 3 --val 2 --size 64x64 --threads 2
[ "$status" -eq 0 ] && [ "$(cat stdout)" = rooms ] && grep -q '5 of 5 rooms' stderr &&
    [ "$(cat rooms/gt_sets/train.txt rooms/gt_sets/val.txt | wc -l)" -eq 5 ] &&
    [ "$(find rooms -name '*.png' | wc -l)" -eq 35 ] && [ -s rooms/depth/val_000001.png ]
check "synth --count writes a folder with lists"
run synth -q -o rooms --count 1
[ "$status" -eq 5 ] && grep -q "'rooms/gt_sets/train.txt' is there already" stderr
check "lists are not replaced"

# ---- dataset check ----

# check_rooms FOLDER ARGUMENTS...
check_rooms() {
    folder=$1
    shift
    run dataset check data.source=folder data.folder="$folder" model.semseg_classes=22 \
        "model.tasks=semseg human_parts sal normals edge depth" "$@"
}
check_rooms rooms -q -o checked
[ "$status" -eq 0 ] && [ ! -s stderr ] &&
    [ "$(tail -1 stdout)" = "2 of 2 lists read, 5 pictures, 0 files missing or broken" ] &&
    grep -q "^train: 3 pictures of 'rooms/gt_sets/train.txt', 64 pixels wide, 64 high$" stdout &&
    grep -qE '^semseg +3 +0 +0 +100.0 % +[0-9]+ of 22 classes$' stdout && grep -qE '^ *21 +person +[0-9.]+ % +[0-3]$' stdout
check "dataset check counts what there is"
[ "$(ls checked | tr '\n' ' ')" = "check_train.json check_train.png check_val.json check_val.png " ]
check "dataset check -o writes a sheet and JSON for each split"
cp stdout first
check_rooms rooms data.threads=3
[ "$status" -eq 0 ] && cmp -s stdout first && grep -qE '^\[2/2\] val_000001 ' stderr
check "dataset check says the same with three threads, and how far it is"
rm rooms/human_parts/train_000001.png
check_rooms rooms -q --split train
[ "$status" -eq 0 ] && grep -qE '^human_parts +2 +1 +0 ' stdout
check "dataset check: an absent label is no error"
check_rooms rooms -q --split val
[ "$status" -eq 0 ] && tail -1 stdout | grep -q '^1 of 1 lists read, 2 pictures, 0 ' && ! grep -q '^train' stdout
check "dataset check --split"
check_rooms rooms -q --count 1
[ "$status" -eq 0 ] && tail -1 stdout | grep -q '^2 of 2 lists read, 2 pictures, 0 '
check "dataset check --count"
cp rooms/semseg/train_000000.png rooms/semseg/other.png
: >rooms/semseg/train_000001.jpg
check_rooms rooms -q
[ "$status" -eq 0 ] && [ "$(lines stderr)" -eq 1 ] && [ "$(tail -1 stdout | cut -d, -f3)" = " 0 files missing or broken" ] &&
    grep -q "warning: 2 files among the labels of 'semseg' belong to no listed picture, the first 'semseg/other.png'" stderr
check "dataset check: labels of no picture are a warning"
rm rooms/semseg/other.png rooms/semseg/train_000001.jpg
run synth -q -o wide --count 3 --size 48x80
while IFS='|' read -r part breaking; do
    case $part in '#'* | '') continue ;; esac
    rm -rf bad
    cp -r rooms bad
    (cd bad && eval "$breaking")
    check_rooms bad -q --split train
    [ "$status" -eq 1 ] && grep -qE "^  .*$part" stdout && [ ! -s stderr ] && grep -q '^train: 3 pictures of ' stdout &&
        [ "$(tail -1 stdout)" = "1 of 1 lists read, 3 pictures, 1 files missing or broken" ]
    check "dataset check: $breaking -> '$part'"
done <"$expected/broken.txt"
rm -rf bad
cp -r rooms bad
grep -v -e '^#' -e images/ "$expected/broken.txt" | cut -d'|' -f2 >breaking # labels of a broken picture are not tried
(cd bad && . ../breaking)
check_rooms bad -q -o checked
[ "$status" -eq 1 ] && [ "$(grep -c "^  .*'bad/" stdout)" -eq 12 ] && grep -q '"problem_count": 12,' checked/check_train.json &&
    [ "$(tail -1 stdout)" = "2 of 2 lists read, 5 pictures, 12 files missing or broken" ]
check "dataset check: all of them at once"
rm bad/gt_sets/val.txt
check_rooms bad -q
[ "$status" -eq 1 ] && grep -q "^val: cannot open 'bad/gt_sets/val.txt': No such file.* 'data.folder' " stdout &&
    tail -1 stdout | grep -q '^1 of 2 lists read, 3 pictures, 12 '
check "dataset check: an absent split"
for list in '' '../train_000000' 'train_000000 train_000000'; do
    # shellcheck disable=SC2086
    printf '%s\n' $list >bad/gt_sets/train.txt
    check_rooms bad -q --split train
    [ "$status" -eq 1 ] && grep -q "^train: 'bad/gt_sets/train.txt' " stdout && tail -1 stdout | grep -q '^0 of 1 lists read'
    check "dataset check: a list of '$list'"
done
i=0
while [ $i -lt 23 ]; do
    echo "gone_$i"
    i=$((i + 1))
done >bad/gt_sets/train.txt
check_rooms bad -q --split train
[ "$status" -eq 1 ] && [ "$(grep -c "there is no picture 'bad/images/gone_" stdout)" -eq 20 ] &&
    grep -q '^  and 3 more$' stdout && tail -1 stdout | grep -q ', 23 pictures, 23 files missing or broken$'
check "dataset check: the first twenty, then a count"
check_rooms none_such -q
[ "$status" -eq 1 ] && [ "$(grep -c "cannot open 'none_such/gt_sets/" stdout)" -eq 2 ]
check "dataset check: an absent folder"

# ---- wrong usage ----

picture good.ppm 20 10
mkdir folder
dd if=w.safetensors of=truncated.safetensors bs=1000 count=1 2>/dev/null
printf 'this is no safetensors file at all\n' >garbage.safetensors
: >empty.safetensors
printf '[model]\nbloks = 2\n' >typo.ini
printf '[model]\nbackbone = base\n' >base.ini
printf 'no picture' >broken.png
ln w.safetensors linked.safetensors
cksum ./*.safetensors ./*.ini ./*.p* >before
wrong "$expected/wrong.txt"
[ ! -e out ] && [ ! -e x ] && cksum ./*.safetensors ./*.ini ./*.p* | cmp -s - before
check "wrong usage leaves no files and changes none"

# ---- standard output that fails ----

if [ -c /dev/full ]; then
    for arguments in version help "help --man" settings; do
        # shellcheck disable=SC2086
        "$command" $arguments >/dev/full 2>stderr
        status=$?
        : >stdout
        [ "$status" -eq 5 ] && [ "$(lines stderr)" -eq 1 ] &&
            grep -q 'cannot write to standard output: No space' stderr
        check "$arguments >/dev/full"
    done
fi
"$command" version >&- 2>stderr
status=$?
[ "$status" -eq 5 ] && grep -q 'cannot write to standard output' stderr
check "standard output is closed"
{
    "$command" help --man 2>stderr
    echo $? >status
} | :
status=$(cat status)
[ "$status" -eq 0 ] || { [ "$status" -eq 5 ] && grep -q 'standard output: Broken pipe' stderr; }
check "nobody reads standard output"

# ---- devices ----

run devices
if [ "$status" -eq 3 ]; then
    grep -q '^taskexpert: .*install' stderr
    check "devices without a device says what to install"
    run info w.safetensors
    [ "$status" -eq 0 ] && grep -q '^memory: not known without a device' stdout
    check "info without a device"
    echo "no OpenCL device: the checks that need one are left out"
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
    exit
fi
[ "$status" -eq 0 ] && [ "$(grep -c '^\* ' stdout)" -eq 1 ] && grep -q '^  *chosen  ' stdout && [ ! -s stderr ]
check "devices marks one"
run devices --json
[ "$status" -eq 0 ] && grep -q '^\[{"index": 0, ' stdout && grep -q '"chosen": true}' stdout && [ ! -s stderr ]
check "devices --json"
if command -v python3 >/dev/null 2>&1; then
    python3 -c 'import json, sys; sys.exit(sum(d["chosen"] for d in json.load(open("stdout"))) != 1)' 2>stderr
    check "devices --json is JSON"
fi
run devices --device 999
[ "$status" -eq 3 ] && grep -q '^  0  ' stdout && ! grep -q '^\*' stdout &&
    grep -q "no OpenCL device matches.*another index is asked for: '999' (device.pick)" stderr
check "devices where none matches lists them all the same"
TASKEXPERT_DEVICE=999
export TASKEXPERT_DEVICE
run devices
[ "$status" -eq 3 ]
check "TASKEXPERT_DEVICE picks"
run devices --device 0
[ "$status" -eq 0 ] && grep -q "^  *chosen  *asked for by device.pick '0'$" stdout
check "--device is over TASKEXPERT_DEVICE"
unset TASKEXPERT_DEVICE

# ---- info ----

run info w.safetensors
[ "$status" -eq 0 ] && grep -qE '^model.blocks +2$' stdout && grep -qE '^total +[0-9.]+ M +[0-9.]+ G$' stdout &&
    grep -qE '^weights +[0-9.]+ [KM]iB$' stdout && grep -qE '^intermediate results +[0-9.]+ [KM]iB \(' stdout
check "info of a weight file"
grep -v '^memory for' stdout >of_weights
printf '[input]\nheight = 64\nwidth = 64\n[model]\nbackbone = tiny\nwidth = 16\nheads = 2\nblocks = 2\n' >small.INI
printf 'taps = 1 2\ndecoder_width = 8\nexpert_hidden = 16\ngate_width = 8\n' >>small.INI
printf 'tasks = semseg human_parts sal normals edge depth\n' >>small.INI
run info small.INI
[ "$status" -eq 0 ] && grep -v '^memory for' stdout | cmp -s - of_weights
check "info of an ini file says the same"
printf '[model]\ngate_width = 12\n' >over.ini
run info small.INI --config over.ini
[ "$status" -eq 0 ] && grep -q '^model.gate_width  *12$' stdout && grep -q '^model.expert_hidden  *16$' stdout
check "--config is over the ini file that info is asked about"
run info w.safetensors --device 999
[ "$status" -eq 0 ] && grep -q '^total' stdout && grep -q '^memory: not known without a device: no OpenCL' stdout
check "info without a device that matches"

# ---- training on a folder ----

# train_small ARGUMENTS...: two steps of a model that is done in milliseconds
train_small() {
    run train -q input.height=64 input.width=64 model.width=16 model.heads=2 model.blocks=2 model.taps="1 2" \
        model.decoder_width=8 model.expert_hidden=16 model.gate_width=8 train.batch=1 train.iterations=2 \
        model.tasks="semseg depth" model.semseg_classes=22 data.source=folder data.folder=rooms "$@"
}
train_small -o run_folder
[ "$status" -eq 0 ] && [ -s run_folder/last.safetensors ]
check "train reads what synth wrote"
for set in nyud pascal; do
    run train -q --config "$here/../configs/${set}_tiny.ini" data.folder="$here/golden/$set" input.height=32 input.width=48 \
        model.width=16 model.heads=2 model.blocks=2 model.taps="1 2" model.decoder_width=8 model.gate_width=8 \
        train.iterations=2 -o "run_$set"
    first=$status
    run eval -w "run_$set/best.safetensors"
    [ "$first" -eq 0 ] && [ "$status" -eq 0 ] && grep -q '^semseg  *mIoU .* 2$' stdout
    check "train and eval on a miniature of $set"
done
run init -w run_folder/last.safetensors --storage fp16 -o trained.safetensors
whole=$(wc -c <run_folder/last.safetensors) half=$(wc -c <trained.safetensors)
[ "$status" -eq 0 ] && [ $((half * 5)) -lt "$whole" ] && grep -q "written .*fp16" stdout
check "init writes a checkpoint's weights alone, in 16 bits"
run init -w trained.safetensors --storage fp16 -o other.safetensors
[ "$status" -eq 0 ] && grep -q "^taskexpert: replaced 'other.safetensors'" stderr &&
    cmp -s trained.safetensors other.safetensors
check "init says that it replaces a weight file"
: >other.safetensors
run init -w trained.safetensors --storage fp16 -o other.safetensors
[ "$status" -eq 0 ] && [ ! -s stderr ]
check "an empty file is nothing to tell of"
run init -w w.safetensors -o run_folder/last.safetensors
[ "$status" -eq 2 ] && grep -q "'run_folder/last.safetensors' is a checkpoint.* name another file" stderr &&
    [ "$whole" -eq "$(wc -c <run_folder/last.safetensors)" ]
check "init does not replace a checkpoint"
run init -w run_folder/last.safetensors -o twice.safetensors model.blocks=1
[ "$status" -eq 2 ] && grep -q "model.taps" stderr && [ ! -e twice.safetensors ]
check "init --weights with settings that contradict the file's"
run init -w run_folder/last.safetensors -o other.safetensors model.semseg_classes=5
[ "$status" -eq 0 ] && [ "$(grep -c 'is new: its shape' stderr)" -eq 2 ] &&
    grep -q "heads.semseg.pred.bias.*(5), it was (22)" stderr &&
    grep -q "2 left out; 2 made new" stdout
check "init --weights with other classes: what does not fit is new, and named"
train_small -o run_refused -w run_folder/last.safetensors model.semseg_classes=5
[ "$status" -eq 2 ] && grep -q "init -w 'run_folder/last.safetensors' model.semseg_classes" stderr
check "train -w with other classes says what to do"
run init -w run_folder/last.safetensors -o renamed.safetensors model.semseg_names="road, <b>\"%n"
[ "$status" -eq 0 ] && grep -q 'model.semseg_names = road, <b>"%n$' stdout && grep -q ' 0 left out; 0 made new' stdout
check "init --weights gives the classes of a weight file other names"
run info renamed.safetensors
[ "$status" -eq 0 ] && grep -q '^model.semseg_names  *road, <b>"%n$' stdout
check "info shows them"
run infer -q -w renamed.safetensors -o out/refused rooms/images model.semseg_names=street
[ "$status" -eq 2 ] && grep -q "init -w 'renamed.safetensors' model.semseg_names=" stderr && [ ! -e out/refused ]
check "infer with other names than the file's says what to do"
train_small -o run_names model.semseg_names='road, <script>, "%n%s, Straße'
run eval -q -w run_names/last.safetensors -o judged_names
[ "$status" -eq 0 ] && grep -q '"class_name": "road"' judged_names/eval.json &&
    grep -q '"model.semseg_names": "road, <script>, \\"%n%s, Straße"' judged_names/eval.json &&
    ! grep -q '"class_name": "ceiling"' judged_names/eval.json && ! grep -q '<script' judged_names/report.html &&
    grep -q '&quot;%n%s' judged_names/report.html
check "names of classes go from train into a checkpoint, and from it into scores"
first=$(head -1 rooms/gt_sets/val.txt)
run infer -q -w run_names/last.safetensors -o out/names "rooms/images/$first.png"
named=$status
run init -w run_names/last.safetensors -o nameless.safetensors model.semseg_names=
run infer -q -w nameless.safetensors -o out/nameless "rooms/images/$first.png"
[ "$named" -eq 0 ] && [ "$status" -eq 0 ] && [ -s "out/names/${first##*/}_semseg.png" ] &&
    ! cmp -s "out/names/${first##*/}_semseg.png" "out/nameless/${first##*/}_semseg.png"
check "and into the legends of infer"
train_small -o run_classes model.semseg_classes=2
[ "$status" -eq 5 ] && grep -qE "semseg/train_.*\.png' holds class [0-9]+ at .*'model.semseg_classes'" stderr
check "a class index out of range"
rm -rf rooms/semseg rooms/depth
train_small -o run_labels
[ "$status" -eq 5 ] && grep -q "no picture of 'rooms/gt_sets/train.txt' has a label" stderr
check "no label of any task"

# ---- infer ----

wrong "$expected/wrong_on_device.txt"

mkdir pictures pictures/below pictures/folder.webp other
picture pictures/b.ppm 40 30
picture pictures/a.PPM 16 48
picture pictures/.hidden 8 8
picture pictures/.ppm 8 8
picture pictures/below/deep.ppm 8 8
printf 'not a picture' >pictures/notes.txt
: >pictures/c.HEIC
: >pictures/d.webp
picture other/a.ppm 1 1
picture "-dash name.ppm" 70 64

run infer -w w.safetensors -o out/maps pictures
[ "$status" -eq 0 ] && printf 'pictures/%s -> out/maps/%s_overview.png\n' a.PPM a b.ppm b | cmp -s - stdout
check "a folder, in the order of names, one line each"
grep -qE '^\[1/2\] pictures/a.PPM [0-9]+\.[0-9]{2} s$' stderr && grep -q '^\[2/2\] pictures/b.ppm ' stderr
check "progress in plain lines"
grep -q "^taskexpert: pictures of 'pictures' that are left out: 2, since only jpg .* can be read$" stderr
check "pictures of other formats are not passed over in silence"
[ -s out/maps/a_overview.png ] && [ -s out/maps/b_depth_mm.png ] && [ -s out/maps/b_semseg.png ]
check "the folder is made and filled"

run infer -q --npy --gates --raw -w w.safetensors --out=out/all pictures/b.ppm
[ "$status" -eq 0 ] && [ ! -s stderr ] && (cd out/all && ls) | cmp - "$expected/files.txt"
check "all kinds of files are as in tests/cli/files.txt; -q is quiet"
run infer -q --no-maps -w w.safetensors -o out/overview/ pictures/b.ppm
[ "$status" -eq 0 ] && [ "$(ls out/overview)" = b_overview.png ] &&
    [ "$(cat stdout)" = 'pictures/b.ppm -> out/overview/b_overview.png' ]
check "--no-maps"
mkdir beside
cp pictures/b.ppm beside
run infer -q -w w.safetensors -o beside beside
[ "$status" -eq 0 ] && run infer -q -w w.safetensors -o beside beside
[ "$status" -eq 2 ] && [ "$(lines stderr)" -eq 1 ] && grep -q "a result of the picture 'b' would replace .* with -o$" stderr
check "infer does not take its own results for pictures, nor replace pictures by results"
mkdir gated
cp pictures/b.ppm gated/a_b.ppm
cp pictures/b.ppm gated/a_b_gates_sal.ppm
run infer -q -w w.safetensors -o gated gated
[ "$status" -eq 2 ] && grep -q "a result of the picture 'a_b' would replace the picture 'gated/a_b_gates_sal.ppm'" stderr
check "nor by pictures of gates, whatever bars the names have"
run infer -w w.safetensors -o out/stems pictures other//
[ "$status" -eq 0 ] && grep -q "the results of 'other/a.ppm' are called 'a-2'" stderr &&
    grep -q '^other/a.ppm -> out/stems/a-2_overview.png$' stdout && [ -s out/stems/a-2_semseg.png ]
check "two pictures of the same name"
run infer -q -wo -o out/dash -- "-dash name.ppm"
[ "$status" -eq 5 ]
check "-w takes the rest of its word"
run infer -qww.safetensors -oout/dash -- "-dash name.ppm"
[ "$status" -eq 0 ] && [ -s "out/dash/-dash name_overview.png" ]
check "behind -- a name may begin with a dash"
picture device.name=x.ppm 8 8
run infer -q -w w.safetensors -o out/equals ./device.name=x.ppm
[ "$status" -eq 0 ] && [ -s "out/equals/device.name=x_overview.png" ]
check "a picture that looks like a setting"

picture large.ppm 150 70
run infer --npy -w w.safetensors -o out/tiles large.ppm pictures/b.ppm infer.tiles=on
[ "$status" -eq 0 ] && grep -q ' 150 x 70 pixels are run in 3 x 2 tiles of 64 x 64$' stderr &&
    [ "$(grep -c tiles stderr)" -eq 1 ] && cmp -s out/tiles/b_normals.npy out/all/b_normals.npy &&
    [ -s out/tiles/large_overview.png ]
check "tiles for the picture that is larger than the input"
run infer -q --npy -w w.safetensors -o out/mean pictures/b.ppm infer.flip=on "infer.scales=1 0.5"
[ "$status" -eq 0 ] && ! cmp -s out/mean/b_normals.npy out/all/b_normals.npy
check "a mean over sizes and the mirrored picture"

run infer -w w.safetensors -o out/mixed pictures/b.ppm broken.png none.jpg other/a.ppm
[ "$status" -eq 1 ] && [ "$(lines stdout)" -eq 2 ] && grep -q "broken.png" stderr &&
    grep -q "cannot open 'none.jpg'" stderr && grep -q '2 of 4 pictures done, 2 failed' stderr
check "broken pictures among good ones"
: >empty.png
run infer -q -w w.safetensors -o out/mixed empty.png
[ "$status" -eq 1 ] && [ "$(lines stderr)" -eq 1 ] && grep -q "'empty.png' is empty" stderr
check "an empty picture is called so"
run infer -w w.safetensors -o /proc/x pictures
[ "$status" -eq 5 ] && grep -q "'/proc/x'" stderr && ! grep -q 'pictures done' stderr
check "before the first picture there is no count of pictures"

run infer -q --raw -w w.safetensors -o out/32 pictures/b.ppm input.height=32 input.width=48
[ "$status" -eq 0 ] && [ "$(bytes out/32/b.raw.safetensors)" -lt "$(bytes out/all/b.raw.safetensors)" ]
check "another input size"
run infer -q --raw -w w.safetensors -o out/again pictures/b.ppm input.fit=pad model.blocks=2
[ "$status" -eq 0 ] && cmp -s out/again/b.raw.safetensors out/all/b.raw.safetensors
check "same picture, same bits; settings that agree with the model are allowed"
run infer -q --raw -w w.safetensors -o out/stretch pictures/b.ppm input.fit=stretch
[ "$status" -eq 0 ] && ! cmp -s out/stretch/b.raw.safetensors out/all/b.raw.safetensors
check "input.fit"
run infer -q -w out/all/b.raw.safetensors -o out/x pictures/b.ppm
[ "$status" -eq 5 ] && grep -q 'no TaskExpert settings' stderr
check "a safetensors file that is no model"
run infer -v -w w.safetensors -o out/verbose pictures/b.ppm
[ "$status" -eq 0 ] && grep -q '^taskexpert: plan: ' stderr
check "-v tells details"
run infer -q -w w.safetensors --time 3
[ "$status" -eq 0 ] && [ "$(lines stdout)" -eq 3 ] &&
    [ "$(grep -cE '^forward_seconds [0-9]+\.[0-9]{6}$' stdout)" -eq 3 ]
check "--time"
run infer -q -w w.safetensors -o out/timed --time=1 pictures
[ "$status" -eq 0 ] && [ ! -e out/timed ]
check "--time writes no files"
if [ -c /dev/full ]; then
    "$command" infer -w w.safetensors -o out/full pictures >/dev/full 2>stderr
    status=$?
    [ "$status" -eq 5 ] && grep -q 'cannot write to standard output: No space' stderr
    check "infer >/dev/full"
fi
"$command" infer -q -w w.safetensors -o out/closed pictures/b.ppm <&- 2>&- >stdout
status=$?
: >stderr
[ "$status" -eq 0 ] && cmp -s out/closed/b_semseg.png out/all/b_semseg.png
check "closed standard streams do not get into results"

# ---- eval ----

small rooms.safetensors model.semseg_classes=22
run eval -w rooms.safetensors -o judged --count 2
[ "$status" -eq 0 ] && awk '{ print $1, $2 }' stdout | sed '/normals within/s/ within.*//' | cmp - "$expected/eval.txt" &&
    grep -qE '^depth +rmse +m +[0-9.]+ +[0-9.]+ +lower +2$' stdout
check "eval prints the metrics of tests/cli/eval.txt"
grep -qE '^\[2/2\] 1 [0-9]+\.[0-9]{2} s$' stderr && grep -q "classes of 'semseg' are in no label" stderr
check "eval tells progress and absent classes"
[ -s judged/report.html ] && grep -q '"class_name": "floor"' judged/eval.json && grep -q '"pictures": 2' judged/eval.json &&
    [ "$(lines judged/pictures.csv)" -eq 3 ]
check "eval -o writes JSON, CSV and a page"
if command -v python3 >/dev/null 2>&1; then
    python3 "$here/check_report.py" judged stdout alike 2>stderr
    check "and they agree with the table"
fi
cp stdout table
run eval -q -w rooms.safetensors --count=2
[ "$status" -eq 0 ] && cmp -s stdout table && ! grep -q '^\[' stderr
check "eval again says the same"
run eval -q -w rooms.safetensors --count 1 eval.single_depth=3
[ "$status" -eq 0 ] && tail -1 stdout | grep -qE '^multi-task gain [+-][0-9]+\.[0-9]{2} % over 1 task$'
check "the multi-task gain"
run eval -q -w w.safetensors --count 1
[ "$status" -eq 2 ] && grep -q "'model.semseg_classes' is 21" stderr && [ ! -s stdout ]
check "eval of a model for other classes"
run eval -q -w rooms.safetensors -o judged --count 1 data.source=folder data.folder=none
[ "$status" -eq 5 ] && [ "$(lines stderr)" -eq 1 ]
check "eval on pictures that are not there"
run synth -q -o labelled --count 3 --val 3 --size 64x64 && first=$(head -1 labelled/gt_sets/val.txt) &&
    printf 'broken' >"labelled/semseg/$first.png"
run eval -w rooms.safetensors data.source=folder data.folder=labelled -o partial
[ "$status" -eq 1 ] && grep -q '^depth .* 2$' stdout && grep -q "warning: left out: .*'labelled/semseg/$first.png'" stderr &&
    [ "$(tail -1 stderr)" = "taskexpert: 1 of 3 pictures are left out of these scores" ] &&
    grep -q '1 of 3 pictures are left out' partial/report.html
check "a broken label is named and its picture left out"
run infer -q -w rooms.safetensors -o saved --npy --no-maps labelled/images &&
    run eval -q -w rooms.safetensors data.source=folder data.folder=labelled --split train && cp stdout table
run eval -q --predictions saved data.source=folder data.folder=labelled --split train model.semseg_classes=22 \
    model.tasks='semseg human_parts sal normals edge depth'
[ "$status" -eq 0 ] && cmp -s stdout table
check "eval --predictions says the same as eval of the model"
first=$(head -1 labelled/gt_sets/train.txt)
rm "labelled/depth/$first.png" "saved/${first##*/}_depth.npy"
run eval --predictions saved data.source=folder data.folder=labelled --split train model.semseg_classes=22 \
    model.tasks='semseg human_parts sal normals edge depth'
[ "$status" -eq 0 ] && ! grep -q 'left out' stderr && grep -q '^depth .* 2$' stdout && grep -q '^edge .* 3$' stdout
check "a saved map that there is no label for is not missed"
rm "saved/${first##*/}_edge.npy"
run eval --predictions saved data.source=folder data.folder=labelled --split train model.semseg_classes=22 \
    model.tasks='semseg human_parts sal normals edge depth'
[ "$status" -eq 1 ] && grep -q "left out: .*${first##*/}_edge" stderr && grep -q '^edge .* 2$' stdout
check "one that there is a label for is, and named"
run eval -w rooms.safetensors --count 1
grep -q '^taskexpert: judging on the first 1 of 500 generated rooms$' stderr
check "eval says what it judges on"

# ---- experts ----

run experts -w rooms.safetensors -o out/experts --count 2
[ "$status" -eq 0 ] && awk '{ print $1, $2 }' stdout | cmp - "$expected/experts.txt" &&
    grep -qE '^depth +all( +0\.[0-9]{3}){7}$' stdout && grep -qE '^memory +all( +[0-9.]+ \([+-][0-9.]+\)){6}$' stdout
check "experts prints the rows of tests/cli/experts.txt"
grep -q '^taskexpert: looking at 2 of 500 generated rooms$' stderr && grep -qE '^\[2/2\] 1 [0-9]+\.[0-9]{2} s$' stderr &&
    grep -q '"off": "expert 5"' out/experts/experts.json && grep -q '"entropy"' out/experts/experts.json
check "experts tells what it does and writes JSON"
run experts -q -w rooms.safetensors --count 1 --per-tap
[ "$status" -eq 0 ] && [ "$(grep -c '^memory' stdout)" -eq 3 ] && grep -qE '^expert 2 +2 ' stdout && [ ! -s stderr ]
check "experts --per-tap"
run experts -q -w w.safetensors -o out/experts pictures/b.ppm broken.png
[ "$status" -eq 1 ] && [ -s out/experts/b_experts.png ] && ! grep -q '^nothing' stdout &&
    [ "$(grep -c '^depth' stdout)" -eq "$(grep -c '^semseg' stdout)" ]
check "experts draws pictures and skips what is none"

# ---- a signal ----

i=0
while [ $i -lt 400 ]; do
    set -- "$@" pictures/b.ppm
    i=$((i + 1))
done
shift
: >stdout
"$command" infer -w w.safetensors -o out/signal "$@" >stdout 2>stderr &
job=$!
await 300 test -s stdout
kill -TERM $job 2>/dev/null
wait $job
status=$?
[ "$status" -eq 130 ] && grep -q '^taskexpert: interrupted$' stderr &&
    grep -q '^taskexpert: stopping when what runs now is done; once more Ctrl-C stops at once$' stderr &&
    grep -q "^taskexpert: $(lines stdout) of 400 pictures done, 0 failed$" stderr &&
    [ "$(find out/signal -name '*_overview.png' | wc -l)" -eq "$(lines stdout)" ]
check "a signal ends the command in good order"
: >stdout
: >stderr
"$command" eval -w rooms.safetensors -o interrupted >stdout 2>stderr &
job=$!
await 300 grep -q '^\[2/' stderr
kill -TERM $job 2>/dev/null
wait $job
status=$?
[ "$status" -eq 130 ] && grep -q '^taskexpert: interrupted$' stderr && [ ! -s stdout ] && [ ! -e interrupted ] &&
    grep -q "^taskexpert: $(grep -c '^\[' stderr) of 500 pictures done$" stderr
check "a signal ends eval in good order"
[ -z "$(find out -name '*.part')" ]
check "no temporary files are left"

# ---- bench ----

run bench -q -w w.safetensors --runs 2 --train train.batch=1 --json
cp stdout bench.json
python3 - bench.json >stdout 2>stderr <<'END'
import json, sys
bench = json.load(open(sys.argv[1]))
for name in ("forward", "training"):
    ops = [op for op in bench["ops"] if op["pass"] == name]
    assert ops and abs(sum(op["share_of_pass"] for op in ops) - 1) < 1e-6
    assert sum(op["runs"] * op["operations"] for op in ops) == bench[name]["operations"] > 0
    assert bench[name]["runs"] == 2 and bench[name]["seconds_median"] > 0
END
status=$?
[ "$status" -eq 0 ] && [ ! -s stderr ]
check "bench --json holds ops and passes, forward and training"
run bench -q -w w.safetensors --runs 1 --ops
[ "$status" -eq 0 ] && grep -q '^op  *variant  *shape ' stdout && grep -q '^linear  *[a-z]*  *(1,16,' stdout &&
    ! grep -q 'images/s' stdout && [ ! -s stderr ]
check "bench --ops prints a row a kind of call"
run bench -q -w w.safetensors --runs 1 --model
[ "$status" -eq 0 ] && grep -q '^time .* images/s, ' stdout && ! grep -q '^linear' stdout
check "bench --model prints the pass"

# ---- tune: every variant that there is, most of which nothing else runs; they need not be kept ----

# What one round finds may be noise, and tune may say so.
quiet() { ! grep -v 'warning: the winners made the forward pass ' stderr; }

run tune -q -w w.safetensors -o tuning.json --rounds 1 kernels.cache=off
[ "$status" -eq 0 ] && quiet && grep -qE '^\[[0-9]+/[0-9]+\] linear \(1,16,' stdout &&
    grep -qE "^[0-9]+ shapes, [0-9]+ winners?.*; written to 'tuning.json'$" stdout && ! grep -q WRONG stdout
check "tune prints shapes, candidates and a summary"
python3 - tuning.json >stdout 2>stderr <<'END'
import json, sys
kept = json.load(open(sys.argv[1]))
assert kept["format"] == "taskexpert tuning 1"
assert all(set(tuning) == {"op", "shape", "variant"} for tuning in kept["tunings"])
END
status=$?
[ "$status" -eq 0 ] && run infer -v -w w.safetensors -o out/tuned pictures/b.ppm kernels.tuning=tuning.json &&
    grep -q "tunings of 'tuning.json'" stderr && ! grep -q 'warning: ' stderr
check "and writes a file that infer reads"
run tune -q -w w.safetensors -o tuning.json --rounds 1 --time 1 kernels.cache=off
[ "$status" -eq 0 ] && quiet
check "a tuning replaces a tuning"
# slower AFTER: tune, of which one shape has a winner and a pass takes AFTER seconds instead of one
slower() {
    AFTER=$1 LD_PRELOAD=$work/slower.so ASAN_OPTIONS=${ASAN_OPTIONS-}:verify_asan_link_order=0 \
        "$command" tune -q -w w.safetensors -o tuning.json --rounds 1 --time 1 kernels.cache=off >stdout 2>stderr
    status=$?
}
cat >slower.c <<'END'
#include <stdlib.h>
#include <taskexpert.h>
void te_tune_get_summary(const te_tune *tune, te_tune_summary *summary)
{
    (void)tune;
    *summary = (te_tune_summary){.shapes = 1, .winners = 1, .before = 1.0, .after = atof(getenv("AFTER")), .path = "kept"};
}
END
if cc -shared -fPIC -I"$here/../include" slower.c -o slower.so 2>/dev/null; then
    slower 1.06
    [ "$status" -eq 0 ] && grep -q '^1 shape, 1 winner, forward 1.0000 -> 1.0600 s; ' stdout && [ "$(lines stderr)" -eq 1 ] &&
        grep -q "warning: .* 6 % slower: delete 'kept' or set kernels.tuning=off, and tune again" stderr
    check "tune warns of winners that are slower together"
    slower 1.04
    [ "$status" -eq 0 ] && [ ! -s stderr ]
    check "but not of noise"
else
    echo "not run: what tune says of slow winners: there is no compiler"
fi
echo '{' >broken.json
run infer -q -w w.safetensors -o out/tuned pictures/b.ppm kernels.tuning=broken.json
[ "$status" -eq 0 ] && [ "$(lines stderr)" -eq 1 ] && grep -q "warning: ignoring the tuning file 'broken.json': " stderr
check "a broken tuning file is one warning"
run tune -q -w w.safetensors --rounds 1 --time 1 kernels.cache=off
[ "$status" -eq 0 ] && grep -q "; written to '$XDG_CACHE_HOME/taskexpert/tuning-[0-9a-f]*.json'$" stdout &&
    rm "$XDG_CACHE_HOME"/taskexpert/tuning-*.json
check "without --out tune keeps what it finds for this device"
: >stdout
"$command" tune -q -w w.safetensors --rounds 1000 -o stopped.json kernels.cache=off >stdout 2>stderr &
job=$!
await 600 test -s stdout
kill -TERM $job
wait $job
status=$?
# A driver that the signal meets while it compiles may have its own word to say before.
[ "$status" -eq 130 ] && tail -n 1 stderr |
    grep -q "^taskexpert: interrupted; what was found for [0-9]* shapes is in 'stopped.json'$" &&
    python3 -m json.tool stopped.json >/dev/null
check "a signal ends tune, which keeps what it found"

# ---- selftest ----

run selftest -q --op residual
[ "$status" -eq 0 ] && grep -qE '^residual +generic +3 cases, error up to [0-9.e-]+ +ok$' stdout && [ ! -s stderr ] &&
    grep -q '^6 cases: 6 right, 0 wrong, 0 failed, on device ' stdout
check "selftest counts the cases of an op"
run selftest -q --json --op residual
[ "$status" -eq 0 ] && [ "$(grep -c '"op": "residual", .*"result": "right", "why": "", "error": [0-9]' stdout)" -eq 6 ] &&
    grep -q '^"right": 6, "wrong": 0, "failed": 0, "left_out": 0}$' stdout
check "selftest --json has every case"
if command -v python3 >/dev/null 2>&1; then
    python3 -c 'import json; assert len(json.load(open("stdout"))["cases"]) == 6' 2>stderr
    check "selftest --json is JSON"
fi
cp -R "$here/../kernels" doctored
sed -i 's/factor \* LOAD(branch, at)/factor - LOAD(branch, at)/' doctored/residual.cl
run selftest -q --op residual --variant generic kernels.folder=doctored
[ "$status" -eq 4 ] && grep -qE '^  residual generic \([0-9,]+\).* is WRONG: relative error ' stdout &&
    [ "$(lines stderr)" -eq 1 ] && grep -qE '^3 cases: [0-2] right, [1-3] wrong, 0 failed, ' stdout
check "a kernel that is wrong is found"
echo 'no kernel' >doctored/residual.cl
run selftest -q --op residual --variant generic kernels.folder=doctored
[ "$status" -eq 4 ] && grep -q ' FAILED: ' stdout && grep -q '^3 cases: 0 right, 0 wrong, 3 failed, ' stdout
check "and one that does not compile"
cp "$here/../kernels/residual.cl" doctored
echo 'no kernel' >doctored/layernorm_cpu.cl
run infer -q -w w.safetensors -o out/replaced good.ppm kernels.folder=doctored
[ "$status" -eq 0 ] && [ -s out/replaced/good_overview.png ] && [ "$(grep -c 'does without its variant' stderr)" -eq 1 ] &&
    grep -q "warning: op 'layernorm' does without its variant 'cpu' on device .* rejects kernels/layernorm_cpu.cl with " stderr
check "another takes the place of a variant that does not compile"
run infer -q -w w.safetensors -o out/forced good.ppm kernels.folder=doctored kernels.variant=layernorm=cpu
[ "$status" -eq 4 ] && [ ! -e out/forced/good_overview.png ] && grep -q ' rejects kernels/layernorm_cpu.cl with ' stderr
check "unless it was asked for"

# ---- train ----

# trained FOLDER ARGUMENTS...: a run of the small model of 12 steps
trained() {
    folder=$1
    shift
    run train -o "$folder" -w rooms.safetensors input.height=32 input.width=32 train.iterations=12 train.batch=1 \
        train.rate=1e-3 train.save_every=1 train.validate_every=5 train.validate_count=2 "$@"
}

# same_end FOLDER: the run there goes on to its end, which is that of one that nothing disturbed
same_end() {
    run train -q --resume "$1/last.safetensors"
    [ "$status" -eq 0 ] && cmp -s whole/last.safetensors "$1/last.safetensors" &&
        cmp -s whole/best.safetensors "$1/best.safetensors" && cmp -s whole/validation.csv "$1/validation.csv" &&
        [ "$(cut -d, -f1-4,7- "$1/log.csv")" = "$(cut -d, -f1-4,7- whole/log.csv)" ]
}

trained whole
[ "$status" -eq 0 ] && [ "$(cat stdout)" = whole/last.safetensors ] && (cd whole && find . | sort) | cmp - "$expected/run.txt"
check "train leaves a run folder as in tests/cli/run.txt"
end='norm [0-9.]+ \| rate [0-9.e-]+ \| [0-9.]+ images/s, [0-9]+ % waiting \| 0 s left$'
grep -qE "^taskexpert: step 12/12: total [0-9.]+, semseg [0-9.]+ .* \| $end" stderr
check "train shows losses, norm, rate, speed, waiting and time left"
grep -q '^taskexpert: validation at step 12: total ' stderr && [ "$(lines whole/log.csv)" -eq 13 ] &&
    [ "$(lines whole/validation.csv)" -eq 4 ]
check "train validates, also at the last step"
run infer -q -w whole/best.safetensors -o out/trained pictures/b.ppm
[ "$status" -eq 0 ] && [ -s out/trained/b_overview.png ]
check "a checkpoint is a weight file for infer"
run synth -q -o set --count 3 --val 2 --size 32x32 && trained on_set data.source=folder data.folder=set &&
    run eval -w on_set/best.safetensors -o on_set_judged
[ "$status" -eq 0 ] && grep -q "^taskexpert: judging on the 2 pictures of 'set/gt_sets/val.txt'$" stderr &&
    grep -q '"list": "set/gt_sets/val.txt"' on_set_judged/eval.json
check "eval of a checkpoint judges on its run's pictures"
run eval -w on_set/best.safetensors data.source=rooms data.val_scenes=1
[ "$status" -eq 0 ] && grep -q '^taskexpert: judging on 1 generated rooms$' stderr
check "or on those that are asked for"
trained whole -q
[ "$status" -eq 5 ] && [ "$(lines stderr)" -eq 1 ] && grep -q "the folder 'whole' holds a run already" stderr &&
    [ "$(lines whole/log.csv)" -eq 13 ]
check "train does not write over a run"
run train --resume whole/last.safetensors -o longer train.iterations=13 data.threads=2 eval.edge_distance=0.01 infer.flip=on
[ "$status" -eq 0 ] && [ "$(lines longer/log.csv)" -eq 2 ] && [ "$(grep -c 'warning: ' stderr)" -eq 1 ] &&
    grep -q "warning: the run goes on with 'train.iterations' = '13' instead of '12'" stderr
check "other settings over those of a checkpoint are allowed, with a warning"

i=0
landed=0
while [ $i -lt 6 ]; do
    if [ -e killed/last.safetensors ]; then
        set -- --resume killed/last.safetensors
    else
        rm -rf killed
        set -- -o killed -w rooms.safetensors input.height=32 input.width=32 train.iterations=12 train.batch=1 \
            train.rate=1e-3 train.save_every=1 train.validate_every=5 train.validate_count=2
    fi
    "$command" train -q "$@" >stdout 2>stderr &
    job=$!
    polls=0
    while [ "$(lines killed/log.csv)" -le $((2 * i)) ] && [ $polls -lt 1000 ] && kill -0 $job 2>/dev/null; do
        sleep 0.02
        polls=$((polls + 1))
    done
    sleep "0.0$((2 * i % 7))"
    kill -KILL $job 2>/dev/null
    wait $job 2>/dev/null
    if [ $? -eq 137 ] && [ "$(lines killed/log.csv)" -gt 1 ] && [ "$(lines killed/log.csv)" -le 12 ]; then
        landed=$((landed + 1)) # between its first step and its last
    fi
    i=$((i + 1))
done
same_end killed && [ $landed -gt 0 ]
check "a run that is killed six times ends with the same bits"

"$command" train -o 'stopped' -w rooms.safetensors input.height=32 input.width=32 train.iterations=100000 train.batch=1 \
    train.save_every=1000000 train.validate_every=0 >stdout 2>stderr &
job=$!
await 300 has_three_lines stopped/log.csv
kill -TERM $job
wait $job
status=$?
rows=$(lines stopped/log.csv)
[ "$status" -eq 130 ] && grep -q '^taskexpert: stopping after this step, with a checkpoint' stderr &&
    grep -q "^taskexpert: interrupted; to go on: taskexpert train --resume 'stopped/last.safetensors'$" stderr
check "a signal ends the step, saves, and says how to go on"
taskexpert() { "$command" "$@"; }
eval "$(sed -n 's/.*to go on: //p' stderr) train.iterations=$rows" >stdout 2>stderr
status=$?
[ "$status" -eq 0 ] && [ "$(lines stopped/log.csv)" -eq "$((rows + 1))" ]
check "and that is how it goes on"
"$command" train -q -o impatient -w rooms.safetensors input.height=512 input.width=512 train.batch=16 >stdout 2>stderr &
job=$!
await 300 test -e impatient/last.safetensors
kill -TERM $job # a step takes seconds
await 600 grep -q stopping stderr
kill -TERM $job
wait $job
status=$?
[ "$status" -eq 143 ]
check "once more stops at once"
if grep -q '^SigIgn:.*[13579bdf]$' /proc/self/status; then
    echo "not run: a lost terminal: SIGHUP is ignored here"
else
    "$command" train -q --resume stopped/last.safetensors -o hung train.iterations=100000 >stdout 2>stderr &
    job=$!
    await 300 has_three_lines hung/log.csv
    kill -HUP $job # the shell's, and the system's
    kill -HUP $job
    wait $job
    status=$?
    [ "$status" -eq 130 ] && grep -q '^taskexpert: stopping after this step' stderr && [ -s hung/last.safetensors ]
    check "so does a terminal that is lost"
fi
(
    trap '' HUP
    exec "$command" train --resume stopped/last.safetensors -o kept train.iterations=$((rows + 40)) >stdout 2>stderr
) &
job=$!
await 300 has_three_lines kept/log.csv
kill -HUP $job
wait $job
status=$?
[ "$status" -eq 0 ] && grep -q "step $((rows + 40))/$((rows + 40))" stderr && ! grep -q stopping stderr
check "not under nohup"

run train --resume whole/last.safetensors
[ "$status" -eq 0 ] && grep -q '^taskexpert: no step was left to take' stderr && [ "$(lines whole/log.csv)" -eq 13 ]
check "a run that is complete says so"
run train -q --resume whole/last.safetensors train.iterations=4
[ "$status" -eq 2 ] && grep -q "'train.iterations' = 4 lies before step 12, where 'whole/last.safetensors' is" stderr &&
    [ "$(lines whole/log.csv)" -eq 13 ]
check "and does not end before its step"
mkdir ahead
cp stopped/last.safetensors ahead/best.safetensors
run train -q --resume stopped/last.safetensors train.iterations=$((rows + 2))
cp stopped/last.safetensors ahead
run train -q --resume ahead/best.safetensors train.iterations=$((rows + 9))
[ "$status" -eq 2 ] && grep -q "'ahead/last.safetensors' is at step $((rows + 2)), .* name another folder (-o)$" stderr &&
    cmp -s stopped/last.safetensors ahead/last.safetensors
check "going on from best.safetensors does not replace a later last.safetensors"
run synth -q -o holed --count 8 --val 2 --size 32x32
cp holed/semseg/train_000005.png label.png
: >holed/semseg/train_000005.png
trained cut data.source=folder data.folder=holed train.save_every=1000
rows=$(lines cut/log.csv)
[ "$status" -eq 5 ] && grep -q "holed/semseg/train_000005.png'" stderr && [ "$rows" -gt 1 ] && [ "$rows" -lt 10 ] &&
    tail -n 1 stderr | grep -q "^taskexpert: to go on from the last checkpoint: taskexpert train --resume 'cut/last"
check "a label that cannot be read ends a run, which says how to go on"
cp label.png holed/semseg/train_000005.png
run train --resume cut/last.safetensors
[ "$status" -eq 0 ] && grep -q "^taskexpert: step $rows/12: " stderr && [ "$(lines cut/log.csv)" -eq 13 ]
check "and no step before it is lost"

if mkdir tmpfs && mount -t tmpfs -o size=400k none tmpfs 2>/dev/null; then
    trained tmpfs/run -q
    [ "$status" -eq 5 ] && [ "$(lines stderr)" -eq 1 ] &&
        grep -q "^taskexpert: cannot write 'tmpfs/run/.*': No space left on device$" stderr
    check "a full disk is one clear line"
    run info -q tmpfs/run/last.safetensors
    [ "$status" -eq 0 ] || [ ! -e tmpfs/run/last.safetensors ]
    check "and leaves a whole checkpoint or none"
    umount tmpfs
else
    echo "not run: a full disk: a tmpfs cannot be mounted here"
fi
if "$command" devices | grep -q Portable; then
    POCL_MEMORY_LIMIT=1 "$command" train -q -o memory -w rooms.safetensors input.height=512 input.width=512 \
        train.batch=64 >stdout 2>stderr
    status=$?
    [ "$status" -eq 6 ] && [ "$(lines stderr)" -eq 1 ] && grep -q 'MiB are needed .* train.recompute=blocks$' stderr
    check "too much for the device: the estimate, and what to change"
fi

run train -q -o traced -w rooms.safetensors input.height=32 input.width=32 train.iterations=2 train.batch=1 \
    train.validate_every=0 --trace trace.json --profile
python3 - trace.json >traced.txt <<'END'
import json, sys
events = json.load(open(sys.argv[1]))["traceEvents"]
spans = [event for event in events if event["ph"] == "X"]
assert all(span["dur"] >= 0 for span in spans)
for name in ("wait for samples", "save checkpoint", "backbone linear", "heads head_combine"):
    assert any(span["name"] == name for span in spans), name
print(len(spans))
END
[ "$status" -eq 0 ] && [ "$(cat traced.txt)" -gt 100 ] && grep -q '^backbone  *linear  .*[0-9]$' stdout
check "train traces kernels and waits, and prints a profile"
packings() # of weights, forward and back, in two steps whose batches come in so many parts
{
    run train -q -o packed -w rooms.safetensors input.height=32 input.width=32 train.iterations=2 train.batch=1 \
        train.validate_every=0 "train.accumulate=$1" --trace packed.json
    rm -rf packed
    grep -c '"name":"[a-z]* linear\(_dx\)\{0,1\}".*pack_w"' packed.json
}
if "$command" devices | grep -q Portable; then
    once=$(packings 1)
    [ "$once" -gt 0 ] && [ "$(packings 3)" -eq "$once" ]
    check "weights are packed once an update, not once a part of its batch"
fi
sed -i '1s/^/ /' trace.json # blanks may come before it
run eval -q -w rooms.safetensors --trace trace.json --count 1
[ "$status" -eq 0 ] && ! grep -q 'save checkpoint' trace.json
check "a trace replaces a trace"
run eval -q -w rooms.safetensors --trace missing/trace.json --count 1
[ "$status" -eq 5 ] && grep -q "cannot write 'missing/trace.json'" stderr && [ ! -s stdout ]
check "a trace that cannot be written is told before any work"
run eval -q -w rooms.safetensors --trace . --count 1
[ "$status" -eq 5 ] && grep -q "cannot write '.': it is no regular file" stderr && [ ! -s stdout ]
check "nor into what is no file"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
