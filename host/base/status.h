/* Status codes and the one message that explains a failure.
 *
 * Every fallible function returns a te_status. Where a failure happens, te_fail() writes one line for
 * the calling thread; callers pass the status on unchanged, so the message is written exactly once.
 */
#ifndef TE_BASE_STATUS_H
#define TE_BASE_STATUS_H

#include "taskexpert.h"

#if defined(__GNUC__)
#define TE_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define TE_PRINTF(text, first)
#endif

enum { TE_MESSAGE_BYTES = 2048 }; /* room for a message; longer ones are cut */

/* Record the message of a failure and return `status`, so that `return te_fail(...)` reads well.
 * The subject goes in single quotes, the remedy last: "cannot open 'a.ini': no such file". */
te_status te_fail(te_status status, const char *format, ...) TE_PRINTF(2, 3);

/* Put `prefix` (for example a file name) in front of the message recorded last. */
te_status te_fail_prefix(te_status status, const char *format, ...) TE_PRINTF(2, 3);

/* Put a text behind the last message: what to do about it here. */
te_status te_fail_suffix(te_status status, const char *more);

/* Pass a failure on: leave the calling function with the status of `call` unless it is TE_OK. */
#define TE_TRY(call)                       \
    do {                                   \
        te_status te_try_ = (call);        \
        if (te_try_ != TE_OK) {            \
            return te_try_;                \
        }                                  \
    } while (0)

/* In a function of the public header, first of all: leave it with TE_ERR_ARGUMENT where one of these pointers is NULL. */
#define TE_NEED(...)                                                                \
    TE_TRY(te_need(__func__, #__VA_ARGS__, (const void *const[]){__VA_ARGS__},      \
                   sizeof((const void *const[]){__VA_ARGS__}) / sizeof(const void *)))
te_status te_need(const char *function, const char *names_of_all, const void *const *pointers, size_t count);

/* The same for functions that release resources at their `out:` label through `status`. */
#define TE_TRY_OUT(call)                   \
    do {                                   \
        status = (call);                   \
        if (status != TE_OK) {             \
            goto out;                      \
        }                                  \
    } while (0)

/* calloc() of `count` elements of `size` bytes; on failure records a message naming `what` and returns NULL. */
void *te_alloc(size_t count, size_t size, const char *what);

/* realloc() to `count` elements of `size` bytes, overflow checked; `pointer` stays valid on failure (NULL). */
void *te_realloc(void *pointer, size_t count, size_t size, const char *what);

#endif
