/* Reading. The layout of a file: 8 bytes, the header's length as a little-endian number; the header, JSON:
 *     {"__metadata__": {"key": "text", ...}, "name": {"dtype": "F32", "shape": [2,3], "data_offsets": [0,24]}, ...}
 * padded with spaces; the data. Offsets count from the data's start.
 * After te_safetensors_open_memory() has returned TE_OK these hold for every entry, and its users rely on them:
 *  1. offset to offset + bytes lies inside the file, data (where it is in memory) to data + bytes inside the memory;
 *  2. bytes = count * size of an element, count = product of the shape, each dimension >= 0;
 *  3. the product of the dimensions, zeros counted as ones, fits int64_t: no product of some of them overflows;
 *  4. names are unique and hold no control characters. */
#include "base/safetensors.h"

#include "base/files.h"
#include "base/half.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH_BYTES = 8, LARGEST_HEADER = 100000000 };

static const char metadata_key[] = "__metadata__";

struct te_safetensors {
    te_file_reader reader;
    const uint8_t *memory;    /* the caller's; NULL: the reader's file */
    json_t *header;           /* owns all names and metadata */
    te_entry *entries;        /* in the order of their data */
    const te_entry **by_name; /* the same, sorted by name */
    size_t count;
    const char **metadata; /* key, value, key, value, ... */
    size_t pairs;
};

/* What all steps of reading share. */
typedef struct reading {
    te_safetensors *file;
    const char *name; /* of the file, for messages */
    size_t data_offset, data_bytes;
} reading;

static const struct dtype {
    const char *name;
    te_element element;
    size_t bytes;
} dtypes[] = {
    {"F32", TE_ELEMENT_F32, 4},   {"F16", TE_ELEMENT_F16, 2},       {"BF16", TE_ELEMENT_BF16, 2},
    {"F64", TE_ELEMENT_F64, 8},   {"I64", TE_ELEMENT_I64, 8},       {"I32", TE_ELEMENT_I32, 4},
    {"U8", TE_ELEMENT_U8, 1},     {"BOOL", TE_ELEMENT_OTHER, 1},    {"I8", TE_ELEMENT_OTHER, 1},
    {"I16", TE_ELEMENT_OTHER, 2}, {"U16", TE_ELEMENT_OTHER, 2},     {"U32", TE_ELEMENT_OTHER, 4},
    {"U64", TE_ELEMENT_OTHER, 8}, {"F8_E4M3", TE_ELEMENT_OTHER, 1}, {"F8_E5M2", TE_ELEMENT_OTHER, 1},
};

static const struct dtype *find_dtype(const char *name)
{
    for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++) {
        if (strcmp(dtypes[i].name, name) == 0) {
            return &dtypes[i];
        }
    }
    return NULL;
}

/* A little-endian number of 2, 4 or 8 bytes; compilers make one load of it. */
static uint64_t load_little(const uint8_t *data, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++) {
        value |= (uint64_t)data[i] << 8 * i;
    }
    return value;
}

/* ---- one entry ---- */

#define FAIL_ENTRY(reader, entry, text) \
    te_fail(TE_ERR_FORMAT, "'%.512s': tensor '%.200s' %s", (reader)->name, (entry)->name, text)

static te_status read_shape(const reading *reader, const json_t *shape, te_entry *entry)
{
    if (!json_is_array(shape) || json_array_size(shape) > TE_SAFETENSORS_RANK) {
        return FAIL_ENTRY(reader, entry, "has no shape of at most 8 dimensions");
    }
    int64_t product = 1; /* zeros counted as ones */
    int is_empty = 0;
    entry->rank = (int)json_array_size(shape);
    for (int i = 0; i < entry->rank; i++) {
        const json_t *item = json_array_get(shape, (size_t)i);
        int64_t dimension = json_is_integer(item) ? (int64_t)json_integer_value(item) : -1;
        if (dimension < 0) {
            return FAIL_ENTRY(reader, entry, "has a dimension that is no whole number from 0");
        }
        entry->shape[i] = dimension;
        is_empty |= dimension == 0;
        if (dimension > 0) {
            if (product > INT64_MAX / dimension) {
                return FAIL_ENTRY(reader, entry, "has a shape too large to count");
            }
            product *= dimension;
        }
    }
    if ((uint64_t)product > SIZE_MAX) {
        return FAIL_ENTRY(reader, entry, "has a shape too large for this machine");
    }
    entry->count = is_empty ? 0 : (size_t)product;
    return TE_OK;
}

static te_status read_offsets(const reading *reader, const json_t *offsets, te_entry *entry)
{
    const json_t *first = json_array_get(offsets, 0), *second = json_array_get(offsets, 1);
    if (json_array_size(offsets) != 2 || !json_is_integer(first) || !json_is_integer(second)) {
        return FAIL_ENTRY(reader, entry, "has no data_offsets of two numbers");
    }
    int64_t begin = (int64_t)json_integer_value(first), end = (int64_t)json_integer_value(second);
    if (begin < 0 || end < begin || (uint64_t)end > reader->data_bytes) {
        return te_fail(TE_ERR_FORMAT, "'%.512s': tensor '%.200s' has data_offsets %lld to %lld, the file's data "
                       "end at %zu; is it cut short?", reader->name, entry->name, (long long)begin, (long long)end,
                       reader->data_bytes);
    }
    entry->file = reader->file;
    entry->offset = reader->data_offset + (size_t)begin;
    entry->data = entry->file->memory ? entry->file->memory + entry->offset : NULL;
    entry->bytes = (size_t)(end - begin);
    return TE_OK;
}

static int has_control_character(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < ' ' || *text == 127) {
            return 1;
        }
    }
    return 0;
}

static te_status read_entry(const reading *reader, const char *name, const json_t *value, te_entry *entry)
{
    entry->name = name;
    if (has_control_character(name)) {
        return te_fail(TE_ERR_FORMAT, "'%.512s': the name of a tensor holds a control character", reader->name);
    }
    const char *text = json_string_value(json_object_get(value, "dtype"));
    if (!text) {
        return FAIL_ENTRY(reader, entry, "has no dtype");
    }
    const struct dtype *dtype = find_dtype(text);
    if (!dtype) {
        return FAIL_ENTRY(reader, entry, "has an unknown dtype");
    }
    entry->element = dtype->element;
    TE_TRY(read_shape(reader, json_object_get(value, "shape"), entry));
    TE_TRY(read_offsets(reader, json_object_get(value, "data_offsets"), entry));
    if (entry->bytes % dtype->bytes != 0 || entry->bytes / dtype->bytes != entry->count) {
        return te_fail(TE_ERR_FORMAT, "'%.512s': tensor '%.200s' has %zu elements of %s in %zu bytes", reader->name,
                       name, entry->count, dtype->name, entry->bytes);
    }
    return TE_OK;
}

/* ---- all entries ---- */

static int compare_places(const void *a, const void *b)
{
    const te_entry *x = a, *y = b;
    if (x->offset != y->offset) {
        return x->offset < y->offset ? -1 : 1;
    }
    if (x->bytes != y->bytes) {
        return x->bytes < y->bytes ? -1 : 1;
    }
    return strcmp(x->name, y->name);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(const te_entry *const *)a)->name, (*(const te_entry *const *)b)->name);
}

/* Sorted by place, each tensor must begin where the one before it ends. */
static te_status check_tiling(const reading *reader)
{
    const te_safetensors *file = reader->file;
    size_t expected = reader->data_offset;
    for (size_t i = 0; i < file->count; i++) {
        const te_entry *entry = &file->entries[i];
        if (entry->offset < expected) {
            return FAIL_ENTRY(reader, entry, "shares bytes with another tensor");
        }
        if (entry->offset > expected) {
            return FAIL_ENTRY(reader, entry, "begins behind bytes that belong to no tensor");
        }
        expected += entry->bytes;
    }
    if (expected != reader->data_offset + reader->data_bytes) {
        return te_fail(TE_ERR_FORMAT, "'%.512s': the last %zu bytes belong to no tensor", reader->name,
                       reader->data_offset + reader->data_bytes - expected);
    }
    return TE_OK;
}

static te_status read_entries(const reading *reader)
{
    te_safetensors *file = reader->file;
    size_t most = json_object_size(file->header);
    file->entries = te_alloc(most, sizeof *file->entries, "the list of tensors");
    file->by_name = te_alloc(most, sizeof *file->by_name, "the list of tensors");
    if (!file->entries || !file->by_name) {
        return TE_ERR_MEMORY;
    }
    const char *name;
    json_t *value;
    json_object_foreach (file->header, name, value) {
        if (strcmp(name, metadata_key) != 0) {
            TE_TRY(read_entry(reader, name, value, &file->entries[file->count]));
            file->count++;
        }
    }
    qsort(file->entries, file->count, sizeof *file->entries, compare_places);
    for (size_t i = 0; i < file->count; i++) {
        file->by_name[i] = &file->entries[i];
    }
    qsort(file->by_name, file->count, sizeof *file->by_name, compare_names);
    return check_tiling(reader);
}

static te_status read_metadata(const reading *reader)
{
    te_safetensors *file = reader->file;
    json_t *metadata = json_object_get(file->header, metadata_key), *value;
    if (!metadata) {
        return TE_OK;
    }
    if (!json_is_object(metadata)) {
        return te_fail(TE_ERR_FORMAT, "'%.512s': its __metadata__ is no JSON object", reader->name);
    }
    file->metadata = te_alloc(json_object_size(metadata), 2 * sizeof *file->metadata, "metadata");
    if (!file->metadata) {
        return TE_ERR_MEMORY;
    }
    const char *key;
    json_object_foreach (metadata, key, value) {
        const char *text = json_string_value(value);
        if (!text) {
            return te_fail(TE_ERR_FORMAT, "'%.512s': its __metadata__ holds more than texts", reader->name);
        }
        file->metadata[2 * file->pairs] = key;
        file->metadata[2 * file->pairs + 1] = text;
        file->pairs++;
    }
    return TE_OK;
}

/* ---- the file ---- */

static te_status fetch(const te_safetensors *file, size_t offset, void *to, size_t bytes)
{
    if (!file->memory) {
        return te_file_reader_read(&file->reader, offset, to, bytes);
    }
    memcpy(to, file->memory + offset, bytes);
    return TE_OK;
}

static te_status parse_header(reading *reader, size_t length)
{
    char *text = te_alloc(length, 1, "a header");
    if (!text) {
        return TE_ERR_MEMORY;
    }
    json_error_t error;
    te_status status = fetch(reader->file, LENGTH_BYTES, text, length);
    TE_TRY_OUT(status);
    reader->file->header = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (!reader->file->header) {
        char *near = strstr(error.text, " near "); /* what follows is the file's text: leave it out */
        status = te_fail(TE_ERR_FORMAT, "'%.512s' is no safetensors file: byte %d of its header: %.*s", reader->name,
                         error.position, (int)(near ? near - error.text : (long)strlen(error.text)), error.text);
    } else if (!json_is_object(reader->file->header)) {
        status = te_fail(TE_ERR_FORMAT, "'%.512s' is no safetensors file: its header is no JSON object", reader->name);
    }
out:
    free(text);
    return status;
}

static te_status read_header(reading *reader, size_t bytes)
{
    uint8_t start[LENGTH_BYTES];
    if (bytes < LENGTH_BYTES) {
        return te_fail(TE_ERR_FORMAT, "'%.512s' is no safetensors file: it has only %zu bytes", reader->name,
                       bytes);
    }
    TE_TRY(fetch(reader->file, 0, start, sizeof start));
    uint64_t length = load_little(start, LENGTH_BYTES);
    if (length > LARGEST_HEADER || length > bytes - LENGTH_BYTES) {
        return te_fail(TE_ERR_FORMAT, "'%.512s' is no safetensors file, or it is cut short: a header of %llu bytes "
                       "in a file of %zu", reader->name, (unsigned long long)length, bytes);
    }
    reader->data_offset = LENGTH_BYTES + (size_t)length;
    reader->data_bytes = bytes - reader->data_offset;
    return parse_header(reader, (size_t)length);
}

/* Takes `made`, whose bytes can be fetched. */
static te_status open_made(te_safetensors **file, te_safetensors *made, size_t bytes, const char *name)
{
    reading reader = {.file = made, .name = name};
    te_status status;
    TE_TRY_OUT(read_header(&reader, bytes));
    TE_TRY_OUT(read_metadata(&reader));
    TE_TRY_OUT(read_entries(&reader));
    *file = made;
    return TE_OK;
out:
    te_safetensors_close(made);
    return status;
}

te_status te_safetensors_open_memory(te_safetensors **file, const uint8_t *data, size_t bytes, const char *name)
{
    te_safetensors *made = te_alloc(1, sizeof *made, "a list of tensors");
    if (!made) {
        return TE_ERR_MEMORY;
    }
    made->memory = data;
    return open_made(file, made, bytes, name);
}

te_status te_safetensors_open(te_safetensors **file, const char *path)
{
    te_safetensors *made = te_alloc(1, sizeof *made, "a list of tensors");
    if (!made) {
        return TE_ERR_MEMORY;
    }
    te_status status = te_file_reader_open(&made->reader, path);
    if (status != TE_OK) {
        te_safetensors_close(made);
        return status;
    }
    return open_made(file, made, made->reader.bytes, path);
}

void te_safetensors_close(te_safetensors *file)
{
    if (!file) {
        return;
    }
    json_decref(file->header);
    free(file->entries);
    free(file->by_name);
    free(file->metadata);
    te_file_reader_close(&file->reader);
    free(file);
}

/* ---- asking ---- */

size_t te_safetensors_count(const te_safetensors *file)
{
    return file->count;
}

const te_entry *te_safetensors_get(const te_safetensors *file, size_t index)
{
    return index < file->count ? &file->entries[index] : NULL;
}

const te_entry *te_safetensors_find(const te_safetensors *file, const char *name)
{
    te_entry wanted = {.name = name};
    const te_entry *key = &wanted;
    const te_entry **place = bsearch(&key, file->by_name, file->count, sizeof *file->by_name, compare_names);
    return place ? *place : NULL;
}

size_t te_safetensors_count_metadata(const te_safetensors *file)
{
    return file->pairs;
}

void te_safetensors_get_metadata(const te_safetensors *file, size_t index, const char **key, const char **value)
{
    *key = index < file->pairs ? file->metadata[2 * index] : NULL;
    *value = index < file->pairs ? file->metadata[2 * index + 1] : NULL;
}

const char *te_safetensors_find_metadata(const te_safetensors *file, const char *key)
{
    return json_string_value(json_object_get(json_object_get(file->header, metadata_key), key));
}

/* ---- conversion ---- */

static void convert(te_element element, const uint8_t *from, size_t count, float *out)
{
    for (size_t i = 0; element == TE_ELEMENT_F32 && i < count; i++) {
        out[i] = te_float_of_bits((uint32_t)load_little(from + 4 * i, 4));
    }
    for (size_t i = 0; element == TE_ELEMENT_F16 && i < count; i++) {
        out[i] = te_half_to_float((uint16_t)load_little(from + 2 * i, 2));
    }
    for (size_t i = 0; element == TE_ELEMENT_BF16 && i < count; i++) {
        out[i] = te_bf16_to_float((uint16_t)load_little(from + 2 * i, 2));
    }
    for (size_t i = 0; element == TE_ELEMENT_F64 && i < count; i++) {
        uint64_t bits = load_little(from + 8 * i, 8);
        double value;
        memcpy(&value, &bits, sizeof value);
        out[i] = (float)value;
    }
}

te_status te_entry_read_part(const te_entry *entry, size_t first, size_t count, float *out)
{
    static const size_t sizes[] = {[TE_ELEMENT_F32] = 4, [TE_ELEMENT_F16] = 2, [TE_ELEMENT_BF16] = 2, [TE_ELEMENT_F64] = 8};
    if (entry->element >= sizeof sizes / sizeof sizes[0]) {
        return te_fail(TE_ERR_FORMAT, "tensor '%.200s' holds no floating-point numbers; F32, F16, BF16 or F64 is "
                       "needed", entry->name);
    }
    uint8_t block[1 << 16]; /* stays in the processor's cache between reading and converting */
    size_t size = sizes[entry->element];
    for (size_t done = 0; done < count;) {
        size_t now = count - done < sizeof block / size ? count - done : sizeof block / size;
        TE_TRY(fetch(entry->file, entry->offset + (first + done) * size, block, now * size));
        convert(entry->element, block, now, out + done);
        done += now;
    }
    return TE_OK;
}

te_status te_entry_read(const te_entry *entry, float *out)
{
    return te_entry_read_part(entry, 0, entry->count, out);
}
