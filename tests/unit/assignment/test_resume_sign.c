/* SPDX-License-Identifier: Apache-2.0 */

/* A signed resume token is its agent's alone; which tokens are taken depends on --auth. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "assignment/streams/resume_sign.h"

static const uint8_t secret[32] = {1};
static struct arena arena;
static struct service service;
static const struct resume_owner ann = {.service = &service, .tenant_id = 7, .agent_id = "ann"};

static bool is_of(const char *agent_id, int64_t tenant_id, const char *token)
{
    const struct resume_owner owner = {
        .service = &service, .tenant_id = tenant_id, .agent_id = agent_id};
    struct fault fault;
    fault_init(&fault, &arena);
    resume_check(&fault, token);
    if (!fault_is_set(&fault))
        resume_check_owner(&fault, &owner, token);
    return !fault_is_set(&fault);
}

static char *write_one(const struct resume_offer *offer)
{
    return resume_sign(&arena, &ann, resume_write(&arena, offer, 1));
}

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 1u << 20);
    service = (struct service){.tokens = SERVICE_TOKENS_SIGNED, .secret = secret};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static void a_signed_one_is_its_agents_alone(void **state)
{
    struct resume_offer one = {uuid_new(0), uuid_new(0)}, out[RESUME_OFFERS_MAX];
    (void)state;
    const char *token = write_one(&one);
    assert_true(is_of("ann", 7, token));
    assert_false(is_of("bob", 7, token));
    assert_false(is_of("ann", 8, token));
    assert_int_equal(resume_read(token, out), 1);
    assert_memory_equal(&one, out, sizeof(one));
    assert_string_equal(resume_sign(&arena, &ann, resume_write(&arena, &one, 0)), "");
}

static void no_change_of_one_is_taken(void **state)
{
    struct resume_offer one = {uuid_new(0), uuid_new(0)};
    (void)state;
    char *token = write_one(&one);
    for (char *at = token; *at; at++) {
        const char before = *at;
        *at = before == '0' ? '1' : '0';
        assert_false(is_of("ann", 7, token));
        *at = before;
    }
    token[strlen(token) - 1] = '\0';
    assert_false(is_of("ann", 7, token));
}

static void each_mode_takes_what_its_neighbours_write(void **state)
{
    struct resume_offer one = {uuid_new(0), uuid_new(0)};
    (void)state;
    const char *with_code = write_one(&one);
    service.tokens = SERVICE_TOKENS_AS_BEFORE;
    const char *without = write_one(&one);
    assert_true(is_of("ann", 7, with_code) && is_of("ann", 7, without));
    service.tokens = SERVICE_TOKENS_SIGNED;
    assert_true(is_of("ann", 7, with_code) && is_of("ann", 7, without));
    service.tokens = SERVICE_TOKENS_SIGNED_ONLY;
    assert_true(is_of("ann", 7, with_code) && is_of("ann", 7, ""));
    assert_false(is_of("ann", 7, without));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_signed_one_is_its_agents_alone),
        TEST(no_change_of_one_is_taken),
        TEST(each_mode_takes_what_its_neighbours_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
