/* SPDX-License-Identifier: Apache-2.0 */

/* The feed: complete and in order, whatever the size of a page, below the bound only. */

#include "calls.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "assignment/decide/decide.h"
#include "store/lists/feed.h"

static struct rig *rig;

#define CASES 20

static void open_case(const char *customer, struct uuid *case_id)
{
    struct call c;
    call_open(rig, &c, (struct opening){NULL, customer, "billing.overcharge", customer});
    call_run(rig, &c);
    if (fault_is_set(&c.sub.cmd.fault))
        fail_msg("%s", c.sub.cmd.fault.message);
    if (case_id)
        *case_id = c.sub.cmd.result_case_id;
    call_free(&c);
}

/* An offer that is accepted at once: OFFER_MADE, then OWNER_CHANGED, which has the facts. */
static void give_to(const char *agent, const struct uuid *case_id)
{
    struct offer_case_args args = {.generation = 1, .accepted = true};
    struct call c;
    call_init(rig, &c, &offer_case_kind, NULL);
    c.sub.cmd.case_id = *case_id;
    c.sub.cmd.agent_id = agent;
    c.sub.cmd.args = &args;
    c.sub.cmd.principal = SYSTEM_ACTOR;
    call_run(rig, &c);
    assert_false(fault_is_set(&c.sub.cmd.fault));
    call_free(&c);
}

/* Other tests use the same server, and each transaction of theirs that is open holds the bound
 * back. */
static void let_all_end(void)
{
    for (int tries = 0; tries < 3000; tries++) {
        if (rig_int(rig,
                    "select count(*) from case_event where tenant_id = " RIG_TENANT
                    " and epoch = (select t.epoch from tenant t where t.tenant_id = " RIG_TENANT
                    ") and xid >= pg_snapshot_xmin(pg_current_snapshot())") == 0)
            return;
        (void)usleep(10000);
    }
    fail_msg("a transaction is open for 30 s");
}

static void read_now(struct reading *x, const struct feed_position *after, int limit, size_t bytes,
                     bool personal)
{
    reading_init(rig, x);
    store_read_feed(rig->store, &x->read, after, limit, bytes, personal);
    rig_run(rig, &x->done);
    if (fault_is_set(&x->read.fault))
        fail_msg("%s", x->read.fault.message);
}

static void read_feed(struct reading *x, const struct feed_position *after, int limit, size_t bytes,
                      bool personal)
{
    let_all_end();
    read_now(x, after, limit, bytes, personal);
}

static int64_t n_events(void)
{
    return rig_int(rig, "select count(*) from case_event where tenant_id = " RIG_TENANT);
}

static void is_event(const struct feed_row *row, int64_t nth)
{
    char id[UUID_TEXT_LEN + 1], text[256];
    (void)snprintf(text, sizeof(text), "%d/%lld/%s/%lld", row->at.epoch, (long long)row->at.xid,
                   uuid_format(&row->at.case_id, id), (long long)row->at.seq);
    assert_string_equal(text, rig_value(rig,
                                        "select epoch || '/' || xid || '/' || case_id || '/' || seq"
                                        " from case_event where tenant_id = " RIG_TENANT
                                        " order by epoch, xid, case_id, seq offset %lld limit 1",
                                        (long long)nth));
}

/* Pages through the feed and compares with what plain SQL gives. */
static void page_through(int limit, size_t bytes, bool personal)
{
    struct feed_position after = {0};
    int64_t n = 0;
    for (bool more = true; more;) {
        struct reading x;
        read_feed(&x, &after, limit, bytes, personal);
        assert_true(x.read.feed.n <= (size_t)limit);
        ROWS_EACH (row, struct feed_row, &x.read.feed)
            is_event(row, n++);
        more = x.read.feed_now->more;
        assert_true(feed_position_cmp(&x.read.feed_now->next, &after) > 0);
        after = x.read.feed_now->next;
        reading_free(&x);
    }
    assert_int_equal(n, n_events());
}

static void test_pages(void **state)
{
    (void)state;
    page_through(FEED_LIMIT_MAX, 64 << 10, false);
    page_through(7, 64 << 10, false);
    page_through(7, 64 << 10, true);
    page_through(FEED_LIMIT_MAX, 1000, false);
    page_through(FEED_LIMIT_MAX, 1000, true);
    page_through(FEED_LIMIT_MAX, 1, true); /* one larger than the page is given alone */
}

static void test_bytes_bound_a_page(void **state)
{
    const struct feed_position begin = {0};
    struct reading x;
    (void)state;
    read_feed(&x, &begin, FEED_LIMIT_MAX, 1, false);
    assert_int_equal(x.read.feed.n, 1);
    assert_true(x.read.feed_now->more);
    reading_free(&x);
}

/* What comes with an event: of its case as it is now, of its command as it was. */
static void test_facts(void **state)
{
    const struct feed_position begin = {0};
    struct reading x;
    struct uuid id;
    char text[UUID_TEXT_LEN + 1];
    size_t n = 0;
    (void)state;
    open_case("facts", &id);
    give_to("hugo", &id);
    rig_exec(rig, "update recovery_case set owner_id = 'later' where case_id = '%s'",
             uuid_format(&id, text));
    for (int limit = 1; limit <= FEED_LIMIT_MAX; limit += FEED_LIMIT_MAX - 1) {
        struct feed_position after = begin;
        for (bool more = true; more; reading_free(&x)) {
            read_feed(&x, &after, limit, 64 << 10, false);
            more = x.read.feed_now->more;
            after = x.read.feed_now->next;
            ROWS_EACH (row, struct feed_row, &x.read.feed) {
                if (!uuid_eq(&row->at.case_id, &id))
                    continue;
                assert_string_equal(row->facts.customer_id, "facts");
                assert_string_equal(row->facts.failure_code, "billing.overcharge");
                assert_int_equal(row->facts.level, 1);
                assert_int_equal(row->facts.kind, row->event.kind);
                assert_string_equal(row->facts.owner_id, row->at.seq == 1 ? "steward" : "hugo");
                n++;
            }
        }
    }
    assert_int_equal(
        n, 2 * rig_int(rig, "select count(*) from case_event where case_id = '%s'", text));
    assert_true(n >= 4);
}

static void hex_of(const Amends__V1__EventDetail *d, char out[512])
{
    uint8_t body[256];
    const size_t len = amends__v1__event_detail__pack(d, body);
    for (size_t i = 0; i < len; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", body[i]);
}

/* Three events of one command: the facts are with the last one, on whatever page that is. */
static void test_facts_of_a_command(void **state)
{
    Amends__V1__Owner owner = AMENDS__V1__OWNER__INIT;
    Amends__V1__CaseFacts facts = AMENDS__V1__CASE_FACTS__INIT;
    Amends__V1__EventDetail first = AMENDS__V1__EVENT_DETAIL__INIT, last = first;
    char first_hex[512], last_hex[512], id_of_owner[] = "zoe";
    (void)state;
    owner.id = id_of_owner;
    facts.owner = &owner;
    facts.level = last.level = 3;
    first.level = 2;
    last.facts = &facts;
    hex_of(&first, first_hex);
    hex_of(&last, last_hex);
    rig_exec(
        rig,
        "insert into case_event select tenant_id, case_id, seq + n, epoch, pg_current_xact_id(),"
        " at, 9, 'ann', case n when 1002 then '\\x%s'::bytea else '\\x%s'::bytea end, '', hash,"
        " hash from (select * from case_event where seq = 1 limit 1) x,"
        " generate_series(1000, 1002) n",
        last_hex, first_hex);
    for (int limit = 1; limit <= 4; limit++) {
        struct feed_position after = {0};
        struct reading x;
        int n = 0;
        for (bool more = true; more; reading_free(&x)) {
            read_feed(&x, &after, limit, 64 << 10, limit == 2);
            more = x.read.feed_now->more;
            after = x.read.feed_now->next;
            ROWS_EACH (row, struct feed_row, &x.read.feed) {
                if (row->at.seq < 1000)
                    continue;
                assert_string_equal(row->facts.owner_id, "zoe");
                assert_int_equal(row->facts.level, ++n == 3 ? 3 : 2);
            }
        }
        assert_int_equal(n, 3);
    }
    rig_exec(rig, "delete from case_event where seq > 1000");
}

/* An event of a replica of the first release: no event of its command has facts. */
static void test_without_facts(void **state)
{
    const struct feed_position begin = {0};
    struct reading x;
    (void)state;
    rig_exec(rig, "insert into case_event select tenant_id, case_id, seq + 1000, epoch,"
                  " pg_current_xact_id(), at, 9, 'ann', '\\x1803', '', hash, hash from case_event"
                  " where seq = 1 limit 1");
    read_feed(&x, &begin, FEED_LIMIT_MAX, 1 << 20, false);
    const struct feed_row *last = ROW_AT(&x.read.feed, struct feed_row, x.read.feed.n - 1);
    assert_true(last->at.seq > 1000);
    assert_int_equal(last->facts.level, 3);
    assert_string_equal(last->facts.owner_id, "steward");
    reading_free(&x);
    rig_exec(rig, "delete from case_event where seq > 1000");
}

static void test_personal_parts(void **state)
{
    const struct feed_position begin = {0};
    struct reading x;
    (void)state;
    read_feed(&x, &begin, 1, 64 << 10, true);
    const struct feed_row *row = ROW_AT(&x.read.feed, struct feed_row, 0);
    assert_true(row->has_personal);
    Amends__V1__EventPrivate *p =
        amends__v1__event_private__unpack(NULL, row->personal.body.len, row->personal.body.data);
    assert_non_null(p);
    assert_true(p->text[0] != '\0');
    amends__v1__event_private__free_unpacked(p, NULL);
    reading_free(&x);
    read_feed(&x, &begin, 1, 64 << 10, false);
    assert_false(ROW_AT(&x.read.feed, struct feed_row, 0)->has_personal);
    reading_free(&x);
}

/* What an open transaction holds back is neither given nor passed over. */
static void test_an_open_transaction(void **state)
{
    struct reading x;
    struct feed_position end;
    (void)state;
    let_all_end();
    reading_init(rig, &x);
    store_read_feed_now(rig->store, &x.read);
    rig_run(rig, &x.done);
    end = x.read.feed_now->next;
    assert_false(x.read.feed_now->held);
    reading_free(&x);
    rig_exec(rig, "begin; select pg_current_xact_id()");
    open_case("held", NULL);
    read_now(&x, &end, 10, 64 << 10, false);
    assert_int_equal(x.read.feed.n, 0);
    assert_true(x.read.feed_now->held);
    end = x.read.feed_now->next;
    reading_free(&x);
    rig_exec(rig, "rollback");
    read_feed(&x, &end, 10, 64 << 10, false);
    assert_true(x.read.feed.n > 0);
    assert_false(x.read.feed_now->held);
    reading_free(&x);
}

/* Transactions begin anew in another epoch; those before are complete, whatever their numbers. */
static void test_an_older_epoch(void **state)
{
    (void)state;
    rig_exec(rig, "update case_event set xid = (xid::text::int8 + 1000000000)::text::xid8;"
                  " update tenant set epoch = epoch + 1");
    open_case("new epoch", NULL);
    page_through(FEED_LIMIT_MAX, 64 << 10, false);
    page_through(3, 64 << 10, false);
    struct reading x;
    const struct feed_position begin = {0};
    read_feed(&x, &begin, FEED_LIMIT_MAX, 1 << 20, false);
    assert_int_equal(x.read.feed_now->epoch, 2);
    assert_int_equal(x.read.feed_now->next.epoch, 2);
    reading_free(&x);
}

static void test_another_tenant(void **state)
{
    const struct feed_position begin = {0};
    struct reading x;
    (void)state;
    reading_init(rig, &x);
    x.read.tenant_id = 2;
    store_read_feed(rig->store, &x.read, &begin, 10, 64 << 10, false);
    rig_run(rig, &x.done);
    assert_int_equal(x.read.feed.n, 0);
    reading_free(&x);
}

static int setup(void **state)
{
    (void)state;
    rig = rig_new("feed", NULL, 0);
    rig_exec(rig, "insert into agent values (" RIG_TENANT ", 'hugo', 1, '', '', '', 1, 5,"
                  " 'billing:1', '', '', 1, '2026-01-01', '2026-01-01')");
    rig_connect(rig, NULL);
    for (int i = 0; i < CASES; i++) {
        char customer[16];
        (void)snprintf(customer, sizeof(customer), "c-%d", i);
        open_case(customer, NULL);
    }
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
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_bytes_bound_a_page),
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_facts_of_a_command),
        cmocka_unit_test(test_without_facts),
        cmocka_unit_test(test_personal_parts),
        cmocka_unit_test(test_an_open_transaction),
        cmocka_unit_test(test_an_older_epoch),
        cmocka_unit_test(test_another_tenant),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
