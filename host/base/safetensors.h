/* safetensors files: named tensors behind a JSON header. Files are untrusted: every length, offset, shape and name is
 * checked against the file's true size before it is used, and tensors must tile the data exactly, without overlap.
 */
#ifndef TE_BASE_SAFETENSORS_H
#define TE_BASE_SAFETENSORS_H

#include "base/status.h"

enum { TE_SAFETENSORS_RANK = 8 };

typedef enum te_element { TE_ELEMENT_F32, TE_ELEMENT_F16, TE_ELEMENT_BF16, TE_ELEMENT_F64, TE_ELEMENT_I64,
                          TE_ELEMENT_I32, TE_ELEMENT_U8, TE_ELEMENT_OTHER } te_element;

typedef struct te_entry {
    const char *name;
    te_element element;
    int rank;
    int64_t shape[TE_SAFETENSORS_RANK];
    size_t count;          /* elements */
    const uint8_t *data;   /* little endian, not aligned; NULL: in the file */
    size_t offset, bytes;  /* in the file */
    const struct te_safetensors *file;
} te_entry;

typedef struct te_safetensors te_safetensors;

/* Open and check a file. TE_ERR_FILE or TE_ERR_FORMAT, naming file and tensor. It is read when entries are. */
te_status te_safetensors_open(te_safetensors **file, const char *path);
/* The same over `bytes` bytes at `data` (kept by the caller); `name` stands for the path in messages. For fuzzing. */
te_status te_safetensors_open_memory(te_safetensors **file, const uint8_t *data, size_t bytes, const char *name);
void te_safetensors_close(te_safetensors *file);

size_t te_safetensors_count(const te_safetensors *file);
const te_entry *te_safetensors_get(const te_safetensors *file, size_t index);
const te_entry *te_safetensors_find(const te_safetensors *file, const char *name); /* NULL if absent */

/* The `__metadata__` strings: number, and pair `index`; value of `key` or NULL. */
size_t te_safetensors_count_metadata(const te_safetensors *file);
void te_safetensors_get_metadata(const te_safetensors *file, size_t index, const char **key, const char **value);
const char *te_safetensors_find_metadata(const te_safetensors *file, const char *key);

/* Convert entry elements to float (F32, F16, BF16, F64): `out` holds entry->count floats. TE_ERR_FORMAT otherwise. */
te_status te_entry_read(const te_entry *entry, float *out);
/* The same for `count` elements from element `first` on. */
te_status te_entry_read_part(const te_entry *entry, size_t first, size_t count, float *out);

/* What is to be written: float data, stored as `storage` (round to nearest even). */
typedef struct te_entry_out {
    const char *name;
    int rank;
    int64_t shape[TE_SAFETENSORS_RANK];
    const float *data;
} te_entry_out;

/* Write entries in the given order with metadata pairs {key, value, key, value, ...}; atomically (te_file_write_*). */
te_status te_safetensors_save(const char *path, const te_entry_out *entries, size_t count, te_storage storage,
                              const char *const *metadata, size_t pairs);

#endif
