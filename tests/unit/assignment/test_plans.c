/* SPDX-License-Identifier: Apache-2.0 */

/* Every statement of the engine reads along an index: on tables that were never analysed, on tables
 * that were analysed while empty, and on tables with many rows. */

#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "assignment/assignment.h"

/* The indexes a statement uses, and what their conditions name. A statement that is not listed
 * touches no table but the one it writes. */
struct expect {
    const char *stmt, *index, *columns;
};

static const struct expect expectations[] = {
    {"assignment_due", "clock_next", "next_at"},
    {"assignment_next_due", "clock_next", "next_at"},
    {"assignment_soon", "clock_next", "next_at"},
    {"assignment_waiting", "case_work_queue", "tenant_id"},
    {"assignment_heads", "case_work_queue", "tenant_id,queue_level,signature"},
    {"assignment_ready", "agent_ready", "tenant_id,presence,level,idle_since"},
    {"assignment_ready", "case_work_owner", "tenant_id,owner_id"},
    {"assignment_ready", "offer_pending", "tenant_id,agent_id"},
    {"assignment_agents", "agent_pkey", "tenant_id,agent_id"},
    {"assignment_agents", "case_work_owner", "tenant_id,owner_id"},
    {"assignment_agents", "offer_pending", "tenant_id,agent_id"},
    {"assignment_cooling", "offer_agent", "tenant_id,agent_id,created_at"},
    {"assignment_asked", "dedup_pkey", "tenant_id,principal,method,request_id"},
    {"assignment_offers", "offer_pending", "tenant_id,agent_id"},
    {"assignment_offers", "offer_agent", "tenant_id,agent_id,created_at"},
    {"assignment_offers_keys", "offer_pkey", "tenant_id,case_id,offer_id"},
    {"assignment_purge", "dedup_age", "created_at"},
    {"assignment_purge", "dedup_pkey", "tenant_id,principal,method,request_id"},
    {"assignment_audit", "case_work_pkey", "tenant_id,opened_at,case_id"},
    {"assignment_audit", "recovery_case_pkey", "tenant_id,case_id"},
    {"assignment_audit", "agent_pkey", "tenant_id,agent_id"},
    {"assignment_audit", "clock_pkey", "tenant_id,case_id"},
    {"assignment_audit_ended", "clock_next", "next_at"},
    {"assignment_audit_ended", "recovery_case_pkey", "tenant_id,case_id"},
    {"assignment_audit_oldest", "clock_next", "next_at"},
    {"assignment_audit_unseen", "notification_recipient", "tenant_id,recipient"},
    {"assignment_audit_unseen", "recovery_case_pkey", "tenant_id,case_id"},
    {"assignment_audit_undelivered", "delivery_waiting", "tenant_id"},
    {"assignment_stream_gone", "agent_stream_ended", "live_until"},
    {"assignment_stream_gone", "agent_stream_pkey", "tenant_id,agent_id"},
    {"assignment_stream_forget", "agent_stream_pkey", "tenant_id,agent_id"},
    {"assignment_stream_seen", "agent_pkey", "tenant_id,agent_id"},
    {"assignment_stream_cases", "case_work_owner", "tenant_id,owner_id"},
    {"assignment_stream_notices", "notification_recipient", "tenant_id,recipient,state,created_at"},
    {"assignment_stream_presence", "agent_pkey", "tenant_id,agent_id"},
    {"assignment_unnamed", "recovery_case_unnamed", "tenant_id,opened_at,case_id"},
    {"assignment_tenant_name", "tenant_pkey", "tenant_id"},
    {"assignment_checkpoint_due", "tenant_pkey", "tenant_id"},
    {"assignment_checkpoint_due", "checkpoint_pkey", "tenant_id"},
    {"assignment_checkpoint_due", "case_event_feed", "tenant_id,epoch,xid,case_id,seq"},
    {"assignment_checkpoint_feed", "case_event_feed", "tenant_id,epoch,xid,case_id,seq"},
    {"assignment_checkpoint_feed", "tenant_pkey", "tenant_id"},
    {"assignment_checkpoint_forget", "checkpoint_pkey", "tenant_id,number"},
    {"assignment_checkpoint_forget", "checkpoint_slice_pkey", "tenant_id,number"},
};
#define EXPECTATIONS (sizeof(expectations) / sizeof(*expectations))

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
    for (size_t i = 0; i < EXPECTATIONS; i++) {
        const struct expect *e = &expectations[i];
        if (strcmp(e->stmt, l->stmt) == 0 && strcmp(e->index, str(node, "Index Name")) == 0)
            return names_all(str(node, "Index Cond"), e->columns);
    }
    return false;
}

static void look_at(const struct look *l, const json_t *node)
{
    const char *type = str(node, "Node Type");
    size_t i;
    json_t *child;
    if (strstr(type, "Seq Scan") || strstr(type, "Sort") || strstr(type, "Hash") ||
        strstr(type, "Merge"))
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
    for (size_t i = 0; i < assignment_n_stmts; i++)
        check_stmt(&assignment_stmts[i], when);
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
    rig_exec(rig, "insert into case_work select " RIG_TENANT
                  ", '2026-01-01', ('00000000-0000-7000-8000-' ||"
                  " lpad(to_hex(n), 12, '0'))::uuid, 1, 1, 'desk-' || n %% 3, 1 + n %% 3, null, 0,"
                  " 1 + n %% 3, 's=skill:' || n %% 20, n, 1, '2026-01-01'"
                  " from generate_series(1, 20000) n");
    rig_exec(rig, "insert into clock (tenant_id, case_id, clock_id, kind, state, round, instance,"
                  " generation, policy_version, target_ms, started_at, due_at, next_at)"
                  " select tenant_id, case_id, case_id, 1, 1, 1, 1, 1, 1, 1, '2026-01-01', at, at"
                  " from (select *, '2026-01-01'::timestamptz + score_ms * interval '1 s' as at"
                  " from case_work) q");
    rig_exec(rig, "insert into agent select " RIG_TENANT
                  ", 'a' || n, 1, '', '', '', 1, 1, '', '', '', 1,"
                  " '2026-01-01', '2026-01-01'::timestamptz + n * interval '1 s'"
                  " from generate_series(1, 2000) n");
    rig_exec(rig, "insert into offer select tenant_id, case_id, case_id, 'a' || score_ms %% 50, 3,"
                  " 1, 1, false, '2026-01-01', '2026-01-02', '2026-01-01', '' from case_work");
    rig_exec(rig, "insert into agent_stream select " RIG_TENANT ", 'a' || n, 'r', at, at from"
                  " (select n, '2026-01-01'::timestamptz + n * interval '1 s' as at"
                  " from generate_series(1, 5000) n) k");
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
    rig = rig_new("assignment_plans", NULL, 0);
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
