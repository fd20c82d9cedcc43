#include "data/npy.h"

#include "base/files.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { HEADER_BYTES = 192 }; /* a multiple of 64, as the format wants, that holds every text written here */

/* The header: magic, version, length of the text (2 bytes, little endian), the text padded with blanks to a
 * newline. */
static void write_header(char header[HEADER_BYTES], const char *type, int rank, const int64_t *shape)
{
    const int prefix = 10, text_bytes = HEADER_BYTES - prefix;
    memcpy(header, "\x93NUMPY\x01\x00", 8);
    header[8] = (char)(text_bytes & 255);
    header[9] = (char)(text_bytes >> 8);
    char *text = header + prefix;
    int used = snprintf(text, (size_t)text_bytes, "{'descr': '%s', 'fortran_order': False, 'shape': (", type);
    for (int i = 0; i < rank; i++) { /* at most 4 x 21 bytes */
        used += snprintf(text + used, (size_t)(text_bytes - used), "%" PRId64 "%s", shape[i],
                         rank == 1 ? "," : i + 1 < rank ? ", " : "");
    }
    used += snprintf(text + used, (size_t)(text_bytes - used), "), }");
    memset(text + used, ' ', (size_t)(text_bytes - used));
    text[text_bytes - 1] = '\n';
}

static te_status save(const char *path, const char *type, size_t size, int rank, const int64_t *shape,
                      const void *data)
{
    size_t count = 1;
    for (int i = 0; i < rank; i++) {
        if (rank > TE_NPY_RANK || shape[i] < 0 || (shape[i] > 0 && count > SIZE_MAX / size / (size_t)shape[i])) {
            return te_fail(TE_ERR_ARGUMENT, "cannot write '%s': its shape makes no sense", path);
        }
        count *= (size_t)shape[i];
    }
    char header[HEADER_BYTES];
    write_header(header, type, rank, shape);
    te_file_writer writer;
    TE_TRY(te_file_writer_open(&writer, path));
    if (fwrite(header, 1, sizeof header, writer.stream) != sizeof header ||
        fwrite(data, size, count, writer.stream) != count) {
        te_status status = te_fail(TE_ERR_FILE, "cannot write '%s': %s", path, strerror(errno));
        te_file_writer_abandon(&writer);
        return status;
    }
    return te_file_writer_commit(&writer);
}

te_status te_npy_save_float(const char *path, int rank, const int64_t *shape, const float *data)
{
    const uint16_t one = 1; /* the type's text names the byte order of this machine */
    return save(path, *(const uint8_t *)&one == 1 ? "<f4" : ">f4", sizeof *data, rank, shape, data);
}

te_status te_npy_save_bytes(const char *path, int rank, const int64_t *shape, const uint8_t *data)
{
    return save(path, "|u1", sizeof *data, rank, shape, data);
}
