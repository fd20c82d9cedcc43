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

/* What to say of a key, or of a section, that there is not: "did you mean 'model.blocks'?", or where all are listed if none
 * becomes it with edits of a third of its letters. Returns `hint`. */
enum { TE_SETTING_HINT = 128 };
const char *te_setting_hint(char hint[TE_SETTING_HINT], const char *key);
const char *te_setting_hint_section(char hint[TE_SETTING_HINT], const char *section);

/* The place of the `length` bytes at `value` in `choices` ("pad|stretch": 0 and 1), or -1. */
int te_setting_find_choice(const char *choices, const char *value, size_t length);

/* The text of place `choice` in `choices`, not closed by a zero: its length in `*length`. NULL: there are fewer. */
const char *te_setting_get_choice(const char *choices, int choice, size_t *length);

#endif
