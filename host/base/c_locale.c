#include "base/c_locale.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static locale_t plain; /* made once, never freed; 0 where there is no memory for it */

static void make(void)
{
    plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

locale_t te_c_locale_enter(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make);
    return uselocale(plain); /* 0 changes nothing */
}

void te_c_locale_leave(locale_t before)
{
    uselocale(before);
}

int te_print(char *text, size_t bytes, const char *format, ...)
{
    va_list arguments;
    locale_t before = te_c_locale_enter();
    va_start(arguments, format);
    int length = vsnprintf(text, bytes, format, arguments);
    va_end(arguments);
    te_c_locale_leave(before);
    return length;
}

double te_read_double(const char *text, char **end)
{
    locale_t before = te_c_locale_enter();
    double value = strtod(text, end);
    te_c_locale_leave(before);
    return value;
}

float te_read_float(const char *text, char **end)
{
    locale_t before = te_c_locale_enter();
    float value = strtof(text, end);
    te_c_locale_leave(before);
    return value;
}
