#include "base/settings.h"

#include "base/c_locale.h"
#include "base/settings_table.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

te_status te_settings_create(te_settings **settings)
{
    TE_NEED(settings);
    te_settings *made = te_alloc(1, sizeof *made, "settings");
    if (!made) {
        return TE_ERR_MEMORY;
    }
    for (size_t row = 0; row < te_settings_count(); row++) {
        const te_setting_info *info = te_settings_get_info(row);
        te_status status = te_settings_set(made, info->key, info->default_value);
        if (status != TE_OK) {
            free(made);
            return status;
        }
    }
    *settings = made;
    return TE_OK;
}

void te_settings_free(te_settings *settings)
{
    free(settings);
}

te_status te_settings_copy(te_settings **copy, const te_settings *settings)
{
    TE_NEED(copy, settings);
    te_settings *made = te_alloc(1, sizeof *made, "settings");
    if (!made) {
        return TE_ERR_MEMORY;
    }
    *made = *settings;
    *copy = made;
    return TE_OK;
}

/* ---- from text ---- */

/* strtol() and strtof() pass over blanks before a number, but not behind it: neither is one. */
static int begins_blank(const char *value)
{
    return isspace((unsigned char)*value);
}

static te_status set_int(const te_setting *row, const char *value, int *field)
{
    char *end;
    errno = 0;
    long number = strtol(value, &end, 10);
    int is_number = end != value && *end == '\0' && errno == 0 && !begins_blank(value);
    if (is_number && (double)number >= row->minimum && (double)number <= row->maximum && number % row->step == 0) {
        *field = (int)number;
        return TE_OK;
    }
    char step[32] = "";
    if (row->step != 1) {
        snprintf(step, sizeof step, ", a multiple of %d", row->step);
    }
    return te_fail(TE_ERR_SETTING, "setting '%s' is '%.80s'; it must be a whole number from %d to %d%s",
                   row->info.key, value, (int)row->minimum, (int)row->maximum, step);
}

static te_status set_real(const te_setting *row, const char *value, float *field)
{
    char *end;
    float number = te_read_float(value, &end);
    if (!*value || begins_blank(value) || *end || !(number >= (float)row->minimum && number <= (float)row->maximum)) {
        return te_fail(TE_ERR_SETTING, "setting '%s' is '%.80s'; it must be a number from %s", row->info.key, value,
                       row->info.limits);
    }
    *field = number;
    return TE_OK;
}

static te_status set_bool(const te_setting *row, const char *value, int *field)
{
    static const char *const words[2][4] = {{"off", "false", "no", "0"}, {"on", "true", "yes", "1"}};
    for (int truth = 0; truth < 2; truth++) {
        for (int word = 0; word < 4; word++) {
            if (strcasecmp(value, words[truth][word]) == 0) {
                *field = truth;
                return TE_OK;
            }
        }
    }
    return te_fail(TE_ERR_SETTING, "setting '%s' is '%.80s'; it must be on or off", row->info.key, value);
}

static te_status set_choice(const te_setting *row, const char *value, int *field)
{
    int choice = te_setting_find_choice(row->info.type, value, strlen(value));
    if (choice < 0) {
        return te_fail(TE_ERR_SETTING, "setting '%s' is '%.80s'; it must be one of %s", row->info.key, value,
                       row->info.type);
    }
    *field = choice;
    return TE_OK;
}

static te_status set_text(const te_setting *row, const char *value, char *field)
{
    size_t length = strlen(value);
    if (length >= TE_TEXT_SETTING) {
        return te_fail(TE_ERR_SETTING, "setting '%s' has %zu characters; at most %d are kept", row->info.key,
                       length, TE_TEXT_SETTING - 1);
    }
    if (strchr(value, '"') && strchr(value, '\'')) { /* an ini file could not hold it */
        return te_fail(TE_ERR_SETTING, "setting '%s' holds both kinds of quotes; leave one out", row->info.key);
    }
    if (strchr(value, '\\')) { /* versions of iniparser differ in what it means */
        return te_fail(TE_ERR_SETTING, "setting '%s' holds a backslash; write folders with '/'", row->info.key);
    }
    if (row->check) {
        TE_TRY(row->check(row, value));
    }
    memcpy(field, value, length + 1);
    return TE_OK;
}

/* Texts go into one-line messages, ini files and terminals; a weight file's metadata may hold anything. */
static int has_control_character(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < ' ' || *text == 127) {
            return 1;
        }
    }
    return 0;
}

static te_status fail_unknown(const char *key)
{
    char hint[TE_SETTING_HINT];
    return te_fail(TE_ERR_SETTING, "unknown setting '%.80s'; %s", key, te_setting_hint(hint, key));
}

te_status te_settings_set(te_settings *settings, const char *key, const char *value)
{
    TE_NEED(settings, key, value);
    if (has_control_character(key)) {
        return te_fail(TE_ERR_SETTING, "the name of a setting holds a control character");
    }
    const te_setting *row = te_setting_find(key, strlen(key));
    if (!row) {
        return fail_unknown(key);
    }
    if (has_control_character(value)) {
        return te_fail(TE_ERR_SETTING, "setting '%s' holds a control character", key);
    }
    void *field = (char *)settings + row->offset;
    switch (row->kind) {
    case TE_SETTING_INT: return set_int(row, value, field);
    case TE_SETTING_REAL: return set_real(row, value, field);
    case TE_SETTING_BOOL: return set_bool(row, value, field);
    case TE_SETTING_CHOICE: return set_choice(row, value, field);
    case TE_SETTING_TEXT: return set_text(row, value, field);
    }
    return te_fail(TE_ERR_ARGUMENT, "setting '%s' is of no known kind", key);
}

/* ---- to text ---- */

/* The fewest digits that read back as the same float: 0.1, not 0.100000001. */
static const char *shortest(float value, char number[32])
{
    for (int digits = 6; digits <= 9; digits++) {
        te_print(number, 32, "%.*g", digits, (double)value);
        if (te_read_float(number, NULL) == value) {
            break;
        }
    }
    return number;
}

/* The value at `field`: its start, not closed by a zero, and length. Numbers are printed into `number`. */
static const char *text_of(const te_setting *row, const void *field, char number[32], size_t *length)
{
    const char *text = NULL;
    if (row->kind == TE_SETTING_CHOICE) {
        text = te_setting_get_choice(row->info.type, *(const int *)field, length);
    }
    if (text) {
        return text;
    }
    if (row->kind == TE_SETTING_TEXT) {
        text = field;
    } else if (row->kind == TE_SETTING_BOOL) {
        text = *(const int *)field ? "on" : "off";
    } else if (row->kind == TE_SETTING_REAL) {
        text = shortest(*(const float *)field, number);
    } else { /* also a choice that is none: te_settings_set() will not take it back */
        snprintf(number, 32, "%d", *(const int *)field);
        text = number;
    }
    *length = strlen(text);
    return text;
}

te_status te_settings_get(const te_settings *settings, const char *key, char *value, size_t bytes)
{
    TE_NEED(settings, key, value);
    const te_setting *row = te_setting_find(key, strlen(key));
    if (!row) {
        return fail_unknown(key);
    }
    char number[32];
    size_t length;
    const char *text = text_of(row, (const char *)settings + row->offset, number, &length);
    if (length >= bytes) {
        return te_fail(TE_ERR_ARGUMENT, "setting '%s' needs %zu bytes, only %zu are offered", key, length + 1,
                       bytes);
    }
    memcpy(value, text, length);
    value[length] = '\0';
    return TE_OK;
}
