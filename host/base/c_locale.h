/* Numbers in files, settings and pictures have a point, whatever locale the program around the library has set. */
#ifndef TE_BASE_C_LOCALE_H
#define TE_BASE_C_LOCALE_H

#include "base/status.h"

#include <locale.h>

/* The "C" locale for this thread, until te_c_locale_leave() gets what this returned. */
locale_t te_c_locale_enter(void);
void te_c_locale_leave(locale_t before);

/* snprintf() in the "C" locale. */
int te_print(char *text, size_t bytes, const char *format, ...) TE_PRINTF(3, 4);

/* strtod() and strtof() in the "C" locale. */
double te_read_double(const char *text, char **end);
float te_read_float(const char *text, char **end);

#endif
