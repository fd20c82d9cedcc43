/* The rows of the table of settings, as the library itself sees them. */
#ifndef TE_BASE_SETTINGS_TABLE_H
#define TE_BASE_SETTINGS_TABLE_H

#include "base/settings.h"

typedef enum te_setting_kind {
    TE_SETTING_INT,
    TE_SETTING_REAL,   /* a float */
    TE_SETTING_BOOL,   /* an int: 0 or 1 */
    TE_SETTING_CHOICE, /* an enum: the place in info.type, "pad|stretch" */
    TE_SETTING_TEXT    /* char[TE_TEXT_SETTING]; its check may hold it to the choices of info.type */
} te_setting_kind;

typedef struct te_setting te_setting;
struct te_setting {
    te_setting_info info;
    te_setting_kind kind;
    size_t offset;                                            /* in te_settings */
    double minimum, maximum;                                  /* of numbers */
    int step;                                                 /* an int is a multiple of it */
    te_status (*check)(const te_setting *row, const char *value); /* text only; NULL: any */
};

/* Row `index` of te_settings_count(). */
const te_setting *te_setting_get(size_t index);

/* The row whose key is the `length` bytes at `key`, or NULL. */
const te_setting *te_setting_find(const char *key, size_t length);

/* The row whose key takes the fewest edits to become `key`; never NULL. */
const te_setting *te_setting_find_nearest(const char *key);

/* The place of the `length` bytes at `value` in `choices` ("pad|stretch": 0 and 1), or -1. */
int te_setting_find_choice(const char *choices, const char *value, size_t length);

/* The text of place `choice` in `choices`, not closed by a zero: its length in `*length`. NULL: there are fewer. */
const char *te_setting_get_choice(const char *choices, int choice, size_t *length);

#endif
