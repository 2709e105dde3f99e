/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdio.h>

#include "base/time.h"

#include "rpc/admission.h"

static const struct rpc_limits limits = {
    .live_calls = 8,
    .live_calls_tenant = 3,
    .unsent_bytes = 1000,
    .streams = 4,
    .streams_tenant = 3,
    .streams_principal = 2,
};

static enum admission_verdict enter(struct admission *a, enum rpc_kind kind, const char *tenant,
                                    const char *id, struct admission_ticket *t)
{
    const struct rpc_principal p = {.tenant = tenant, .id = id, .via = id};
    const struct admission_call call = {.kind = kind, .price = 1, .principal = &p};
    return admission_enter(a, &call, t);
}

static void calls(void **state)
{
    struct admission *a = admission_new(&limits);
    struct admission_ticket t[9] = {0}, none = {0};
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(enter(a, RPC_UNARY, "a", "x", &t[i]), ADMISSION_OK);
    assert_int_equal(enter(a, RPC_UNARY, "a", "z", &none), ADMISSION_CALLS_TENANT);
    assert_false(none.held);
    for (int i = 3; i < 6; i++)
        assert_int_equal(enter(a, RPC_UNARY, "b", "x", &t[i]), ADMISSION_OK);
    /* As many as are still free: there is always one for a tenant that has none. */
    assert_int_equal(enter(a, RPC_UNARY, "c", "x", &t[6]), ADMISSION_OK);
    assert_int_equal(enter(a, RPC_UNARY, "c", "x", &none), ADMISSION_CALLS_TENANT);
    assert_int_equal(enter(a, RPC_UNARY, "d", "x", &t[7]), ADMISSION_OK);
    assert_int_equal(enter(a, RPC_UNARY, "e", "x", &none), ADMISSION_CALLS);
    admission_leave(a, &t[0]);
    admission_leave(a, &t[0]); /* nothing the second time */
    assert_int_equal(enter(a, RPC_UNARY, "e", "x", &t[8]), ADMISSION_OK);
    for (int i = 1; i < 9; i++)
        admission_leave(a, &t[i]);
    admission_free(a);
}

/* A tenant whose clients do not read is refused, and no other. */
static void unsent_bytes(void **state)
{
    struct admission *a = admission_new(&limits);
    struct admission_ticket t[3] = {0}, none = {0};
    (void)state;
    assert_int_equal(enter(a, RPC_UNARY, "a", "x", &t[0]), ADMISSION_OK);
    admission_sends(a, &t[0], 600);
    assert_int_equal(enter(a, RPC_UNARY, "a", "x", &none), ADMISSION_UNSENT_TENANT);
    assert_int_equal(enter(a, RPC_UNARY, "b", "x", &t[1]), ADMISSION_OK);
    admission_sends(a, &t[1], 400);
    assert_int_equal(enter(a, RPC_UNARY, "c", "x", &none), ADMISSION_UNSENT);
    admission_sends(a, &none, 400); /* of a call that was refused */
    admission_sent(a, &none, 400);
    admission_sent(a, &t[1], 400);
    assert_int_equal(enter(a, RPC_UNARY, "c", "x", &t[2]), ADMISSION_OK);
    admission_sent(a, &t[0], 600);
    assert_int_equal(enter(a, RPC_UNARY, "a", "x", &none), ADMISSION_OK);
    admission_leave(a, &none);
    for (int i = 0; i < 3; i++)
        admission_leave(a, &t[i]);
    admission_free(a);
}

static void streams(void **state)
{
    struct admission *a = admission_new(&limits);
    struct admission_ticket t[5] = {0};
    (void)state;
    assert_int_equal(enter(a, RPC_SERVER_STREAM, "a", "x", &t[0]), ADMISSION_OK);
    assert_int_equal(enter(a, RPC_SERVER_STREAM, "a", "x", &t[1]), ADMISSION_OK);
    assert_int_equal(enter(a, RPC_SERVER_STREAM, "a", "x", &t[4]), ADMISSION_STREAMS_PRINCIPAL);
    assert_int_equal(enter(a, RPC_SERVER_STREAM, "a", "y", &t[2]), ADMISSION_OK);
    assert_int_equal(enter(a, RPC_SERVER_STREAM, "a", "z", &t[4]), ADMISSION_STREAMS_TENANT);
    assert_int_equal(enter(a, RPC_SERVER_STREAM, "b", "x", &t[3]), ADMISSION_OK);
    assert_int_equal(enter(a, RPC_SERVER_STREAM, "b", "x", &t[4]), ADMISSION_STREAMS);
    /* Streams take no place of calls. */
    assert_int_equal(enter(a, RPC_UNARY, "a", "x", &t[4]), ADMISSION_OK);
    for (int i = 0; i < 5; i++)
        admission_leave(a, &t[i]);
    admission_free(a);
}

/* Thousands of tenants, in and out: what is not in use takes no memory (the leak check tells). */
static void many_tenants(void **state)
{
    const struct rpc_limits wide = {
        .live_calls = 100000, .live_calls_tenant = 1, .unsent_bytes = 1000};
    struct admission *a = admission_new(&wide);
    static struct admission_ticket t[20000];
    char name[32];
    (void)state;
    for (int i = 0; i < 20000; i++) {
        (void)snprintf(name, sizeof(name), "tenant%d", i);
        assert_int_equal(enter(a, RPC_UNARY, name, "x", &t[i]), ADMISSION_OK);
        struct admission_ticket again = {0};
        assert_int_equal(enter(a, RPC_UNARY, name, "x", &again), ADMISSION_CALLS_TENANT);
    }
    for (int i = 0; i < 20000; i++)
        admission_leave(a, &t[i]);
    admission_free(a);
}

static void retry_is_spread(void **state)
{
    struct admission *a = admission_new(&limits);
    const struct admission_call call = {0};
    uint32_t first = admission_retry_ms(a, ADMISSION_CALLS, &call);
    int differ = 0;
    (void)state;
    for (int i = 0; i < 100; i++) {
        uint32_t ms = admission_retry_ms(a, ADMISSION_CALLS, &call);
        assert_in_range(ms, 100, 500);
        differ += ms != first;
    }
    assert_true(differ > 50);
    admission_free(a);
}

static enum admission_verdict at(struct admission *a, const struct rpc_principal *p, uint32_t price,
                                 int64_t now_us)
{
    const struct admission_call call = {.price = price, .principal = p, .now_us = now_us};
    struct admission_ticket t = {0};
    const enum admission_verdict verdict = admission_enter(a, &call, &t);
    if (verdict == ADMISSION_RATE_PRINCIPAL)
        assert_in_range(admission_retry_ms(a, verdict, &call), 100 + 100, 100 + 500);
    admission_leave(a, &t);
    return verdict;
}

/* Ten units a second for a principal and thirty for its tenant, and a burst of two seconds. Whoever
 * acts for others has one rate for all of them. */
static void rates(void **state)
{
    const struct rpc_limits slow = {.live_calls = 8,
                                    .live_calls_tenant = 4,
                                    .unsent_bytes = 1000,
                                    .calls_principal_s = 10,
                                    .calls_tenant_s = 30};
    const struct rpc_principal ann = {.tenant = "a", .id = "ann", .via = "crm"};
    const struct rpc_principal bob = {.tenant = "a", .id = "bob", .via = "crm"};
    const struct rpc_principal eve = {.tenant = "a", .id = "eve", .via = "eve"};
    const struct rpc_principal dan = {.tenant = "a", .id = "dan", .via = "dan"};
    const struct rpc_principal other = {.tenant = "b", .id = "ann", .via = "crm"};
    struct admission *a = admission_new(&slow);
    const int64_t now = 1000 * US_PER_S;
    (void)state;
    for (int i = 0; i < 20; i++)
        assert_int_equal(at(a, i % 2 ? &ann : &bob, 1, now), ADMISSION_OK);
    assert_int_equal(at(a, &ann, 1, now), ADMISSION_RATE_PRINCIPAL);
    assert_int_equal(at(a, &ann, 0, now), ADMISSION_OK);
    assert_int_equal(at(a, &other, 1, now), ADMISSION_OK);
    assert_int_equal(at(a, &eve, 20, now), ADMISSION_OK);
    assert_int_equal(at(a, &dan, 19, now), ADMISSION_OK);
    assert_int_equal(at(a, &dan, 1, now), ADMISSION_OK);
    assert_int_equal(at(a, &(struct rpc_principal){.tenant = "a", .id = "x", .via = "x"}, 1, now),
                     ADMISSION_RATE_TENANT);
    assert_int_equal(at(a, &ann, 1, now + US_PER_S / 10), ADMISSION_OK);
    /* What a call has cost besides is paid before the next one. */
    const struct admission_call call = {.price = 1, .principal = &other, .now_us = now};
    struct admission_ticket t = {0};
    admission_charge(a, &t, 100, now); /* of a call that was refused */
    assert_int_equal(admission_enter(a, &call, &t), ADMISSION_OK);
    admission_charge(a, &t, 18, now);
    admission_leave(a, &t);
    assert_int_equal(at(a, &other, 1, now), ADMISSION_RATE_PRINCIPAL);
    admission_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls),           cmocka_unit_test(unsent_bytes),
        cmocka_unit_test(streams),         cmocka_unit_test(many_tenants),
        cmocka_unit_test(retry_is_spread), cmocka_unit_test(rates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
