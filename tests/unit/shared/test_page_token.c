/* SPDX-License-Identifier: Apache-2.0 */

/* Page tokens: a list takes only those that it gave out itself. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "shared/page_token.h"

#define LIST 7
#define OTHER_LIST 8

static struct service service;

struct given {
    struct arena arena;
    struct tenant tenant;
    struct read_call rc;
};

static void begin(struct given *g, int64_t tenant_id)
{
    *g = (struct given){.tenant = {.id = tenant_id}};
    arena_init(&g->arena, 1u << 16);
    g->rc.arena = &g->arena;
    g->rc.service = &service;
    g->rc.tenant = &g->tenant;
    fault_init(&g->rc.fault, &g->arena);
}

/* Reads a token as this tenant's list; tells whether it was refused. */
static bool refused(int64_t tenant_id, uint64_t list, const char *token, struct slice expected)
{
    struct given g;
    begin(&g, tenant_id);
    const struct slice position = page_token_read(&g.rc, list, token);
    const bool bad = fault_is_set(&g.rc.fault);
    assert_int_equal(position.len, bad ? 0 : expected.len);
    if (!bad && expected.len)
        assert_memory_equal(position.data, expected.data, expected.len);
    arena_free(&g.arena);
    return bad;
}

static void a_position_comes_back_in_its_own_list_only(void **state)
{
    (void)state;
    struct given g;
    begin(&g, 1);
    for (size_t len = 1; len <= PAGE_TOKEN_POSITION_MAX; len++) {
        char text[PAGE_TOKEN_POSITION_MAX];
        memset(text, 'x', len);
        const struct slice position = slice_of(text, len);
        const char *token = page_token_write(&g.rc, LIST, position);
        assert_false(refused(1, LIST, token, position));
        assert_true(refused(1, OTHER_LIST, token, position));
        assert_true(refused(2, LIST, token, position));
        arena_reset(&g.arena);
    }
    arena_free(&g.arena);
}

/* What a rolling upgrade and a switch of --auth need: see shared/token_code.h. */
static void each_mode_takes_what_its_neighbours_write(void **state)
{
    static const uint8_t secret[32] = {1}, other_secret[32] = {2};
    static const bool taken[3][3] = {
        /* read:  as before, signed, signed only      written: */
        {true, true, false}, /* as before */
        {true, true, true},  /* signed */
        {true, true, true},  /* signed only */
    };
    (void)state;
    for (int writes = 0; writes < 3; writes++) {
        struct given g;
        service = (struct service){.tokens = (enum service_tokens)writes, .secret = secret};
        begin(&g, 1);
        const char *token = page_token_write(&g.rc, LIST, slice_str("ann"));
        for (int reads = 0; reads < 3; reads++) {
            service.tokens = (enum service_tokens)reads;
            assert_int_equal(refused(1, LIST, token, slice_str("ann")), !taken[writes][reads]);
            assert_true(refused(2, LIST, token, slice_str("ann")));
        }
        service.secret = other_secret;
        service.tokens = SERVICE_TOKENS_SIGNED_ONLY;
        assert_true(refused(1, LIST, token, slice_str("ann")));
        arena_free(&g.arena);
    }
    service = (struct service){0};
}

static void no_change_of_a_token_is_taken(void **state)
{
    (void)state;
    struct given g;
    begin(&g, 1);
    char *token = page_token_write(&g.rc, LIST, slice_str("ann"));
    for (char *at = token; *at; at++) {
        const char before = *at;
        *at = before == 'A' ? 'B' : 'A';
        assert_true(refused(1, LIST, token, slice_str("ann")));
        *at = before;
    }
    assert_false(refused(1, LIST, token, slice_str("ann")));
    arena_free(&g.arena);
}

static void what_is_no_token_is_refused(void **state)
{
    (void)state;
    const char *const texts[] = {
        "x", "AAAA", "====", "not a token", "AAAAAAAAAAAAAAAAAAAAAAAAAAAA", "\xff\xfe\xfd\xfc"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_true(refused(1, LIST, texts[i], slice_str("")));
    assert_false(refused(1, LIST, "", slice_str("")));
    assert_false(refused(1, LIST, NULL, slice_str("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_position_comes_back_in_its_own_list_only),
        cmocka_unit_test(each_mode_takes_what_its_neighbours_write),
        cmocka_unit_test(no_change_of_a_token_is_taken),
        cmocka_unit_test(what_is_no_token_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
