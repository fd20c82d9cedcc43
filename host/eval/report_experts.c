/* Who uses which expert: the tables of a report. */
#include "eval/report.h"

static void write_gates(FILE *page, const te_scores *scores, int tap)
{
    const te_config *config = &scores->config;
    fprintf(page, "<table><caption>after block %d</caption><thead><tr><th scope=\"col\">task</th>", config->taps[tap]);
    for (int s = 0; s < config->scores; s++) {
        if (config->memory && s == config->scores - 1) {
            fprintf(page, "<th scope=\"col\" class=\"n\">memory</th>");
        } else {
            fprintf(page, "<th scope=\"col\" class=\"n\">%d</th>", s + 1);
        }
    }
    fprintf(page, "<th scope=\"col\" class=\"n\">entropy</th></tr></thead><tbody>\n");
    for (int t = 0; t < config->task_count; t++) {
        fprintf(page, "<tr><th scope=\"row\">%s</th>", config->task_names[t]);
        for (int s = 0; s < config->scores; s++) {
            double share = te_gate_usage_get_mean(scores->gates, tap, t, s);
            fprintf(page, "<td style=\"background:rgba(64,124,196,%.2f)\">%.1f</td>", 0.75 * share, 100 * share);
        }
        fprintf(page, "<td>%.2f</td></tr>\n", te_gate_usage_get_entropy(scores->gates, tap, t));
    }
    fprintf(page, "</tbody></table>\n");
}

void te_report_write_experts(FILE *page, const te_scores *scores)
{
    fprintf(page, "<h2 id=\"experts\">Who uses which expert</h2>\n<p>Mean gate score of each task for each expert%s, in %%, "
            "over the tokens of all pictures, at each tap of the backbone. The entropy is the mean of the tokens': 0 where one "
            "score takes all, 1 where all are equal.</p>\n<div class=\"taps\">\n",
            scores->config.memory ? " and for its memory" : "");
    for (int tap = 0; tap < scores->config.tap_count; tap++) {
        fprintf(page, "<div class=\"wide\">");
        write_gates(page, scores, tap);
        fprintf(page, "</div>");
    }
    fprintf(page, "</div>\n");
}
