/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/tls_files.h"
#include "../io/loop_fixture.h"
#include "maker.h"

static char folder[] = "/tmp/amends-tls-XXXXXX";
static struct maker maker;
static char cert[64], key[64], ca[64];
static struct tls_files *files;
static char before[8192], after[8192];

static int setup(void **state)
{
    const struct maker_order order = {.san = "DNS:one"};
    if (!mkdtemp(folder))
        return -1;
    maker_init(&maker);
    (void)snprintf(cert, sizeof(cert), "%s/cert", folder);
    (void)snprintf(key, sizeof(key), "%s/key", folder);
    (void)snprintf(ca, sizeof(ca), "%s/ca", folder);
    maker_write_ca(&maker, ca);
    maker_write(&maker, &order, cert, key);
    return loop_setup(state);
}

static int teardown(void **state)
{
    char command[64];
    tls_files_free(files);
    files = NULL;
    maker_free(&maker);
    (void)snprintf(command, sizeof(command), "rm -r %s", folder);
    int failed = system(command); /* NOLINT(cert-env33-c): a constant but for the folder's name */
    strcpy(folder + strlen(folder) - 6, "XXXXXX"); /* NOLINT: as long as before */
    return loop_teardown(state) || failed;
}

static void start(void)
{
    const struct tls_paths paths = {cert, key, ca};
    assert_int_equal(tls_files_new(loop, TLS_USE_SERVER, &paths, &files), AM_OK);
}

static void content(const char *name, char out[8192])
{
    FILE *f = fopen(name, "re");
    assert_non_null(f);
    out[fread(out, 1, 8191, f)] = '\0';
    assert_int_equal(fclose(f), 0);
}

static void stop(void *ctx)
{
    (void)ctx;
    loop_stop(loop);
}

/* Runs the loop, which runs only once, for so long. */
static void run(int64_t us)
{
    struct loop_timer *t = loop_timer_new(loop, stop, NULL);
    loop_timer_start(t, us);
    loop_run(loop);
    loop_timer_free(t);
}

static void published_is_what_was_read(void **state)
{
    (void)state;
    start();
    content(tls_files_identity(files), before);
    assert_non_null(strstr(before, "PRIVATE KEY"));
    assert_non_null(strstr(before, "BEGIN CERTIFICATE"));
    content(tls_files_ca(files), before);
    content(ca, after);
    assert_string_equal(before, after);
    assert_int_equal(tls_files_generation(files), 1);
}

/* Both names stay, and lead to the new content. */
static void a_change_is_published(void **state)
{
    const struct maker_order order = {.san = "DNS:two"};
    (void)state;
    start();
    content(tls_files_identity(files), before);
    char *name = strdup(tls_files_identity(files));
    maker_write(&maker, &order, cert, key);
    run(2500 * US_PER_MS);
    assert_int_equal(tls_files_generation(files), 2);
    assert_string_equal(tls_files_identity(files), name);
    content(name, after);
    assert_string_not_equal(before, after);
    free(name);
}

/* A key of another certificate, for good: the old pair stays, whole. */
static void what_does_not_fit_changes_nothing(void **state)
{
    const struct maker_order order = {.san = "DNS:two"};
    char elsewhere[80];
    (void)state;
    start();
    content(tls_files_identity(files), before);
    (void)snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", folder);
    maker_write(&maker, &order, elsewhere, key);
    run(3500 * US_PER_MS);
    assert_int_equal(tls_files_generation(files), 1);
    content(tls_files_identity(files), after);
    assert_string_equal(before, after);
}

static void bad_at_start(void **state)
{
    const struct tls_paths paths = {cert, ca, NULL};
    (void)state;
    assert_int_equal(tls_files_new(loop, TLS_USE_SERVER, &paths, &files), AM_EINVAL);
    assert_null(files);
}

static void without_files(void **state)
{
    const struct tls_paths paths = {NULL, NULL, ca};
    (void)state;
    assert_int_equal(tls_files_new(loop, TLS_USE_CLIENT, &paths, &files), AM_OK);
    assert_null(tls_files_identity(files));
    assert_non_null(tls_files_ca(files));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(published_is_what_was_read, setup, teardown),
        cmocka_unit_test_setup_teardown(a_change_is_published, setup, teardown),
        cmocka_unit_test_setup_teardown(what_does_not_fit_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_at_start, setup, teardown),
        cmocka_unit_test_setup_teardown(without_files, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
