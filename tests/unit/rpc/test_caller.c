/* SPDX-License-Identifier: Apache-2.0 */

/* Who calls, as the metadata says it; and what it costs to find out. */

#include "fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "contract/reasons.h"
#include "contract/roles.h"
#include "contract/words.h"
#include "rpc/caller/caller.h"

#define GATEWAY ROLE_BIT(ROLE_GATEWAY)
#define AGENT ROLE_BIT(ROLE_AGENT)
#define ADMIN ROLE_BIT(ROLE_ADMIN)

static struct arena arena;
static struct caller_rules rules;
static struct rpc_principal who;
static struct caller caller;
static struct fault fault;

/* -- a kind of credential: "key-<verdict>" ----------------------------------------------------- */

static bool takes(const void *ctx, const char *text, size_t len)
{
    (void)ctx;
    return len > 4 && memcmp(text, "key-", 4) == 0;
}

static bool is(const char *text, size_t len, const char *word)
{
    return len == strlen(word) && memcmp(text, word, len) == 0;
}

static enum auth_verdict check(void *ctx, const char *text, size_t len, int64_t now_us,
                               struct arena *a, struct auth_identity *out, const char **why)
{
    (void)ctx;
    (void)now_us;
    (void)a;
    if (is(text, len, "key-ask"))
        return AUTH_ASK;
    if (is(text, len, "key-away"))
        return AUTH_UNAVAILABLE;
    *out = (struct auth_identity){.tenant = is(text, len, "key-any") ? "" : "acme",
                                  .principal = "crm",
                                  .roles = GATEWAY | ADMIN,
                                  .until_us = INT64_MAX,
                                  .credential = "k1"};
    if (is(text, len, "key-good") || is(text, len, "key-any"))
        return AUTH_OK;
    *why = "revoked";
    return AUTH_REFUSED;
}

static const struct auth_checker checker = {.name = "key", .takes = takes, .check = check};

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    rules =
        (struct caller_rules){.auth = RPC_AUTH_REQUIRED, .n_checkers = 1, .checkers = {&checker}};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static grpc_metadata items[6];
static grpc_metadata_array array = {.metadata = items};

static void fill(const char *const *pairs)
{
    array.count = 0;
    for (; pairs[0]; pairs += 2) {
        items[array.count].key = grpc_slice_from_static_string(pairs[0]);
        items[array.count++].value = grpc_slice_from_static_string(pairs[1]);
    }
}

static enum caller_outcome establish(const char *const *pairs)
{
    fault_init(&fault, &arena);
    who = (struct rpc_principal){0};
    fill(pairs);
    return caller_establish(&rules, &array, 0, &arena, &caller, &who, &fault);
}

#define ESTABLISH(...) establish((const char *const[]){__VA_ARGS__, NULL})
#define NOTHING "x", "y"

static void expect(enum caller_outcome outcome, enum caller_outcome wanted, int code, int reason)
{
    assert_int_equal(outcome, wanted);
    assert_int_equal(fault.code, code);
    assert_int_equal(fault.reason, reason);
}

static void expect_refused(enum caller_outcome outcome)
{
    expect(outcome, CALLER_REFUSED, FAULT_UNAUTHENTICATED, ERROR_REASON_CREDENTIAL_REFUSED);
}

/* -- credentials ------------------------------------------------------------------------------- */

static void test_a_good_credential_names_the_caller(void **state)
{
    (void)state;
    assert_int_equal(ESTABLISH("authorization", "Bearer key-good"), CALLER_ACCEPTED);
    assert_string_equal(who.tenant, "acme");
    assert_string_equal(who.id, "crm");
    assert_string_equal(who.via, "crm");
    assert_int_equal(who.roles, GATEWAY | ADMIN);
    assert_ptr_equal(caller.checker, &checker);
    assert_int_equal(ESTABLISH("authorization", "bEARER key-good"), CALLER_ACCEPTED);
}

static void test_a_missing_one_is_told_what_to_send(void **state)
{
    (void)state;
    expect(ESTABLISH("amends-tenant", "acme", "amends-principal", "crm"), CALLER_MISSING,
           FAULT_UNAUTHENTICATED, ERROR_REASON_CREDENTIAL_MISSING);
    assert_non_null(strstr(fault.message, "Bearer"));
}

static void test_malformed_headers_are_refused(void **state)
{
    static char long_one[CALLER_CREDENTIAL_BYTES_MAX + 16];
    (void)state;
    memset(long_one, 'k', sizeof(long_one) - 1);
    for (size_t i = 0; i < sizeof("Bearer ") - 1; i++)
        long_one[i] = "Bearer "[i];
    expect_refused(
        ESTABLISH("authorization", "Bearer key-good", "authorization", "Bearer key-good"));
    expect_refused(ESTABLISH("authorization", ""));
    expect_refused(ESTABLISH("authorization", "Bearer"));
    expect_refused(ESTABLISH("authorization", "Bearer "));
    expect_refused(ESTABLISH("authorization", "Bearer\tkey-good"));
    expect_refused(ESTABLISH("authorization", "Bearer  key-good"));
    expect_refused(ESTABLISH("authorization", " Bearer key-good"));
    expect_refused(ESTABLISH("authorization", "key-good"));
    expect_refused(ESTABLISH("authorization", "Basic a2V5LWdvb2Q="));
    expect_refused(ESTABLISH("authorization", "Digest key-good"));
    expect_refused(ESTABLISH("authorization", "Bearer key-good, Bearer key-good"));
    expect_refused(ESTABLISH("authorization", "Bearer nobody-knows-this"));
    expect_refused(ESTABLISH("authorization", long_one));
}

/* Which part was wrong is for the log alone. */
static void test_what_is_wrong_with_one_is_not_told(void **state)
{
    (void)state;
    expect_refused(ESTABLISH("authorization", "Bearer key-bad"));
    assert_string_equal(caller.why, "revoked");
    assert_null(strstr(fault.message, "revoked."));
    const char *first = fault.message;
    expect_refused(ESTABLISH("authorization", "Bearer key-worse"));
    assert_string_equal(fault.message, first);
    assert_int_equal(fault.n_metadata, 0);
}

static void test_what_cannot_be_known_now_is_no_refusal(void **state)
{
    (void)state;
    assert_int_equal(ESTABLISH("authorization", "Bearer key-ask"), CALLER_ASKS);
    assert_false(fault_is_set(&fault));
    expect(ESTABLISH("authorization", "Bearer key-away"), CALLER_UNAVAILABLE, FAULT_UNAVAILABLE,
           ERROR_REASON_CREDENTIAL_UNCHECKED);
}

static void test_headers_may_say_the_same_and_nothing_else(void **state)
{
    (void)state;
    assert_int_equal(ESTABLISH("authorization", "Bearer key-good", "amends-tenant", "acme",
                               "amends-principal", "crm"),
                     CALLER_ACCEPTED);
    expect(ESTABLISH("authorization", "Bearer key-good", "amends-tenant", "globex"),
           CALLER_MALFORMED, FAULT_UNAUTHENTICATED, ERROR_REASON_PRINCIPAL_INVALID);
    expect(ESTABLISH("authorization", "Bearer key-good", "amends-principal", "ann"),
           CALLER_MALFORMED, FAULT_UNAUTHENTICATED, ERROR_REASON_PRINCIPAL_INVALID);
    assert_non_null(strstr(fault.message, "amends-on-behalf-of"));
    expect(ESTABLISH("authorization", "Bearer key-good", "amends-tenant", "acme", "amends-tenant",
                     "acme"),
           CALLER_MALFORMED, FAULT_UNAUTHENTICATED, ERROR_REASON_PRINCIPAL_INVALID);
}

static void test_a_credential_for_any_tenant_needs_one_named(void **state)
{
    (void)state;
    expect(ESTABLISH("authorization", "Bearer key-any"), CALLER_MALFORMED, FAULT_UNAUTHENTICATED,
           ERROR_REASON_PRINCIPAL_MISSING);
    assert_int_equal(ESTABLISH("authorization", "Bearer key-any", "amends-tenant", "globex"),
                     CALLER_ACCEPTED);
    assert_string_equal(who.tenant, "globex");
}

/* -- modes ------------------------------------------------------------------------------------- */

static void test_permissive_believes_what_has_no_credential(void **state)
{
    (void)state;
    rules.auth = RPC_AUTH_PERMISSIVE;
    assert_int_equal(ESTABLISH("amends-tenant", "acme", "amends-principal", "ann"),
                     CALLER_BELIEVED);
    assert_false(who.roles & ROLE_BIT(ROLE_INTERNAL));
    assert_int_equal(ESTABLISH("authorization", "Bearer key-good"), CALLER_ACCEPTED);
    expect_refused(ESTABLISH("authorization", "Bearer key-bad", "amends-tenant", "acme",
                             "amends-principal", "ann"));
}

static void test_off_believes_headers_and_looks_at_nothing_else(void **state)
{
    (void)state;
    rules.auth = RPC_AUTH_OFF;
    assert_int_equal(ESTABLISH("authorization", "Bearer key-bad", "amends-tenant", "acme",
                               "amends-principal", "ann"),
                     CALLER_BELIEVED);
    assert_string_equal(who.id, "ann");
    expect(ESTABLISH("authorization", "Bearer key-good"), CALLER_MALFORMED, FAULT_UNAUTHENTICATED,
           ERROR_REASON_PRINCIPAL_MISSING);
}

/* -- on whose behalf, and whether they may ----------------------------------------------------- */

static int permit(uint32_t roles, uint32_t needed, const char *const *pairs)
{
    fault_init(&fault, &arena);
    who = (struct rpc_principal){.tenant = "acme", .id = "crm", .via = "crm", .roles = roles};
    fill(pairs);
    return caller_permit(&array, needed, &arena, &who, &fault);
}

#define PERMIT(roles, needed, ...) permit(roles, needed, (const char *const[]){__VA_ARGS__, NULL})

static void test_a_role_is_needed(void **state)
{
    (void)state;
    assert_int_equal(PERMIT(AGENT, AGENT | ADMIN, NOTHING), AM_OK);
    assert_int_equal(PERMIT(AGENT, ADMIN, NOTHING), AM_EINVAL);
    expect(CALLER_FORBIDDEN, CALLER_FORBIDDEN, FAULT_PERMISSION_DENIED, ERROR_REASON_ROLE_MISSING);
    assert_non_null(strstr(fault.message, "ADMIN"));
    assert_int_equal(PERMIT(ROLES_ALL, 0, NOTHING), AM_EINVAL);
    assert_int_equal(PERMIT(ADMIN, ROLE_BIT(ROLE_INTERNAL), NOTHING), AM_EINVAL);
    assert_int_equal(fault.reason, ERROR_REASON_INTERNAL_ONLY);
}

static void test_a_gateway_acts_for_an_agent_as_that_agent(void **state)
{
    (void)state;
    assert_int_equal(PERMIT(GATEWAY | ADMIN, AGENT, "amends-on-behalf-of", "agent:ann"), AM_OK);
    assert_string_equal(who.id, "ann");
    assert_string_equal(who.via, "crm");
    assert_int_equal(who.roles, AGENT);
    assert_false(who.for_customer);
    /* What the agent may not do, the gateway may not do for them. */
    assert_int_equal(PERMIT(GATEWAY | ADMIN, ADMIN, "amends-on-behalf-of", "agent:ann"), AM_EINVAL);
    assert_int_equal(fault.reason, ERROR_REASON_ROLE_MISSING);
    assert_int_equal(PERMIT(GATEWAY, GATEWAY, "amends-on-behalf-of", "agent:ann"), AM_EINVAL);
    assert_int_equal(fault.reason, ERROR_REASON_ROLE_MISSING);
}

static void test_a_gateway_acts_for_a_customer(void **state)
{
    (void)state;
    assert_int_equal(PERMIT(GATEWAY, GATEWAY, "amends-on-behalf-of", "customer:EMail"), AM_OK);
    assert_string_equal(who.id, "customer:email");
    assert_string_equal(who.via, "crm");
    assert_true(who.for_customer);
    assert_int_equal(PERMIT(GATEWAY | AGENT, AGENT, "amends-on-behalf-of", "customer:email"),
                     AM_EINVAL);
    assert_int_equal(fault.reason, ERROR_REASON_ROLE_MISSING);
}

static void test_nobody_else_acts_for_others(void **state)
{
    (void)state;
    assert_int_equal(PERMIT(AGENT | ADMIN, AGENT, "amends-on-behalf-of", "agent:ann"), AM_EINVAL);
    expect(CALLER_FORBIDDEN, CALLER_FORBIDDEN, FAULT_PERMISSION_DENIED, ERROR_REASON_ROLE_MISSING);
}

static void test_other_words_are_nobody(void **state)
{
    static const char *const words[] = {"",
                                        "ann",
                                        "agent:",
                                        "agent:a b",
                                        "agent:a/b",
                                        "agent:customer:email",
                                        "customer",
                                        "customer:",
                                        "customer:pigeon",
                                        "customer:unspecified",
                                        "customer:system",
                                        "customer:email ",
                                        "Agent:ann"};
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        assert_int_equal(PERMIT(GATEWAY, GATEWAY, "amends-on-behalf-of", words[i]), AM_EINVAL);
        expect(CALLER_FORBIDDEN, CALLER_FORBIDDEN, FAULT_INVALID_ARGUMENT,
               ERROR_REASON_INVALID_ARGUMENT);
    }
    assert_int_equal(PERMIT(GATEWAY, GATEWAY, "amends-on-behalf-of", "agent:ann",
                            "amends-on-behalf-of", "agent:ann"),
                     AM_EINVAL);
}

/* -- what it costs ----------------------------------------------------------------------------- */

#define ROUNDS 200000

/* All of it but the checker's own work. The bound is far off, for slow and busy machines. */
static void test_a_known_caller_costs_little(void **state)
{
    (void)state;
    const char *const pairs[] = {"user-agent", "grpc-c/29.0.0", "x-request-id",
                                 "17",         "authorization", "Bearer key-good",
                                 NULL};
    fill(pairs);
    fault_init(&fault, &arena);
    const int64_t began_us = time_mono_us();
    for (int i = 0; i < ROUNDS; i++) {
        assert_int_equal(caller_establish(&rules, &array, 0, &arena, &caller, &who, &fault),
                         CALLER_ACCEPTED);
        assert_int_equal(caller_permit(&array, ADMIN, &arena, &who, &fault), AM_OK);
    }
    const int64_t ns = (time_mono_us() - began_us) * 1000 / ROUNDS;
    print_message("a known caller: %ld ns\n", (long)ns);
    assert_in_range(ns, 0, 20000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_good_credential_names_the_caller),
        TEST(test_a_missing_one_is_told_what_to_send),
        TEST(test_malformed_headers_are_refused),
        TEST(test_what_is_wrong_with_one_is_not_told),
        TEST(test_what_cannot_be_known_now_is_no_refusal),
        TEST(test_headers_may_say_the_same_and_nothing_else),
        TEST(test_a_credential_for_any_tenant_needs_one_named),
        TEST(test_permissive_believes_what_has_no_credential),
        TEST(test_off_believes_headers_and_looks_at_nothing_else),
        TEST(test_a_role_is_needed),
        TEST(test_a_gateway_acts_for_an_agent_as_that_agent),
        TEST(test_a_gateway_acts_for_a_customer),
        TEST(test_nobody_else_acts_for_others),
        TEST(test_other_words_are_nobody),
        TEST(test_a_known_caller_costs_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
