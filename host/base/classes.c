#include "base/classes.h"

#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

/* ---- sets of classes known by their number ---- */

static const char *const pascal[] = {
    "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
    "table", "dog", "horse", "motorbike", "person", "potted plant", "sheep", "sofa", "train", "tv monitor",
};

/* In the order of te_rooms_class (data/rooms.h). */
static const char *const rooms[] = {
    "wall", "floor", "ceiling", "door", "window", "curtain", "picture", "table", "chair", "sofa", "bed",
    "pillow", "cabinet", "shelf", "books", "lamp", "plant", "rug", "television", "box", "object", "person",
};

static const char *const nyud[] = {
    "wall", "floor", "cabinet", "bed", "chair", "sofa", "table", "door", "window", "bookshelf",
    "picture", "counter", "blinds", "desk", "shelves", "curtain", "dresser", "pillow", "mirror", "floor mat",
    "clothes", "ceiling", "books", "refrigerator", "television", "paper", "towel", "shower curtain", "box",
    "whiteboard", "person", "night stand", "toilet", "sink", "lamp", "bathtub", "bag", "other structure",
    "other furniture", "other prop",
};

static const char *const parts[] = {
    "background", "head", "torso", "upper arms", "lower arms", "upper legs", "lower legs",
};

#define SET(task, names) {task, (int)(sizeof names / sizeof names[0]), names}
static const struct {
    te_task_id task;
    int count;
    const char *const *names;
} sets[] = {SET(TE_SEMSEG, pascal), SET(TE_SEMSEG, rooms), SET(TE_SEMSEG, nyud), SET(TE_HUMAN_PARTS, parts)};

static const char *find_known(const te_classes *classes, int index)
{
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        if (sets[i].task == classes->task && sets[i].count == classes->count && index < sets[i].count) {
            return sets[i].names[index];
        }
    }
    return NULL;
}

/* ---- names of one's own ---- */

/* The next of a list separated by commas, without the blanks around it: its start, with its length in `*length` and `*list`
 * moved behind its comma. NULL at the end, also of a list that is blank. */
static const char *next_name(const char **list, size_t *length)
{
    const char *start = *list;
    if (!start) {
        return NULL;
    }
    const char *end = start + strcspn(start, ",");
    *list = *end ? end + 1 : NULL;
    start += strspn(start, " ");
    while (end > start && end[-1] == ' ') {
        end--;
    }
    *length = end > start ? (size_t)(end - start) : 0;
    return start;
}

static bool is_blank(const char *names)
{
    return !names || names[strspn(names, " ")] == '\0';
}

/* Do files and terminals hold all of it? */
static bool is_printable(const char *text)
{
    while (*text) {
        size_t bytes = te_utf8_length(text);
        bool control = (unsigned char)text[0] == 0xC2 && (unsigned char)text[1] < 0xA0; /* U+0080 to U+009F */
        if (!bytes || control) {
            return false;
        }
        text += bytes;
    }
    return true;
}

te_status te_class_names_check(const char *key, const char *names)
{
    const char *rest = is_blank(names) ? NULL : names, *name;
    size_t length;
    if (!is_printable(names)) {
        return te_fail(TE_ERR_SETTING, "setting '%s' is no UTF-8, or holds a control character: write the names as text", key);
    }
    for (int c = 0; (name = next_name(&rest, &length)) != NULL; c++) {
        if (!length) {
            return te_fail(TE_ERR_SETTING, "setting '%s' is '%s', where class %d has no name: write one, or leave a "
                           "comma out", key, names, c);
        }
        if (length >= TE_CLASS_NAME) {
            return te_fail(TE_ERR_SETTING, "setting '%s' calls class %d '%.*s', which has %zu bytes: shorten it to %d", key, c,
                           (int)length, name, length, TE_CLASS_NAME - 1);
        }
    }
    return TE_OK;
}

te_status te_classes_check(const te_settings *settings)
{
    const char *names = settings->model.semseg_names, *rest = is_blank(names) ? NULL : names;
    size_t length;
    int count = 0;
    while (next_name(&rest, &length)) {
        count++;
    }
    return count <= settings->model.semseg_classes
               ? TE_OK
               : te_fail(TE_ERR_SETTING, "'model.semseg_names' is '%s', %d names, but 'model.semseg_classes' is %d: leave "
                         "names out, or set it to %d", names, count, settings->model.semseg_classes, count);
}

static bool copy_own(const char *names, int index, char name[TE_CLASS_NAME])
{
    size_t length = 0;
    const char *found = next_name(&names, &length);
    for (; found && index > 0; index--) {
        found = next_name(&names, &length);
    }
    if (found && length) {
        snprintf(name, TE_CLASS_NAME, "%.*s", (int)length, found);
    }
    return found && length;
}

/* ---- both ---- */

te_classes te_classes_of(const te_settings *settings, te_task_id task)
{
    bool semseg = task == TE_SEMSEG;
    return (te_classes){.task = task, .count = semseg ? settings->model.semseg_classes : te_tasks[task].channels,
                        .names = semseg ? settings->model.semseg_names : NULL};
}

bool te_class_name(const te_classes *classes, int index, char name[TE_CLASS_NAME])
{
    bool own = classes->task == TE_SEMSEG && !is_blank(classes->names);
    if (own && index >= 0 && copy_own(classes->names, index, name)) {
        return true;
    }
    const char *known = own || index < 0 ? NULL : find_known(classes, index);
    known = index == 255 ? "no label" : known;
    if (known) {
        snprintf(name, TE_CLASS_NAME, "%s", known);
    } else {
        snprintf(name, TE_CLASS_NAME, "class %d", index);
    }
    return known != NULL;
}
