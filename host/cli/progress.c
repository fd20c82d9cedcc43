#include "progress.h"

#include "duration.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static struct {
    size_t total;
    int bar, lines;    /* which of both is shown, if any */
    int drawn;         /* the bar is on the terminal now */
    double start;      /* of the whole job and of the present item, in seconds */
    double item_start;
} progress;

static int can_redraw(void)
{
    const char *terminal = getenv("TERM");
    return isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
}

void cli_progress_start(size_t total, int quiet)
{
    progress.total = total;
    progress.bar = !quiet && can_redraw();
    progress.lines = !quiet && !can_redraw();
    progress.start = progress.item_start = cli_now();
}

void cli_progress_set_total(size_t total)
{
    progress.total = total;
}

static const char eraser[] = "\r\033[K";

const char *cli_progress_eraser(void)
{
    return can_redraw() ? eraser : "";
}

void cli_progress_clear(void)
{
    if (progress.drawn) {
        fputs(eraser, stderr);
        fflush(stderr);
        progress.drawn = 0;
    }
}

/* A name from a stranger's disk must not move the cursor: control characters become question marks. */
static void copy_printable(char *copy, size_t bytes, const char *name)
{
    size_t length = strnlen(name, bytes - 1);
    for (size_t i = 0; i < length; i++) {
        copy[i] = (unsigned char)name[i] < ' ' || name[i] == 127 ? '?' : name[i];
    }
    copy[length] = '\0';
}

static size_t terminal_width(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* The last bytes of a UTF-8 text that is cut at `length`: a character is not cut in half. */
static size_t whole_characters(const char *text, size_t length)
{
    while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) {
        length--;
    }
    return length;
}

/* In place of what is drawn, cut so that it stays in one line. */
static void draw_line(const char *line)
{
    size_t width = terminal_width() - 1; /* a full line would wrap */
    size_t fits = strlen(line) > width ? whole_characters(line, width) : strlen(line);
    fprintf(stderr, "%s%.*s", eraser, (int)fits, line);
    fflush(stderr);
    progress.drawn = 1;
}

void cli_progress_tell(const char *text)
{
    cli_progress_clear();
    if (*text && can_redraw()) {
        draw_line(text);
    }
}

/* "[======>             ]  3/10  12 s left  photo.jpg", the name cut so that all stays in one line. */
static void draw(size_t done, const char *name)
{
    enum { BAR = 24 };
    static const char full[] = "========================", empty[] = "                        ";
    char left[64] = "", line[512], shown[256];
    if (done > 0) {
        char duration[32];
        double each = (cli_now() - progress.start) / (double)done;
        cli_print_duration(duration, sizeof duration, each * (double)(progress.total - done));
        snprintf(left, sizeof left, "  %s left", duration);
    }
    int filled = (int)(BAR * done / progress.total);
    copy_printable(shown, sizeof shown, name);
    snprintf(line, sizeof line, "[%.*s%.*s] %zu/%zu%s  %s", filled, full, BAR - filled, empty, done, progress.total, left,
             shown);
    draw_line(line);
}

void cli_progress_show(size_t index, const char *text)
{
    if (progress.bar) {
        draw(index, text);
    }
}

void cli_progress_begin(size_t index, const char *name)
{
    progress.item_start = cli_now();
    cli_progress_show(index, name);
}

void cli_progress_end(size_t index, const char *name)
{
    if (progress.bar) {
        draw(index + 1, name);
    } else if (progress.lines) {
        char shown[512];
        copy_printable(shown, sizeof shown, name);
        fprintf(stderr, "[%zu/%zu] %s %.2f s\n", index + 1, progress.total, shown, cli_now() - progress.item_start);
    }
}
