#include "base/files.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64]; /* of the running test, removed behind it */

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/te_files_XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    return system(command);
}

static void check_failure(te_status got, te_status wanted, const char *part)
{
    assert_int_equal(got, wanted);
    if (!strstr(te_last_error(), part)) {
        fail_msg("\"%s\" does not hold \"%s\"", te_last_error(), part);
    }
}

static const char *inside(const char *name)
{
    static char path[4][256];
    static int next;
    next = (next + 1) % 4;
    snprintf(path[next], sizeof path[next], "%s/%s", folder, name);
    return path[next];
}

static int count_files(void)
{
    int count = 0;
    DIR *listing = opendir(folder);
    assert_non_null(listing);
    while (readdir(listing)) {
        count++;
    }
    closedir(listing);
    return count - 2; /* . and .. */
}

static void check_content(const char *path, const void *wanted, size_t wanted_bytes)
{
    uint8_t *data;
    size_t bytes;
    assert_int_equal(te_file_read(path, 1 << 20, &data, &bytes), TE_OK);
    assert_int_equal(bytes, wanted_bytes);
    assert_memory_equal(data, wanted, wanted_bytes);
    assert_int_equal(data[bytes], 0);
    free(data);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    static const char text[] = "one\0two\n";
    assert_int_equal(te_file_write(inside("a"), text, sizeof text), TE_OK);
    check_content(inside("a"), text, sizeof text);
    assert_int_equal(te_file_write(inside("a"), "x", 1), TE_OK); /* replaces */
    check_content(inside("a"), "x", 1);
    assert_int_equal(te_file_write(inside("empty"), NULL, 0), TE_OK);
    check_content(inside("empty"), "", 0);
    assert_int_equal(count_files(), 2);
}

static void the_umask_decides_who_may_read(void **state)
{
    (void)state;
    struct stat facts;
    mode_t before = umask(022);
    te_status status = te_file_write(inside("a"), "x", 1);
    umask(before);
    assert_int_equal(status, TE_OK);
    assert_int_equal(stat(inside("a"), &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0644);
}

static void reading_has_a_limit(void **state)
{
    (void)state;
    uint8_t *data = NULL;
    size_t bytes;
    assert_int_equal(te_file_write(inside("a"), "12345", 5), TE_OK);
    assert_int_equal(te_file_read(inside("a"), 5, &data, &bytes), TE_OK);
    assert_int_equal(bytes, 5);
    free(data);
    data = NULL;
    check_failure(te_file_read(inside("a"), 4, &data, &bytes), TE_ERR_FILE, "it has 5 bytes, at most 4 are read");
    assert_null(data);
}

static void only_regular_files_are_read_and_replaced(void **state)
{
    (void)state;
    uint8_t *data;
    size_t bytes;
    te_file_writer writer;
    te_file_reader reader;
    check_failure(te_file_read(inside("none"), 9, &data, &bytes), TE_ERR_FILE, "/none': No such file");
    check_failure(te_file_reader_open(&reader, inside("none")), TE_ERR_FILE, "/none': No such file");
    check_failure(te_file_read(folder, 9, &data, &bytes), TE_ERR_FILE, "it is a folder");
    check_failure(te_file_reader_open(&reader, "/dev/null"), TE_ERR_FILE, "it is a pipe or device");
    check_failure(te_file_writer_open(&writer, folder), TE_ERR_FILE, "it is a folder");
    check_failure(te_file_write("/dev/null", "x", 1), TE_ERR_FILE, "it is a pipe or device");
    assert_int_equal(mkfifo(inside("pipe"), 0600), 0);
    check_failure(te_file_read(inside("pipe"), 9, &data, &bytes), TE_ERR_FILE, "it is a pipe"); /* no waiting */
    check_failure(te_file_write(inside("pipe"), "x", 1), TE_ERR_FILE, "it is a pipe");
    check_failure(te_file_write(inside("none/a"), "x", 1), TE_ERR_FILE, "/none/a': No such file");
}

/* Parts of a file, until somebody writes to it; replacing it, as this program does, leaves the reader what it opened. */
static void a_file_is_read_in_parts(void **state)
{
    (void)state;
    te_file_reader reader = {0};
    char data[8] = "";
    te_file_reader_close(&reader);
    assert_int_equal(te_file_write(inside("a"), "in parts", 8), TE_OK);
    assert_int_equal(te_file_reader_open(&reader, inside("a")), TE_OK);
    assert_int_equal(reader.bytes, 8);
    assert_int_equal(te_file_reader_read(&reader, 3, data, 5), TE_OK);
    assert_memory_equal(data, "parts", 5);
    assert_int_equal(te_file_reader_read(&reader, 8, data, 0), TE_OK);
    check_failure(te_file_reader_read(&reader, 4, data, 5), TE_ERR_FILE, "/a': it was written to");
    assert_int_equal(te_file_write(inside("a"), "replaced", 8), TE_OK);
    assert_int_equal(te_file_reader_read(&reader, 0, data, 8), TE_OK);
    assert_memory_equal(data, "in parts", 8);
    te_file_reader_close(&reader);
    assert_int_equal(te_file_reader_open(&reader, inside("a")), TE_OK);
    assert_int_equal(truncate(inside("a"), 4), 0);
    check_failure(te_file_reader_read(&reader, 0, data, 4), TE_ERR_FILE, "/a': it was written to");
    te_file_reader_close(&reader);
}

static void nothing_is_replaced_before_commit(void **state)
{
    (void)state;
    te_file_writer writer, second;
    const char *path = inside("a");
    assert_int_equal(te_file_write(path, "old", 3), TE_OK);
    assert_int_equal(te_file_writer_open(&writer, path), TE_OK);
    assert_int_equal(te_file_writer_open(&second, path), TE_OK); /* two writers do not meet */
    fputs("new", writer.stream);
    fflush(writer.stream);
    check_content(path, "old", 3);
    assert_int_equal(count_files(), 3);
    te_file_writer_abandon(&second);
    assert_int_equal(count_files(), 2);
    assert_int_equal(te_file_writer_commit(&writer), TE_OK);
    assert_int_equal(count_files(), 1);
    te_file_writer_abandon(&writer);
    te_file_writer_abandon(&second);
    check_content(path, "new", 3);
}

/* A limit on the size of files stands in for a full disk. */
static void a_full_disk_leaves_the_old_file(void **state)
{
    (void)state;
    const char *path = inside("a");
    assert_int_equal(te_file_write(path, "old", 3), TE_OK);
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 1000;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    static char many[100000], some[2000];
    te_status status_many = te_file_write(path, many, sizeof many);
    char message[3][512];
    snprintf(message[0], sizeof message[0], "%s", te_last_error());
    te_status status_some = te_file_write(path, some, sizeof some); /* stays in the buffer until commit */
    snprintf(message[1], sizeof message[1], "%s", te_last_error());
    te_file_writer writer;
    assert_int_equal(te_file_writer_open(&writer, path), TE_OK);
    for (int i = 0; i < 100; i++) { /* fails long before the commit */
        fwrite(some, 1, sizeof some, writer.stream);
    }
    te_status status_parts = te_file_writer_commit(&writer);
    snprintf(message[2], sizeof message[2], "%s", te_last_error());
    assert_int_equal(te_file_writer_open(&writer, path), TE_OK);
    size_t written = fwrite(many, 1, sizeof many, writer.stream);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0); /* there is room again, but bytes are lost */
    assert_true(written < sizeof many);
    check_failure(te_file_writer_commit(&writer), TE_ERR_FILE, "cannot write '");
    assert_int_equal(status_many, TE_ERR_FILE);
    assert_int_equal(status_some, TE_ERR_FILE);
    assert_non_null(strstr(message[0], "File too large"));
    assert_non_null(strstr(message[1], "File too large"));
    assert_int_equal(status_parts, TE_ERR_FILE);
    assert_non_null(strstr(message[2], "File too large"));
    check_content(path, "old", 3);
    assert_int_equal(count_files(), 1);
}

static void a_failed_rename_removes_the_temporary_file(void **state)
{
    (void)state;
    te_file_writer writer;
    const char *path = inside("a");
    assert_int_equal(te_file_writer_open(&writer, path), TE_OK);
    assert_int_equal(mkdir(path, 0700), 0); /* a folder came in between */
    check_failure(te_file_writer_commit(&writer), TE_ERR_FILE, "cannot write '");
    assert_int_equal(count_files(), 1);
    te_file_writer_abandon(&writer);
}

static void folders_are_made_with_those_above(void **state)
{
    (void)state;
    struct stat facts;
    assert_int_equal(te_folder_make(inside("a/b//c/")), TE_OK);
    assert_int_equal(stat(inside("a/b/c"), &facts), 0);
    assert_true(S_ISDIR(facts.st_mode));
    assert_int_equal(te_folder_make(inside("a/b/c")), TE_OK);
    assert_int_equal(te_folder_make("/"), TE_OK);
    assert_int_equal(te_folder_make_above(inside("d/e/file")), TE_OK);
    assert_int_equal(access(inside("d/e"), F_OK), 0);
    assert_int_equal(access(inside("d/e/file"), F_OK), -1);
    assert_int_equal(te_folder_make_above("file"), TE_OK);
    assert_int_equal(te_folder_make_above("/file"), TE_OK);
    assert_int_equal(te_file_write(inside("file"), "x", 1), TE_OK);
    check_failure(te_folder_make(inside("file")), TE_ERR_FILE, "/file': Not a directory");
    check_failure(te_folder_make(inside("file/a/b")), TE_ERR_FILE, "/file': Not a directory");
    check_failure(te_folder_make(""), TE_ERR_FILE, "''");
    assert_int_equal(symlink("nowhere", inside("link")), 0);
    check_failure(te_folder_make(inside("link")), TE_ERR_FILE, "/link': File exists");
}

static void paths_are_joined(void **state)
{
    (void)state;
    static const char *const rows[][3] = {{"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"", "b", "b"}, {"/", "b", "/b"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *path = te_path_join(rows[i][0], rows[i][1]);
        assert_string_equal(path, rows[i][2]);
        free(path);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_written_is_read),
        TEST(the_umask_decides_who_may_read),
        TEST(reading_has_a_limit),
        TEST(only_regular_files_are_read_and_replaced),
        TEST(a_file_is_read_in_parts),
        TEST(nothing_is_replaced_before_commit),
        TEST(a_full_disk_leaves_the_old_file),
        TEST(a_failed_rename_removes_the_temporary_file),
        TEST(folders_are_made_with_those_above),
        TEST(paths_are_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
