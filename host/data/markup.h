/* Text from outside in HTML, SVG and JSON: characters with a meaning escaped, what is no UTF-8 replaced. */
#ifndef TE_DATA_MARKUP_H
#define TE_DATA_MARKUP_H

#include "base/status.h"

#include <stdio.h>

/* Write `text` so that HTML and XML read it as these characters, in an attribute's value too. Bytes that are no UTF-8 and
 * control characters become U+FFFD. */
void te_markup_write(FILE *page, const char *text);

/* A copy that is UTF-8, bytes that are not become U+FFFD; free() it. */
te_status te_markup_clean(const char *text, char **clean);

/* A PNG file's bytes as the URL of an image, "data:image/png;base64,...". */
void te_markup_write_png(FILE *page, const uint8_t *data, size_t bytes);

#endif
