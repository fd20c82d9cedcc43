/* taskexpert.h - TaskExpert, a multi-task vision transformer, on any OpenCL device.
 *
 * From a picture to dense maps in five calls (error checks left out; see docs/examples/embed.c for a whole program):
 *
 *     te_settings *settings; te_model *model; te_device *device; te_evaluator *evaluator;
 *     te_picture *picture; te_prediction *prediction;
 *     te_model_load(&model, "weights.safetensors");
 *     te_settings_create(&settings);              // defaults; te_settings_load() reads an ini file over them
 *     te_device_open(&device, settings);          // the [device] section picks; any OpenCL 1.2 device will do
 *     te_evaluator_create(&evaluator, model, device, NULL);
 *     te_picture_load(&picture, "photo.jpg");
 *     te_evaluator_run(evaluator, picture, &prediction);
 *     te_prediction_save(prediction, "out", "photo", TE_SAVE_OVERVIEW);
 *
 * Conventions
 *  - Every function that can fail returns a te_status; te_last_error() then holds one line for the calling thread
 *    that names the subject in quotes and, where there is one, the remedy. Outputs are written on success only. A status
 *    other than TE_OK from a callback of yours is passed on as it is, without a line.
 *  - Objects are opaque. Whoever creates (create, load, open, run) frees (free, close); free and close accept NULL.
 *    An object must outlive those created from it.
 *  - One object is used by one thread at a time, and whatever was made on a device uses that device: threads that work at the
 *    same time open one each (the same may be opened more than once). The first call that looks for devices may set
 *    POCL_AFFINITY in the environment (docs/DEVICES.md): make it before threads read that.
 *  - The library never prints, exits or aborts. Messages for people go to the callback of te_set_log().
 *  - Zeroed option structs mean defaults. NULL for a pointer that is not said to allow it is TE_ERR_ARGUMENT where a status is
 *    returned; functions without one need a pointer.
 *  - Numbers in files and settings have a decimal point, whatever setlocale() was told.
 *
 * Shapes: B batch, K channels of a task, H x W input size in pixels, N = H/16 * W/16 tokens, C backbone width,
 * D decoder width, E experts. Arrays are dense, the last dimension fastest.
 */
#ifndef TASKEXPERT_H
#define TASKEXPERT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define TE_API __attribute__((visibility("default")))
#else
#define TE_API
#endif

/* ---- status and messages ------------------------------------------------------------------------------------- */

typedef enum te_status {
    TE_OK = 0,
    TE_ERR_ARGUMENT,    /* an argument of the call makes no sense */
    TE_ERR_SETTING,     /* a setting is unknown, of the wrong type or out of range */
    TE_ERR_FILE,        /* a file cannot be opened, read or written */
    TE_ERR_FORMAT,      /* a file's content is not what its format demands */
    TE_ERR_MEMORY,      /* out of host or device memory */
    TE_ERR_NO_DEVICE,   /* no OpenCL device, or none that the settings match */
    TE_ERR_DEVICE,      /* the OpenCL driver reported an error */
    TE_ERR_UNSUPPORTED, /* sensible, but not on this device or in this build */
    TE_ERR_INTERRUPTED  /* stopped by te_interrupt() */
} te_status;

/* A status in words: "ok", "bad setting", ... */
TE_API const char *te_status_name(te_status status);

/* One line on the last failure in this thread; valid until the next failing call of this thread. */
TE_API const char *te_last_error(void);

/* The library's version, for example "0.1.0". */
TE_API const char *te_version(void);

/* TE_LOG_PROGRESS: what is being done just now, in place of such a line before it; an empty one takes it away. */
typedef enum te_log_level { TE_LOG_PROGRESS, TE_LOG_DETAIL, TE_LOG_INFO, TE_LOG_WARNING } te_log_level;

/* `line` has no newline at its end. */
typedef void (*te_log_function)(te_log_level level, const char *line, void *context);

/* Set who gets the messages; NULL (the default) drops them. Call it before other threads use the library. */
TE_API void te_set_log(te_log_function function, void *context);

/* ---- settings: one table behind ini files, command lines and weight files ------------------------------------ */

typedef struct te_settings te_settings;

/* One row of the table of settings. */
typedef struct te_setting_info {
    const char *key;           /* "section.name", as in te_settings_set() */
    const char *type;          /* "int", "real", "bool", "text", or the choices: "pad|stretch" */
    const char *limits;        /* of numbers: "16 to 4096 in steps of 16"; of the others the type once more */
    const char *default_value; /* as in an ini file */
    const char *help;          /* one line */
} te_setting_info;

/* All settings at their defaults. */
TE_API te_status te_settings_create(te_settings **settings);

/* The same as others: to change some of te_model_get_settings(), say. */
TE_API te_status te_settings_copy(te_settings **copy, const te_settings *settings);
TE_API void te_settings_free(te_settings *settings);

/* Read an ini file over the present values. Unknown keys, wrong types and values out of range are errors that name
 * file, line and the nearest known key. */
TE_API te_status te_settings_load(te_settings *settings, const char *path);

/* Write all values, with their help as comments, as an ini file that te_settings_load() reads: to a file, or to a stream whose
 * errors are the caller's to ask for (ferror()). */
TE_API te_status te_settings_save_to(const te_settings *settings, FILE *stream);
TE_API te_status te_settings_save(const te_settings *settings, const char *path);

/* Set or get one value as text by its key, for example "device.type". `value` holds `bytes` bytes. */
TE_API te_status te_settings_set(te_settings *settings, const char *key, const char *value);
TE_API te_status te_settings_get(const te_settings *settings, const char *key, char *value, size_t bytes);

/* The table itself: rows 0 to te_settings_count() - 1. */
TE_API size_t te_settings_count(void);
TE_API const te_setting_info *te_settings_get_info(size_t row);

/* ---- devices ------------------------------------------------------------------------------------------------- */

typedef struct te_device te_device;

/* What an OpenCL device says of itself. Text is cut to fit. */
typedef struct te_device_info {
    char platform[128], vendor[128], name[192], driver[128], language[128];
    char type[32];              /* "gpu", "cpu", "accelerator", "simulator", "custom" */
    int index;                  /* the value of device.index that picks it */
    uint32_t compute_units;
    uint64_t global_memory;     /* bytes */
    uint64_t max_allocation;    /* bytes of one buffer */
    uint64_t local_memory;      /* bytes a work-group */
    uint64_t max_work_group;    /* work-items */
    uint32_t base_alignment;    /* bytes */
    uint32_t float_width;       /* native vector width: numbers that a register holds; 1 where the driver knows of no vectors */
    int fp16, fp64;             /* arithmetic in these types */
    int unified_memory, has_compiler, available;
    int chosen;                 /* 1 for the device that te_device_open() would open with these settings */
    char why[160];              /* why it was chosen, or why not */
} te_device_info;

/* Number of devices of all OpenCL platforms. TE_ERR_NO_DEVICE (with what to install) when there is no platform. */
TE_API te_status te_device_count(const te_settings *settings, size_t *count);

/* Describe device `index` of 0 to count - 1. */
TE_API te_status te_device_get_listed(const te_settings *settings, size_t index, te_device_info *info);

/* Open the device that the [device] settings pick (NULL: the defaults'). A value in device.pick, or without one the environment
 * variable TASKEXPERT_DEVICE, overrides the section's other keys. On a miss the message lists the candidates. Folders that the
 * settings name must be there; kernels.export is made. What kernels.variant names is looked up when a model is made ready. */
TE_API te_status te_device_open(te_device **device, const te_settings *settings);

/* Kernels that were compiled are kept for the next time now (kernels.cache), which takes some drivers seconds. */
TE_API void te_device_close(te_device *device);
TE_API te_status te_device_get_info(const te_device *device, te_device_info *info);

/* What a device did since it was opened with device.record = on: a table of its work, and a trace of every kernel and
 * transfer. A profile is a snapshot; it does not need the device any longer. */
typedef struct te_profile te_profile;

/* One kind of work; rows come by falling time. */
typedef struct te_profile_row {
    char part[24], op[24], variant[24]; /* "backbone", "linear", "cpu"; "linear, once": its packed weights; of transfers and
                                           waits the op alone */
    uint64_t runs, launches;            /* uses of the op; kernels that they took */
    double seconds;                     /* of the device, or of the host for transfers and waits */
    double operations;                  /* of floating-point numbers, in all runs; 0: not counted */
} te_profile_row;

TE_API te_status te_profile_create(te_profile **profile, te_device *device);
TE_API void te_profile_free(te_profile *profile);
TE_API size_t te_profile_count(const te_profile *profile);
TE_API te_status te_profile_get(const te_profile *profile, size_t index, te_profile_row *row);

/* Write all of it in Chrome's trace format (JSON): chrome://tracing and ui.perfetto.dev show it. */
TE_API te_status te_profile_save_trace(const te_profile *profile, const char *path);

/* ---- models -------------------------------------------------------------------------------------------------- */

typedef struct te_model te_model;

typedef enum te_storage { TE_STORE_FP32, TE_STORE_FP16, TE_STORE_BF16 } te_storage;

/* A model with random weights, as the [model] and [input] settings describe it. Same seed, same weights. */
TE_API te_status te_model_create(te_model **model, const te_settings *settings, uint64_t seed);

/* A model from a safetensors file of ours, whose metadata hold its settings. */
TE_API te_status te_model_load(te_model **model, const char *path);

/* Replace the backbone by the one of a ViT file with timm's names (class token, head and another position grid
 * allowed). A missing or misshapen key is an error. `used` and `ignored` (may be NULL) receive the keys' numbers. */
TE_API te_status te_model_load_backbone(te_model *model, const char *path, size_t *used, size_t *ignored);

/* Take over what fits from a model of other settings, as fine-tuning to other classes or tasks does: every tensor that has
 * the same name and shape in `from`. The log names the others, which stay as they are. `from` is brought to the model's
 * input size first. */
typedef struct te_transfer {
    size_t used, kept;      /* tensors of `model` that were taken over; that stay as they are */
    size_t unused;          /* tensors of `from` that `model` has no place for */
} te_transfer;
TE_API te_status te_model_set_weights(te_model *model, te_model *from, te_transfer *transfer);

/* Write all weights under PyTorch's names and shapes, settings in the metadata. */
TE_API te_status te_model_save(const te_model *model, const char *path, te_storage storage);
TE_API void te_model_free(te_model *model);

/* The settings that describe the model, [model] and [input]; from a checkpoint also [train] and [data] of its run. They
 * live as long as the model. */
TE_API const te_settings *te_model_get_settings(const te_model *model);

/* Tasks of the model: their number and names. Name of task `index`, or NULL. */
TE_API size_t te_model_count_tasks(const te_model *model);
TE_API const char *te_model_get_task(const te_model *model, size_t index);

/* What legends call class `index` of "semseg" or "human_parts": the name in the setting model.semseg_names, else the one that
 * PASCAL, NYUD-v2 or the generated rooms have for it, where the number of classes is theirs, else "class 12". 24 bytes hold any
 * name. TE_ERR_ARGUMENT: the model has no such task or class, or the name does not fit into `bytes`. */
TE_API te_status te_model_get_class(const te_model *model, const char *task, int index, char *name, size_t bytes);

/* Size and work of the parts of a model, for one picture of the size in its [input] settings. */
typedef struct te_model_part {
    char name[32];          /* "backbone", "experts", "gates", "memory", "heads" */
    uint64_t parameters;
    uint64_t macs;          /* multiply-accumulate operations of products and convolutions */
} te_model_part;

TE_API size_t te_model_count_parts(const te_model *model);
TE_API te_status te_model_get_part(const te_model *model, size_t index, te_model_part *part);

/* ---- the scheduler: a model made ready on a device for one input size, run on arrays ------------------------- */

typedef struct te_scheduler te_scheduler;

typedef struct te_scheduler_options {
    int batch;         /* B; 0: 1 */
    int height, width; /* multiples of 16; 0: the model's input size */
    int keep;          /* for te_scheduler_get(): 1 keeps "gates.*", 2 also "tap.*" and "memory.*", 3 also "experts.*" */
} te_scheduler_options;

/* A view of an array that a scheduler owns. */
typedef struct te_array {
    const float *data;
    int rank;
    int64_t shape[4];
} te_array;

typedef struct te_memory_info {
    uint64_t parameters;  /* bytes of weights on the device, in the layouts its kernels read */
    uint64_t activations; /* bytes of buffers for intermediate results, shared by lifetime */
    uint64_t live;        /* the largest sum of results alive at once: the least that activations could be */
} te_memory_info;

/* Products are in the precision that infer.precision of the device's settings names. */
TE_API te_status te_scheduler_create(te_scheduler **scheduler, te_model *model, te_device *device,
                                     const te_scheduler_options *options);
TE_API void te_scheduler_free(te_scheduler *scheduler);

/* Forward pass. `input` (B,3,H,W): RGB, normalised as docs/MODEL.md says. */
TE_API te_status te_scheduler_run(te_scheduler *scheduler, const float *input);

/* A result of the last run by name, valid until the next run: "logits.<task>" (B,K,H,W); with options.keep also
 * "gates.<l>" (B,N,T*S) with S = E+1 scores a task (E with memory off), tasks in the model's order, "tap.<l>" (B,N,C),
 * "memory.<l>.<task>" (B,N,D) after tap l (with memory off: the sum of decoded features so far), and "experts.<l>"
 * (B,N,E*D), the experts' features side by side. l counts from 0. */
TE_API te_status te_scheduler_get(te_scheduler *scheduler, const char *name, te_array *array);
TE_API te_status te_scheduler_get_memory(const te_scheduler *scheduler, te_memory_info *info);

/* ---- pictures and predictions -------------------------------------------------------------------------------- */

typedef struct te_picture te_picture;

/* Decode a picture file (JPEG, PNG, BMP, TGA, GIF, PNM; 1 x 1 to 16000 x 16000 pixels): grey becomes RGB,
 * alpha is blended over white, 16 bit become 8, EXIF orientation is applied. */
TE_API te_status te_picture_load(te_picture **picture, const char *path);

/* From memory: `rgb` (height,width,3), copied. */
TE_API te_status te_picture_create(te_picture **picture, int width, int height, const uint8_t *rgb);

/* A generated indoor scene, the same for the same seed and size. */
TE_API te_status te_picture_create_room(te_picture **picture, int width, int height, uint64_t seed);
TE_API te_status te_picture_save(const te_picture *picture, const char *path);  /* as PNG */

/* What is not asked for may be NULL. */
TE_API void te_picture_get(const te_picture *picture, int *width, int *height, const uint8_t **rgb);
TE_API void te_picture_free(te_picture *picture);

typedef struct te_evaluator te_evaluator;
typedef struct te_prediction te_prediction;

/* Runs pictures of any size through a model: resized and padded to the input size as [input] says, maps brought
 * back to the picture's size. `settings` (NULL: the model's own, and the precision of the device's) may replace the input size
 * and fit; their [infer] may ask for a mean over several sizes and the mirrored picture, for tiles, and for another precision
 * (docs/INFERENCE.md). All of them count, set or not: begin with a te_settings_copy() of the model's, unless the input is to be
 * 512x512. [model] is the model's, whatever they say; a warning tells where they say something else. */
TE_API te_status te_evaluator_create(te_evaluator **evaluator, te_model *model, te_device *device,
                                     const te_settings *settings);
TE_API void te_evaluator_free(te_evaluator *evaluator);
TE_API te_status te_evaluator_run(te_evaluator *evaluator, const te_picture *picture, te_prediction **prediction);

/* Called after each tile of a picture that is run in tiles; a result other than TE_OK ends the run with it. NULL: nobody. */
typedef te_status (*te_evaluator_function)(size_t done, size_t count, void *context);
TE_API void te_evaluator_set_report(te_evaluator *evaluator, te_evaluator_function report, void *context);
TE_API te_status te_evaluator_get_memory(const te_evaluator *evaluator, te_memory_info *info);

/* One task's map at the picture's size, owned by the prediction. `classes` for semseg and human_parts (one byte a
 * pixel), `values` for the others: sal and edge probabilities, depth in metres (height,width), normals
 * (height,width,3). */
typedef struct te_map {
    const char *task;
    int width, height, channels;
    const uint8_t *classes;
    const float *values;
} te_map;

TE_API te_status te_prediction_get(const te_prediction *prediction, const char *task, te_map *map);

/* What te_prediction_save() writes into a folder (made if absent), each file named after `stem`. */
enum {
    TE_SAVE_MAPS = 1,     /* <stem>_<task>.png to look at, <stem>_depth_mm.png (16 bit, millimetres) */
    TE_SAVE_OVERVIEW = 2, /* <stem>_overview.png: the picture and all maps, labelled */
    TE_SAVE_NPY = 4,      /* <stem>_<task>.npy: the values */
    TE_SAVE_GATES = 8,    /* <stem>_gates_<task>.png: expert scores of every tap */
    TE_SAVE_RAW = 16      /* <stem>.raw.safetensors: `input` (3,H,W) and each task's logits (K,H,W) */
}; /* the last two, of a picture in tiles: those of all of it, shrunk */
TE_API te_status te_prediction_save(const te_prediction *prediction, const char *folder, const char *stem,
                                    unsigned what);
TE_API void te_prediction_free(te_prediction *prediction);

/* ---- scores: maps judged on the pictures of a data set (docs/METRICS.md) ----------------------------------------- */

typedef struct te_scores te_scores;

/* One number about one task. Shares are in percent. Texts belong to the scores. */
typedef struct te_score {
    const char *task, *metric;    /* "semseg", "mIoU" */
    int class_index;              /* of a number about one class of the task, else -1 */
    const char *class_name;       /* from model.semseg_names, or as the data set calls it, or NULL */
    const char *unit;             /* "%", "m", "degrees" or "" */
    double model, trivial;        /* trivial: of an answer that knows all labels and never looks at a picture */
    double single;                /* of a model for this task alone, from [eval]; NaN: not known, or not primary */
    int higher_is_better;
    int primary;                  /* 1 for the one that stands for its task */
    uint64_t pictures;            /* that counted for the task */
} te_score;

/* Called after every picture; a result other than TE_OK ends the run with it. */
typedef struct te_scores_report {
    uint64_t done, count;         /* pictures, those that are left out among them */
    const char *picture;          /* the one that was done; "": it could not be read */
} te_scores_report;
typedef te_status (*te_scores_function)(const te_scores_report *report, void *context);

typedef struct te_scores_options {
    uint64_t count;               /* judge only the first so many pictures; 0: all */
    const char *split;            /* "train" or "val"; NULL: "val" */
    const char *predictions;      /* a folder of saved maps, which are judged without evaluator and device */
    const char *model;            /* what reports call the model, for example its file; NULL: nothing */
    int pictures_kept;            /* so many of the best and of the worst pictures of every task, at most 100, are shown by
                                   * te_scores_save_report() */
    te_scores_function report;    /* may be NULL */
    void *context;                /* of report */
} te_scores_options;

/* Judge the evaluator's model on a split that [data] of `settings` (NULL: the model's own) describes, its pictures at their own
 * size, as its [eval] says; the log says which they are. With options->predictions and evaluator NULL the maps in that folder,
 * as te_prediction_save() writes them, are judged, for the tasks in [model]. A picture without a label of a task does not count
 * for it; one with a broken file is left out, with a warning that names the file. TE_ERR_INTERRUPTED soon after
 * te_interrupt(). `options` may be NULL. */
TE_API te_status te_scores_run(te_scores **scores, te_evaluator *evaluator, const te_settings *settings,
                               const te_scores_options *options);
TE_API void te_scores_free(te_scores *scores);

/* Scores 0 to te_scores_count() - 1: task by task, the primary one of each first, those of single classes last. */
TE_API size_t te_scores_count(const te_scores *scores);
TE_API te_status te_scores_get(const te_scores *scores, size_t index, te_score *score);

/* Number of pictures that were judged; *left_out (may be NULL) becomes that of those that were not, for a broken file. */
TE_API uint64_t te_scores_count_pictures(const te_scores *scores, uint64_t *left_out);

/* Number of tasks for which [eval] has the score of a single-task model; over them `percent` is the mean of how much better
 * this model is, or worse where below 0. */
TE_API size_t te_scores_get_gain(const te_scores *scores, double *percent);

/* Write all of it as JSON; each picture's own numbers as CSV (RFC 4180); a page to look at, in one HTML file that needs no
 * other. Folders above `path` are made if absent. */
TE_API te_status te_scores_save(const te_scores *scores, const char *path);
TE_API te_status te_scores_save_pictures(const te_scores *scores, const char *path);
TE_API te_status te_scores_save_report(const te_scores *scores, const char *path);

/* ---- data sets: what [data] describes, looked through file by file ---------------------------------------------- */

typedef struct te_census te_census;

/* Called after every picture; a result other than TE_OK ends the run with it. */
typedef struct te_census_report {
    uint64_t done, count;         /* pictures */
    const char *picture;          /* the one that was done */
} te_census_report;
typedef te_status (*te_census_function)(const te_census_report *report, void *context);

typedef struct te_census_options {
    const char *split;            /* "train" or "val"; NULL: "val" */
    uint64_t count;               /* look at the first pictures only; 0: all, of rooms to train on data.val_scenes */
    te_census_function report;    /* or NULL */
    void *context;
} te_census_options;

typedef struct te_census_info {
    const char *list;             /* path of the split's list; NULL: rooms */
    uint64_t pictures;            /* that were looked for */
    uint64_t broken;              /* of them, those that are missing or cannot be read */
    uint64_t unlabelled;          /* readable, without any label file of the model's tasks */
    uint64_t problems;            /* files that are missing or broken, pictures and labels */
    int min_width, max_width, min_height, max_height; /* pixels; 0 where no picture could be read */
} te_census_info;

/* One task: labels + absent + broken are the pictures that can be read. */
typedef struct te_census_task {
    const char *task;             /* "semseg" */
    uint64_t labels;              /* pictures with a readable label */
    uint64_t absent, broken;      /* without a label file; with one that cannot be used */
    uint64_t pixels, valid;       /* of the labels; of them, not ignored */
    uint64_t positive;            /* of the valid: sal, edge; else 0 */
    double min, max, mean;        /* over the valid: metres of depth, lengths of normals; else 0 */
    int classes;                  /* of semseg and human_parts; else 0 */
    uint64_t strays;              /* files in the folders of its labels that no picture of either split's list claims */
    const char *stray;            /* the first of them, "semseg/X.jpg"; NULL: there are none */
} te_census_task;

typedef struct te_census_class {
    const char *name;             /* or NULL */
    uint64_t pixels, pictures;    /* that hold it */
} te_census_class;

/* Open every picture and label file of one split of the settings' [data] for the tasks of [model], by data.threads threads.
 * A file that is missing or broken is no failure but one of the census' problems; a list that cannot be read is. The same
 * data give the same census, whatever the threads. TE_ERR_INTERRUPTED soon after te_interrupt(). */
TE_API te_status te_census_run(te_census **census, const te_settings *settings, const te_census_options *options);
TE_API void te_census_free(te_census *census);

TE_API te_status te_census_get_info(const te_census *census, te_census_info *info);
TE_API size_t te_census_count_tasks(const te_census *census);
TE_API te_status te_census_get_task(const te_census *census, size_t index, te_census_task *task);
TE_API te_status te_census_get_class(const te_census *census, size_t index, int number, te_census_class *entry);

/* What is wrong with a file, in one line that names it, in the order of the list; NULL behind the last one. At most 1000 are
 * kept. */
TE_API const char *te_census_get_problem(const te_census *census, size_t index);

/* Write into a folder (made if absent) check_<split>.json, all of it, and check_<split>.png, the mean picture and mean labels
 * to look at, if any picture could be read. */
TE_API te_status te_census_save(const te_census *census, const char *folder);
/* ---- experts: who serves whom in a model (docs/EXPERTS.md) ------------------------------------------------------- */

typedef struct te_experts te_experts;

/* Look into `model` on `device`, at the input size of `settings` (NULL: the model's own). */
TE_API te_status te_experts_create(te_experts **experts, te_model *model, te_device *device, const te_settings *settings);
TE_API void te_experts_free(te_experts *experts);

/* Run a picture of any size, fitted as [input] says, and add it to the mean scores. */
TE_API te_status te_experts_run(te_experts *experts, const te_picture *picture);

/* Draw the picture of the last te_experts_run() as <folder>/<stem>_experts.png (the folder is made if absent): each expert's
 * feature in colours, and how much each task takes from it where. */
TE_API te_status te_experts_save_picture(const te_experts *experts, const char *folder, const char *stem);

typedef struct te_experts_options {
    uint64_t count;               /* pictures; 0: all */
    int ablation;                 /* 1: also judge the model with each expert, or the memory, switched off; 2: and with each
                                     switched off at each tap alone */
    te_scores_function report;    /* may be NULL */
    void *context;                /* for the report */
} te_experts_options;

/* Run the first pictures of the validation split that [data] of the settings describes and add them to the mean scores. Off
 * means that gates cannot choose it: the other scores share its place. TE_ERR_INTERRUPTED soon after te_interrupt(). */
TE_API te_status te_experts_run_split(te_experts *experts, const te_experts_options *options);

typedef struct te_experts_info {
    int taps, experts;            /* of the model */
    int memory;                   /* 1: the memory is one more expert */
    int scores;                   /* of a gate: experts + memory */
    uint64_t pictures;            /* that were run */
} te_experts_info;

TE_API void te_experts_get_info(const te_experts *experts, te_experts_info *info);

/* Of the model's task `task` at `tap` (from 0; -1: the mean over the taps), over all tokens that pictures covered:
 * the mean of gate score `score` (from 0; the memory's is the last), and that of the entropy of a token's scores, 0 where
 * one takes all to 1 where all are equal. */
TE_API te_status te_experts_get_mean(const te_experts *experts, int tap, size_t task, int score, double *mean);
TE_API te_status te_experts_get_entropy(const te_experts *experts, int tap, size_t task, double *entropy);

/* What the primary metric of a task becomes with something switched off. */
typedef struct te_experts_loss {
    int score;                    /* what is off: an expert, the memory; -1: nothing */
    int tap;                      /* where; -1: everywhere */
    const char *task;
    char metric[32];              /* "mIoU"; empty, and value NaN, where no picture had a label of the task */
    const char *unit;             /* "%", "m", "degrees" or "" */
    int higher_is_better;
    double value;
    double loss;                  /* how much worse than the whole model, in the metric's unit; below 0: better */
} te_experts_loss;

/* Rows of the last te_experts_run_split() with options.ablation, else 0: the whole model first. */
TE_API size_t te_experts_count_losses(const te_experts *experts);
TE_API te_status te_experts_get_loss(const te_experts *experts, size_t row, size_t task, te_experts_loss *loss);

/* Write all numbers as <folder>/experts.json; the folder is made if absent. */
TE_API te_status te_experts_save(const te_experts *experts, const char *folder);

/* ---- generated rooms as files ---------------------------------------------------------------------------------- */

typedef struct te_rooms_options {
    int width, height;   /* pixels; 0: 640 x 480 */
    uint64_t seed;       /* 0 to 2^31 - 1: the rooms are those of data.source = rooms with this train.seed */
    uint64_t train, val; /* pictures in each list; those of `val` are held out of every seed's training */
    int threads;         /* 0: 1 */
} te_rooms_options;

/* Called from threads of the call, never two at a time: `done` of `total` pictures are written; a result other than TE_OK
 * ends the call with it. */
typedef te_status (*te_rooms_function)(uint64_t done, uint64_t total, void *context);

/* Write generated rooms with the labels of all tasks as a folder that data.source = folder reads (docs/DATA.md). A
 * folder that has lists already is refused. `report` may be NULL. TE_ERR_INTERRUPTED after te_interrupt(). */
TE_API te_status te_rooms_save(const char *folder, const te_rooms_options *options, te_rooms_function report,
                               void *context);

/* ---- training ------------------------------------------------------------------------------------------------- */

typedef struct te_trainer te_trainer;

/* What a step of training was like. */
typedef struct te_train_report {
    int64_t step, steps;    /* the step that was taken, counted from 1; of how many */
    int pictures;           /* in the step */
    int task_count;
    const char *tasks[8];
    float losses[8];        /* of each task, before its weight; NaN where no picture of the step has a label */
    float total;            /* weighted sum */
    float norm;             /* of the gradient, before it is cut; NaN where fp16 left the step out */
    float rate;             /* learning rate */
    double seconds, waited; /* for the step; of it, waiting for samples */
} te_train_report;

/* Called after every step; a result other than TE_OK ends the training with it. */
typedef te_status (*te_train_function)(const te_train_report *report, void *context);

/* Train `model` on `device` as [train], [data] and [input] of `settings` say; [model] is the model's, and a warning tells where
 * it was set to something else. A model of another input size is brought to theirs: its position embedding is resized, and
 * stays so, also where the device then fails. Settings or a data set that will not do are found before that. */
TE_API te_status te_trainer_create(te_trainer **trainer, te_model *model, te_device *device,
                                   const te_settings *settings);
TE_API void te_trainer_free(te_trainer *trainer);

/* Go on where a checkpoint of te_trainer_save() ended, with its weights: the same steps follow, bit for bit, on the same
 * device with the same settings. te_model_load() of that file makes a model whose te_model_get_settings() are those of the
 * run, [train] and [data] included. */
TE_API te_status te_trainer_load(te_trainer *trainer, const char *path);

/* Weights, the optimiser's moments and the step, as safetensors; te_model_load() reads the weights. */
TE_API te_status te_trainer_save(te_trainer *trainer, const char *path);

/* Keep a run folder (made if absent; docs/TRAINING.md says what is in it): settings, log, validations, curves and
 * checkpoints, the newest as last.safetensors, written also when the run ends, is interrupted, or fails between two steps. A
 * folder in which a run took steps is refused, unless the checkpoint that te_trainer_load() read lies in it and is no older
 * than last.safetensors there. */
TE_API te_status te_trainer_set_folder(te_trainer *trainer, const char *folder);

/* Take the steps that are left; the model then holds the weights they led to, however the run ended between two steps.
 * Schedulers and evaluators made of it before keep those of then. TE_ERR_INTERRUPTED after te_interrupt(), between two steps. A
 * loss or gradient that is not finite ends the run with TE_ERR_DEVICE and a message that names the step, the task and the
 * tensor. */
TE_API te_status te_trainer_run(te_trainer *trainer, te_train_function report, void *context);

/* ---- speed: what a device does at most, and what a model makes of it (docs/PERFORMANCE.md) ------------------------ */

typedef struct te_bench te_bench;

typedef struct te_bench_options {
    int ops, model;         /* 1: measure each op by itself; the model as a whole. Both 0: both */
    int training;           /* 1: also a step of training, as [train] of the settings says */
    int runs;               /* samples of each op, and passes; 0: 7 */
} te_bench_options;

/* Measure, on random weights and inputs, the model that [model], [input] and [train] of the settings describe.
 * TE_ERR_INTERRUPTED soon after te_interrupt(). `options` may be NULL. */
TE_API te_status te_bench_run(te_bench **bench, te_device *device, const te_settings *settings,
                              const te_bench_options *options);
TE_API void te_bench_free(te_bench *bench);

/* What the device does at most, by kernels that do nothing else. */
typedef struct te_bench_ceilings {
    double operations;      /* a second: fp32 multiply-adds in registers count two */
    double memory, cache;   /* bytes a second, read and written: of a copy beyond the caches, of one inside them */
    uint64_t memory_bytes, cache_bytes; /* that these copies touch */
} te_bench_ceilings;

TE_API void te_bench_get_ceilings(const te_bench *bench, te_bench_ceilings *ceilings);

/* The calls of one op with the same shapes and attributes. Texts belong to the bench. */
typedef struct te_bench_op {
    int training;           /* 0: of the forward pass; 1: of a step of training */
    const char *op, *variant;
    const char *shape;      /* "(1,1024,192) =(768,192) #01": inputs, '=' those made once for all runs; attributes */
    uint64_t runs;          /* in one pass */
    double seconds;         /* of one, median */
    double operations;      /* of one, in products and convolutions; 0: it has none */
    double bytes;           /* of its inputs and its result, each once */
    double share;           /* of what the ceilings allow for these operations and bytes: 1 is the roof */
    double of_pass;         /* share of the sum over the ops of its pass */
} te_bench_op;

/* Ops 0 to te_bench_count() - 1: those of the forward pass first, by falling share of their pass. */
TE_API size_t te_bench_count(const te_bench *bench);
TE_API te_status te_bench_get(const te_bench *bench, size_t index, te_bench_op *op);

/* The model as a whole. */
typedef struct te_bench_pass {
    int runs, pictures;     /* that were timed; in each */
    double low, median, high; /* seconds: quartiles */
    double first;           /* seconds to make it ready, weights packed, and run it once */
    double operations;      /* of one, in products and convolutions */
    te_memory_info memory;
    uint64_t resident;      /* bytes of the process, the most so far */
} te_bench_pass;

/* The forward pass, or with `training` a step. TE_ERR_ARGUMENT where it was not measured. */
TE_API te_status te_bench_get_pass(const te_bench *bench, int training, te_bench_pass *pass);

/* All of it as JSON; the text belongs to the bench. */
TE_API const char *te_bench_get_json(const te_bench *bench);

/* ---- tuning: the fastest variant of every op, by trying them ------------------------------------------------------ */

typedef struct te_tune te_tune;

/* What became of a variant that was tried. */
typedef enum te_tune_fate {
    TE_TUNE_TIMED,          /* right, and timed */
    TE_TUNE_SLOW,           /* right, and so slow that it was run once */
    TE_TUNE_WRONG,          /* its result is not what it must be: it never wins */
    TE_TUNE_FAILED          /* the device could not run it */
} te_tune_fate;

typedef struct te_tune_candidate {
    const char *variant;
    te_tune_fate fate;
    double seconds;         /* of one run: median, or of a slow one's; 0: it has none */
    double error;           /* of its result, relative (norm of difference over norm) */
    const char *judge;      /* what it was compared with: "reference" (double precision), or where that would take long
                             * "default" (the default's result, and the reference on a small test case) */
    char why[160];          /* it failed; "" where it did not */
} te_tune_candidate;

/* A kind of calls, as in te_bench_op, for which there is more than one variant. */
typedef struct te_tune_shape {
    int training;
    const char *op, *shape;
    uint64_t runs;          /* in one pass */
    const char *usual, *winner; /* the variant without tuning; the one to take, another only if faster by a tenth */
    size_t candidates;      /* the usual one is the first */
} te_tune_shape;

/* Called when the last shape that te_tune_count() counts is done, and with it `done` of `count` kinds of calls; a result other
 * than TE_OK ends the tuning with it. */
typedef te_status (*te_tune_function)(const te_tune *tune, size_t done, size_t count, void *context);

typedef struct te_tune_options {
    int training;           /* 1: also the ops of a step of training */
    int rounds;             /* samples of each candidate, in turn; 0: 5 */
    double seconds;         /* begin no shape after so many; 0: no limit */
    const char *path;       /* the file to write, its folder is made if absent; NULL: where kernels.tuning = auto finds it */
    te_tune_function report; /* may be NULL */
    void *context;          /* of report */
} te_tune_options;

/* Try the variants of the ops of the model that the settings describe on `device`, and write which is the fastest as a file
 * that kernels.tuning reads. What the device had of a tuning stays for other calls; from now on it chooses by all of it. Ops
 * that change their inputs are left as they are, and those that kernels.variant forces. TE_ERR_INTERRUPTED soon after
 * te_interrupt(), with what was found by then in the file. `options` may be NULL. */
TE_API te_status te_tune_run(te_tune **tune, te_device *device, const te_settings *settings, const te_tune_options *options);
TE_API void te_tune_free(te_tune *tune);

/* Shapes 0 to te_tune_count() - 1 that were tried, and a candidate of one. Texts belong to the tuning. */
TE_API size_t te_tune_count(const te_tune *tune);
TE_API te_status te_tune_get(const te_tune *tune, size_t index, te_tune_shape *shape);
TE_API te_status te_tune_get_candidate(const te_tune *tune, size_t index, size_t number, te_tune_candidate *candidate);

typedef struct te_tune_summary {
    size_t shapes, winners; /* tried; of them, with another winner than the usual variant */
    size_t left;            /* for want of time */
    /* Seconds of the forward pass by usual variants and by winners, the lower of two medians; 0: there are none. */
    double before, after;
    const char *path;       /* the file */
} te_tune_summary;
TE_API void te_tune_get_summary(const te_tune *tune, te_tune_summary *summary);

/* ---- self-test: what a device computes, held against references (docs/DEVICES.md) --------------------------------- */

typedef enum te_selftest_fate {
    TE_SELFTEST_RIGHT,
    TE_SELFTEST_WRONG,      /* its result is not what it must be */
    TE_SELFTEST_FAILED      /* the device could not run it */
} te_selftest_fate;

/* One test case of an op by one of its variants. Texts are valid during the report. */
typedef struct te_selftest_result {
    const char *op, *variant;
    const char *shape;      /* as in te_bench_op */
    te_selftest_fate fate;
    double error;           /* norm of the difference over the norm; infinite where NaN or infinity is not where it must be */
    const char *why;        /* what is wrong, or failed; "" where nothing is */
} te_selftest_result;

/* Called after every case, the `done`th of `count`; a result other than TE_OK ends the test with it. */
typedef te_status (*te_selftest_function)(const te_selftest_result *result, size_t done, size_t count, void *context);

typedef struct te_selftest_options {
    const char *op, *variant; /* this one alone; NULL: all, of variants those that the device can run */
    te_selftest_function report; /* may be NULL */
    void *context;
} te_selftest_options;

typedef struct te_selftest_summary {
    size_t cases, wrong, failed; /* run; of them, not right */
    size_t left_out;             /* on a simulator, which would take minutes for each */
} te_selftest_summary;

/* Run the library's own test cases - odd sizes, batches, values near overflow, infinities and NaN - by every variant of every
 * op on `device`, and compare with references in double precision: a relative error of 2e-6 is allowed in fp32. Cases that are
 * wrong or fail are no failure of the call. TE_ERR_INTERRUPTED soon after te_interrupt(). `options` may be NULL. */
TE_API te_status te_selftest_run(te_device *device, const te_selftest_options *options, te_selftest_summary *summary);

/* ---- stopping -------------------------------------------------------------------------------------------------- */

/* Stop soon, from a signal handler or another thread: the running call, or the next one that can be stopped, returns
 * TE_ERR_INTERRUPTED; of several that run one does, it is not said which. */
TE_API void te_interrupt(void);

/* Take back a te_interrupt() that came too late for the call it was meant for, before others begin. */
TE_API void te_interrupt_clear(void);

#ifdef __cplusplus
}
#endif

#endif
