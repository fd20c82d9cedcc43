/* What most test programs need of cmocka, and an assertion on the library's status. */
#ifndef TESTS_SUPPORT_ASSERT_H
#define TESTS_SUPPORT_ASSERT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "taskexpert.h"

/* The call is made well, or the test fails with the library's message. */
#define assert_ok(call)                                 \
    do {                                                \
        if ((call) != TE_OK) {                          \
            fail_msg("%s: %s", #call, te_last_error()); \
        }                                               \
    } while (0)

#endif
