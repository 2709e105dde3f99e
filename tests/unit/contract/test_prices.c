/* SPDX-License-Identifier: Apache-2.0 */

/* Every call has a price, and every price is of a call. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "amends/v1/access_service.pb-c.h"
#include "amends/v1/assignment_internal_service.pb-c.h"
#include "amends/v1/assignment_service.pb-c.h"
#include "amends/v1/feed_service.pb-c.h"
#include "amends/v1/history_service.pb-c.h"
#include "amends/v1/intake_service.pb-c.h"
#include "amends/v1/notification_service.pb-c.h"
#include "amends/v1/policy_service.pb-c.h"
#include "amends/v1/privacy_service.pb-c.h"
#include "amends/v1/resolution_service.pb-c.h"
#include "amends/v1/webhook_service.pb-c.h"
#include "amends/v1/work_service.pb-c.h"
#include "contract/prices.h"

static const ProtobufCServiceDescriptor *const services[] = {
    &amends__v1__intake_service__descriptor,
    &amends__v1__policy_service__descriptor,
    &amends__v1__assignment_service__descriptor,
    &amends__v1__assignment_internal_service__descriptor,
    &amends__v1__resolution_service__descriptor,
    &amends__v1__access_service__descriptor,
    &amends__v1__feed_service__descriptor,
    &amends__v1__history_service__descriptor,
    &amends__v1__privacy_service__descriptor,
    &amends__v1__work_service__descriptor,
    &amends__v1__notification_service__descriptor,
    &amends__v1__webhook_service__descriptor,
};
#define SERVICES (sizeof(services) / sizeof(services[0]))

static bool has_row(const char *path)
{
    for (size_t i = 0; price_row(i); i++)
        if (strcmp(price_row(i), path) == 0)
            return true;
    return false;
}

static void every_call_has_a_price(void **state)
{
    size_t calls = 0, rows = 0;
    char path[256];
    (void)state;
    for (size_t s = 0; s < SERVICES; s++)
        for (unsigned m = 0; m < services[s]->n_methods; m++, calls++) {
            (void)snprintf(path, sizeof path, "/%s/%s", services[s]->name,
                           services[s]->methods[m].name);
            if (!has_row(path))
                fail_msg("%s has no row in common/contract/prices.c", path);
        }
    while (price_row(rows))
        rows++;
    assert_int_equal(rows, calls); /* none is of a call that is not there, and none is twice */
}

static void prices(void **state)
{
    (void)state;
    assert_int_equal(price_of("/amends.v1.IntakeService/GetCase"), 1);
    assert_int_equal(price_of("/amends.v1.AssignmentInternalService/Route"), 0);
    assert_int_equal(price_of("/some.other.Service/Call"), 1);
    assert_string_equal(price_items("/amends.v1.IntakeService/BatchGetCases"), "case_ids");
    assert_null(price_items("/amends.v1.IntakeService/GetCase"));
    assert_int_equal(price_of_answer(500), 0);
    assert_int_equal(price_of_answer(128391), 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_has_a_price),
        cmocka_unit_test(prices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
