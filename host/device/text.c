#include "device/text.h"

#include <string.h>
#include <strings.h>

bool te_text_contains(const char *text, const char *part)
{
    size_t length = strlen(part);
    size_t starts = strlen(text) + 1;
    for (size_t start = 0; start + length < starts; start++) {
        if (strncasecmp(text + start, part, length) == 0) {
            return true;
        }
    }
    return false;
}

void te_text_plain(char *text)
{
    for (; *text; text++) {
        *text = *text < ' ' || *text > '~' ? '?' : *text;
    }
}
