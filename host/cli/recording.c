#include "recording.h"

#include "folder.h"
#include "message.h"
#include "table.h"

#include <inttypes.h>
#include <stdio.h>

static struct {
    int profile;
    const char *trace;
} asked;

int cli_recording_ask(int profile, const char *trace, const cli_option *options, const cli_arguments *arguments)
{
    asked.profile = profile;
    asked.trace = trace;
    if (trace && !*trace) {
        return cli_fail(CLI_USAGE, "option '--trace' needs a name: FILE");
    }
    CLI_TRY(trace ? cli_folder_check_file(trace) : CLI_OK);
    return trace ? cli_folder_check_replaced(trace, CLI_JSON, options, arguments) : CLI_OK;
}

te_status cli_device_open(te_device **device, te_settings *settings)
{
    te_status status = asked.profile || asked.trace ? te_settings_set(settings, "device.record", "on") : TE_OK;
    return status == TE_OK ? te_device_open(device, settings) : status;
}

/* ---- the table ---- */

static void add_row(cli_table *table, const te_profile_row *row, double all)
{
    cli_table_add(table, "%s", row->part);
    cli_table_add(table, "%s", row->op);
    cli_table_add(table, "%s", row->variant);
    cli_table_add(table, "%" PRIu64, row->runs);
    cli_table_add(table, "%" PRIu64, row->launches);
    cli_table_add(table, "%.2f", 1e3 * row->seconds);
    if (*row->part) {
        cli_table_add(table, "%.1f", 100.0 * row->seconds / all);
    } else {
        cli_table_add(table, "%s", "");
    }
    if (row->operations > 0.0 && row->seconds > 0.0) {
        cli_table_add(table, "%.1f", 1e-9 * row->operations / row->seconds);
    } else {
        cli_table_add(table, "%s", "");
    }
}

/* Transfers wait for kernels before them, so their time is no share of the device's. */
static int print_profile(const te_profile *profile)
{
    static const char *const heads[] = {"part", "op", "variant", "runs", "launches", "ms", "%", "GFLOP/s"};
    cli_table table = {.alignment = "lllrrrrr"};
    double all = 0.0;
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        cli_table_add(&table, "%s", heads[i]);
    }
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < te_profile_count(profile); i++) {
            te_profile_row row;
            CLI_TRY(cli_report(te_profile_get(profile, i, &row)));
            if (pass == 0) {
                all += *row.part ? row.seconds : 0.0;
            } else {
                add_row(&table, &row, all);
            }
        }
    }
    printf("\ndevice time %.2f ms; rows without a part are the host's time\n", 1e3 * all);
    return cli_table_print(&table, 0);
}

static int tell(te_device *device)
{
    te_profile *profile;
    CLI_TRY(cli_report(te_profile_create(&profile, device)));
    int status = asked.trace ? cli_report(te_profile_save_trace(profile, asked.trace)) : CLI_OK;
    if (asked.profile && status == CLI_OK) {
        status = print_profile(profile);
    }
    te_profile_free(profile);
    return status;
}

int cli_device_close(te_device *device, int status)
{
    if (device && (asked.profile || asked.trace)) {
        int told = tell(device);
        status = status == CLI_OK ? told : status;
    }
    te_device_close(device);
    return status;
}
