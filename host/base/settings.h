/* Settings: the values that ini files, command lines and weight files give, in one struct described by one table.
 *
 * The table (settings_table.c) has a row for every key: where its value lives in this struct, type, range or
 * choices, default, help. Reading, printing, help texts and the metadata of weight files all walk that table.
 */
#ifndef TE_BASE_SETTINGS_H
#define TE_BASE_SETTINGS_H

#include "base/status.h"

enum { TE_TEXT_SETTING = 768 }; /* names of many classes, and still a line of an ini file (settings_file.c) */

typedef enum te_backbone { TE_TINY, TE_SMALL, TE_BASE, TE_LARGE, TE_BACKBONE_COUNT } te_backbone;
typedef enum te_expert_kind { TE_EXPERT_MLP, TE_EXPERT_CONV } te_expert_kind;
typedef enum te_gate_kind { TE_GATE_CONV1, TE_GATE_CONV3, TE_GATE_CONV5, TE_GATE_MLP } te_gate_kind;
typedef enum te_write_kind { TE_WRITE_ADD, TE_WRITE_REPLACE, TE_WRITE_GATED } te_write_kind;
typedef enum te_optimiser { TE_ADAM, TE_ADAMW } te_optimiser;
typedef enum te_recompute { TE_RECOMPUTE_OFF, TE_RECOMPUTE_BLOCKS } te_recompute;
typedef enum te_precision { TE_FP32, TE_BF16, TE_FP16 } te_precision; /* what products round their operands to */
typedef enum te_schedule { TE_POLY, TE_COSINE } te_schedule;
typedef enum te_data_source { TE_SOURCE_ROOMS, TE_SOURCE_FOLDER, TE_SOURCE_NYUD, TE_SOURCE_PASCAL } te_data_source;
typedef enum te_pascal_normals { TE_NORMALS_ALL, TE_NORMALS_SHARED } te_pascal_normals;
typedef enum te_sampler_kind { TE_SAMPLER_UNIFORM, TE_SAMPLER_BALANCED } te_sampler_kind;
typedef enum te_fit_kind { TE_FIT_PAD, TE_FIT_STRETCH } te_fit_kind;
typedef enum te_saliency_kind { TE_SALIENCY_PLAIN, TE_SALIENCY_PUBLISHED } te_saliency_kind;

struct te_settings {
    struct {
        char pick[TE_TEXT_SETTING];    /* an index, a type or part of a name: overrides the keys below */
        char platform[TE_TEXT_SETTING], vendor[TE_TEXT_SETTING], name[TE_TEXT_SETTING];
        char type[TE_TEXT_SETTING];    /* any, gpu, cpu, accelerator */
        int index;                     /* -1: not chosen by index */
        char exclude[TE_TEXT_SETTING]; /* devices whose platform or name holds this are left out */
        char binary[TE_TEXT_SETTING];  /* folder of prebuilt program binaries */
        int record;                    /* bool: keep when every kernel and transfer ran */
    } device;
    struct {
        char folder[TE_TEXT_SETTING];  /* read .cl files from here instead of the embedded text */
        char export[TE_TEXT_SETTING];  /* write programs here: source, options, binary */
        int cache;                     /* bool: keep compiled programs on disk */
        char variant[TE_TEXT_SETTING]; /* "generic,op=variant" forces implementations; empty: the best supported */
        char tuning[TE_TEXT_SETTING];  /* a file of measured choices; "auto": this device's own, if there is one; "off" */
    } kernels;
    struct {
        int height, width;             /* pixels, multiples of 16 */
        te_fit_kind fit;
    } input;
    struct {
        int flip;                      /* bool: also mirrored */
        char scales[TE_TEXT_SETTING];  /* te_scales_read() */
        int tiles;                     /* bool: larger pictures at their own size */
        float tile_overlap;            /* over the input's size */
        float tile_context;            /* share of all of the picture in what a tile shows */
        te_precision precision;
    } infer;
    struct {
        te_backbone backbone;
        int width, blocks, heads;      /* C, number of blocks, attention heads; 0: the backbone's */
        char taps[TE_TEXT_SETTING];    /* 1-based blocks, "3 6 9 12"; empty: the backbone's */
        int cls_token;                 /* bool */
        char tasks[TE_TEXT_SETTING];   /* names, separated by spaces */
        int semseg_classes;
        char semseg_names[TE_TEXT_SETTING]; /* "wall, floor, chair"; empty: by their number; base/classes.h */
        int decoder_width;             /* D; 0: the backbone's */
        int experts;                   /* E */
        int expert_hidden;             /* 0: 4 D (large: 2560) */
        te_expert_kind expert;
        te_gate_kind gate;
        int gate_width;                /* G; 0: the backbone's */
        char connection[TE_TEXT_SETTING]; /* "dense" or "sparse:k" */
        int memory;                    /* bool */
        te_write_kind write;
    } model;
    struct {
        int iterations, batch;
        te_optimiser optimiser;
        float rate;
        te_schedule schedule;
        int warmup;
        float backbone_factor, decay, clip;
        float depth_rate;              /* of stochastic depth, in the last block */
        int accumulate;                /* batches that make one step */
        te_recompute recompute;
        te_precision precision;
        int seed, save_every;
        int validate_every, validate_count, sheet_samples;
    } train;
    struct {
        te_data_source source;
        char folder[TE_TEXT_SETTING];  /* of pictures and labels; not for rooms */
        char train_list[TE_TEXT_SETTING], val_list[TE_TEXT_SETTING]; /* names, or paths */
        te_pascal_normals pascal_normals;
        int val_scenes;                /* rooms held out for validation */
        te_sampler_kind sampler;
        int augment;                   /* bool */
        float scale_min, scale_max;    /* of the augmentation */
        int threads;
    } data;
    struct {
        float edge_distance; /* of matching edge pixels, over the picture's diagonal */
        te_saliency_kind saliency;
        float single_semseg, single_human_parts, single_sal, single_normals, single_edge, single_depth; /* 0: not known */
    } eval;
};

enum { TE_MOST_SCALES = 16 };

/* The numbers of a list like "0.5 1 1.5" as infer.scales takes it: different ones from 0.25 to 4, 1 among them. Returns how
 * many; 0: it is no such list. */
int te_scales_read(const char *text, double *scales);

/* te_settings_load() of `bytes` bytes at `text`; `name` stands for the path in messages. */
te_status te_settings_load_memory(te_settings *settings, const char *text, size_t bytes, const char *name);

#endif
