/* libFuzzer target: no file makes te_picture_decode() do anything but return a picture or one line of text.
 *
 *     clang -fsanitize=fuzzer,address,undefined ... -o fuzz_picture;  ./fuzz_picture -max_len=65536 corpus/
 *
 * Sizes are limited to 512 pixels, so that a file of a hundred bytes does not cost 200 MB a try. */
#include "data/picture.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    te_picture *picture = NULL;
    te_status status = te_picture_decode(&picture, data, bytes, 512, "input");
    if (status == TE_OK) {
        int width, height;
        const uint8_t *rgb;
        te_picture_get(picture, &width, &height, &rgb);
        if (width < 1 || height < 1 || width > 512 || height > 512 || !rgb) {
            abort();
        }
        volatile uint8_t last = rgb[(size_t)width * (size_t)height * 3 - 1];
        (void)last;
    } else if (picture || strstr(te_last_error(), "'input'") == NULL) {
        abort();
    }
    te_picture_free(picture);
    return 0;
}
