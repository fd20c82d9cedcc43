/* The parts of the page that te_scores_save_report() writes. All of it is both HTML and well-formed XML. */
#ifndef TE_EVAL_REPORT_H
#define TE_EVAL_REPORT_H

#include "eval/scores.h"

#include <stdio.h>

/* What it looks like: for the style element. */
extern const char te_report_style[];

/* What the numbers of task t come from: curves, histograms, confusion. */
void te_report_write_figures(FILE *page, const te_scores *scores, int t);

/* The best and the worst pictures of task t beside their labels. */
te_status te_report_write_gallery(FILE *page, const te_scores *scores, int t);

/* Who uses which expert: a table for every tap. */
void te_report_write_experts(FILE *page, const te_scores *scores);

/* Name of a class of task t, for people; `buffer` is used for those without one. */
const char *te_report_class(const te_scores *scores, int t, int c, char buffer[64]);

/* The primary score of task t, or NULL. */
const te_score *te_report_primary(const te_scores *scores, int t);

#endif
