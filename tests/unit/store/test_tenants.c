/* SPDX-License-Identifier: Apache-2.0 */

/* Tenants by name: found, unknown; their policy versions: loaded, current, let go of. */

#include "contract/reasons.h"
#include "rig.h"

#include "policy/compile/bundle.h"
#include "store/tenants_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static struct rig *rig;

struct asked {
    struct arena arena;
    const struct tenant *tenant;
    enum fault_code code;
    int reason;
    bool done;
};

static void answered(void *ctx, const struct tenant *tenant, const struct fault *fault)
{
    struct asked *a = ctx;
    assert_false(a->done);
    assert_true((tenant == NULL) != (fault == NULL));
    a->tenant = tenant;
    a->code = fault ? fault->code : FAULT_OK;
    a->reason = fault ? fault->reason : 0;
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
    assert_int_equal(a.reason, ERROR_REASON_TENANT_UNKNOWN);
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
        "with t as (insert into tenant (tenant_id, name, policy_version, created_at)"
        " values (7, 'later', 1, '2026-01-01') returning tenant_id)"
        " insert into policy_version select tenant_id, 1, 'default', '2026-01-01', 't' from t");
    const int64_t until = time_mono_us() + 3 * US_PER_S;
    do {
        ask(&a, "later");
        rig_run(rig, &a.done);
        arena_free(&a.arena);
    } while (!a.tenant && time_mono_us() < until);
    assert_non_null(a.tenant);
}

struct waiting {
    struct tenants_wait wait;
    const struct policy *policy;
    enum fault_code code;
    unsigned told;
};

static void loaded(struct tenants_wait *wait, const struct policy *policy,
                   const struct fault *fault)
{
    struct waiting *w = CONTAINER_OF(wait, struct waiting, wait);
    assert_true((policy == NULL) != (fault == NULL));
    w->policy = policy;
    w->code = fault ? fault->code : FAULT_OK;
    w->told++;
}

/* Several ask at once: one load answers all. */
static void load(int64_t id, int32_t version, struct waiting *w, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        w[i] = (struct waiting){.wait.done = loaded};
        tenants_load(rig->tenants, id, version, &w[i].wait);
    }
    const int64_t until = time_mono_us() + 5 * US_PER_S;
    while (!w[n - 1].told && time_mono_us() < until)
        rig_turn(rig);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(w[i].told, 1);
}

static int64_t demo(void)
{
    struct asked a;
    ask(&a, "demo");
    rig_run(rig, &a.done);
    arena_free(&a.arena);
    return a.tenant->id;
}

static void test_version_asked_for_is_loaded(void **state)
{
    struct waiting w[3];
    const int64_t id = demo();
    (void)state;
    rig_exec(rig,
             "insert into policy_version values (%" PRId64 ", 5, 'default', '2026-01-01', 't'),"
             " (%" PRId64 ", 6, 'no such source', '2026-01-01', 't')",
             id, id);
    assert_null(tenants_policy(rig->tenants, id, 5));
    assert_false(tenants_quiet(rig->tenants));
    load(id, 5, w, 3);
    assert_non_null(w[0].policy);
    assert_int_equal(w[0].policy->version, 5);
    assert_ptr_equal(w[0].policy, w[2].policy);
    assert_ptr_equal(tenants_policy(rig->tenants, id, 5), w[0].policy);
    assert_true(tenants_quiet(rig->tenants));
    load(id, 6, w, 2);
    assert_int_equal(w[1].code, FAULT_INTERNAL);
    load(id, 7, w, 1);
    assert_int_equal(w[0].code, FAULT_NOT_FOUND);
    /* Asked for or not, the current one is what the tenant's row says. */
    assert_int_equal(tenants_by_id(rig->tenants, id)->policy_version, 1);
}

/* Whoever hears of a newer version says so; it is current as soon as its policy is here. */
static void test_news_of_the_current_version(void **state)
{
    struct waiting w;
    const int64_t id = demo();
    (void)state;
    rig_exec(rig,
             "insert into policy_version values (%" PRId64 ", 8, 'default', '2026-01-01', 't')",
             id);
    tenants_current(rig->tenants, id, 8);
    assert_int_equal(tenants_by_id(rig->tenants, id)->policy_version, 1);
    load(id, 8, &w, 1);
    assert_int_equal(tenants_by_id(rig->tenants, id)->policy_version, 8);
    tenants_current(rig->tenants, id, 5); /* older news */
    assert_int_equal(tenants_by_id(rig->tenants, id)->policy_version, 8);
    tenants_add(rig->tenants, id, policy_default(9));
    assert_int_equal(tenants_by_id(rig->tenants, id)->policy_version, 9);
    assert_int_equal(tenants_policy(rig->tenants, id, 9)->version, 9);
}

static void sweep(unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        known_sweep(rig->tenants);
}

/* What is unused goes, the current version stays. */
static void test_unused_versions_are_let_go_of(void **state)
{
    struct waiting w;
    const int64_t id = demo();
    (void)state;
    load(id, 5, &w, 1);
    sweep(POLICY_KEEP_SWEEPS);
    assert_non_null(tenants_policy(rig->tenants, id, 5));
    sweep(POLICY_KEEP_SWEEPS + 1);
    assert_non_null(tenants_policy(rig->tenants, id, 9));
    assert_null(tenants_policy(rig->tenants, id, 5));
    load(id, 5, &w, 1);
    assert_non_null(w.policy);
}

/* Another thread may take longer than anybody asks for the version. */
static void test_a_version_that_is_held_stays(void **state)
{
    struct waiting w;
    const int64_t id = demo();
    (void)state;
    load(id, 5, &w, 1);
    const struct policy *policy = w.policy;
    tenants_hold(rig->tenants, id, 5);
    tenants_hold(rig->tenants, id, 5);
    tenants_release(rig->tenants, id, 5);
    sweep(2 * POLICY_KEEP_SWEEPS);
    assert_ptr_equal(tenants_policy(rig->tenants, id, 5), policy);
    tenants_release(rig->tenants, id, 5);
    sweep(POLICY_KEEP_SWEEPS + 1);
    assert_null(tenants_policy(rig->tenants, id, 5));
    load(id, 5, &w, 1);
}

/* The end comes while a policy is being compiled: see rig_free(). */
static void test_the_end_does_not_wait(void **state)
{
    struct rig *other = rig_join(rig);
    struct asked a;
    (void)state;
    rig_connect(other, NULL);
    memset(&a, 0, sizeof(a));
    arena_init(&a.arena, 1 << 20);
    tenants_get(other->tenants, "demo", &a.arena, answered, &a);
    rig_free(other);
    assert_true(a.done);
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
        cmocka_unit_test(test_news_of_the_current_version),
        cmocka_unit_test(test_unused_versions_are_let_go_of),
        cmocka_unit_test(test_a_version_that_is_held_stays),
        cmocka_unit_test(test_the_end_does_not_wait),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
