#include "json.h"

#include <math.h>
#include <stdio.h>

void cli_json_text(const char *key, const char *text)
{
    printf("\"%s\": \"", key);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') {
            printf("\\%c", c);
        } else {
            putchar(c < ' ' || c > '~' ? '?' : c);
        }
    }
    putchar('"');
}

void cli_json_number(const char *key, double value)
{
    if (isfinite(value)) {
        printf("\"%s\": %.9g", key, value);
    } else {
        printf("\"%s\": null", key);
    }
}
