/* NYUD-v2 and PASCAL-Context as they lie on disk: miniature data sets against arrays of an independent reader, MATLAB files
 * written by matio, and what is said of broken ones. */
#include "base/files.h"
#include "base/safetensors.h"
#include "data/dataset.h"
#include "data/guard.h"
#include "data/label_file.h"
#include "data/png.h"
#include "support/assert.h"

#include <fcntl.h>
#include <matio.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const te_task_id all[TE_TASK_COUNT] = {TE_SEMSEG, TE_HUMAN_PARTS, TE_SAL, TE_NORMALS, TE_EDGE, TE_DEPTH};

static te_settings *settings_of(const char *source, const char *folder, const char *classes)
{
    te_settings *settings;
    assert_ok(te_settings_create(&settings));
    assert_ok(te_settings_set(settings, "data.source", source));
    assert_ok(te_settings_set(settings, "data.folder", folder));
    assert_ok(te_settings_set(settings, "model.semseg_classes", classes));
    return settings;
}

/* ---- miniature data sets ---- */

static void expect_label(const te_safetensors *golden, const char *name, const te_example *example, te_task_id task)
{
    const te_entry *entry = te_safetensors_find(golden, name);
    const float *label = example->labels[task];
    if (!entry || !label) {
        assert_true(!entry && !label); /* a label that has no file is ignored */
        return;
    }
    size_t count = (size_t)te_label_channels(task) * (size_t)example->height * (size_t)example->width;
    assert_true(entry->rank == 3 && entry->shape[1] == example->height && entry->shape[2] == example->width);
    assert_true(entry->count == count);
    for (size_t i = 0; i < count; i++) {
        float expected;
        memcpy(&expected, entry->data + (entry->element == TE_ELEMENT_F32 ? 4 * i : 0), sizeof expected);
        expected = entry->element == TE_ELEMENT_F32 ? expected : (float)entry->data[i];
        if (label[i] != expected) {
            fail_msg("%s[%zu] is %.9g, not %.9g", name, i, (double)label[i], (double)expected);
        }
    }
}

/* Every label of a split equals the golden file; returns how many there are. */
static int compare_split(te_settings *settings, te_split split, const char *set, int shared)
{
    te_safetensors *golden;
    te_dataset *dataset;
    uint8_t *bytes;
    size_t count;
    int labels = 0;
    assert_ok(te_settings_set(settings, "data.pascal_normals", shared ? "shared" : "all"));
    assert_ok(te_file_read(TE_TEST_GOLDEN "/datasets.safetensors", 1 << 28, &bytes, &count));
    assert_ok(te_safetensors_open_memory(&golden, bytes, count, "datasets.safetensors"));
    assert_ok(te_dataset_open(&dataset, settings, split, all, TE_TASK_COUNT));
    for (uint64_t i = 0; i < te_dataset_count(dataset); i++) {
        te_example example;
        assert_ok(te_dataset_load(dataset, i, 0, 0, &example));
        for (int t = 0; t < TE_TASK_COUNT; t++) {
            char name[320];
            snprintf(name, sizeof name, "%s.%s.%s", set, example.name,
                     shared && all[t] == TE_NORMALS ? "shared" : te_tasks[t].name);
            expect_label(golden, name, &example, all[t]);
            labels += example.labels[t] != NULL;
        }
        te_example_clear(&example);
    }
    te_dataset_close(dataset);
    te_safetensors_close(golden);
    free(bytes);
    return labels;
}

static void nyud_as_python_reads_it(void **state)
{
    (void)state;
    te_settings *settings = settings_of("nyud", TE_TEST_GOLDEN "/nyud", "40");
    assert_int_equal(compare_split(settings, TE_SPLIT_TRAIN, "nyud", 0), 4);
    assert_int_equal(compare_split(settings, TE_SPLIT_VAL, "nyud", 0), 6);
    te_settings_free(settings);
}

static void pascal_as_python_reads_it(void **state)
{
    (void)state;
    te_settings *settings = settings_of("pascal", TE_TEST_GOLDEN "/pascal", "21");
    for (int shared = 0; shared < 2; shared++) {
        assert_int_equal(compare_split(settings, TE_SPLIT_TRAIN, "pascal", shared), 8);
        assert_int_equal(compare_split(settings, TE_SPLIT_VAL, "pascal", shared), 10);
    }
    te_settings_free(settings);
}

/* The golden arrays are worth comparing with: every part and both kinds of regions occur. */
static void the_miniatures_hold_what_matters(void **state)
{
    (void)state;
    te_settings *settings = settings_of("pascal", TE_TEST_GOLDEN "/pascal", "21");
    te_dataset *dataset;
    te_example whole, shared;
    assert_ok(te_dataset_open(&dataset, settings, TE_SPLIT_TRAIN, all, TE_TASK_COUNT));
    assert_ok(te_dataset_load(dataset, 0, 0, 0, &whole));
    te_dataset_close(dataset);
    assert_ok(te_settings_set(settings, "data.pascal_normals", "shared"));
    assert_ok(te_dataset_open(&dataset, settings, TE_SPLIT_TRAIN, all, TE_TASK_COUNT));
    assert_ok(te_dataset_load(dataset, 0, 0, 0, &shared));
    assert_string_equal(te_dataset_class_name(dataset, TE_SEMSEG, 15), "person");
    te_dataset_close(dataset);
    size_t area = (size_t)whole.height * (size_t)whole.width, seen[256] = {0}, masked = 0, kept = 0;
    for (size_t i = 0; i < area; i++) {
        seen[(int)whole.labels[TE_HUMAN_PARTS][i]]++;
        masked += whole.labels[TE_NORMALS][i] != shared.labels[TE_NORMALS][i];
        kept += shared.labels[TE_NORMALS][i] != 0;
    }
    for (int part = 0; part < 7; part++) {
        assert_true(seen[part] > 0);
    }
    assert_true(masked > area / 8 && kept > area / 8);
    te_example_clear(&whole);
    te_example_clear(&shared);
    te_settings_free(settings);
}

/* ---- MATLAB files that matio wrote ---- */

enum { W = 6, H = 4, AREA = W * H };

static char root[64];

static const char *path_of(const char *name)
{
    static char path[4][256];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof path[turn], "%s/%s", root, name);
    return path[turn];
}

static int set_up(void **state)
{
    (void)state;
    static const char *const folders[] = {"JPEGImages", "semseg/VOC12", "semseg/pascal-context", "human_parts", "sal_distill",
                                          "normals_distill", "pascal-context/trainval", "ImageSets/Context"};
    uint8_t rgb[3 * AREA] = {0};
    strcpy(root, "/tmp/te_layouts_XXXXXX");
    if (!mkdtemp(root)) {
        return 1;
    }
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        assert_ok(te_folder_make(path_of(folders[i])));
    }
    assert_ok(te_png_save_rgb(path_of("JPEGImages/one.jpg"), W, H, rgb)); /* contents count, not names */
    assert_ok(te_file_write(path_of("ImageSets/Context/train.txt"), "one\n", 4));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    return system(command);
}

static matvar_t *numbers(const char *name, enum matio_classes class, enum matio_types type, size_t height, size_t width,
                         const void *data)
{
    size_t dims[2] = {height, width};
    matvar_t *made = Mat_VarCreate(name, class, type, 2, dims, (void *)data, 0);
    assert_non_null(made);
    return made;
}

static matvar_t *structs(const char *name, size_t count, const char **fields, unsigned field_count)
{
    size_t dims[2] = {1, count};
    matvar_t *made = Mat_VarCreateStruct(name, 2, dims, fields, field_count);
    assert_non_null(made);
    return made;
}

static void write_mat(const char *path, matvar_t *variable, enum matio_compression compression)
{
    mat_t *mat = Mat_CreateVer(path_of(path), NULL, MAT_FT_MAT5);
    assert_non_null(mat);
    assert_int_equal(Mat_VarWrite(mat, variable, compression), 0);
    Mat_Close(mat);
    Mat_VarFree(variable);
}

static const char regions_file[] = "pascal-context/trainval/one.mat", parts_file[] = "human_parts/one.mat";

/* 1 left of column 2, then 2, of any class of numbers */
static void write_regions(enum matio_compression compression)
{
    uint16_t values[AREA]; /* columns one after the other */
    for (int i = 0; i < AREA; i++) {
        values[i] = i / H < 2 ? 1 : 2;
    }
    write_mat(regions_file, numbers("LabelMap", MAT_C_UINT16, MAT_T_UINT16, H, W, values), compression);
}

/* `person`'s part `name` covers the columns from 3 on. */
static void write_parts(double class, const char *name, size_t height, enum matio_compression compression)
{
    const char *anno_fields[] = {"imname", "objects"}, *object_fields[] = {"class", "class_ind", "mask", "parts"};
    const char *part_fields[] = {"part_name", "mask"};
    uint8_t mask[AREA + W]; /* room for H + 1 */
    for (int i = 0; i < AREA + W; i++) {
        mask[i] = i / H >= 3;
    }
    matvar_t *anno = structs("anno", 1, anno_fields, 2), *object = structs(NULL, 1, object_fields, 4);
    matvar_t *part = structs(NULL, 1, part_fields, 2);
    Mat_VarSetStructFieldByName(part, "part_name", 0, numbers(NULL, MAT_C_CHAR, MAT_T_UTF8, 1, strlen(name), name));
    Mat_VarSetStructFieldByName(part, "mask", 0, numbers(NULL, MAT_C_UINT8, MAT_T_UINT8, height, W, mask));
    Mat_VarSetStructFieldByName(object, "class", 0, numbers(NULL, MAT_C_CHAR, MAT_T_UTF8, 1, 6, "person"));
    Mat_VarSetStructFieldByName(object, "class_ind", 0, numbers(NULL, MAT_C_DOUBLE, MAT_T_DOUBLE, 1, 1, &class));
    Mat_VarSetStructFieldByName(object, "mask", 0, numbers(NULL, MAT_C_UINT8, MAT_T_UINT8, height, W, mask));
    Mat_VarSetStructFieldByName(object, "parts", 0, part);
    Mat_VarSetStructFieldByName(anno, "imname", 0, numbers(NULL, MAT_C_CHAR, MAT_T_UTF8, 1, 3, "one"));
    Mat_VarSetStructFieldByName(anno, "objects", 0, object);
    write_mat(parts_file, anno, compression);
}

static te_status load(te_task_id task, te_example *example)
{
    te_settings *settings = settings_of("pascal", root, "21");
    te_dataset *dataset;
    te_status status = te_dataset_open(&dataset, settings, TE_SPLIT_TRAIN, &task, 1);
    te_settings_free(settings);
    if (status == TE_OK) {
        status = te_dataset_load(dataset, 0, 0, 0, example);
        te_dataset_close(dataset);
    }
    return status;
}

static void files_of_matio(void **state)
{
    (void)state;
    static const enum matio_compression kinds[] = {MAT_COMPRESSION_NONE, MAT_COMPRESSION_ZLIB};
    for (int kind = 0; kind < 2; kind++) {
        te_example example;
        write_regions(kinds[kind]);
        assert_ok(load(TE_EDGE, &example));
        for (int i = 0; i < AREA; i++) {
            assert_true(example.labels[0][i] == (float)(i % W == 1 && i >= W)); /* both sides thinned, the upper end, too */
        }
        te_example_clear(&example);
        write_parts(15, "llleg", H, kinds[kind]);
        assert_ok(load(TE_HUMAN_PARTS, &example));
        for (int i = 0; i < AREA; i++) {
            assert_true(example.labels[0][i] == (i % W >= 3 ? 6.0f : 0.0f));
        }
        te_example_clear(&example);
        write_parts(12, "tail", H + 1, kinds[kind]); /* nothing of animals is looked at */
        assert_ok(load(TE_HUMAN_PARTS, &example));
        for (int i = 0; i < AREA; i++) {
            assert_true(example.labels[0][i] == 0.0f);
        }
        te_example_clear(&example);
    }
}

/* ---- broken files ---- */

/* The label cannot be read, for a reason in one line that names the file and holds `why`; on standard error is nothing. */
static void expect_bad(te_task_id task, const char *name, const char *why)
{
    te_example example;
    int kept = dup(2), file = open(path_of("stderr"), O_CREAT | O_TRUNC | O_WRONLY, 0600);
    assert_true(kept >= 0 && file >= 0 && dup2(file, 2) == 2);
    te_status status = load(task, &example);
    dup2(kept, 2);
    close(kept);
    struct stat facts;
    assert_int_equal(fstat(file, &facts), 0);
    close(file);
    assert_int_equal(facts.st_size, 0);
    assert_int_equal(status, TE_ERR_FORMAT);
    if (!strstr(te_last_error(), why) || !strstr(te_last_error(), path_of(name)) || strchr(te_last_error(), '\n')) {
        fail_msg("'%s' does not say '%s' and '%s' in one line", te_last_error(), name, why);
    }
}

static void matlab_files_of_other_content(void **state)
{
    (void)state;
    double value = 0.5;
    const double wrong[AREA] = {[7] = 0.5}, large[AREA] = {[7] = 70000};
    const char *fields[] = {"imname"};
    write_mat(regions_file, numbers("Labels", MAT_C_DOUBLE, MAT_T_DOUBLE, 1, 1, &value), MAT_COMPRESSION_ZLIB);
    expect_bad(TE_EDGE, regions_file, "has no variable 'LabelMap'");
    write_mat(regions_file, numbers("LabelMap", MAT_C_CHAR, MAT_T_UINT8, 1, 3, "abc"), MAT_COMPRESSION_NONE);
    expect_bad(TE_EDGE, regions_file, "LabelMap is no matrix of real numbers");
    write_mat(regions_file, structs("LabelMap", 1, fields, 1), MAT_COMPRESSION_NONE);
    expect_bad(TE_EDGE, regions_file, "LabelMap is no matrix of real numbers");
    write_mat(regions_file, numbers("LabelMap", MAT_C_DOUBLE, MAT_T_DOUBLE, W, H, wrong), MAT_COMPRESSION_NONE);
    expect_bad(TE_EDGE, regions_file, "has 4 x 6 pixels, its picture '");
    write_mat(regions_file, numbers("LabelMap", MAT_C_DOUBLE, MAT_T_DOUBLE, H, W, wrong), MAT_COMPRESSION_NONE);
    expect_bad(TE_EDGE, regions_file, "holds 0.5 at (1,3) of LabelMap");
    write_mat(regions_file, numbers("LabelMap", MAT_C_DOUBLE, MAT_T_DOUBLE, H, W, large), MAT_COMPRESSION_NONE);
    expect_bad(TE_EDGE, regions_file, "holds 70000 at (1,3) of LabelMap");
    write_regions(MAT_COMPRESSION_NONE);
    assert_int_equal(rename(path_of(regions_file), path_of(parts_file)), 0);
    expect_bad(TE_HUMAN_PARTS, parts_file, "has no variable 'anno'");
    write_mat(parts_file, structs("anno", 1, fields, 1), MAT_COMPRESSION_NONE);
    expect_bad(TE_HUMAN_PARTS, parts_file, "there is no field 'objects'");
    write_mat(parts_file, numbers("anno", MAT_C_DOUBLE, MAT_T_DOUBLE, 1, 1, &value), MAT_COMPRESSION_NONE);
    expect_bad(TE_HUMAN_PARTS, parts_file, "there is no field 'objects'");
    write_parts(15, "tail", H, MAT_COMPRESSION_ZLIB);
    expect_bad(TE_HUMAN_PARTS, parts_file, "names a part 'tail'");
    write_parts(15, "hair", H - 1, MAT_COMPRESSION_ZLIB);
    expect_bad(TE_HUMAN_PARTS, parts_file, "has 6 x 3 pixels, its picture '");
}

static uint8_t *read_all(const char *name, size_t *bytes)
{
    uint8_t *data;
    assert_ok(te_file_read(path_of(name), 1 << 20, &data, bytes));
    return data;
}

/* Every prefix of a file is refused, and nothing is read past its end. */
static void matlab_files_cut_short(void **state)
{
    (void)state;
    for (int compressed = 0; compressed < 2; compressed++) {
        size_t bytes;
        write_parts(15, "hair", H, compressed ? MAT_COMPRESSION_ZLIB : MAT_COMPRESSION_NONE);
        uint8_t *data = read_all(parts_file, &bytes);
        assert_ok(te_guard_mat(data, bytes, "whole"));
        for (size_t length = 0; length < bytes; length++) {
            uint8_t *copy = malloc(length + 1);
            assert_non_null(copy);
            memcpy(copy, data, length);
            te_status status = te_guard_mat(copy, length, "part"); /* 128: no array at all is fine */
            assert_true(length == 128 ? status == TE_OK : status == TE_ERR_FORMAT);
            free(copy);
        }
        assert_ok(te_file_write(path_of(parts_file), data, bytes / 2));
        expect_bad(TE_HUMAN_PARTS, parts_file, "cut short");
        assert_ok(te_file_write(path_of(parts_file), data, 128));
        expect_bad(TE_HUMAN_PARTS, parts_file, "has no variable 'anno'");
        free(data);
    }
}

static void matlab_files_that_lie(void **state)
{
    (void)state;
    size_t bytes;
    write_regions(MAT_COMPRESSION_NONE);
    uint8_t *data = read_all(regions_file, &bytes);
    const struct lie {
        size_t at; /* header 128, array's tag 8, flags 16, dimensions' tag 8, their values, name's tag */
        uint8_t bytes[4];
        const char *why;
    } lies[] = {
        {124, {0, 2, 'I', 'M'}, "another kind than level 5"}, /* HDF5, of MATLAB 7.3 */
        {124, {1, 0, 'M', 'I'}, "lowest byte first"},
        {132, {0xff, 0xff, 0xff, 0x7f}, "cut short"},
        {144, {17, 0, 0, 0}, "neither of real numbers"},
        {144, {11, 8, 0, 0}, "neither of real numbers"}, /* complex */
        {160, {0xff, 0xff, 0xff, 0xff}, "too large"},
        {160, {0, 0, 0, 0x10}, "too large"},
        {160, {200, 0, 0, 0}, "not have as many numbers"},
        {156, {4, 0, 0, 0}, "unusual dimensions"},
        {128, {99, 0, 0, 0}, "no array"},
    };
    assert_true(data[160] == H && data[164] == W);
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        uint8_t kept[4];
        memcpy(kept, data + lies[i].at, 4);
        memcpy(data + lies[i].at, lies[i].bytes, 4);
        assert_ok(te_file_write(path_of(regions_file), data, bytes));
        expect_bad(TE_EDGE, regions_file, lies[i].why);
        memcpy(data + lies[i].at, kept, 4);
    }
    free(data);
    assert_ok(te_file_write(path_of(regions_file), "no MATLAB file", 14));
    expect_bad(TE_EDGE, regions_file, "no MATLAB file of level 5");
}

static void other_broken_labels(void **state)
{
    (void)state;
    uint8_t classes[AREA] = {[9] = 250};
    static const char picture[] = "semseg/VOC12/one.png";
    assert_ok(te_png_save_grey(path_of(picture), W, H, classes));
    expect_bad(TE_SEMSEG, picture, "holds class 250 at (3,1), but 'semseg' has 21 classes, 0 to 20");
    size_t bytes;
    uint8_t *data = read_all(picture, &bytes);
    assert_ok(te_file_write(path_of(picture), data, bytes - 20));
    free(data);
    expect_bad(TE_SEMSEG, picture, "cut short");
    assert_ok(te_png_save_grey(path_of("sal_distill/one.png"), H, W, classes));
    expect_bad(TE_SAL, "sal_distill/one.png", "has 4 x 6 pixels");
}

static void nyud_counts_classes_from_1(void **state)
{
    (void)state;
    uint8_t classes[AREA] = {0, 1, 40};
    te_label_file file = {.path = path_of("a.png"), .kind = TE_LABEL_CLASSES_FROM_1, .task = TE_SEMSEG, .classes = 40,
                          .width = W, .height = H, .picture = "p"};
    float *label;
    assert_ok(te_png_save_grey(file.path, W, H, classes));
    assert_ok(te_label_file_load(&file, &label));
    assert_true(label[0] == 255 && label[1] == 0 && label[2] == 39);
    free(label);
    classes[2] = 41;
    assert_ok(te_png_save_grey(file.path, W, H, classes));
    assert_int_equal(te_label_file_load(&file, &label), TE_ERR_FORMAT);
    assert_non_null(strstr(te_last_error(), "class 41 at (2,0), but 'semseg' has 40 classes, 1 to 40, and 0 for ignored"));
}

/* The miniatures have none: NYUD-v2's black is a direction, that of a folder of one's own says that there is none. */
static void black_is_a_normal_or_none(void **state)
{
    (void)state;
    const uint8_t rgb[3 * AREA] = {0, 0, 0, 0, 0, 1};
    te_label_file file = {.path = path_of("a.png"), .task = TE_NORMALS, .width = W, .height = H, .picture = "p"};
    assert_ok(te_png_save_rgb(file.path, W, H, rgb));
    for (int none = 0; none < 2; none++) {
        float *label;
        file.kind = none ? TE_LABEL_NORMALS_OR_BLACK : TE_LABEL_NORMALS;
        assert_ok(te_label_file_load(&file, &label));
        assert_true(label[0] == (none ? 0.0f : -1.0f) && label[2 * AREA] == label[0] && label[1] == -1.0f);
        free(label);
    }
}

/* ---- opening, and checking file by file ---- */

static void what_a_data_set_needs(void **state)
{
    (void)state;
    te_settings *settings = settings_of("pascal", root, "40");
    te_dataset *dataset = NULL;
    assert_int_equal(te_dataset_open(&dataset, settings, TE_SPLIT_TRAIN, all, 1), TE_ERR_SETTING);
    assert_non_null(strstr(te_last_error(), "set it to 21"));
    assert_ok(te_settings_set(settings, "model.semseg_classes", "21"));
    assert_int_equal(te_dataset_open(&dataset, settings, TE_SPLIT_VAL, all, 1), TE_ERR_FILE); /* no such split */
    assert_non_null(strstr(te_last_error(), "ImageSets/Context/val.txt'"));
    assert_int_equal(te_dataset_open(&dataset, settings, TE_SPLIT_TRAIN, all, 2), TE_ERR_FILE);
    assert_non_null(strstr(te_last_error(), "/semseg/VOC12' and so on"));
    assert_ok(te_settings_set(settings, "data.folder", ""));
    assert_int_equal(te_dataset_open(&dataset, settings, TE_SPLIT_TRAIN, all, 1), TE_ERR_SETTING);
    assert_non_null(strstr(te_last_error(), "holds JPEGImages/ and ImageSets/Context/"));
    assert_null(dataset);
    te_settings_free(settings);
}

/* Shared normals cannot be told without the regions: then the picture has no label of normals. */
static void shared_normals_need_regions(void **state)
{
    (void)state;
    static const te_task_id normals = TE_NORMALS;
    uint8_t rgb[3 * AREA] = {0};
    te_settings *settings = settings_of("pascal", root, "21");
    te_dataset *dataset;
    assert_ok(te_png_save_rgb(path_of("normals_distill/one.png"), W, H, rgb));
    assert_ok(te_dataset_open(&dataset, settings, TE_SPLIT_TRAIN, &normals, 1));
    te_dataset_close(dataset);
    assert_ok(te_settings_set(settings, "data.pascal_normals", "shared"));
    assert_int_equal(te_dataset_open(&dataset, settings, TE_SPLIT_TRAIN, &normals, 1), TE_ERR_FILE);
    write_regions(MAT_COMPRESSION_NONE);
    assert_ok(te_dataset_open(&dataset, settings, TE_SPLIT_TRAIN, &normals, 1));
    te_dataset_close(dataset);
    te_settings_free(settings);
}

static void a_check_goes_on(void **state)
{
    (void)state;
    static const char list[] = "one\ntwo\nthree\nfour\n";
    uint8_t rgb[3 * AREA] = {0}, grey[AREA] = {0};
    te_settings *settings = settings_of("pascal", root, "21");
    te_dataset *dataset;
    te_inspection at;
    assert_ok(te_file_write(path_of("ImageSets/Context/train.txt"), list, sizeof list - 1));
    assert_ok(te_png_save_rgb(path_of("JPEGImages/two.jpg"), W, H, rgb));
    assert_ok(te_file_write(path_of("JPEGImages/four.jpg"), "none", 4));
    assert_ok(te_png_save_grey(path_of("sal_distill/one.png"), H, W, grey)); /* of another size */
    assert_ok(te_png_save_grey(path_of("semseg/VOC12/one.png"), W, H, grey));
    write_regions(MAT_COMPRESSION_ZLIB);
    assert_ok(te_dataset_open_check(&dataset, settings, TE_SPLIT_TRAIN, all, TE_TASK_COUNT));
    te_settings_free(settings);
    assert_true(te_dataset_count(dataset) == 4);
    assert_ok(te_dataset_inspect(dataset, 0, 0, 0, &at));
    assert_string_equal(at.example.name, "one");
    assert_int_equal(at.absent, 1 << TE_HUMAN_PARTS | 1 << TE_NORMALS | 1 << TE_DEPTH);
    assert_true(!at.picture_problem && at.example.rgb && at.example.labels[TE_SEMSEG] && at.example.labels[TE_EDGE]);
    assert_true(!at.example.labels[TE_SAL] && !at.problems[TE_SEMSEG] && !at.problems[TE_EDGE]);
    assert_non_null(strstr(at.problems[TE_SAL], "sal_distill/one.png' has 4 x 6 pixels"));
    te_inspection_clear(&at);
    assert_ok(te_dataset_inspect(dataset, 1, 0, 0, &at));
    assert_true(at.example.rgb && !at.picture_problem && at.absent == (1 << TE_TASK_COUNT) - 1);
    te_inspection_clear(&at);
    assert_ok(te_dataset_inspect(dataset, 2, 0, 0, &at));
    assert_string_equal(at.example.name, "three");
    assert_non_null(strstr(at.picture_problem, "line 3: there is no picture '"));
    te_inspection_clear(&at);
    assert_ok(te_dataset_inspect(dataset, 3, 0, 0, &at));
    assert_non_null(strstr(at.picture_problem, "JPEGImages/four.jpg'"));
    te_inspection_clear(&at);
    assert_int_equal(te_dataset_inspect(dataset, 4, 0, 0, &at), TE_ERR_ARGUMENT);
    te_dataset_close(dataset);
}

static void rooms_can_be_inspected(void **state)
{
    (void)state;
    te_settings *settings = settings_of("rooms", "", "22");
    te_dataset *dataset;
    te_inspection at;
    assert_ok(te_dataset_open_check(&dataset, settings, TE_SPLIT_VAL, all, TE_TASK_COUNT));
    assert_ok(te_dataset_inspect(dataset, 1, 16, 16, &at));
    assert_true(at.absent == 0 && !at.picture_problem && at.example.labels[TE_DEPTH] && !at.problems[TE_DEPTH]);
    te_inspection_clear(&at);
    te_dataset_close(dataset);
    te_settings_free(settings);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nyud_as_python_reads_it), cmocka_unit_test(pascal_as_python_reads_it),
        cmocka_unit_test(the_miniatures_hold_what_matters), cmocka_unit_test(rooms_can_be_inspected),
        CASE(files_of_matio), CASE(matlab_files_of_other_content), CASE(matlab_files_cut_short), CASE(matlab_files_that_lie),
        CASE(other_broken_labels), CASE(nyud_counts_classes_from_1), CASE(black_is_a_normal_or_none),
        CASE(what_a_data_set_needs), CASE(shared_normals_need_regions), CASE(a_check_goes_on),
    };
    return cmocka_run_group_tests_name("layouts", tests, NULL, NULL);
}
