/* libFuzzer target: no MATLAB file makes the readers of PASCAL-Context, or matio behind the guard, do anything but return a
 * label in its range or one line of text. The first byte chooses the label and, by its second bit, whether what follows the
 * header is first compressed here: a fuzzer cannot guess zlib's checksums.
 *
 *     clang -fsanitize=fuzzer,address,undefined ... -o fuzz_mat;  ./fuzz_mat -max_len=65536 corpus/
 *
 * matio reads paths only, so the file lies in memory behind one. Pictures have 6 x 4 pixels, as the labels of the corpus
 * have. */
#include "data/label_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

enum { WIDTH = 6, HEIGHT = 4, AREA = WIDTH * HEIGHT, HEADER = 128, COMPRESSED = 15 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void put(int file, const void *data, size_t bytes)
{
    if (write(file, data, bytes) != (ssize_t)bytes) {
        abort();
    }
}

/* The header, and one compressed element of the rest. */
static void put_compressed(int file, const uint8_t *data, size_t bytes)
{
    uLongf length = compressBound(bytes - HEADER);
    uint8_t *packed = malloc(length);
    if (!packed || compress2(packed, &length, data + HEADER, bytes - HEADER, 1) != Z_OK) {
        abort();
    }
    const uint32_t tag[2] = {COMPRESSED, (uint32_t)length};
    put(file, data, HEADER);
    put(file, tag, sizeof tag);
    put(file, packed, length);
    free(packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    int file = memfd_create("input", 0);
    char path[64];
    if (bytes == 0 || file < 0) {
        close(file);
        return 0;
    }
    if (data[0] & 2 && bytes > HEADER + 1) {
        put_compressed(file, data + 1, bytes - 1);
    } else {
        put(file, data + 1, bytes - 1);
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    int parts = data[0] & 1;
    te_label_file label_file = {.path = path, .kind = parts ? TE_LABEL_PARTS : TE_LABEL_REGIONS,
                                .task = parts ? TE_HUMAN_PARTS : TE_EDGE, .classes = 7, .width = WIDTH, .height = HEIGHT,
                                .picture = "picture"};
    float *label = NULL;
    te_status status = te_label_file_load(&label_file, &label);
    if (status == TE_OK ? !label : label || !strstr(te_last_error(), path)) {
        abort();
    }
    for (int i = 0; i < AREA && status == TE_OK; i++) {
        if (!(label[i] >= 0 && label[i] <= (parts ? 6 : 1))) {
            abort();
        }
    }
    free(label);
    close(file);
    return 0;
}
