/* What the classes of semseg and human_parts are called. */
#ifndef TE_BASE_CLASSES_H
#define TE_BASE_CLASSES_H

#include "base/settings.h"
#include "base/task.h"

#include <stdbool.h>

enum { TE_CLASS_NAME = 24 }; /* bytes of a name */

/* The classes of a task's maps. Of a task without classes its id alone means something. */
typedef struct te_classes {
    te_task_id task;
    int count;         /* that the model tells apart */
    const char *names; /* of semseg, as the setting model.semseg_names has them; NULL or empty: they go by the number */
} te_classes;

/* Of a model with these settings, whose text is referred to. */
te_classes te_classes_of(const te_settings *settings, te_task_id task);

/* Write the name of class `index`. Without names of its own a set of classes is known by their number: PASCAL's 21, the
 * generated rooms' 22, NYUD's 40, the 7 of human_parts; 255 is "no label". False: it has no name and is called "class 12". */
bool te_class_name(const te_classes *classes, int index, char name[TE_CLASS_NAME]);

/* Do such names have the form that the setting's help describes? Said of the setting `key`. */
te_status te_class_names_check(const char *key, const char *names);

/* Are there no more of them than classes? */
te_status te_classes_check(const te_settings *settings);

#endif
