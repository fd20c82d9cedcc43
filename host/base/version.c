#include "taskexpert.h"

const char *te_version(void)
{
    return TE_VERSION;
}
