/* Settings as ini files. The iniparser library reads them, but it keeps no line numbers, stays silent on text
 * behind a closing quote and on a missing one, takes the last of two equal keys, and looks every key up in a list.
 * So a scan comes first: it finds the line of each key and lets only such text through as iniparser reads without
 * fault and without surprise. iniparser then sees a copy in memory, so that the file cannot change in between. */
#include "base/settings_table.h"

#include "base/files.h"

#include <ctype.h>
#include <errno.h>
#include <iniparser/iniparser.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    LARGEST_FILE = 1 << 20,
    LONGEST_LINE = 1000, /* iniparser's buffers hold 1024 */
    LONGEST_KEY = 96     /* "section.name" */
};

typedef struct span { /* of the text, not closed by a zero */
    const char *start;
    size_t length;
} span;

typedef struct found {
    const te_setting *row;
    size_t line;
} found;

typedef struct scanner {
    size_t line;               /* from 1 */
    char section[LONGEST_KEY]; /* present one; empty: none yet */
    found *keys;               /* in the order of the text */
    size_t count;
} scanner;

/* ---- the scan ---- */

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static span trim(const char *start, const char *end)
{
    while (start < end && is_blank(*start)) {
        start++;
    }
    while (start < end && is_blank(end[-1])) {
        end--;
    }
    return (span){start, (size_t)(end - start)};
}

/* `text` in small letters, as iniparser reads names, or an empty name if it does not fit. */
static void copy_lower(char *name, size_t bytes, span text)
{
    size_t length = text.length < bytes ? text.length : 0;
    for (size_t i = 0; i < length; i++) {
        name[i] = (char)tolower((unsigned char)text.start[i]);
    }
    name[length] = '\0';
}

static te_status scan_section(scanner *scan, span text)
{
    span name = trim(text.start + 1, text.start + text.length - 1);
    copy_lower(scan->section, sizeof scan->section, name);
    size_t length = strlen(scan->section);
    for (size_t row = 0; row < te_settings_count() && length > 0; row++) {
        const char *key = te_settings_get_info(row)->key;
        if (strncmp(key, scan->section, length) == 0 && key[length] == '.') {
            return TE_OK;
        }
    }
    char hint[TE_SETTING_HINT];
    return te_fail(TE_ERR_SETTING, "unknown section '[%.*s]'; %s", (int)(name.length < 80 ? name.length : 80), name.start,
                   te_setting_hint_section(hint, scan->section));
}

/* A value that starts with a quote must end with it; only a comment may follow. From version 4.2 on iniparser takes
 * backslashes out of quotes, where te_settings_set() would not see them any more. */
static te_status scan_quotes(const char *key, span value)
{
    if (value.length == 0 || (*value.start != '"' && *value.start != '\'')) {
        return TE_OK;
    }
    const char *end = value.start + value.length;
    const char *close = memchr(value.start + 1, *value.start, value.length - 1);
    if (!close) {
        return te_fail(TE_ERR_SETTING, "setting '%s' lacks its closing quote", key);
    }
    if (memchr(value.start, '\\', (size_t)(close - value.start))) {
        return te_fail(TE_ERR_SETTING, "setting '%s' holds a backslash; write folders with '/'", key);
    }
    span rest = trim(close + 1, end);
    if (rest.length > 0 && *rest.start != '#' && *rest.start != ';') {
        return te_fail(TE_ERR_SETTING, "setting '%s' has text behind its closing quote", key);
    }
    return TE_OK;
}

static te_status scan_key(scanner *scan, span text)
{
    const char *equals = memchr(text.start, '=', text.length);
    if (!equals || equals == text.start) {
        return te_fail(TE_ERR_SETTING, "expected '[section]', 'key = value' or '# comment', found '%.*s'",
                       (int)(text.length < 80 ? text.length : 80), text.start);
    }
    char name[LONGEST_KEY], key[2 * LONGEST_KEY];
    span written = trim(text.start, equals);
    copy_lower(name, sizeof name, written);
    if (scan->section[0] == '\0') {
        return te_fail(TE_ERR_SETTING, "'%.*s' stands before any '[section]'",
                       (int)(written.length < 80 ? written.length : 80), written.start);
    }
    snprintf(key, sizeof key, "%s.%s", scan->section, name);
    const te_setting *row = te_setting_find(key, strlen(key));
    if (!row) {
        char hint[TE_SETTING_HINT];
        return te_fail(TE_ERR_SETTING, "unknown setting '%s.%.*s'; %s", scan->section,
                       (int)(written.length < 80 ? written.length : 80), written.start, te_setting_hint(hint, key));
    }
    for (size_t i = 0; i < scan->count; i++) {
        if (scan->keys[i].row == row) {
            return te_fail(TE_ERR_SETTING, "setting '%s' was given in line %zu already; leave one out", key,
                           scan->keys[i].line);
        }
    }
    scan->keys[scan->count++] = (found){row, scan->line};
    return scan_quotes(key, trim(equals + 1, text.start + text.length));
}

static te_status scan_line(scanner *scan, span line)
{
    if (line.length >= LONGEST_LINE) {
        return te_fail(TE_ERR_SETTING, "the line has %zu characters; it must have less than %d", line.length,
                       LONGEST_LINE);
    }
    span text = trim(line.start, line.start + line.length);
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.start[i];
        if ((c < ' ' && c != '\t') || c == 127) {
            return te_fail(TE_ERR_SETTING, "the line holds a control character; is it a text file?");
        }
    }
    if (text.length == 0) {
        return TE_OK;
    }
    if (text.start[text.length - 1] == '\\') { /* iniparser would join the next line to it, comments included */
        return te_fail(TE_ERR_SETTING, "the line ends with '\\'; leave it out: lines are not continued");
    }
    if (*text.start == '#' || *text.start == ';') {
        return TE_OK;
    }
    if (*text.start == '[' && text.length > 1 && text.start[text.length - 1] == ']') {
        return scan_section(scan, text);
    }
    return scan_key(scan, text);
}

static te_status scan_text(scanner *scan, const char *text, size_t bytes, const char *name)
{
    const char *end = text + bytes;
    for (scan->line = 1; text < end; scan->line++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        span line = {text, (size_t)((newline ? newline : end) - text)};
        te_status status = scan_line(scan, line);
        if (status != TE_OK) {
            return te_fail_prefix(status, "'%.512s' line %zu: ", name, scan->line);
        }
        text = newline ? newline + 1 : end;
    }
    return TE_OK;
}

/* ---- reading ---- */

static int drop_message(const char *format, ...)
{
    (void)format;
    return 0;
}

static void silence_iniparser(void) /* its default prints to stderr; the setting is one for the process */
{
    iniparser_set_error_callback(drop_message);
}

static te_status write_fully(int descriptor, const char *text, size_t bytes)
{
    while (bytes > 0) {
        ssize_t now = write(descriptor, text, bytes);
        if (now > 0) {
            text += now;
            bytes -= (size_t)now;
        } else if (now == 0 || errno != EINTR) {
            return te_fail(TE_ERR_MEMORY, "cannot copy settings in memory: %s", strerror(errno));
        }
    }
    return TE_OK;
}

/* iniparser reads files by name only: the text goes into a file in memory, which has a name while it is open. */
static te_status parse_text(const char *text, size_t bytes, const char *name, dictionary **parsed)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, silence_iniparser);
    int descriptor = memfd_create("settings", MFD_CLOEXEC);
    if (descriptor < 0) {
        return te_fail(TE_ERR_FILE, "cannot make a file in memory to parse '%.512s': %s", name, strerror(errno));
    }
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    te_status status = write_fully(descriptor, text, bytes);
    if (status == TE_OK) {
        *parsed = iniparser_load(path);
        if (!*parsed) {
            status = te_fail(TE_ERR_FILE, "cannot parse '%.512s' through '%s'; is /proc mounted?", name, path);
        }
    }
    close(descriptor);
    return status;
}

static te_status take_value(te_settings *settings, const dictionary *parsed, found key, const char *name)
{
    char ini_key[LONGEST_KEY];
    snprintf(ini_key, sizeof ini_key, "%s", key.row->info.key);
    *strchr(ini_key, '.') = ':';
    const char *value = iniparser_getstring(parsed, ini_key, NULL);
    te_status status = value ? te_settings_set(settings, key.row->info.key, value)
                             : te_fail(TE_ERR_SETTING, "setting '%s' cannot be parsed", key.row->info.key);
    return status == TE_OK ? TE_OK : te_fail_prefix(status, "'%.512s' line %zu: ", name, key.line);
}

te_status te_settings_load_memory(te_settings *settings, const char *text, size_t bytes, const char *name)
{
    static const char mark[] = "\xEF\xBB\xBF"; /* some editors put it before UTF-8 */
    if (bytes > LARGEST_FILE) {
        return te_fail(TE_ERR_SETTING, "'%.512s' has %zu bytes; settings have at most %d", name, bytes,
                       LARGEST_FILE);
    }
    if (bytes >= sizeof mark - 1 && memcmp(text, mark, sizeof mark - 1) == 0) {
        text += sizeof mark - 1;
        bytes -= sizeof mark - 1;
    }
    dictionary *parsed = NULL;
    te_settings *fresh = NULL; /* so that a failure leaves `settings` as they are */
    scanner scan = {0};
    te_status status = TE_OK;
    scan.keys = te_alloc(te_settings_count(), sizeof *scan.keys, "the keys of settings");
    if (!scan.keys) {
        status = TE_ERR_MEMORY;
        goto out;
    }
    TE_TRY_OUT(te_settings_copy(&fresh, settings));
    TE_TRY_OUT(scan_text(&scan, text, bytes, name));
    TE_TRY_OUT(parse_text(text, bytes, name, &parsed));
    for (size_t i = 0; i < scan.count; i++) {
        TE_TRY_OUT(take_value(fresh, parsed, scan.keys[i], name));
    }
    *settings = *fresh;
out:
    iniparser_freedict(parsed);
    te_settings_free(fresh);
    free(scan.keys);
    return status;
}

te_status te_settings_load(te_settings *settings, const char *path)
{
    TE_NEED(settings, path);
    uint8_t *text;
    size_t bytes;
    TE_TRY(te_file_read(path, LARGEST_FILE, &text, &bytes));
    te_status status = te_settings_load_memory(settings, (const char *)text, bytes, path);
    free(text);
    return status;
}

/* ---- writing ---- */

/* Texts go into quotes, the kind that they do not hold themselves: '#', ';' and spaces are then safe. */
static te_status print_setting(FILE *stream, const te_settings *settings, const te_setting *row)
{
    char value[TE_TEXT_SETTING];
    TE_TRY(te_settings_get(settings, row->info.key, value, sizeof value));
    const char *quote = strcmp(row->info.type, "text") != 0 ? "" : strchr(value, '"') ? "'" : "\"";
    fprintf(stream, "\n# %s (%s; default %s)\n", row->info.help, row->info.limits,
            *row->info.default_value ? row->info.default_value : "empty");
    fprintf(stream, "%s = %s%s%s\n", strchr(row->info.key, '.') + 1, quote, value, quote);
    return TE_OK;
}

te_status te_settings_save_to(const te_settings *settings, FILE *stream)
{
    TE_NEED(settings, stream);
    const char *section = "";
    for (size_t index = 0; index < te_settings_count(); index++) {
        const te_setting *row = te_setting_get(index);
        size_t length = strcspn(row->info.key, ".") + 1;
        if (strncmp(section, row->info.key, length) != 0) {
            section = row->info.key;
            fprintf(stream, "%s[%.*s]\n", index ? "\n" : "", (int)length - 1, section);
        }
        TE_TRY(print_setting(stream, settings, row));
    }
    return TE_OK;
}

te_status te_settings_save(const te_settings *settings, const char *path)
{
    TE_NEED(settings, path);
    te_file_writer writer;
    TE_TRY(te_file_writer_open(&writer, path));
    te_status status = te_settings_save_to(settings, writer.stream);
    status = status == TE_OK ? te_file_writer_commit(&writer) : status;
    te_file_writer_abandon(&writer);
    return status;
}
