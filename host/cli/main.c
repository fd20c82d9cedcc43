#include "help.h"
#include "message.h"
#include "options.h"
#include "recording.h"
#include "stop.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

/* In the order of help. */
const cli_command *const cli_commands[] = {
    &cli_devices,  &cli_init,  &cli_info,    &cli_infer,   &cli_train, &cli_eval, &cli_experts,
    &cli_bench,    &cli_tune,  &cli_selftest, &cli_settings, &cli_synth, &cli_dataset, &cli_version, &cli_help, NULL,
};

/* A standard stream that is closed would lend its number to the next file that is opened, and messages would go
 * into that file. It gets one instead that fails every read or write. */
static void occupy_streams(void)
{
    static const int modes[] = {O_WRONLY, O_RDONLY, O_RDONLY};
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++) {
        if (fcntl(stream, F_GETFD) == -1 && open("/dev/null", modes[stream]) != stream) {
            _exit(CLI_FILE);
        }
    }
}

/* The longest text, the manual page, in one piece: a write that fails is then told with its reason, which the C library
 * forgets when it writes again. */
static void widen_output(void)
{
    static char buffer[1 << 16];
    if (!isatty(STDOUT_FILENO)) {
        setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    }
}

/* Every large buffer in pages of its own, which go back when it is freed: glibc lets this limit grow up to 32 MiB, and weights
 * on their way to the device then leave a seventh of a large model's memory in gaps. */
static void settle_memory(void)
{
#ifdef M_MMAP_THRESHOLD
    mallopt(M_MMAP_THRESHOLD, 4 << 20);
#endif
}

static int run_line(const cli_line *line)
{
    cli_message_set_level(line->global[CLI_GLOBAL_QUIET] ? -1 : line->global[CLI_GLOBAL_VERBOSE] ? 1 : 0);
    if (line->global[CLI_GLOBAL_VERSION]) {
        return cli_version.run(&line->arguments);
    }
    if (line->global[CLI_GLOBAL_HELP]) {
        if (line->command) {
            cli_help_print_command(line->command);
        } else {
            cli_help_print_overview();
        }
        return CLI_OK;
    }
    if (!line->command) {
        return cli_fail(CLI_USAGE, "no command is given; 'taskexpert help' lists them");
    }
    CLI_TRY(cli_line_check(line));
    CLI_TRY(cli_recording_ask(line->global[CLI_GLOBAL_PROFILE] != NULL, line->global[CLI_GLOBAL_TRACE],
                              line->command->options, &line->arguments));
    return line->command->run(&line->arguments);
}

int main(int argc, char **argv)
{
    occupy_streams();
    widen_output();
    settle_memory();
    cli_stop_heed();
    signal(SIGPIPE, SIG_IGN); /* a reader that left is an error of writing, with a message */
    te_set_log(cli_message_log, NULL);
    cli_line line;
    int status = cli_line_parse(&line, argc, argv);
    if (status == CLI_OK) {
        status = run_line(&line);
    }
    cli_line_free(&line);
    int flushed = cli_flush_results();
    return status == CLI_OK ? flushed : status;
}
