/* SPDX-License-Identifier: Apache-2.0 */

/* Tenants by name: found, unknown, and with the database away. */

#include "rig.h"

#include <stdio.h>
#include <string.h>

static struct rig *rig;

struct asked {
    struct arena arena;
    const struct tenant *tenant;
    enum fault_code code;
    const char *reason;
    bool done;
};

static void answered(void *ctx, const struct tenant *tenant, const struct fault *fault)
{
    struct asked *a = ctx;
    assert_false(a->done);
    assert_true((tenant == NULL) != (fault == NULL));
    a->tenant = tenant;
    a->code = fault ? fault->code : FAULT_OK;
    a->reason = fault ? fault->reason : "";
    a->done = true;
}

static void ask(struct asked *a, const char *name)
{
    memset(a, 0, sizeof(*a));
    arena_init(&a->arena, 1 << 20);
    tenants_get(rig->tenants, name, &a->arena, answered, a);
}

static void test_known(void **state)
{
    struct asked a, b;
    (void)state;
    assert_null(tenants_find(rig->tenants, "demo"));
    ask(&a, "demo");
    ask(&b, "demo"); /* shares the look-up */
    assert_false(a.done);
    rig_run(rig, &a.done);
    rig_run(rig, &b.done);
    assert_ptr_equal(a.tenant, b.tenant);
    assert_string_equal(a.tenant->name, "demo");
    assert_int_equal(a.tenant->policy_version, 1);
    assert_ptr_equal(tenants_find(rig->tenants, "demo"), a.tenant);
    assert_ptr_equal(tenants_by_id(rig->tenants, a.tenant->id), a.tenant);
    const struct policy *p = tenants_policy(rig->tenants, a.tenant->id, 1);
    assert_non_null(p);
    assert_int_equal(p->version, 1);
    assert_null(tenants_policy(rig->tenants, a.tenant->id + 1, 1));
    arena_free(&a.arena);
    arena_free(&b.arena);
    ask(&a, "demo");
    assert_true(a.done);
    arena_free(&a.arena);
}

static void test_unknown(void **state)
{
    struct asked a;
    (void)state;
    ask(&a, "nobody");
    rig_run(rig, &a.done);
    assert_int_equal(a.code, FAULT_UNAUTHENTICATED);
    assert_string_equal(a.reason, "TENANT_UNKNOWN");
    arena_free(&a.arena);
    ask(&a, "nobody"); /* remembered for a moment */
    assert_true(a.done);
    assert_int_equal(a.code, FAULT_UNAUTHENTICATED);
    arena_free(&a.arena);
}

/* A name that was unknown is found soon after it was made. */
static void test_made_later(void **state)
{
    struct asked a;
    (void)state;
    ask(&a, "later");
    rig_run(rig, &a.done);
    arena_free(&a.arena);
    rig_exec(
        rig,
        "with t as (insert into tenant (name, policy_version, created_at)"
        " values ('later', 1, '2026-01-01') returning tenant_id)"
        " insert into policy_version select tenant_id, 1, 'default', '2026-01-01', 't' from t");
    const int64_t until = clock_mono_us() + 3 * US_PER_S;
    do {
        ask(&a, "later");
        rig_run(rig, &a.done);
        arena_free(&a.arena);
    } while (!a.tenant && clock_mono_us() < until);
    assert_non_null(a.tenant);
}

static void test_version_asked_for_is_loaded(void **state)
{
    struct asked a;
    (void)state;
    ask(&a, "demo");
    rig_run(rig, &a.done);
    int32_t id = a.tenant->id;
    assert_null(tenants_policy(rig->tenants, id, 5));
    rig_exec(rig,
             "insert into policy_version values (%d, 5, 'default', '2026-01-01', 't'),"
             " (%d, 6, 'no such source', '2026-01-01', 't')",
             (int)id, (int)id);
    const int64_t until = clock_mono_us() + 3 * US_PER_S;
    while (!tenants_policy(rig->tenants, id, 5) && clock_mono_us() < until) {
        (void)tenants_policy(rig->tenants, id, 6);
        rig_turn(rig);
    }
    const struct policy *p = tenants_policy(rig->tenants, id, 5);
    assert_non_null(p);
    assert_int_equal(p->version, 5);
    assert_null(tenants_policy(rig->tenants, id, 6));
    /* Asked for or not, the current one is what the tenant's row says. */
    assert_int_equal(tenants_by_id(rig->tenants, id)->policy_version, 1);
    arena_free(&a.arena);
}

static int setup(void **state)
{
    (void)state;
    rig = rig_new("tenants", NULL, 0);
    rig_connect(rig, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_free(rig);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_made_later),
        cmocka_unit_test(test_version_asked_for_is_loaded),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
