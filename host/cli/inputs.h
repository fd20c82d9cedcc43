/* The pictures that a command line names, and what their results are called. */
#ifndef CLI_INPUTS_H
#define CLI_INPUTS_H

#include <stddef.h>

typedef struct cli_input {
    char *path;
    char *stem; /* of the results' names, unique in its list */
} cli_input;

typedef struct cli_inputs {
    cli_input *list;
    size_t count, capacity;
    size_t failed; /* operands that are no pictures; each was told */
    void *stems;   /* those in use, a tree of tsearch() */
} cli_inputs;

/* The extensions of picture files, separated by spaces. */
extern const char cli_picture_extensions[];

/* Add a picture, or the pictures of a folder in the order of their names. What cannot be read is told and counted
 * as failed; CLI_MEMORY is the only failure. */
int cli_inputs_add(cli_inputs *inputs, const char *operand);

/* CLI_USAGE where `infer` would replace one of the pictures by a result of another, or take its own results for pictures. */
int cli_inputs_check_results(cli_inputs *inputs, const char *folder);

/* Call run() for each picture in turn, with progress, until it returns something else than CLI_OK, which is returned, or
 * the command is asked to stop. */
int cli_inputs_run(const cli_inputs *inputs, int (*run)(const cli_input *input, void *context), void *context);
void cli_inputs_free(cli_inputs *inputs);

#endif
