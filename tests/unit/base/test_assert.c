/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/assert.h"
#include "capture.h"

/* cmocka catches SIGABRT; the child must die of it. */
static int status_of_child_that_asserts(int value)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)signal(SIGABRT, SIG_DFL);
        AM_ASSERT(value == 1);
        _exit(0);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void test_broken_invariant_is_logged_and_ends_the_process(void **state)
{
    (void)state;
    capture_begin();
    int status = status_of_child_that_asserts(2);
    char *text = capture_end();
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_non_null(strstr(text, "\"what\":\"value == 1\""));
    assert_non_null(strstr(text, "test_assert.c"));
    free(text);
}

static void test_kept_invariant_does_nothing(void **state)
{
    (void)state;
    assert_int_equal(status_of_child_that_asserts(1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_broken_invariant_is_logged_and_ends_the_process),
        cmocka_unit_test(test_kept_invariant_does_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
