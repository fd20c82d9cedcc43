/* libFuzzer target: any bytes opened as a safetensors file; whatever opens is read to the last element.
 *     clang -fsanitize=fuzzer,address,undefined ... && ./fuzz_safetensors tests/fuzz/corpus/safetensors */
#include "base/safetensors.h"

#include <stdlib.h>
#include <string.h>

static void expect(int is_true)
{
    if (!is_true) {
        abort();
    }
}

static void check_entry(const te_safetensors *file, const te_entry *entry, const uint8_t *data, size_t bytes)
{
    expect(te_safetensors_find(file, entry->name) == entry);
    expect(entry->data >= data && entry->bytes <= (size_t)(data + bytes - entry->data));
    expect(entry->count <= entry->bytes);
    float *out = malloc(entry->count * sizeof *out + 1);
    expect(out != NULL);
    te_entry_read(entry, out);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    te_safetensors *file = NULL;
    if (te_safetensors_open_memory(&file, data, bytes, "fuzz") != TE_OK) {
        expect(file == NULL && te_last_error()[0] != '\0' && !strchr(te_last_error(), '\n'));
        return 0;
    }
    for (size_t i = 0; i < te_safetensors_count(file); i++) {
        check_entry(file, te_safetensors_get(file, i), data, bytes);
    }
    for (size_t i = 0; i < te_safetensors_count_metadata(file); i++) {
        const char *key, *value;
        te_safetensors_get_metadata(file, i, &key, &value);
        expect(te_safetensors_find_metadata(file, key) == value);
    }
    te_safetensors_close(file);
    return 0;
}
