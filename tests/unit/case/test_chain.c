/* SPDX-License-Identifier: Apache-2.0 */

/* The hash chain of a history: it verifies, tells what was altered, survives an erasure, and
 * notices missing events at the end. */

#include <string.h>

#include "base/digest.h"
#include "world.h"

#define EVENTS 5

/* A case with five events, of which the second and the fourth have a personal part. */
static struct world *history(void)
{
    struct world *w = world_with_case();
    for (int i = 2; i <= EVENTS; i++) {
        struct decision *d = world_decision(w, "ann");
        Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
        Amends__V1__EventPrivate personal = AMENDS__V1__EVENT_PRIVATE__INIT;
        char text[] = "what was said";
        personal.text = text;
        w->now_us += 1000;
        d->now_us = w->now_us;
        case_event(d, EVENT_KIND_ACT_RECORDED, "ann", &detail, i % 2 == 0 ? &personal : NULL);
        world_commit(w);
    }
    assert_int_equal(w->events.n, EVENTS);
    assert_int_equal(w->privates.n, 2);
    return w;
}

static struct event_row *event(struct world *w, int seq)
{
    return ROW_AT(&w->events, struct event_row, seq - 1);
}

static const struct event_private_row *personal_of(struct world *w, int64_t seq)
{
    ROWS_EACH (p, struct event_private_row, &w->privates)
        if (p->seq == seq && p->row.change != ROW_GONE)
            return p;
    return NULL;
}

struct result {
    bool intact;
    int64_t events, erased, first_bad_seq;
    const char *problem;
};

static void keep_problem(void *ctx, int64_t seq, bool personal, const char *what)
{
    struct result *r = ctx;
    (void)personal;
    *r = (struct result){.first_bad_seq = seq, .problem = what};
}

static struct result check_as(struct world *w, const char *tenant)
{
    struct result r = {.intact = true, .problem = ""};
    struct chain_check k = {.problem = keep_problem, .ctx = &r};
    chain_begin(&k, &w->c.row);
    for (size_t i = w->events.n; i-- > 0;)
        chain_next(&k, tenant, event(w, (int)i + 1), personal_of(w, event(w, (int)i + 1)->seq));
    chain_end(&k);
    r.events = k.events;
    r.erased = k.erased;
    return r;
}

static struct result check(struct world *w)
{
    return check_as(w, "acme");
}

static void assert_bad(struct world *w, int64_t seq)
{
    struct result k = check(w);
    assert_false(k.intact);
    assert_int_equal(k.first_bad_seq, seq);
    assert_true(strlen(k.problem) > 0);
    world_free(w);
}

static void an_honest_history_is_intact(void **state)
{
    (void)state;
    struct world *w = history();
    struct result k = check(w);
    assert_true(k.intact);
    assert_string_equal(k.problem, "");
    assert_int_equal(k.events, EVENTS);
    assert_int_equal(k.erased, 0);
    assert_int_equal(k.first_bad_seq, 0);
    assert_int_equal(w->c.row.last_seq, EVENTS);
    assert_int_equal(w->c.row.updated_at, w->now_us);
    assert_int_equal(event(w, EVENTS)->at, w->now_us);
    world_free(w);
}

static void events_link_from_zeros_on(void **state)
{
    (void)state;
    static const uint8_t zeros[32];
    struct world *w = history();
    assert_memory_equal(event(w, 1)->prev_hash.data, zeros, 32);
    for (int seq = 2; seq <= EVENTS; seq++)
        assert_memory_equal(event(w, seq)->prev_hash.data, event(w, seq - 1)->hash.data, 32);
    world_free(w);
}

/* The same event with a changed field, each changed once. */
static void every_field_is_covered(void **state)
{
    (void)state;
    static const uint8_t other[32] = {1};
    for (int field = 0; field < 7; field++) {
        struct world *w = history();
        struct event_row *e = event(w, 3);
        if (field == 0)
            e->at++;
        else if (field == 1)
            e->kind++;
        else if (field == 2)
            e->actor = "bob";
        else if (field == 3)
            e->public_body = slice_of("x", 1);
        else if (field == 4)
            e->private_digest = slice_of(other, 32);
        else if (field == 5)
            e->hash = slice_of(other, 32);
        else
            e->case_id.b[15] ^= 1;
        assert_bad(w, 3);
    }
}

static void another_tenants_events_do_not_verify(void **state)
{
    (void)state;
    struct world *w = history();
    assert_false(check_as(w, "evil").intact);
    world_free(w);
}

static void erase(struct world *w)
{
    struct decision *d = world_decision(w, "dpo");
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    case_event(d, CHAIN_KIND_ERASED, "dpo", &detail, NULL);
    world_commit(w);
}

static void erased_personal_parts_verify_and_are_counted(void **state)
{
    (void)state;
    struct world *w = history();
    ROW_AT(&w->privates, struct event_private_row, 0)->row.change = ROW_GONE;
    erase(w);
    struct result k = check(w);
    assert_true(k.intact);
    assert_int_equal(k.erased, 1);
    world_free(w);
}

static void a_personal_part_gone_without_an_erasure_is_found(void **state)
{
    (void)state;
    struct world *w = history();
    ROW_AT(&w->privates, struct event_private_row, 0)->row.change = ROW_GONE;
    assert_bad(w, 2);
    w = history(); /* the erasure was before it */
    erase(w);
    struct decision *d = world_decision(w, "ann");
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    Amends__V1__EventPrivate personal = AMENDS__V1__EVENT_PRIVATE__INIT;
    char text[] = "said later";
    personal.text = text;
    case_event(d, EVENT_KIND_ACT_RECORDED, "ann", &detail, &personal);
    world_commit(w);
    ROW_AT(&w->privates, struct event_private_row, 2)->row.change = ROW_GONE;
    assert_bad(w, EVENTS + 2);
}

static void altered_personal_parts_are_found(void **state)
{
    (void)state;
    struct world *w = history();
    ROW_AT(&w->privates, struct event_private_row, 1)->body = slice_of("y", 1);
    assert_bad(w, 4);
    w = history();
    ROW_AT(&w->privates, struct event_private_row, 1)->salt = slice_of("y", 1);
    assert_bad(w, 4);
    w = history(); /* a personal part put to an event that had none */
    struct event_private_row *put = ROWS_ADD(&w->privates, struct event_private_row, &w->arena);
    *put = *ROW_AT(&w->privates, struct event_private_row, 0);
    put->seq = 3;
    assert_bad(w, 3);
}

static void a_missing_event_is_found(void **state)
{
    (void)state;
    struct world *w = history();
    memmove(event(w, 2), event(w, 3), 3 * sizeof(struct event_row));
    w->events.n--;
    assert_bad(w, 2);
}

static void truncation_is_found_by_the_head(void **state)
{
    (void)state;
    struct world *w = history();
    w->events.n--;
    assert_bad(w, EVENTS);
    w = history(); /* with the case's sequence made to fit */
    w->events.n--;
    w->c.row.last_seq--;
    assert_bad(w, EVENTS - 1);
    w = history();
    w->c.row.last_seq--;
    assert_bad(w, EVENTS);
    w = history(); /* all of it */
    w->events.n = 0;
    assert_bad(w, 1);
}

/* All events from the third on are rewritten with good hashes. Only the head on the case shows
 * it. */
static void a_rewritten_end_is_found_by_the_head(void **state)
{
    (void)state;
    struct world *w = history();
    for (int seq = 3; seq <= EVENTS; seq++) {
        struct event_row *e = event(w, seq);
        e->actor = "mallory";
        e->prev_hash = event(w, seq - 1)->hash;
        uint8_t *hash = arena_must(&w->arena, 32);
        chain_hash("acme", e, hash);
        e->hash = slice_of(hash, 32);
    }
    assert_bad(w, EVENTS);
}

static void short_hashes_are_bad_not_read_past_their_end(void **state)
{
    (void)state;
    struct world *w = history();
    uint8_t *one = arena_must(&w->arena, 1);
    event(w, 2)->hash = slice_of(one, 1);
    assert_bad(w, 2);
    w = history();
    one = arena_must(&w->arena, 1);
    event(w, 2)->prev_hash = slice_of(one, 1);
    assert_bad(w, 2);
}

/* The formula of event.proto, written out once more by hand. */
static void hash_is_what_the_contract_says(void **state)
{
    (void)state;
    struct world *w = history();
    const struct event_row *e = event(w, 2);
    uint8_t bytes[1024];
    size_t n = 0;
#define PUT(data, len)                                                                             \
    (memcpy(bytes + n, (const uint8_t[]){0, 0, 0, (uint8_t)(len)}, 4), n += 4,                     \
     memcpy(bytes + n, data, len), n += (len))
    uint8_t number[8];
    uint8_t digest[32];
    char id[UUID_TEXT_LEN + 1];
    memcpy(bytes, e->prev_hash.data, 32);
    n = 32;
    PUT("acme", 4);
    PUT(uuid_format(&e->case_id, id), 36);
    for (int i = 0; i < 8; i++)
        number[i] = (uint8_t)((uint64_t)e->seq >> (56 - 8 * i));
    PUT(number, 8);
    for (int i = 0; i < 8; i++)
        number[i] = (uint8_t)((uint64_t)e->at >> (56 - 8 * i));
    PUT(number, 8);
    PUT("\0\0\0\x0a", 4);
    PUT("ann", 3);
    digest_sha256(e->public_body.data, e->public_body.len, digest);
    PUT(digest, 32);
    const struct event_private_row *p = personal_of(w, 2);
    uint8_t personal[256];
    memcpy(personal, p->salt.data, p->salt.len);
    memcpy(personal + p->salt.len, p->body.data, p->body.len);
    digest_sha256(personal, p->salt.len + p->body.len, digest);
    PUT(digest, 32);
    digest_sha256(bytes, n, digest);
    assert_memory_equal(digest, e->hash.data, 32);
    world_free(w);
}

static void salts_differ_and_repeat(void **state)
{
    (void)state;
    struct world *w = history();
    struct event_private_row *a = ROW_AT(&w->privates, struct event_private_row, 0);
    struct event_private_row *b = ROW_AT(&w->privates, struct event_private_row, 1);
    assert_int_equal(a->salt.len, 16);
    assert_false(slice_eq(a->salt, b->salt));
    struct world *again = history();
    assert_true(slice_eq(a->salt, ROW_AT(&again->privates, struct event_private_row, 0)->salt));
    world_free(again);
    world_free(w);
}

static void an_empty_personal_part_is_none(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    struct decision *d = world_decision(w, "ann");
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    Amends__V1__EventPrivate personal = AMENDS__V1__EVENT_PRIVATE__INIT;
    case_event(d, EVENT_KIND_ACT_RECORDED, "ann", &detail, &personal);
    assert_int_equal(w->c.privates.n, 0);
    assert_int_equal(ROW_AT(&w->c.events, struct event_row, 0)->private_digest.len, 0);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_honest_history_is_intact),
        cmocka_unit_test(events_link_from_zeros_on),
        cmocka_unit_test(every_field_is_covered),
        cmocka_unit_test(another_tenants_events_do_not_verify),
        cmocka_unit_test(erased_personal_parts_verify_and_are_counted),
        cmocka_unit_test(a_personal_part_gone_without_an_erasure_is_found),
        cmocka_unit_test(altered_personal_parts_are_found),
        cmocka_unit_test(a_missing_event_is_found),
        cmocka_unit_test(truncation_is_found_by_the_head),
        cmocka_unit_test(a_rewritten_end_is_found_by_the_head),
        cmocka_unit_test(short_hashes_are_bad_not_read_past_their_end),
        cmocka_unit_test(hash_is_what_the_contract_says),
        cmocka_unit_test(salts_differ_and_repeat),
        cmocka_unit_test(an_empty_personal_part_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
