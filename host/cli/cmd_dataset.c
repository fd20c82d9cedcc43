/* taskexpert dataset check: what is in the files of a data set, and what is wrong with them. */
#include "message.h"
#include "options.h"
#include "progress.h"
#include "resolve.h"
#include "stop.h"
#include "table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OUT, CONFIG, SPLIT, COUNT };

static const cli_option options[] = {
    [OUT] = {'o', "out", "FOLDER", "also write check_<split>.json and check_<split>.png, the mean picture and labels", CLI_MAY},
    [CONFIG] = CLI_OPTION_CONFIG,
    [SPLIT] = {0, "split", "SPLIT", "train, val or both; default both", CLI_MAY},
    [COUNT] = {0, "count", "N", "look only at the first N pictures of each split", CLI_MAY},
    {0},
};

enum { SHOWN = 20 /* problems of a split */ };

typedef struct job {
    const cli_arguments *arguments;
    te_settings *settings;
    uint64_t count;              /* of --count; 0: all */
    uint64_t pictures, problems; /* of all splits so far */
    int lists, broken_lists;
    int strays_told;             /* bool: they are the same of both splits */
} job;

/* ---- what was found ---- */

/* "64", "64 to 80" */
static const char *print_range(char text[32], int least, int most)
{
    snprintf(text, 32, least == most ? "%d" : "%d to %d", least, most);
    return text;
}

static void print_head(const char *split, const te_census_info *info)
{
    printf("%s: %" PRIu64 " %s", split, info->pictures, info->list ? "pictures of " : "generated rooms");
    if (info->list) {
        printf("'%s'", info->list);
    }
    if (info->max_width) {
        char width[32], height[32];
        printf(", %s pixels wide, %s high", print_range(width, info->min_width, info->max_width),
               print_range(height, info->min_height, info->max_height));
    }
    putchar('\n');
    if (info->unlabelled) {
        printf("%" PRIu64 " of them have no label of any task\n", info->unlabelled);
    }
}

static void print_problems(const te_census *census, uint64_t count)
{
    size_t i = 0;
    for (const char *line; i < SHOWN && (line = te_census_get_problem(census, i)) != NULL; i++) {
        printf("  %s\n", line);
    }
    if (count > i) {
        printf("  and %" PRIu64 " more\n", count - i);
    }
}

static double percent(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void describe_content(const te_census *census, size_t index, const te_census_task *task, char *text, size_t bytes)
{
    const char *name = task->task;
    int held = 0;
    for (int c = 0; c < task->classes; c++) {
        te_census_class entry;
        held += te_census_get_class(census, index, c, &entry) == TE_OK && entry.pixels > 0;
    }
    *text = '\0';
    if (task->classes) {
        snprintf(text, bytes, "%d of %d classes", held, task->classes);
    } else if (task->valid && strcmp(name, "depth") == 0) {
        snprintf(text, bytes, "%.3g to %.4g m, mean %.4g m", task->min, task->max, task->mean);
    } else if (task->valid && strcmp(name, "normals") == 0) {
        snprintf(text, bytes, "length %.3g to %.3g, mean %.4g", task->min, task->max, task->mean);
    } else if (task->valid) {
        snprintf(text, bytes, "%.3g %% %s", percent(task->positive, task->valid), strcmp(name, "sal") ? "edges" : "salient");
    }
}

static int print_tasks(const te_census *census)
{
    static const char *const heads[] = {"task", "labels", "none", "broken", "valid pixels", "content"};
    cli_table table = {.alignment = "lrrrrl"};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        cli_table_add(&table, "%s", heads[i]);
    }
    for (size_t i = 0; i < te_census_count_tasks(census); i++) {
        te_census_task task;
        char content[96];
        CLI_TRY(cli_report(te_census_get_task(census, i, &task)));
        describe_content(census, i, &task, content, sizeof content);
        cli_table_add(&table, "%s", task.task);
        cli_table_add(&table, "%" PRIu64, task.labels);
        cli_table_add(&table, "%" PRIu64, task.absent);
        cli_table_add(&table, "%" PRIu64, task.broken);
        if (task.pixels) {
            cli_table_add(&table, "%.1f %%", percent(task.valid, task.pixels));
        } else {
            cli_table_add(&table, "%s", "");
        }
        cli_table_add(&table, "%s", content);
    }
    return cli_table_print(&table, 0);
}

static int print_classes(const te_census *census, size_t index, const te_census_task *task)
{
    cli_table table = {.alignment = "rlrr"};
    cli_table_add(&table, "%s", "");
    cli_table_add(&table, "%s", task->task);
    cli_table_add(&table, "pixels");
    cli_table_add(&table, "pictures");
    for (int c = 0; c < task->classes; c++) {
        te_census_class entry;
        CLI_TRY(cli_report(te_census_get_class(census, index, c, &entry)));
        cli_table_add(&table, "%d", c);
        cli_table_add(&table, "%s", entry.name ? entry.name : "");
        cli_table_add(&table, "%.2f %%", percent(entry.pixels, task->valid));
        cli_table_add(&table, "%" PRIu64, entry.pictures);
    }
    return cli_table_print(&table, 0);
}

/* A label of another name or kind than its picture needs is not found, and looks like one that nobody made. */
static int warn_of_strays(job *at, const te_census *census)
{
    for (size_t i = 0; i < te_census_count_tasks(census) && !at->strays_told; i++) {
        te_census_task task;
        char line[CLI_TEXT];
        CLI_TRY(cli_report(te_census_get_task(census, i, &task)));
        if (task.strays) {
            snprintf(line, sizeof line, "%" PRIu64 " files among the labels of '%s' belong to no listed picture, the first "
                     "'%s'", task.strays, task.task, task.stray);
            cli_message_log(TE_LOG_WARNING, line, NULL);
        }
    }
    at->strays_told = 1;
    return CLI_OK;
}

static int print_census(const te_census *census, const char *split, const te_census_info *info)
{
    print_head(split, info);
    print_problems(census, info->problems);
    CLI_TRY(print_tasks(census));
    for (size_t i = 0; i < te_census_count_tasks(census); i++) {
        te_census_task task;
        CLI_TRY(cli_report(te_census_get_task(census, i, &task)));
        if (task.classes && task.labels) {
            putchar('\n');
            CLI_TRY(print_classes(census, i, &task));
        }
    }
    putchar('\n');
    return cli_flush_results();
}

/* ---- the walk ---- */

/* What could not be written after an hour of reading should be told of now. */
static int make_out(const char *out)
{
    bool made = mkdir(out, 0777) == 0 || errno == EEXIST;
    return made && access(out, W_OK | X_OK) == 0 ? CLI_OK : cli_fail(CLI_FILE, "cannot write into the folder '%s': %s", out,
                                                                     strerror(errno));
}

static te_status after_picture(const te_census_report *report, void *context)
{
    (void)context;
    cli_progress_set_total(report->count);
    cli_progress_end(report->done - 1, report->picture);
    if (report->done < report->count) {
        cli_progress_begin(report->done, "");
    }
    return TE_OK;
}

/* A list that cannot be read is told like a broken file; the other split is looked at all the same. */
static int check_split(job *at, const char *split)
{
    te_census *census = NULL;
    te_census_info info;
    te_census_options how = {.split = split, .count = at->count, .report = after_picture};
    cli_progress_start(1, cli_message_get_level() < 0);
    te_status status = te_census_run(&census, at->settings, &how);
    cli_progress_clear();
    at->lists++;
    if (status == TE_ERR_INTERRUPTED) {
        return cli_fail(CLI_INTERRUPTED, "interrupted");
    }
    if (status == TE_ERR_FILE || status == TE_ERR_FORMAT) {
        printf("%s: %s\n\n", split, te_last_error());
        at->broken_lists++;
        return CLI_OK;
    }
    CLI_TRY(cli_report(status));
    int result = cli_report(te_census_get_info(census, &info));
    result = result == CLI_OK ? print_census(census, split, &info) : result;
    result = result == CLI_OK ? warn_of_strays(at, census) : result;
    if (result == CLI_OK && at->arguments->option[OUT]) {
        result = cli_report(te_census_save(census, at->arguments->option[OUT]));
    }
    at->pictures += info.pictures;
    at->problems += info.problems;
    te_census_free(census);
    return result;
}

static int check(job *at)
{
    const char *split = at->arguments->option[SPLIT] ? at->arguments->option[SPLIT] : "both";
    int both = strcmp(split, "both") == 0, train = strcmp(split, "train") == 0, val = strcmp(split, "val") == 0;
    cli_sources sources = {.config = at->arguments->option[CONFIG], .words = at->arguments->settings,
                           .word_count = at->arguments->setting_count};
    if (!both && !train && !val) {
        return cli_fail(CLI_USAGE, "option '--split' is '%s'; it must be train, val or both", split);
    }
    if (at->arguments->option[COUNT]) {
        CLI_TRY(cli_number("count", at->arguments->option[COUNT], 1, INT64_MAX, &at->count));
    }
    CLI_TRY(cli_resolve(&at->settings, &sources));
    CLI_TRY(at->arguments->option[OUT] ? make_out(at->arguments->option[OUT]) : CLI_OK);
    cli_stop_install(CLI_STOP_SOON);
    if (both || train) {
        CLI_TRY(check_split(at, "train"));
    }
    if (both || val) {
        CLI_TRY(check_split(at, "val"));
    }
    printf("%d of %d lists read, %" PRIu64 " pictures, %" PRIu64 " files missing or broken\n", at->lists - at->broken_lists,
           at->lists, at->pictures, at->problems);
    return at->problems || at->broken_lists ? CLI_INPUT_FAILED : CLI_OK;
}

static int run(const cli_arguments *arguments)
{
    job at = {.arguments = arguments};
    if (strcmp(arguments->operands[0], "check") != 0) {
        return cli_fail(CLI_USAGE, "'dataset' does not know '%s'; it can 'check'", arguments->operands[0]);
    }
    int status = check(&at);
    te_settings_free(at.settings);
    return status;
}

const cli_command cli_dataset = {
    .name = "dataset",
    .summary = "look through a data set: what is in it, what is broken",
    .operands = "check",
    .least = 1,
    .most = 1,
    .takes_settings = 1,
    .description =
        "Opens every picture and label file of the data set that [data] describes, for the tasks of model.tasks, and tells of "
        "each split what is in it: sizes of the pictures; for each task how many have a label, have none, or have one that is "
        "broken, the share of pixels that are not ignored, the range of depth, the length of normals, the share of salient "
        "pixels and edges; for each class its share of the pixels and the pictures that hold it.\n"
        "A file that is missing or broken is one line that says why, of each split the first 20; the last line has the sums. "
        "That a picture has no label of a task is no error. Files among the labels that belong to no picture of the lists are "
        "a warning.\n"
        "No device is needed. data.threads threads read the files.",
    .options = options,
    .run = run,
};
