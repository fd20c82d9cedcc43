/* The table of settings. The help of [model] says where a value comes from, as docs/MODEL.md does: [P] the paper,
 * [S] the authors' code for sibling models, [C] this project's choice. */
#include "base/settings_table.h"

#include "base/c_locale.h"
#include "base/classes.h"
#include "base/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- checks of texts that have a syntax of their own ---- */

static te_status check_choice(const te_setting *row, const char *value)
{
    if (te_setting_find_choice(row->info.type, value, strlen(value)) < 0) {
        return te_fail(TE_ERR_SETTING, "setting '%s' is '%s'; it must be one of %s", row->info.key, value,
                       row->info.type);
    }
    return TE_OK;
}

/* The next word of a list separated by spaces: its start, with its length in `*length` and `*text` moved behind it.
 * NULL at the end. */
static const char *next_word(const char **text, size_t *length)
{
    const char *start = *text + strspn(*text, " ");
    *length = strcspn(start, " ");
    *text = start + *length;
    return *length > 0 ? start : NULL;
}

static te_status check_tasks(const te_setting *row, const char *value)
{
    const char *rest = value, *word;
    size_t length;
    unsigned seen = 0;
    while ((word = next_word(&rest, &length)) != NULL) {
        int task = te_task_find(word, length);
        if (task < 0) {
            return te_fail(TE_ERR_SETTING,
                           "setting '%s' names an unknown task '%.*s'; known are semseg, human_parts, sal, "
                           "normals, edge, depth, separated by spaces", row->info.key, (int)length, word);
        }
        if (seen & 1u << task) {
            return te_fail(TE_ERR_SETTING, "setting '%s' names task '%.*s' twice", row->info.key, (int)length,
                           word);
        }
        seen |= 1u << task;
    }
    if (!seen) {
        return te_fail(TE_ERR_SETTING, "setting '%s' is empty; name at least one task", row->info.key);
    }
    return TE_OK;
}

/* Digits alone, without leading zeros, up to `maximum`; 0 if it is anything else. */
static int read_positive(const char *text, size_t length, int maximum)
{
    int value = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || (i == 0 && text[i] == '0')) {
            return 0;
        }
        value = value * 10 + (text[i] - '0');
        if (value > maximum) {
            return 0;
        }
    }
    return value;
}

enum { MOST_TAPS = 8 };
#define MOST_BLOCKS 128 /* these two are printed, too */
#define MOST_EXPERTS 64

static te_status check_taps(const te_setting *row, const char *value)
{
    const char *rest = value, *word;
    size_t length;
    int previous = 0, taps = 0;
    while ((word = next_word(&rest, &length)) != NULL) {
        int block = read_positive(word, length, MOST_BLOCKS);
        if (block <= previous || ++taps > MOST_TAPS) {
            return te_fail(TE_ERR_SETTING,
                           "setting '%s' is '%s'; it must be up to %d rising numbers of blocks from 1 to %d, "
                           "separated by spaces, or empty", row->info.key, value, MOST_TAPS, MOST_BLOCKS);
        }
        previous = block;
    }
    return TE_OK;
}

static te_status check_connection(const te_setting *row, const char *value)
{
    static const char sparse[] = "sparse:";
    if (strcmp(value, "dense") == 0) {
        return TE_OK;
    }
    if (strncmp(value, sparse, sizeof sparse - 1) == 0) {
        const char *best = value + sizeof sparse - 1;
        if (read_positive(best, strlen(best), MOST_EXPERTS) > 0) {
            return TE_OK;
        }
    }
    return te_fail(TE_ERR_SETTING, "setting '%s' is '%s'; it must be dense, or sparse:k with k from 1 to %d",
                   row->info.key, value, MOST_EXPERTS);
}

static int add_scale(double *scales, int count, double scale)
{
    for (int i = 0; i < count; i++) {
        if (scales[i] == scale) {
            return 0;
        }
    }
    if (count == TE_MOST_SCALES || !(scale >= 0.25 && scale <= 4.0)) {
        return 0;
    }
    scales[count] = scale;
    return count + 1;
}

int te_scales_read(const char *text, double *scales)
{
    const char *word;
    size_t length;
    int count = 0, one = 0;
    while ((word = next_word(&text, &length)) != NULL) {
        char *end;
        double scale = te_read_double(word, &end);
        if (strspn(word, "0123456789.") != length || end != word + length || (count = add_scale(scales, count, scale)) == 0) {
            return 0;
        }
        one = one || scale == 1.0;
    }
    return one ? count : 0;
}

static te_status check_scales(const te_setting *row, const char *value)
{
    double scales[TE_MOST_SCALES];
    return te_scales_read(value, scales)
               ? TE_OK
               : te_fail(TE_ERR_SETTING, "setting '%s' is '%s'; it must be up to %d different numbers from 0.25 to 4, 1 among "
                         "them, separated by spaces", row->info.key, value, TE_MOST_SCALES);
}

static te_status check_class_names(const te_setting *row, const char *value)
{
    return te_class_names_check(row->info.key, value);
}

/* ---- the table ---- */

#define PLACE(field) offsetof(te_settings, field)
#define NUMBER(number) #number
#define RANGE(minimum, maximum) NUMBER(minimum) " to " NUMBER(maximum)
#define STEPS_1 ""
#define STEPS_16 " in steps of 16"
#define INT(field, minimum, maximum, step, value, help) \
    {{#field, "int", RANGE(minimum, maximum) STEPS_##step, value, help}, TE_SETTING_INT, PLACE(field), minimum, maximum, step, \
     NULL}
#define REAL(field, minimum, maximum, value, help) \
    {{#field, "real", RANGE(minimum, maximum), value, help}, TE_SETTING_REAL, PLACE(field), minimum, maximum, 1, NULL}
#define BOOL(field, value, help) {{#field, "bool", "bool", value, help}, TE_SETTING_BOOL, PLACE(field), 0, 1, 1, NULL}
#define CHOICE(field, choices, value, help) \
    {{#field, choices, choices, value, help}, TE_SETTING_CHOICE, PLACE(field), 0, 0, 1, NULL}
#define TEXT(field, type, value, check, help) \
    {{#field, type, type, value, help}, TE_SETTING_TEXT, PLACE(field), 0, 0, 1, check}

/* The order of the choices is the order of the enums in settings.h. */
static const te_setting table[] = {
    TEXT(device.pick, "text", "", NULL,
         "the device by its number, type or part of its name; if set, the keys below do not choose"),
    TEXT(device.platform, "text", "", NULL, "only OpenCL platforms whose name holds this, in any case"),
    TEXT(device.vendor, "text", "", NULL, "only devices whose vendor holds this, in any case"),
    TEXT(device.name, "text", "", NULL, "only devices whose name holds this, in any case"),
    TEXT(device.type, "any|gpu|cpu|accelerator", "any", check_choice, "only devices of this type"),
    INT(device.index, -1, 4095, 1, "-1", "the device of this number in the list; -1: not chosen by number"),
    TEXT(device.exclude, "text", "", NULL, "leave out devices whose platform or name holds this, in any case"),
    TEXT(device.binary, "text", "", NULL, "folder of prebuilt programs, for devices without a compiler"),
    BOOL(device.record, "off", "keep when every kernel and transfer ran, for --profile and --trace"),

    TEXT(kernels.folder, "text", "", NULL, "read the .cl files from this folder instead of the library's own copy"),
    TEXT(kernels.export, "text", "", NULL,
         "write every program to this folder: source, options, binary; for offline compilers and device.binary"),
    BOOL(kernels.cache, "on", "keep compiled programs on disk for the next start"),
    TEXT(kernels.variant, "text", "", NULL, "force implementations, 'generic' or 'op=variant,...'; empty: the best supported"),
    TEXT(kernels.tuning, "text", "auto", NULL,
         "a file of 'taskexpert tune', whose choices come next; auto: the one kept for this device, if any; off: none"),

    INT(input.height, 16, 4096, 16, "512", "height of the network's input in pixels, H"),
    INT(input.width, 16, 4096, 16, "512", "width of the network's input in pixels, W"),
    CHOICE(input.fit, "pad|stretch", "pad", "a picture of another aspect is padded, or stretched [S] to the input"),

    BOOL(infer.flip, "off", "pictures are also seen mirrored, and what is seen is averaged"),
    TEXT(infer.scales, "text", "1", check_scales,
         "sizes at which a picture is seen, over that of the input, and averaged; for example '0.75 1 1.25'"),
    BOOL(infer.tiles, "off", "pictures larger than the input are seen at their own size, part by part, instead of shrunk"),
    REAL(infer.tile_overlap, 0, 0.5, "0.25", "how far neighbouring parts overlap at least, over the input's size"),
    REAL(infer.tile_context, 0, 1, "0.75", "share of the whole picture, shrunk, in what its parts show, but not of boundaries"),
    CHOICE(infer.precision, "fp32|bf16|fp16", "fp32", "what products round their operands to, of infer, eval and experts"),

    CHOICE(model.backbone, "tiny|small|base|large", "base", "the vision transformer [P]; sizes of timm's ViT [S]"),
    INT(model.width, 0, 8192, 1, "0", "channels of the backbone, C; 0: the backbone's own [S]"),
    INT(model.blocks, 0, MOST_BLOCKS, 1, "0", "transformer blocks; 0: the backbone's own [S]"),
    INT(model.heads, 0, 256, 1, "0", "attention heads of a block; 0: the backbone's own [S]"),
    TEXT(model.taps, "text", "", check_taps,
         "blocks (from 1) whose output is decoded, for example '3 6 9 12'; empty: the backbone's own [S]"),
    BOOL(model.cls_token, "off", "a class token takes part in attention; off [C], on in sibling models [S]"),
    TEXT(model.tasks, "text", "semseg human_parts sal normals edge", check_tasks,
         "tasks, separated by spaces: semseg human_parts sal normals edge depth [P]"),
    INT(model.semseg_classes, 1, 255, 1, "21", "classes of semseg: 21 for PASCAL-Context, 40 for NYUD-v2 [S]"),
    TEXT(model.semseg_names, "text", "", check_class_names,
         "their names in order, as 'wall, floor, chair'; empty: those of the data set with that number of classes, if any [C]"),
    INT(model.decoder_width, 0, 8192, 1, "0",
        "channels of decoded features and memories, D; 0: a choice for each backbone [C]"),
    INT(model.experts, 1, MOST_EXPERTS, 1, "5", "experts shared by all tasks at each tap, E [C]"),
    INT(model.expert_hidden, 0, 32768, 1, "0", "hidden channels of an expert; 0: 4 D, 2560 for large [C]"),
    CHOICE(model.expert, "mlp|conv", "mlp", "experts see single tokens, or 3x3 tokens through a convolution [C]"),
    CHOICE(model.gate, "conv1|conv3|conv5|mlp", "conv3",
           "gates see 1x1, 3x3 or 5x5 tokens through convolutions, or are two linear layers [P]"),
    INT(model.gate_width, 0, 4096, 1, "0",
        "channels inside a convolutional gate, G; 0: a choice for each backbone [C]"),
    TEXT(model.connection, "text", "dense", check_connection,
         "each token uses all experts, dense [P], or its k best, sparse:k [C]"),
    BOOL(model.memory, "on", "task memories take part as one more expert and are written at each tap [P]"),
    CHOICE(model.write, "add|replace|gated", "add", "how decoded features enter a memory [C]"),

    INT(train.iterations, 1, 10000000, 1, "40000", "steps of training [S]"),
    INT(train.batch, 1, 256, 1, "4", "pictures a step [S]"),
    CHOICE(train.optimiser, "adam|adamw", "adam", "adam adds weight decay to the gradient [S], adamw to the weights"),
    REAL(train.rate, 0, 1, "2e-05", "learning rate at the start [S]; the paper's is 1e-5 for NYUD-v2"),
    CHOICE(train.schedule, "poly|cosine", "poly", "learning rate times (1 - step/iterations)^0.9 [S], or half a cosine"),
    INT(train.warmup, 0, 1000000, 1, "0", "steps over which the learning rate rises at first [S: none]"),
    REAL(train.backbone_factor, 0, 100, "1", "the backbone's learning rate over that of the rest"),
    REAL(train.decay, 0, 1, "1e-06", "weight decay [S]"),
    REAL(train.clip, 0, 1000000, "10", "largest norm of the gradient [S]; 0: it is not cut"),
    REAL(train.depth_rate, 0, 1, "0.15", "rate at which the last block's branches are left out; rises from 0 [S]"),
    INT(train.accumulate, 1, 4096, 1, "1", "batches whose gradients make one step; batch norm sees each alone"),
    CHOICE(train.recompute, "off|blocks", "off", "blocks: take parts of the forward pass again: less memory, more time"),
    CHOICE(train.precision, "fp32|bf16|fp16", "fp32", "what products round their operands to; sums stay fp32"),
    INT(train.seed, 0, 2147483647, 1, "1", "start of all random numbers: weights, samples, augmentation, stochastic depth"),
    INT(train.save_every, 1, 1000000, 1, "500", "steps between checkpoints"),
    INT(train.validate_every, 0, 1000000, 1, "500", "steps between validations; 0: none"),
    INT(train.validate_count, 1, 1000000, 1, "32", "pictures of a validation, spread evenly over their list"),
    INT(train.sheet_samples, 0, 32, 1, "4", "of them, spread likewise, shown on the sheet of each validation; 0: none"),

    CHOICE(data.source, "rooms|folder|nyud|pascal", "rooms",
           "where samples come from: generated rooms, a folder of pictures and label files, NYUD-v2 or PASCAL-Context"),
    TEXT(data.folder, "text", "", NULL, "the folder of the data set; docs/DATA.md describes the layouts"),
    TEXT(data.train_list, "text", "train", NULL,
         "list of pictures to train on, a name in the data set's folder of lists, or with a '/' a path"),
    TEXT(data.val_list, "text", "val", NULL, "list of pictures to validate on, as data.train_list"),
    CHOICE(data.pascal_normals, "all|shared", "all",
           "PASCAL-Context's normals count everywhere, or on regions of classes that NYUD-v2 has too [S]"),
    INT(data.val_scenes, 1, 1000000, 1, "500", "rooms of the validation split; training never sees them"),
    CHOICE(data.sampler, "uniform|balanced", "uniform",
           "pictures of a folder all equally often, or so that every task is seen equally often"),
    BOOL(data.augment, "on", "training samples are scaled, cropped, mirrored and changed in colour [S]"),
    REAL(data.scale_min, 0, 10, "0.5", "the least factor of scaling [S]"),
    REAL(data.scale_max, 0, 10, "2", "the largest factor of scaling [S]"),
    INT(data.threads, 1, 64, 1, "1", "threads that make samples ahead of the device; eval judges with as many more"),

    REAL(eval.edge_distance, 0, 0.1, "0.0075",
         "how far edge pixels that match may lie apart, as a share of the picture's diagonal; 0.011 for NYUD-v2 [S]"),
    CHOICE(eval.saliency, "plain|published", "plain",
           "which maxF is first: of the probability, or of its sigmoid as in published numbers [S]"),
    REAL(eval.single_semseg, 0, 100, "0", "mIoU in % of a model for semseg alone, for the multi-task gain; 0: not known"),
    REAL(eval.single_human_parts, 0, 100, "0", "the same for human_parts"),
    REAL(eval.single_sal, 0, 100, "0", "maxF in % of a model for sal alone"),
    REAL(eval.single_normals, 0, 180, "0", "mean angle in degrees of a model for normals alone"),
    REAL(eval.single_edge, 0, 100, "0", "odsF in % of a model for edge alone"),
    REAL(eval.single_depth, 0, 1000, "0", "rmse in metres of a model for depth alone"),
};

enum { ROWS = sizeof table / sizeof table[0] };

/* Choices and booleans are written through an int pointer. */
#define INT_SIZED(type) _Static_assert(sizeof(type) == sizeof(int), "an enum of the settings must be as large as an int")
INT_SIZED(te_fit_kind);
INT_SIZED(te_backbone);
INT_SIZED(te_expert_kind);
INT_SIZED(te_gate_kind);
INT_SIZED(te_write_kind);
INT_SIZED(te_optimiser);
INT_SIZED(te_schedule);
INT_SIZED(te_recompute);
INT_SIZED(te_precision);
INT_SIZED(te_data_source);
INT_SIZED(te_pascal_normals);
INT_SIZED(te_sampler_kind);
INT_SIZED(te_saliency_kind);

size_t te_settings_count(void)
{
    return ROWS;
}

const te_setting_info *te_settings_get_info(size_t row)
{
    return row < ROWS ? &table[row].info : NULL;
}

const te_setting *te_setting_get(size_t index)
{
    return &table[index];
}

const te_setting *te_setting_find(const char *key, size_t length)
{
    for (size_t row = 0; row < ROWS; row++) {
        if (strlen(table[row].info.key) == length && memcmp(table[row].info.key, key, length) == 0) {
            return &table[row];
        }
    }
    return NULL;
}

const char *te_setting_get_choice(const char *choices, int choice, size_t *length)
{
    for (; choice > 0; choice--) {
        choices += strcspn(choices, "|");
        if (*choices == '\0') {
            return NULL;
        }
        choices++;
    }
    *length = strcspn(choices, "|");
    return choices;
}

int te_setting_find_choice(const char *choices, const char *value, size_t length)
{
    const char *name;
    size_t name_length;
    for (int choice = 0; (name = te_setting_get_choice(choices, choice, &name_length)) != NULL; choice++) {
        if (name_length == length && memcmp(name, value, length) == 0) {
            return choice;
        }
    }
    return -1;
}

enum { LONGEST = 64 }; /* letters of a key that are looked at */

/* Letters to insert, remove or replace to turn `a` into the first `columns` letters of `b`. */
static size_t edit_distance(const char *a, const char *b, size_t columns)
{
    size_t row[LONGEST + 1], rows = strnlen(a, LONGEST);
    columns = columns < LONGEST ? columns : LONGEST;
    for (size_t j = 0; j <= columns; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= rows; i++) {
        size_t diagonal = row[0]; /* the distance of i - 1 letters of a from j - 1 of b */
        row[0] = i;
        for (size_t j = 1; j <= columns; j++) {
            size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            size_t other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = replaced < other ? replaced : other;
        }
    }
    return row[columns];
}

/* Of all keys up to the first letter of `ends` in them. */
static const char *make_hint(char hint[TE_SETTING_HINT], const char *text, const char *ends, const char *open,
                             const char *close)
{
    size_t least = (strnlen(text, LONGEST) + 2) / 3 + 1;
    snprintf(hint, TE_SETTING_HINT, "'taskexpert settings' prints all of them");
    for (size_t row = 0; row < ROWS; row++) {
        const char *key = table[row].info.key;
        size_t length = strcspn(key, ends), distance = edit_distance(text, key, length);
        if (distance < least) {
            least = distance;
            snprintf(hint, TE_SETTING_HINT, "did you mean '%s%.*s%s'?", open, (int)length, key, close);
        }
    }
    return hint;
}

const char *te_setting_hint(char hint[TE_SETTING_HINT], const char *key)
{
    return make_hint(hint, key, "", "", "");
}

const char *te_setting_hint_section(char hint[TE_SETTING_HINT], const char *section)
{
    return make_hint(hint, section, ".", "[", "]");
}
