/* Writing safetensors files; safetensors.c describes the layout. */
#include "base/safetensors.h"

#include "base/files.h"
#include "base/half.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH_BYTES = 8, LARGEST_HEADER = 100000000, BLOCK = 4096 /* elements converted at a time */ };

static const struct storage {
    const char *dtype;
    size_t bytes;
} storages[] = {[TE_STORE_FP32] = {"F32", 4}, [TE_STORE_FP16] = {"F16", 2}, [TE_STORE_BF16] = {"BF16", 2}};

/* ---- the header ---- */

/* Elements of `entry` in `*count`; its bytes must fit behind `offset`. */
static te_status count_elements(const te_entry_out *entry, size_t element_bytes, size_t offset, size_t *count)
{
    if (entry->rank < 0 || entry->rank > TE_SAFETENSORS_RANK) {
        return te_fail(TE_ERR_ARGUMENT, "tensor '%.200s' has %d dimensions; at most %d can be written", entry->name,
                       entry->rank, TE_SAFETENSORS_RANK);
    }
    uint64_t product = 1, most = ((uint64_t)INT64_MAX < SIZE_MAX ? (uint64_t)INT64_MAX : SIZE_MAX) - offset;
    for (int i = 0; i < entry->rank; i++) {
        int64_t dimension = entry->shape[i];
        if (dimension < 0 || (dimension > 0 && product > most / element_bytes / (uint64_t)dimension)) {
            return te_fail(TE_ERR_ARGUMENT, "tensor '%.200s' has a dimension of %lld, which cannot be written",
                           entry->name, (long long)dimension);
        }
        product *= (uint64_t)dimension;
    }
    *count = (size_t)product;
    return TE_OK;
}

/* Add `value`, which is taken over, under a key that must be new and UTF-8. */
static te_status add_new(json_t *object, const char *key, json_t *value)
{
    if (json_object_get(object, key)) {
        json_decref(value);
        return te_fail(TE_ERR_ARGUMENT, "'%.200s' is to be written twice into one safetensors file", key);
    }
    if (!value || json_object_set_new(object, key, value) != 0) {
        return te_fail(TE_ERR_ARGUMENT, "cannot write '%.200s': its name or text is not UTF-8", key);
    }
    return TE_OK;
}

static te_status add_metadata(json_t *header, const char *const *metadata, size_t pairs)
{
    json_t *object = json_object();
    TE_TRY(add_new(header, "__metadata__", object));
    for (size_t i = 0; i < pairs; i++) {
        TE_TRY(add_new(object, metadata[2 * i], json_string(metadata[2 * i + 1])));
    }
    return TE_OK;
}

static te_status add_entry(json_t *header, const te_entry_out *entry, const struct storage *storage, size_t *offset)
{
    size_t count = 0;
    TE_TRY(count_elements(entry, storage->bytes, *offset, &count));
    if (strcmp(entry->name, "__metadata__") == 0) {
        return te_fail(TE_ERR_ARGUMENT, "a tensor cannot be called '__metadata__' in a safetensors file");
    }
    json_t *shape = json_array();
    for (int i = 0; i < entry->rank; i++) {
        json_array_append_new(shape, json_integer((json_int_t)entry->shape[i]));
    }
    size_t end = *offset + count * storage->bytes;
    json_t *value = json_pack("{s:s, s:o, s:[I, I]}", "dtype", storage->dtype, "shape", shape, "data_offsets",
                              (json_int_t)*offset, (json_int_t)end);
    *offset = end;
    return add_new(header, entry->name, value);
}

/* The header as text padded with spaces, so that the data begin at a multiple of 8; free() it. */
static te_status print_header(const json_t *header, char **text, size_t *bytes)
{
    size_t length = json_dumpb(header, NULL, 0, JSON_COMPACT);
    size_t padded = (length + 7) / 8 * 8;
    if (length == 0 || padded > LARGEST_HEADER) {
        return te_fail(TE_ERR_ARGUMENT, "a safetensors header of %zu bytes cannot be written; at most %d", length,
                       LARGEST_HEADER);
    }
    char *made = te_alloc(padded, 1, "a safetensors header");
    if (!made) {
        return TE_ERR_MEMORY;
    }
    json_dumpb(header, made, padded, JSON_COMPACT);
    memset(made + length, ' ', padded - length);
    *text = made;
    *bytes = padded;
    return TE_OK;
}

static te_status make_header(const te_entry_out *entries, size_t count, const struct storage *storage,
                             const char *const *metadata, size_t pairs, char **text, size_t *bytes)
{
    json_t *header = json_object();
    te_status status = TE_OK;
    size_t offset = 0;
    if (!header) {
        return te_fail(TE_ERR_MEMORY, "out of memory for a safetensors header");
    }
    if (pairs > 0) {
        TE_TRY_OUT(add_metadata(header, metadata, pairs));
    }
    for (size_t i = 0; i < count; i++) {
        TE_TRY_OUT(add_entry(header, &entries[i], storage, &offset));
    }
    TE_TRY_OUT(print_header(header, text, bytes));
out:
    json_decref(header);
    return status;
}

/* ---- the data ---- */

static void store_little(uint8_t *out, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        out[i] = (uint8_t)(value >> 8 * i);
    }
}

static void convert(const float *data, size_t count, te_storage storage, uint8_t *out)
{
    for (size_t i = 0; i < count; i++) {
        if (storage == TE_STORE_FP16) {
            store_little(out + 2 * i, te_half_from_float(data[i]), 2);
        } else if (storage == TE_STORE_BF16) {
            store_little(out + 2 * i, te_bf16_from_float(data[i]), 2);
        } else {
            uint32_t bits;
            memcpy(&bits, &data[i], sizeof bits);
            store_little(out + 4 * i, bits, 4);
        }
    }
}

static te_status write_bytes(const te_file_writer *writer, const void *data, size_t bytes)
{
    if (fwrite(data, 1, bytes, writer->stream) != bytes) {
        return te_fail(TE_ERR_FILE, "cannot write '%s': %s", writer->path, strerror(errno));
    }
    return TE_OK;
}

static te_status write_entry(const te_file_writer *writer, const te_entry_out *entry, te_storage storage)
{
    uint8_t block[4 * BLOCK];
    size_t count = 0;
    TE_TRY(count_elements(entry, storages[storage].bytes, 0, &count));
    for (size_t done = 0; done < count; done += BLOCK) {
        size_t now = count - done < BLOCK ? count - done : BLOCK;
        convert(entry->data + done, now, storage, block);
        TE_TRY(write_bytes(writer, block, now * storages[storage].bytes));
    }
    return TE_OK;
}

te_status te_safetensors_save(const char *path, const te_entry_out *entries, size_t count, te_storage storage,
                              const char *const *metadata, size_t pairs)
{
    if ((unsigned)storage >= sizeof storages / sizeof storages[0]) {
        return te_fail(TE_ERR_ARGUMENT, "cannot write '%.512s': unknown storage %d", path, (int)storage);
    }
    te_file_writer writer = {0};
    char *header = NULL;
    size_t header_bytes = 0;
    uint8_t length[LENGTH_BYTES];
    te_status status;
    TE_TRY_OUT(make_header(entries, count, &storages[storage], metadata, pairs, &header, &header_bytes));
    TE_TRY_OUT(te_file_writer_open(&writer, path));
    store_little(length, header_bytes, sizeof length);
    TE_TRY_OUT(write_bytes(&writer, length, sizeof length));
    TE_TRY_OUT(write_bytes(&writer, header, header_bytes));
    for (size_t i = 0; i < count; i++) {
        TE_TRY_OUT(write_entry(&writer, &entries[i], storage));
    }
    status = te_file_writer_commit(&writer);
out:
    te_file_writer_abandon(&writer);
    free(header);
    return status;
}
