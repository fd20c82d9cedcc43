/* MATLAB files of level 5, before matio sees them. An element is a tag (type, bytes) and data, padded to eight bytes; up to
 * four bytes lie in the tag itself. An array is an element of elements: flags, dimensions, name, and then numbers, or for a
 * cell or struct the names of fields and more arrays.
 *
 * matio takes sizes as they come and keeps a decompressor of some 40 KiB for every array within a compressed one. So all
 * compressed elements are expanded here, to a limit; every length must fill its element exactly, and numbers must be as many
 * as their dimensions say. What readers of labels have no use for is refused: complex and sparse arrays, objects, functions.
 * Files of level 4 and of MATLAB 7.3, which are HDF5 files, have no such guard and are refused. */
#include "data/guard.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    HEADER = 128, VERSION = 124, TAG = 8,
    MOST_BYTES = 256 << 20, /* expanded */
    MOST_ARRAYS = 8192, MOST_DEPTH = 8, MOST_RANK = 8, MOST_FIELDS = 64, LONGEST_FIELD = 64
};

enum { INT8 = 1, UINT8, INT16, UINT16, INT32, UINT32, FLOAT32, FLOAT64 = 9, INT64 = 12, UINT64, MATRIX, COMPRESSED, UTF8,
       UTF16 };

enum { COMPLEX = 8 }; /* in the second byte of the flags; the first is the class */

enum { CLASS_CELL = 1, CLASS_STRUCT, CLASS_CHAR = 4, CLASS_FLOAT64 = 6, CLASS_UINT64 = 15 };

static const uint8_t sizes[] = {[INT8] = 1, [UINT8] = 1, [INT16] = 2, [UINT16] = 2, [INT32] = 4, [UINT32] = 4, [FLOAT32] = 4,
                                [FLOAT64] = 8, [INT64] = 8, [UINT64] = 8, [UTF8] = 1, [UTF16] = 2};

/* Of the numbers in memory: they may lie in a file in a smaller type. */
static const uint8_t class_sizes[] = {[CLASS_FLOAT64] = 8, 4, 1, 1, 2, 2, 4, 4, 8, 8};

typedef struct guard {
    const char *name;
    size_t arrays, expanded, memory; /* arrays so far; bytes of compressed elements, and of the arrays themselves */
} guard;

/* Bytes not yet looked at. */
typedef struct span {
    const uint8_t *data;
    size_t bytes;
} span;

typedef struct element {
    uint32_t type;
    int is_small;
    span content;
} element;

static te_status fail(const guard *at, const char *reason)
{
    return te_fail(TE_ERR_FORMAT, "cannot read '%s': %s (MAT)", at->name, reason);
}

static uint32_t read_word(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Take the next element off `rest`. */
static te_status next_element(const guard *at, span *rest, element *next)
{
    *next = (element){0};
    if (rest->bytes < TAG) {
        return fail(at, "it is cut short");
    }
    uint32_t type = read_word(rest->data);
    int is_small = type >> 16 != 0;
    size_t bytes = is_small ? type >> 16 : read_word(rest->data + 4), start = is_small ? 4 : TAG;
    if (is_small ? bytes > 4 : bytes > rest->bytes - TAG) {
        return fail(at, "it is cut short");
    }
    *next = (element){is_small ? type & 0xffff : type, is_small, {rest->data + start, bytes}};
    size_t padded = is_small ? TAG : next->type == COMPRESSED ? TAG + bytes : TAG + (bytes + 7) / 8 * 8;
    padded = padded < rest->bytes ? padded : rest->bytes; /* the last padding may be missing */
    rest->data += padded;
    rest->bytes -= padded;
    return TE_OK;
}

static te_status read_dimensions(const guard *at, span *rest, size_t *count)
{
    element next;
    TE_TRY(next_element(at, rest, &next));
    size_t rank = next.content.bytes / 4;
    if (next.type != INT32 || next.is_small || next.content.bytes % 4 || rank < 2 || rank > MOST_RANK) {
        return fail(at, "an array has unusual dimensions");
    }
    *count = 1;
    for (size_t i = 0; i < rank; i++) {
        uint32_t size = read_word(next.content.data + 4 * i);
        if (size > MOST_BYTES || (size > 0 && *count > MOST_BYTES / size)) {
            return fail(at, "an array is too large");
        }
        *count *= size;
    }
    return TE_OK;
}

/* Fields of a struct: their length, then their names. */
static te_status read_fields(const guard *at, span *rest, size_t *fields)
{
    element length, names;
    TE_TRY(next_element(at, rest, &length));
    size_t each = length.content.bytes == 4 ? read_word(length.content.data) : 0;
    if (length.type != INT32 || !length.is_small || each < 2 || each > LONGEST_FIELD) {
        return fail(at, "a struct has unusual fields");
    }
    TE_TRY(next_element(at, rest, &names));
    *fields = names.content.bytes / each;
    if (names.type != INT8 || names.content.bytes % each || *fields == 0 || *fields > MOST_FIELDS) {
        return fail(at, "a struct has unusual fields");
    }
    for (size_t i = 0; i < *fields; i++) {
        if (!memchr(names.content.data + i * each, 0, each)) {
            return fail(at, "the name of a field does not end");
        }
    }
    return TE_OK;
}

static te_status check_numbers(guard *at, span *rest, uint32_t class, size_t count)
{
    element next;
    TE_TRY(next_element(at, rest, &next));
    at->memory += count * (class == CLASS_CHAR ? 2 : class_sizes[class]);
    if (at->memory > MOST_BYTES) {
        return fail(at, "its arrays are larger than 256 MiB");
    }
    int is_text = next.type == UTF8 || next.type == UTF16, may_be_text = is_text || next.type == UINT8 || next.type == UINT16;
    if (next.type >= sizeof sizes || !sizes[next.type] || (class == CLASS_CHAR ? !may_be_text : is_text)) {
        return fail(at, "an array has numbers of an unknown type");
    }
    if (next.content.bytes != count * sizes[next.type]) {
        return fail(at, "an array does not have as many numbers as its dimensions say");
    }
    return TE_OK;
}

static te_status check_array(guard *at, span *rest, int depth);

/* Flags, dimensions, name and what follows, taken off `own`. */
static te_status check_content(guard *at, span *own, int depth)
{
    element flags, name;
    size_t count = 0, fields = 1;
    te_status status = TE_OK;
    TE_TRY(next_element(at, own, &flags));
    if (flags.type != UINT32 || flags.is_small || flags.content.bytes != 8) {
        return fail(at, "an array has no flags");
    }
    uint32_t class = flags.content.data[0];
    int has_members = class == CLASS_CELL || class == CLASS_STRUCT;
    if (flags.content.data[1] & COMPLEX ||
        !(has_members || class == CLASS_CHAR || (class >= CLASS_FLOAT64 && class <= CLASS_UINT64))) {
        return fail(at, "it holds an array that is neither of real numbers nor text, cell or struct");
    }
    TE_TRY(read_dimensions(at, own, &count));
    TE_TRY(next_element(at, own, &name));
    if (name.type != INT8 || name.content.bytes > LONGEST_FIELD) {
        return fail(at, "an array has an unusual name");
    }
    if (!has_members) {
        return check_numbers(at, own, class, count);
    }
    if (class == CLASS_STRUCT) {
        TE_TRY(read_fields(at, own, &fields));
    }
    for (size_t i = 0; i < count * fields && status == TE_OK; i++) {
        status = check_array(at, own, depth + 1);
    }
    return status;
}

/* Take an array off `rest`; an empty one inside another may be a tag alone. */
static te_status check_array(guard *at, span *rest, int depth)
{
    element array;
    TE_TRY(next_element(at, rest, &array));
    if (array.type != MATRIX || array.is_small) {
        return fail(at, "it holds something that is no array");
    }
    if (depth > MOST_DEPTH || ++at->arrays > MOST_ARRAYS) {
        return fail(at, "it has too many arrays, or they are nested too deeply");
    }
    if (array.content.bytes > 0 || depth == 0) {
        TE_TRY(check_content(at, &array.content, depth));
    }
    return array.content.bytes ? fail(at, "an array holds more than its dimensions say") : TE_OK;
}

/* Expand a compressed element; *data is for free(). */
static te_status expand(guard *at, span from, uint8_t **data, size_t *bytes)
{
    z_stream stream = {.next_in = (Bytef *)from.data, .avail_in = (uInt)from.bytes};
    size_t room = 0, done = 0;
    te_status status = TE_OK;
    int code = inflateInit(&stream);
    *data = NULL;
    while (code == Z_OK && status == TE_OK) {
        if (done == room) {
            size_t left = MOST_BYTES - at->expanded;
            room = room ? 2 * room : 8 * from.bytes + 4096;
            room = room < left ? room : left;
            uint8_t *larger = done < room ? te_realloc(*data, room, 1, at->name) : NULL;
            status = larger ? TE_OK : done < room ? TE_ERR_MEMORY : fail(at, "it holds more than 256 MiB");
            *data = larger ? larger : *data;
            continue;
        }
        stream.next_out = *data + done;
        stream.avail_out = (uInt)(room - done);
        code = inflate(&stream, Z_NO_FLUSH);
        done = room - stream.avail_out;
        code = code == Z_BUF_ERROR && stream.avail_out == 0 ? Z_OK : code;
    }
    inflateEnd(&stream);
    *bytes = done;
    at->expanded += done;
    return status != TE_OK ? status : code == Z_STREAM_END ? TE_OK : fail(at, "its compressed data are broken");
}

/* A compressed element holds one array. */
static te_status check_compressed(guard *at, const element *variable)
{
    uint8_t *data;
    span rest;
    te_status status;
    TE_TRY_OUT(expand(at, variable->content, &data, &rest.bytes));
    rest.data = data;
    TE_TRY_OUT(check_array(at, &rest, 0));
    status = rest.bytes ? fail(at, "its compressed data do not end where they should") : TE_OK;
out:
    free(data);
    return status;
}

te_status te_guard_mat(const uint8_t *data, size_t bytes, const char *name)
{
    guard at = {.name = name};
    if (bytes < HEADER || data[VERSION + 2] != 'I' || data[VERSION + 3] != 'M') {
        return fail(&at, "it is no MATLAB file of level 5 with the lowest byte first");
    }
    if (data[VERSION] != 0 || data[VERSION + 1] != 1) {
        return fail(&at, "it is of another kind than level 5: save it with '-v7'");
    }
    span rest = {data + HEADER, bytes - HEADER};
    while (rest.bytes) {
        element variable;
        if (rest.bytes < TAG || read_word(rest.data) != COMPRESSED) {
            TE_TRY(check_array(&at, &rest, 0));
            continue;
        }
        TE_TRY(next_element(&at, &rest, &variable));
        TE_TRY(check_compressed(&at, &variable));
    }
    return TE_OK;
}
