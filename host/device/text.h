/* Matching device names the way people type them: any part, any case. */
#ifndef TE_DEVICE_TEXT_H
#define TE_DEVICE_TEXT_H

#include <stdbool.h>

bool te_text_contains(const char *text, const char *part);

/* Put a '?' in the place of every byte that is not printable ASCII: drivers write in any encoding. */
void te_text_plain(char *text);

#endif
