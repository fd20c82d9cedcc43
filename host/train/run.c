#include "train/run.h"

#include "base/files.h"
#include "train/curves.h"
#include "train/trainer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Columns of log.csv before those of the tasks. */
enum { RATE, TOTAL, NORM, SECONDS, WAITED, FIRST_LOSS };

struct te_run {
    char *folder;
    int lock; /* the folder, held open */
    int task_count;
    te_history *log, *validations;
};

char *te_run_path(const te_run *run, const char *name)
{
    return te_path_join(run->folder, name);
}

/* ---- opening ---- */

/* One run at a time: two would write over each other's checkpoints. Where a file system knows no locks, none are held. */
static te_status lock_folder(te_run *run)
{
    run->lock = open(run->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (run->lock < 0) {
        return te_fail(TE_ERR_FILE, "cannot open folder '%s': %s", run->folder, strerror(errno));
    }
    if (flock(run->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        return te_fail(TE_ERR_FILE, "the folder '%s' is used by a run that is under way: use another folder",
                       run->folder);
    }
    return TE_OK;
}

static te_status is_there(const char *path, bool *found)
{
    struct stat facts;
    *found = lstat(path, &facts) == 0 || errno != ENOENT;
    return TE_OK;
}

/* Of a file that is no checkpoint nobody knows what it is worth. */
static te_status holds_steps(const char *path, bool *found)
{
    int64_t step;
    TE_TRY(is_there(path, found));
    *found = *found && (te_checkpoint_read_step(path, &step) != TE_OK || step > 0);
    return TE_OK;
}

static te_status fail_old_run(const te_run *run, const char *sign)
{
    int64_t step;
    char *last = te_run_path(run, "last.safetensors");
    if (!last) {
        return TE_ERR_MEMORY;
    }
    bool resumable = te_checkpoint_read_step(last, &step) == TE_OK;
    te_fail(TE_ERR_FILE, "the folder '%s' holds a run already ('%s'): use another folder%s%s%s", run->folder, sign,
            resumable ? ", or resume '" : "", resumable ? last : "", resumable ? "'" : "");
    free(last);
    return TE_ERR_FILE;
}

/* Steps that were taken are not written over. A start that failed before its first (a full disk, a broken label) leaves a
 * checkpoint of step 0 at most, and tables without rows. */
static te_status refuse_old_run(const te_run *run)
{
    static const struct {
        const char *name;
        te_status (*look)(const char *path, bool *found);
    } signs[] = {{"log.csv", te_history_has_rows}, {"validation.csv", te_history_has_rows},
                 {"last.safetensors", holds_steps}, {"best.safetensors", is_there}};
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        bool found;
        char *path = te_run_path(run, signs[i].name);
        te_status status = path ? signs[i].look(path, &found) : TE_ERR_MEMORY;
        free(path);
        TE_TRY(status);
        TE_TRY(found ? fail_old_run(run, signs[i].name) : TE_OK);
    }
    return TE_OK;
}

/* The tables of such a start may have other columns. Its checkpoint stays until there is another. */
static te_status begin_anew(const te_run *run)
{
    TE_TRY(refuse_old_run(run));
    unlinkat(run->lock, "log.csv", 0);
    unlinkat(run->lock, "validation.csv", 0);
    return TE_OK;
}

/* What a killed process left of the files that it was writing ("last.safetensors.123-4.part"). */
static void remove_leftovers(const te_run *run)
{
    DIR *folder = opendir(run->folder);
    const struct dirent *entry;
    while (folder && (entry = readdir(folder)) != NULL) {
        size_t length = strlen(entry->d_name);
        bool ours = strncmp(entry->d_name, "last.safetensors.", 17) == 0 ||
                    strncmp(entry->d_name, "best.safetensors.", 17) == 0;
        if (ours && strcmp(entry->d_name + length - 5, ".part") == 0) {
            unlinkat(run->lock, entry->d_name, 0);
        }
    }
    if (folder) {
        closedir(folder);
    }
}

static te_status open_table(const te_run *run, te_history **table, const char *name, const char *const *columns,
                            int count, int64_t last)
{
    char *path = te_run_path(run, name);
    te_status status = path ? te_history_open(table, path, columns, count, last) : TE_ERR_MEMORY;
    free(path);
    return status;
}

static te_status open_tables(te_run *run, const te_config *config, int64_t taken)
{
    const char *columns[FIRST_LOSS + TE_TASK_COUNT] = {"rate", "total", "norm", "seconds", "waited"};
    memcpy(columns + FIRST_LOSS, config->task_names, (size_t)config->task_count * sizeof *columns);
    TE_TRY(open_table(run, &run->log, "log.csv", columns, FIRST_LOSS + config->task_count, taken));
    const char *validated[1 + TE_TASK_COUNT] = {"total"};
    memcpy(validated + 1, config->task_names, (size_t)config->task_count * sizeof *validated);
    return open_table(run, &run->validations, "validation.csv", validated, 1 + config->task_count, taken);
}

static te_status save_settings(const te_run *run, const te_settings *settings)
{
    char *path = te_run_path(run, "settings.ini");
    te_status status = path ? te_settings_save(settings, path) : TE_ERR_MEMORY;
    free(path);
    return status;
}

te_status te_run_open(te_run **run, const char *folder, const te_settings *settings, const te_config *config,
                      bool home, int64_t taken)
{
    te_run *made = te_alloc(1, sizeof *made, "a run folder");
    if (!made) {
        return TE_ERR_MEMORY;
    }
    te_status status;
    made->lock = -1;
    made->task_count = config->task_count;
    made->folder = te_path_join("", folder);
    TE_TRY_OUT(made->folder ? te_folder_make(folder) : TE_ERR_MEMORY);
    TE_TRY_OUT(lock_folder(made));
    TE_TRY_OUT(home ? TE_OK : begin_anew(made));
    remove_leftovers(made);
    TE_TRY_OUT(save_settings(made, settings));
    TE_TRY_OUT(open_tables(made, config, taken));
    *run = made;
    return TE_OK;
out:
    te_run_close(made);
    return status;
}

void te_run_close(te_run *run)
{
    if (run) {
        te_history_close(run->log);
        te_history_close(run->validations);
        if (run->lock >= 0) {
            close(run->lock);
        }
        free(run->folder);
        free(run);
    }
}

/* ---- while it goes on ---- */

te_status te_run_add_step(te_run *run, const te_train_report *report)
{
    double values[FIRST_LOSS + TE_TASK_COUNT] = {[RATE] = (double)report->rate, [TOTAL] = (double)report->total,
                                                 [NORM] = (double)report->norm, [SECONDS] = report->seconds,
                                                 [WAITED] = report->waited};
    for (int t = 0; t < run->task_count; t++) {
        values[FIRST_LOSS + t] = (double)report->losses[t];
    }
    return te_history_add(run->log, report->step, values);
}

te_status te_run_add_validation(te_run *run, int64_t step, const te_validated *result)
{
    double values[1 + TE_TASK_COUNT] = {result->total};
    memcpy(values + 1, result->losses, (size_t)run->task_count * sizeof *values);
    return te_history_add(run->validations, step, values);
}

te_status te_run_draw_curves(const te_run *run)
{
    char *path = te_run_path(run, "curves.svg");
    te_status status = path ? te_curves_save(path, run->log, run->validations) : TE_ERR_MEMORY;
    free(path);
    return status;
}

te_status te_run_draw_sheet(const te_run *run, int64_t step, const te_validation *validation, const char *footer)
{
    char name[64];
    snprintf(name, sizeof name, "sheets/step_%06lld.png", (long long)step);
    char *path = te_run_path(run, name), *folder = te_run_path(run, "sheets");
    te_status status = path && folder ? te_folder_make(folder) : TE_ERR_MEMORY;
    status = status == TE_OK ? te_validation_save_sheet(validation, path, footer) : status;
    free(folder);
    free(path);
    return status;
}
