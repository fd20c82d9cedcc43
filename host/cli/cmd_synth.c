/* taskexpert synth: a generated picture to try things on, or a folder of them with labels to train on. */
#include "folder.h"
#include "message.h"
#include "options.h"
#include "stop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { OUT, SEED, WIDTH, HEIGHT, SIZE, COUNT, VAL, THREADS };

static const cli_option options[] = {
    [OUT] = {'o', "out", "PATH", "the PNG file to write; with --count the folder, which must have no lists yet", CLI_MUST},
    [SEED] = {0, "seed", "N", "which scenes, default 1; same seed, same scenes", CLI_MAY},
    [WIDTH] = {0, "width", "PIXELS", "width of the pictures, default 640", CLI_MAY},
    [HEIGHT] = {0, "height", "PIXELS", "height of the pictures, default 480", CLI_MAY},
    [SIZE] = {0, "size", "HxW", "height and width in one: --size 192x256", CLI_MAY},
    [COUNT] = {0, "count", "N", "write a folder of N pictures to train on, with their labels", CLI_MAY},
    [VAL] = {0, "val", "N", "with --count: N more in a list for validation, default 0", CLI_MAY},
    [THREADS] = {0, "threads", "N", "with --count: threads that draw, default 1", CLI_MAY},
    {0},
};

static const uint64_t most_pixels = 8000, most_rooms = 4096;

/* The value of option `row`, or what it is by default. */
static int number(const cli_arguments *arguments, int row, uint64_t least, uint64_t most, uint64_t *value)
{
    const char *text = arguments->option[row];
    return text ? cli_number(options[row].name, text, least, most, value) : CLI_OK;
}

static int read_size(const cli_arguments *arguments, uint64_t *height, uint64_t *width)
{
    const char *size = arguments->option[SIZE];
    if (!size) {
        CLI_TRY(number(arguments, WIDTH, 1, most_pixels, width));
        return number(arguments, HEIGHT, 1, most_pixels, height);
    }
    const char *cross = strchr(size, 'x');
    char first[32];
    if (!cross || (size_t)(cross - size) >= sizeof first) {
        return cli_fail(CLI_USAGE, "option '--size' is '%s'; it must be height and width with an x between: 192x256", size);
    }
    if (arguments->option[WIDTH] || arguments->option[HEIGHT]) {
        return cli_fail(CLI_USAGE, "option '--size' is given beside '--width' or '--height'");
    }
    snprintf(first, sizeof first, "%.*s", (int)(cross - size), size);
    CLI_TRY(cli_number("size", first, 1, most_pixels, height));
    return cli_number("size", cross + 1, 1, most_pixels, width);
}

/* ---- a folder ---- */

static te_status show(uint64_t done, uint64_t total, void *context)
{
    time_t *shown = context, now = time(NULL);
    if (now - *shown >= 2 || done == total) {
        cli_note("%llu of %llu rooms", (unsigned long long)done, (unsigned long long)total);
        *shown = now;
    }
    return TE_OK;
}

static int write_folder(const cli_arguments *arguments, uint64_t seed, uint64_t height, uint64_t width)
{
    uint64_t train = 0, val = 0, threads = 1;
    CLI_TRY(number(arguments, COUNT, 1, 10000000, &train));
    CLI_TRY(number(arguments, VAL, 0, 10000000, &val));
    CLI_TRY(number(arguments, THREADS, 1, 64, &threads));
    if (height > most_rooms || width > most_rooms || seed > INT32_MAX) {
        return cli_fail(CLI_USAGE, "with '--count' pictures have at most %llu x %llu pixels and seeds end at %ld",
                        (unsigned long long)most_rooms, (unsigned long long)most_rooms, (long)INT32_MAX);
    }
    te_rooms_options rooms = {.width = (int)width, .height = (int)height, .seed = seed, .train = train, .val = val,
                              .threads = (int)threads};
    time_t shown = time(NULL);
    cli_stop_install(CLI_STOP_SOON);
    CLI_TRY(cli_report(te_rooms_save(arguments->option[OUT], &rooms, show, &shown)));
    printf("%s\n", arguments->option[OUT]);
    return CLI_OK;
}

/* ---- a picture ---- */

static int write_picture(const cli_arguments *arguments, uint64_t seed, uint64_t height, uint64_t width)
{
    te_picture *picture;
    CLI_TRY(cli_folder_check_replaced(arguments->option[OUT], CLI_PNG, options, arguments));
    CLI_TRY(cli_report(te_picture_create_room(&picture, (int)width, (int)height, seed)));
    int status = cli_report(te_picture_save(picture, arguments->option[OUT]));
    te_picture_free(picture);
    if (status == CLI_OK) {
        printf("%s\n", arguments->option[OUT]);
    }
    return status;
}

static int run(const cli_arguments *arguments)
{
    uint64_t seed = 1, width = 640, height = 480;
    CLI_TRY(number(arguments, SEED, 0, UINT64_MAX, &seed));
    CLI_TRY(read_size(arguments, &height, &width));
    if (arguments->option[COUNT]) {
        return write_folder(arguments, seed, height, width);
    }
    if (arguments->option[VAL] || arguments->option[THREADS]) {
        return cli_fail(CLI_USAGE, "'--val' and '--threads' are for a folder of pictures: give '--count', too");
    }
    return write_picture(arguments, seed, height, width);
}

const cli_command cli_synth = {
    .name = "synth",
    .summary = "write generated rooms: a picture, or a folder to train on",
    .operands = "",
    .description = "Draws indoor scenes with furniture and often people: a picture to try the other commands on, or with "
                   "--count a folder of pictures with the labels of all six tasks, which 'train' reads with "
                   "data.source=folder data.folder=PATH model.semseg_classes=22. The same seed and size give the same "
                   "scenes; those of --val are of seeds that training never uses. Training on a folder validates on it, "
                   "too: give --val, or train with train.validate_every=0.",
    .options = options,
    .run = run,
};
