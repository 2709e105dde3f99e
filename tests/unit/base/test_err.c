/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/err.h"

static void test_every_error_has_its_own_text(void **state)
{
    (void)state;
    static const int all[] = {AM_OK,     AM_ENOMEM,    AM_EINVAL, AM_ERANGE, AM_ENOENT, AM_EEXIST,
                              AM_EAGAIN, AM_ETIMEDOUT, AM_ECONN,  AM_EPROTO, AM_EIO};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        assert_string_not_equal(err_text(all[i]), err_text(-9999));
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(err_text(all[i]), err_text(all[k]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_error_has_its_own_text)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
