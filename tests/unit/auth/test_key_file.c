/* SPDX-License-Identifier: Apache-2.0 */

/* Files that hold a key, and the ways in which a new key may leave a program. */

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "auth/key_file.h"

#define PATH_BYTES 128

static char folder[] = "/tmp/amends-key-file-XXXXXX";
static char why[KEY_FILE_WHY];

static const char *path_of(const char *name)
{
    static char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static struct api_key new_key(void)
{
    struct api_key_id id;
    struct api_key key;
    api_key_draw_id(&id);
    api_key_make(&id, &key);
    return key;
}

static const char *file_with(const char *before, const char *text, const char *after)
{
    const char *path = path_of("given");
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fprintf(f, "%s%s%s", before, text, after) >= 0);
    assert_int_equal(fclose(f), 0);
    return path;
}

/* -- reading ----------------------------------------------------------------------------------- */

static void test_white_space_around_a_key_is_harmless(void **state)
{
    (void)state;
    const struct api_key key = new_key();
    static const char *const after[] = {"", "\n", "\r\n", " \n\n"};
    for (size_t i = 0; i < sizeof after / sizeof *after; i++) {
        struct api_key got;
        const char *path = file_with(i % 2 ? " " : "", key.text, after[i]);
        assert_int_equal(key_file_read(path, &got, why), AM_OK);
        assert_string_equal(got.text, key.text);
        assert_string_equal(got.mark.id.text, key.mark.id.text);
    }
}

static void refused(const char *path, const char *because)
{
    struct api_key key;
    assert_int_not_equal(key_file_read(path, &key, why), AM_OK);
    if (!strstr(why, because) || strncmp(why, path, strlen(path)) != 0)
        fail_msg("\"%s\" does not say \"%s\"", why, because);
}

static void test_what_is_wrong_is_said(void **state)
{
    (void)state;
    char wrong[API_KEY_CHARS + 1], large[600];
    const struct api_key key = new_key();
    memcpy(wrong, key.text, sizeof wrong);
    wrong[25] = wrong[25] == 'a' ? 'b' : 'a';
    memset(large, 'a', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    refused(path_of("missing"), "No such file");
    refused(folder, "directory");
    refused(file_with("", "", ""), "is empty");
    refused(file_with(" \n", "", "\n"), "is empty");
    refused(file_with("", "hunter2", "\n"), "holds no API key");
    refused(file_with("", large, "\n"), "too long");
    refused(file_with("# mine\n", key.text, "\n"), "several lines");
    refused(file_with("", wrong, "\n"), "mistyped");
    assert_null(strstr(why, wrong + 25));
}

static void test_a_hash_line_will_do_to_know_a_key(void **state)
{
    (void)state;
    const struct api_key key = new_key();
    char line[API_KEY_HASH_LINE_CHARS + 1];
    struct api_key_mark mark;
    api_key_hash_line(&key.mark, line);
    refused(file_with("", line, "\n"), "hash line");
    assert_int_equal(key_file_read_mark(path_of("given"), &mark, why), AM_OK);
    assert_memory_equal(&mark, &key.mark, sizeof mark);
    assert_int_equal(key_file_read_mark(file_with("", key.text, "\n"), &mark, why), AM_OK);
    assert_memory_equal(&mark, &key.mark, sizeof mark);
    assert_int_equal(key_file_read_mark(file_with("", "hunter2", ""), &mark, why), AM_EINVAL);
}

/* -- writing ----------------------------------------------------------------------------------- */

static void test_a_key_goes_into_a_file_of_its_owner_alone(void **state)
{
    (void)state;
    struct api_key key = new_key(), got;
    struct key_out out;
    struct stat st;
    (void)umask(0);
    assert_int_equal(key_out_open(&out, path_of("new"), why), AM_OK);
    assert_int_equal(key_out_write(&out, &key, why), AM_OK);
    key_out_close(&out);
    assert_int_equal(stat(path_of("new"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(key_file_read(path_of("new"), &got, why), AM_OK);
    assert_string_equal(got.text, key.text);
}

static void test_no_file_is_written_over(void **state)
{
    (void)state;
    struct key_out out;
    (void)file_with("", "precious", "");
    assert_int_equal(key_out_open(&out, path_of("given"), why), AM_EINVAL);
    assert_non_null(strstr(why, "there already"));
    assert_int_equal(symlink("given", path_of("link")), 0);
    assert_int_equal(key_out_open(&out, path_of("link"), why), AM_EINVAL);
}

static void test_without_a_key_the_file_goes(void **state)
{
    (void)state;
    struct key_out out;
    assert_int_equal(key_out_open(&out, path_of("unused"), why), AM_OK);
    key_out_close(&out);
    assert_int_not_equal(access(path_of("unused"), F_OK), 0);
}

/* Runs `what` with standard output at `fd`. */
static int with_stdout(int fd, int (*what)(void))
{
    (void)fflush(stdout);
    const int kept = dup(STDOUT_FILENO);
    assert_true(kept >= 0 && dup2(fd, STDOUT_FILENO) >= 0);
    const int result = what();
    assert_true(dup2(kept, STDOUT_FILENO) >= 0);
    (void)close(kept);
    return result;
}

static struct api_key shown;

static int show_key(void)
{
    struct key_out out;
    int err = key_out_open(&out, "", why);
    if (!err)
        err = key_out_write(&out, &shown, why);
    if (!err)
        key_out_close(&out);
    return err;
}

static void test_a_terminal_shows_a_key_and_a_pipe_does_not(void **state)
{
    (void)state;
    int ends[2];
    char seen[256] = "";
    shown = new_key();
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(with_stdout(ends[1], show_key), AM_EINVAL);
    assert_non_null(strstr(why, "--out FILE"));
    const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    const int side = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    assert_true(side >= 0);
    assert_int_equal(with_stdout(side, show_key), AM_OK);
    assert_true(read(terminal, seen, sizeof seen - 1) > 0);
    assert_non_null(strstr(seen, shown.text));
    (void)close(side);
    (void)close(terminal);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static int setup(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    static const char *const names[] = {"given", "new", "link"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        (void)unlink(path_of(names[i]));
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_white_space_around_a_key_is_harmless),
        cmocka_unit_test(test_what_is_wrong_is_said),
        cmocka_unit_test(test_a_hash_line_will_do_to_know_a_key),
        cmocka_unit_test(test_a_key_goes_into_a_file_of_its_owner_alone),
        cmocka_unit_test(test_no_file_is_written_over),
        cmocka_unit_test(test_without_a_key_the_file_goes),
        cmocka_unit_test(test_a_terminal_shows_a_key_and_a_pipe_does_not),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
