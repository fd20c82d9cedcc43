/* The one file that holds stb_image's code. All of it is static: an application may link a copy of its own.
 *
 * Left out on purpose (data/png.h and data/pnm.h take the place of two): PNG, PNM, PSD, HDR and PIC. The
 * version that distributions carry (2.27) loops for ever on a cut HDR file, gets 16-bit PNM wrong,
 * dereferences NULL on a cut PIC file, and its inflate grows without bound. Memory is zeroed, because several of
 * its readers do not notice the end of a file and would otherwise show what the heap held before. Its assertions
 * stay off: the library never aborts. */
#include "data/stb.h"

#include "data/picture.h"

#include <limits.h>
#include <stdlib.h>

#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wunused-function" /* looked at when the file ends, so not popped */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wunused-but-set-variable"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#endif
#if defined(__clang__)
/* A corrupt JPEG makes its bit reader shift by 32 and its sums overflow; neither result is used as an address. */
#pragma clang attribute push(__attribute__((no_sanitize("shift", "signed-integer-overflow"))), apply_to = function)
#endif

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_ONLY_JPEG
#define STBI_ONLY_BMP
#define STBI_ONLY_TGA
#define STBI_ONLY_GIF
#define STBI_FAILURE_USERMSG
#define STBI_MAX_DIMENSIONS TE_PICTURE_LIMIT
#define STBI_ASSERT(condition) ((void)0)
#define STBI_MALLOC(bytes) calloc(1, bytes)
#define STBI_REALLOC(pointer, bytes) realloc(pointer, bytes)
#define STBI_FREE(pointer) free(pointer)
#include <stb/stb_image.h>

#if defined(__clang__)
#pragma clang attribute pop
#endif
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

int te_stb_info(const uint8_t *data, size_t bytes, int *width, int *height)
{
    int channels;
    return bytes <= INT_MAX && stbi_info_from_memory(data, (int)bytes, width, height, &channels);
}

uint8_t *te_stb_load(const uint8_t *data, size_t bytes, int *width, int *height, int *channels)
{
    /* 0 wanted channels: stb_image's own conversions are not needed, and one of them is wrong for 16 bit. */
    return bytes <= INT_MAX ? stbi_load_from_memory(data, (int)bytes, width, height, channels, 0) : NULL;
}

const char *te_stb_reason(void)
{
    const char *reason = stbi_failure_reason();
    return reason && *reason ? reason : "its content is damaged";
}
