/* SPDX-License-Identifier: Apache-2.0 */

/* Which roles may make which call. That every call has a row is the compiler's business. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "contract/roles.h"
#include "contract/words.h"

static bool may(int role, const char *path)
{
    return (contract_call_roles(path) & ROLE_BIT(role)) != 0;
}

static void test_a_call_is_found_by_its_path(void **state)
{
    (void)state;
    assert_true(may(ROLE_CLIENT, "/amends.v1.IntakeService/OpenCase"));
    assert_false(may(ROLE_OBSERVER, "/amends.v1.IntakeService/OpenCase"));
    assert_true(may(ROLE_OBSERVER, "/amends.v1.IntakeService/GetCase"));
    assert_false(may(ROLE_OPERATOR, "/amends.v1.IntakeService/GetCase"));
}

static void test_only_the_services_themselves_route(void **state)
{
    (void)state;
    assert_int_equal(contract_call_roles("/amends.v1.AssignmentInternalService/Route"),
                     ROLE_BIT(ROLE_INTERNAL));
}

static void test_what_the_contract_lacks_is_forbidden(void **state)
{
    (void)state;
    assert_int_equal(contract_call_roles("/amends.v1.IntakeService/DropEverything"), 0);
    assert_int_equal(contract_call_roles(""), 0);
}

/* A supervisor does what an agent does; and only probes need no credential. */
static void test_the_rows_agree_with_what_roles_mean(void **state)
{
    (void)state;
    for (size_t i = 0; i < contract_n_calls; i++) {
        const char *path = contract_call_paths[i];
        assert_int_not_equal(contract_call_roles(path), 0);
        if (may(ROLE_AGENT, path))
            assert_true(may(ROLE_SUPERVISOR, path));
        assert_int_equal((contract_call_roles(path) & ROLES_NO_CREDENTIAL) != 0,
                         strncmp(path, "/grpc.", 6) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_call_is_found_by_its_path),
        cmocka_unit_test(test_only_the_services_themselves_route),
        cmocka_unit_test(test_what_the_contract_lacks_is_forbidden),
        cmocka_unit_test(test_the_rows_agree_with_what_roles_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
