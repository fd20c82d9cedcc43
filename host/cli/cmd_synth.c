/* taskexpert synth: a generated picture to try things on. */
#include "message.h"
#include "options.h"

#include <stdio.h>

enum { OUT, SEED, WIDTH, HEIGHT };

static const cli_option options[] = {
    [OUT] = {'o', "out", "FILE", "the PNG file to write", CLI_MUST},
    [SEED] = {0, "seed", "N", "which scene, default 1; same seed, same scene", CLI_MAY},
    [WIDTH] = {0, "width", "PIXELS", "width of the picture, default 640", CLI_MAY},
    [HEIGHT] = {0, "height", "PIXELS", "height of the picture, default 480", CLI_MAY},
    {0},
};

/* The value of option `row`, or what it is by default. */
static int number(const cli_arguments *arguments, int row, uint64_t least, uint64_t most, uint64_t *value)
{
    const char *text = arguments->option[row];
    return text ? cli_number(options[row].name, text, least, most, value) : CLI_OK;
}

static int run(const cli_arguments *arguments)
{
    uint64_t seed = 1, width = 640, height = 480;
    te_picture *picture;
    CLI_TRY(number(arguments, SEED, 0, UINT64_MAX, &seed));
    CLI_TRY(number(arguments, WIDTH, 1, 8000, &width));
    CLI_TRY(number(arguments, HEIGHT, 1, 8000, &height));
    CLI_TRY(cli_report(te_picture_create_room(&picture, (int)width, (int)height, seed)));
    int status = cli_report(te_picture_save(picture, arguments->option[OUT]));
    te_picture_free(picture);
    if (status == CLI_OK) {
        printf("%s\n", arguments->option[OUT]);
    }
    return status;
}

const cli_command cli_synth = {
    .name = "synth",
    .summary = "write a picture of a generated room",
    .operands = "",
    .description = "Draws an indoor scene with furniture and often people: a picture to try the other commands on. The "
                   "same seed and size give the same picture.",
    .options = options,
    .run = run,
};
