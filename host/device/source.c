/* Kernel text: the embedded copy, or a folder to edit kernels without rebuilding; #include lines resolved here, since a
 * driver has no folder to look in. #line directives keep the true file and line in build errors. */
#include "device/opencl.h"

#include "base/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_KERNEL_FILE = 1 << 20, MAX_DEPTH = 8 };

/* Text that grows at its end. */
typedef struct text {
    char *data;
    size_t length;
} text;

static te_status append(text *to, const char *data, size_t length)
{
    char *grown = te_realloc(to->data, to->length + length + 1, 1, "kernel text");
    if (!grown) {
        return TE_ERR_MEMORY;
    }
    memcpy(grown + to->length, data, length);
    to->data = grown;
    to->length += length;
    grown[to->length] = '\0';
    return TE_OK;
}

static te_status read_file(const struct te_settings *settings, const char *name, char **data)
{
    if (settings->kernels.folder[0]) {
        char *path = te_path_join(settings->kernels.folder, name);
        size_t bytes;
        te_status status = path ? te_file_read(path, MAX_KERNEL_FILE, (uint8_t **)data, &bytes) : TE_ERR_MEMORY;
        free(path);
        return status;
    }
    for (const te_embedded_file *file = te_embedded_kernels; file->name; file++) {
        if (strcmp(file->name, name) == 0) {
            text copy = {0};
            TE_TRY(append(&copy, file->text, strlen(file->text)));
            *data = copy.data;
            return TE_OK;
        }
    }
    return te_fail(TE_ERR_ARGUMENT, "there is no kernel file '%s'", name);
}

/* The name in a line `#include "name"`, or 0 characters. */
static int included_name(const char *line, char name[64])
{
    name[0] = '\0';
    return sscanf(line, "#include \"%63[^\"\n]\"", name) == 1;
}

static te_status append_file(text *to, const struct te_settings *settings, const char *name, int depth)
{
    char *data;
    if (depth == MAX_DEPTH) {
        return te_fail(TE_ERR_FORMAT, "kernel file '%s' is included too deeply", name);
    }
    TE_TRY(read_file(settings, name, &data));
    te_status status;
    char directive[128], inner[64];
    int number = 1;
    snprintf(directive, sizeof directive, "#line 1 \"%s\"\n", name);
    TE_TRY_OUT(append(to, directive, strlen(directive)));
    for (const char *line = data; *line; number++) {
        size_t length = strcspn(line, "\n");
        length += line[length] == '\n';
        if (included_name(line, inner)) {
            TE_TRY_OUT(append_file(to, settings, inner, depth + 1));
            snprintf(directive, sizeof directive, "#line %d \"%s\"\n", number + 1, name);
            TE_TRY_OUT(append(to, directive, strlen(directive)));
        } else {
            TE_TRY_OUT(append(to, line, length));
        }
        line += length;
    }
    status = append(to, "\n", 1);
out:
    free(data);
    return status;
}

te_status te_source_load(const struct te_settings *settings, const char *family, char **source)
{
    char name[96];
    snprintf(name, sizeof name, "%s.cl", family);
    text whole = {0};
    te_status status = append_file(&whole, settings, name, 0);
    if (status != TE_OK) {
        free(whole.data);
        return status;
    }
    *source = whole.data;
    return TE_OK;
}
