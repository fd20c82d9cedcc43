/* Characters of more than one byte. */
#ifndef TE_BASE_UTF8_H
#define TE_BASE_UTF8_H

#include <stddef.h>

/* Bytes of the character at `text`, or 0: what is there is no UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above
 * U+10FFFF), or a control character that XML cannot hold. */
size_t te_utf8_length(const char *text);

#endif
