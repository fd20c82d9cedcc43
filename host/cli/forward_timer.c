#include "forward_timer.h"

#include "duration.h"
#include "message.h"

#include <stdio.h>
#include <stdlib.h>

static int get_size(const te_settings *settings, const char *key, int *size)
{
    char text[CLI_TEXT];
    CLI_TRY(cli_report(te_settings_get(settings, key, text, sizeof text)));
    *size = atoi(text);
    return CLI_OK;
}

/* input (3,H,W): the same numbers in each run, uniform in -2..2 like a normalised picture's (Knuth's MMIX) */
static float *make_noise(size_t count)
{
    float *noise = calloc(count, sizeof *noise);
    uint64_t state = 1;
    for (size_t i = 0; noise && i < count; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        noise[i] = (float)(state >> 40) / (float)(1 << 22) - 2.0f;
    }
    return noise;
}

static int run_passes(te_scheduler *scheduler, const float *input, uint64_t passes)
{
    CLI_TRY(cli_report(te_scheduler_run(scheduler, input))); /* to warm up */
    for (uint64_t pass = 0; pass < passes; pass++) {
        double start = cli_now();
        CLI_TRY(cli_report(te_scheduler_run(scheduler, input)));
        printf("forward_seconds %.6f\n", cli_now() - start);
        CLI_TRY(cli_flush_results());
    }
    return CLI_OK;
}

int cli_time_forward(te_model *model, te_device *device, const te_settings *settings, uint64_t passes)
{
    te_scheduler_options options = {.batch = 1};
    CLI_TRY(get_size(settings, "input.height", &options.height));
    CLI_TRY(get_size(settings, "input.width", &options.width));
    te_scheduler *scheduler;
    CLI_TRY(cli_report(te_scheduler_create(&scheduler, model, device, &options)));
    float *noise = make_noise(3 * (size_t)options.height * (size_t)options.width);
    int status = noise ? run_passes(scheduler, noise, passes) : cli_fail(CLI_MEMORY, "out of memory for the input");
    free(noise);
    te_scheduler_free(scheduler);
    return status;
}
