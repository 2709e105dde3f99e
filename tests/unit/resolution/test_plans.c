/* SPDX-License-Identifier: Apache-2.0 */

/* Every statement about deliveries, webhooks and mails reads along an index: on tables that were
 * never analysed, on tables that were analysed while empty, and on tables with many rows. */

#include "rig.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resolution/stmts.h"

/* The indexes a statement uses, and what their conditions name. A statement that is not listed
 * touches no table but the one it writes. */
struct expect {
    const char *stmt, *index, *columns;
};

static const struct expect expectations[] = {
    {"delivery_tenants", "delivery_waiting", "tenant_id"},
    {"delivery_tenants", "tenant_pkey", "tenant_id"},
    {"delivery_take", "delivery_waiting", "tenant_id,receiver"},
    {"delivery_take", "delivery_pkey", "tenant_id,delivery_id"},
    {"delivery_end", "delivery_pkey", "tenant_id,delivery_id"},
    {"delivery_purge", "delivery_finished", "finished_at"},
    {"delivery_purge", "delivery_pkey", "tenant_id,delivery_id"},
    {"webhook_renew", "webhook_pkey", "tenant_id,webhook_id"},
    {"webhook_release", "webhook_pkey", "tenant_id,webhook_id"},
    {"webhook_get", "webhook_pkey", "tenant_id,webhook_id"},
    {"webhook_get", "tenant_pkey", "tenant_id"},
    {"webhook_list", "webhook_pkey", "tenant_id,webhook_id"},
    {"webhook_list", "tenant_pkey", "tenant_id"},
    {"webhook_keys", "webhook_secret_pkey", "tenant_id,webhook_id"},
    {"webhook_put", "webhook_pkey", "tenant_id"},
    {"webhook_key_end", "webhook_secret_pkey", "tenant_id,webhook_id"},
    {"webhook_key_put", "webhook_secret_pkey", "tenant_id,webhook_id"},
    {"webhook_key_put", "webhook_pkey", "tenant_id,webhook_id"},
    {"webhook_delete", "webhook_pkey", "tenant_id,webhook_id"},
    {"webhook_keys_delete", "webhook_secret_pkey", "tenant_id,webhook_id"},
    {"webhook_drop", "delivery_waiting", "tenant_id,receiver"},
    {"webhook_drop", "delivery_pkey", "tenant_id,delivery_id"},
    {"webhook_changed", "webhook_pkey", "tenant_id,webhook_id"},
    {"webhook_rewind", "webhook_pkey", "tenant_id,webhook_id"},
    {"webhook_move", "webhook_pkey", "tenant_id,webhook_id"},
    {"webhook_fail", "webhook_pkey", "tenant_id,webhook_id"},
    {"webhook_take", "delivery_waiting", "tenant_id,receiver,next_at"},
    {"webhook_take", "delivery_pkey", "tenant_id,delivery_id"},
    {"webhook_take", "webhook_pkey", "tenant_id,webhook_id"},
    {"webhook_take", "case_event_pkey", "tenant_id,case_id,seq"},
    {"webhook_take", "notification_pkey", "tenant_id,case_id,notification_id"},
    {"webhook_take", "recovery_case_pkey", "tenant_id,case_id"},
    {"webhook_held", "delivery_waiting", "tenant_id,receiver"},
    {"webhook_wake", "delivery_waiting", "tenant_id,receiver,next_at"},
    {"webhook_wake", "delivery_pkey", "tenant_id,delivery_id"},
    {"webhook_fan_out", "webhook_pkey", "tenant_id"},
    {"deliveries", "delivery_listed", "tenant_id,receiver,state,created_at"},
    {"delivery_again", "delivery_pkey", "tenant_id,delivery_id"},
    {"delivery_again_dead", "delivery_listed", "tenant_id,receiver,state,created_at"},
    {"delivery_again_dead", "delivery_pkey", "tenant_id,delivery_id"},
    {"mail_facts", "notification_pkey", "tenant_id,case_id,notification_id"},
    {"mail_facts", "recovery_case_pkey", "tenant_id,case_id"},
    {"mail_facts", "clock_pkey", "tenant_id,case_id,clock_id"},
    {"mail_facts", "escalation_pkey", "tenant_id,case_id,round"},
    {"mail_facts", "agent_pkey", "tenant_id,agent_id"},
};
/* Figures of all tenants, once in half a minute and by one replica: they count what is few. */
static const char *const whole[] = {"delivery_late", "webhook_late", "webhook_claim"};
/* Of what they found by an index, these sort some rows. */
static const char *const sorting[] = {"webhook_take", "webhook_held",   "webhook_wake",
                                      "deliveries",   "delivery_again", "delivery_again_dead"};
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static struct rig *rig;

struct look {
    const char *stmt, *when, *plan;
};

static const char *str(const json_t *node, const char *key)
{
    const char *s = json_string_value(json_object_get(node, key));
    return s ? s : "";
}

static bool names_all(const char *condition, const char *columns)
{
    char list[128];
    (void)snprintf(list, sizeof(list), "%s", columns);
    for (char *save = NULL, *c = strtok_r(list, ",", &save); c; c = strtok_r(NULL, ",", &save)) {
        if (!strstr(condition, c))
            return false;
    }
    return true;
}

static bool expected(const struct look *l, const json_t *node)
{
    for (size_t i = 0; i < COUNT(expectations); i++) {
        const struct expect *e = &expectations[i];
        if (strcmp(e->stmt, l->stmt) == 0 && strcmp(e->index, str(node, "Index Name")) == 0)
            return names_all(str(node, "Index Cond"), e->columns);
    }
    return false;
}

static bool one_of(const char *stmt, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(stmt, names[i]) == 0)
            return true;
    return false;
}

static void look_at(const struct look *l, const json_t *node)
{
    const char *type = str(node, "Node Type");
    size_t i;
    json_t *child;
    const bool sorts = strstr(type, "Sort") && !one_of(l->stmt, sorting, COUNT(sorting));
    if (sorts || strstr(type, "Seq Scan") || strstr(type, "Hash") || strstr(type, "Merge"))
        fail_msg("%s, %s: the plan has a %s\n%s", l->stmt, l->when, type, l->plan);
    if (strstr(type, "Index") && !expected(l, node))
        fail_msg("%s, %s: %s by %s\n%s", l->stmt, l->when, str(node, "Index Name"),
                 str(node, "Index Cond"), l->plan);
    json_array_foreach(json_object_get(node, "Plans"), i, child) look_at(l, child);
}

static int count_params(const char *sql)
{
    int most = 0;
    for (const char *p = sql; (p = strchr(p, '$')); p++) {
        int n = (int)strtol(p + 1, NULL, 10);
        most = n > most ? n : most;
    }
    return most;
}

static void check_stmt(const struct pg_stmt *s, const char *when)
{
    char nulls[128] = "";
    size_t used = 0;
    struct look l = {.stmt = s->name, .when = when};
    for (int i = 0, n = count_params(s->sql); i < n; i++)
        used += (size_t)snprintf(nulls + used, sizeof(nulls) - used, i ? ",null" : "null");
    rig_exec(rig, "prepare %s as %s", s->name, s->sql);
    l.plan = rig_value(rig, "explain (format json, costs off) execute %s(%s)", s->name, nulls);
    rig_exec(rig, "deallocate %s", s->name);
    json_t *plan = json_loads(l.plan, 0, NULL);
    assert_non_null(plan);
    look_at(&l, json_object_get(json_array_get(plan, 0), "Plan"));
    json_decref(plan);
}

static void check_each(const char *when)
{
    rig_exec(rig, "set enable_seqscan = off; set enable_bitmapscan = off; set plan_cache_mode = "
                  "force_generic_plan; set jit = off");
    for (size_t i = 0; i < resolution_n_stmts; i++)
        if (!one_of(resolution_stmts[i].name, whole, COUNT(whole)))
            check_stmt(&resolution_stmts[i], when);
}

/* The order in which indexes were made decides nothing. */
static void check_all(const char *when)
{
    check_each(when);
    rig_turn_indexes(rig);
    check_each(when);
}

/* A migration adds its index after all others, whatever place it has in the first file. */
static void check_each_index_last(const char *when)
{
    unsigned n = 0;
    for (const char *name; (name = rig_index_last(rig, n))[0]; n++) {
        char text[128];
        (void)snprintf(text, sizeof(text), "%s, %s made last", when, name);
        check_each(text);
    }
    assert_true(n > 5);
}

static void never_analysed(void **state)
{
    (void)state;
    check_all("never analysed");
    check_each_index_last("never analysed");
}

static void analysed_while_empty(void **state)
{
    (void)state;
    rig_exec(rig, "analyze");
    check_all("analysed while empty");
}

static void many_rows(void **state)
{
    (void)state;
    rig_exec(rig, "insert into delivery (tenant_id, delivery_id, kind, receiver, case_id, seq,"
                  " state, created_at, next_at, finished_at) select " RIG_TENANT
                  ", gen_random_uuid(), 3, 'webhook/w' || n %% 50, gen_random_uuid(), n,"
                  " 1 + n %% 3, at, case when n %% 3 = 0 then at end,"
                  " case when n %% 3 > 0 then at end"
                  " from (select n, '2026-01-01'::timestamptz + n * interval '1 s' as at"
                  " from generate_series(1, 20000) n) k");
    rig_exec(rig, "insert into webhook (tenant_id, webhook_id, url, filter, signing, personal,"
                  " notifications, state, reason, created_at, created_by, changed_at, generation,"
                  " cursor_epoch, cursor_xid, cursor_case_id, cursor_seq, current_at, failures,"
                  " delivered, last_status, last_error, holder, lease_number, leased_until)"
                  " select " RIG_TENANT
                  ", 'w' || n, '', '', 1, false, false, 1, '', now(), '', now(), 1, 1, '1',"
                  " gen_random_uuid(), 1, now(), 0, 0, 0, '', '', 0, now()"
                  " from generate_series(1, 2000) n");
    check_all("many rows, never analysed since");
    rig_exec(rig, "analyze");
    check_all("many rows, analysed");
    check_each_index_last("many rows, analysed");
}

static int setup(void **state)
{
    (void)state;
    /* Partitions have indexes of their own names; what is looked for here has ours. */
    (void)unsetenv("AMENDS_TEST_PARTITIONED");
    rig = rig_new("resolution_plans", NULL, 0);
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
        cmocka_unit_test(never_analysed),
        cmocka_unit_test(analysed_while_empty),
        cmocka_unit_test(many_rows),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
