/* The census of a data set: what is in its files, and what is wrong with them. */
#ifndef TE_DATA_CENSUS_H
#define TE_DATA_CENSUS_H

#include "data/mean.h"
#include "data/tally.h"

enum { TE_CENSUS_PROBLEMS = 1000 }; /* kept at most */

struct te_census {
    te_dataset *dataset;
    te_split split;
    int task_count, classes;         /* of semseg */
    te_task_id tasks[TE_TASK_COUNT];
    te_census_info info;
    te_tally tallies[TE_TASK_COUNT]; /* of tasks[t] */
    uint64_t absent[TE_TASK_COUNT], broken[TE_TASK_COUNT];
    te_mean *mean;
    te_strays strays[TE_TASK_COUNT]; /* the same of both splits */
    char *problems[TE_CENSUS_PROBLEMS];
};

#endif
