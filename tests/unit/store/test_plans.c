/* SPDX-License-Identifier: Apache-2.0 */

/* Every statement's generic plan goes by key: on tables never analysed, on tables analysed while
 * empty, and with many rows. Statistics must not decide. */

#include "rig.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The indexes a statement may use, each with the columns that its condition must name. Statements
 * that are not listed may touch no table but the one they write. */
struct expect {
    const char *stmt;
    const char *index, *columns; /* in the order of the condition */
    unsigned sorts;              /* of what was found by key: how many at most */
};

#define CHILD(table)                                                                               \
    {                                                                                              \
        "read_" table, table "_pkey", "tenant_id,case_id", 0                                       \
    }

#define PAGE(table, key)                                                                           \
    {                                                                                              \
        "read_" table, table "_pkey", "tenant_id,case_id," key, 0                                  \
    }

#define CHILD_FEW(table)                                                                           \
    {                                                                                              \
        "read_few_" table, table "_pkey", "tenant_id,case_id", 0                                   \
    }

/* A list of cases, and what it looks up of each. */
#define LISTED(by, walked, columns, sorts)                                                         \
    {"list_cases_" by, walked, columns, sorts},                                                    \
        {"list_cases_" by, "case_work_pkey", "tenant_id,opened_at", sorts},                        \
        {"list_cases_" by, "clock_pkey", "tenant_id,case_id", sorts},                              \
    {                                                                                              \
        "list_cases_" by, "signal_pkey", "tenant_id,case_id", sorts                                \
    }

static const struct expect expectations[] = {
    CHILD("recovery_case"),
    {"read_recovery_case", "case_work_pkey", "tenant_id,opened_at,case_id", 0},
    PAGE("signal", "number"),
    PAGE("clock", "clock_id"),
    PAGE("contact_attempt", "contact_id"),
    PAGE("act", "act_id"),
    PAGE("remedy", "remedy_id"),
    PAGE("promise", "promise_id"),
    PAGE("offer", "offer_id"),
    CHILD_FEW("signal"),
    CHILD_FEW("clock"),
    CHILD_FEW("contact_attempt"),
    CHILD_FEW("act"),
    CHILD_FEW("remedy"),
    CHILD_FEW("promise"),
    CHILD_FEW("offer"),
    {"read_words_contact_attempt", "contact_attempt_pkey", "tenant_id,case_id", 1},
    {"read_words_act", "act_pkey", "tenant_id,case_id", 1},
    {"list_words_contact_attempt", "contact_attempt_pkey", "tenant_id,case_id", 1},
    {"list_words_signal", "signal_pkey", "tenant_id,case_id,number", 1},
    {"list_words_act", "act_pkey", "tenant_id,case_id", 1},
    {"read_agent", "agent_pkey", "tenant_id,agent_id", 0},
    {"read_agent", "case_work_owner", "tenant_id,owner_id", 0},
    {"read_agent", "offer_pending", "tenant_id,agent_id", 0},
    {"read_dedup", "dedup_pkey", "tenant_id,principal,method,request_id", 0},
    {"customer_keys_read", "customer_key_pkey", "tenant_id,customer_id", 0},
    {"customer_keys_destroy", "customer_key_pkey", "tenant_id,customer_id", 0},
    {"insert_case_event", "tenant_pkey", "tenant_id", 0},
    {"delete_case_work", "case_work_pkey", "tenant_id,opened_at,case_id", 0},
    {"delete_open_claim", "open_claim_pkey", "tenant_id,customer_id,failure_code,order_reference",
     0},
    {"delete_case_ended", "case_ended_pkey", "tenant_id,owner_id,opened_at,case_id", 0},
    {"read_opening", "dedup_pkey", "tenant_id,principal,method,request_id", 0},
    {"read_opening", "open_claim_pkey", "tenant_id,customer_id,failure_code,order_reference", 0},
    {"read_opening", "recovery_case_customer", "tenant_id,customer_id", 0},
    {"read_opening", "tenant_pkey", "tenant_id", 0},
    {"read_events", "case_event_pkey", "tenant_id,case_id,seq", 0},
    {"read_event_privates", "case_event_private_pkey", "tenant_id,case_id,seq", 0},
    {"list_agents", "agent_pkey", "tenant_id,agent_id", 0},
    {"list_agents", "case_work_owner", "tenant_id,owner_id", 0},
    {"list_agents", "offer_pending", "tenant_id,agent_id", 0},
    LISTED("opened", "recovery_case_opened", "tenant_id,opened_at", 0),
    LISTED("customer", "recovery_case_customer", "tenant_id,customer_id,opened_at", 0),
    LISTED("owner", "case_work_owner", "tenant_id,owner_id,opened_at", 1),
    {"list_cases_work", "clock_pkey", "tenant_id,case_id", 0},
    {"list_cases_work", "signal_pkey", "tenant_id,case_id", 0},
    LISTED("level", "case_work_level", "tenant_id,level,opened_at", 0),
    {"list_cases_level", "recovery_case_pkey", "tenant_id,case_id", 0},
    LISTED("failure", "recovery_case_failure", "tenant_id,failure_code", 1),
    LISTED("order", "recovery_case_order", "tenant_id,order_reference,opened_at", 0),
    LISTED("external", "signal_reference", "tenant_id,external_reference,case_id", 0),
    {"list_cases_external", "recovery_case_pkey", "tenant_id,case_id", 0},
    LISTED("ids", "recovery_case_pkey", "tenant_id,case_id", 0),
    LISTED("due", "case_work_due", "tenant_id,owed_for", 0),
    {"list_cases_due", "recovery_case_pkey", "tenant_id,case_id", 0},
    {"list_cases_owner", "case_ended_pkey", "tenant_id,owner_id,opened_at", 1},
    {"list_cases_owner", "recovery_case_pkey", "tenant_id,case_id", 1},
    {"list_cases_work", "case_work_pkey", "tenant_id,opened_at", 0},
    {"list_cases_work", "recovery_case_pkey", "tenant_id,case_id", 0},
    {"tenant_by_name", "tenant_name_key", "name", 0},
    {"tenant_versions", "tenant_pkey", "tenant_id", 0},
    {"policy_source", "policy_version_pkey", "tenant_id,version", 0},
    {"policy_get", "tenant_pkey", "tenant_id", 0},
    {"policy_get", "policy_version_pkey", "tenant_id,version", 0},
    {"policy_list", "tenant_pkey", "tenant_id", 0},
    {"policy_list", "policy_version_pkey", "tenant_id,version", 1},
    {"policy_apply", "tenant_pkey", "tenant_id", 0},
    {"policy_apply", "policy_version_pkey", "tenant_id", 0},
    {"cases_to_migrate", "case_work_pkey", "tenant_id,opened_at,case_id", 0},
    {"cases_to_migrate", "recovery_case_pkey", "tenant_id,case_id", 0},
    {"keys_get", "api_key_pkey", "tenant_id,key_id", 0},
    {"keys_list", "api_key_created", "tenant_id,created_at", 0},
    {"keys_count", "api_key_pkey", "tenant_id,key_id", 0},
    {"keys_forget", "api_key_pkey", "tenant_id,key_id", 0},
    {"keys_create", "api_key_pkey", "tenant_id,key_id", 0},
    {"keys_rotate", "api_key_pkey", "tenant_id,key_id", 0},
    {"keys_revoke", "api_key_pkey", "tenant_id,key_id", 0},
    {"keys_lookup", "api_key_id", "key_id", 0},
    {"keys_lookup", "tenant_pkey", "tenant_id", 0},
    {"keys_use", "api_key_pkey", "tenant_id,key_id", 0},
    {"zones_tenants", "tenant_pkey", "tenant_id", 0},
    {"secret", "secret_pkey", "purpose", 0},
    {"zones_cases", "case_work_pkey", "tenant_id,opened_at,case_id", 0},
    {"zones_cases", "recovery_case_pkey", "tenant_id,case_id", 0},
    {"erase_recovery_case", "recovery_case_pkey", "tenant_id,case_id", 0},
    {"erase_remedy", "remedy_pkey", "tenant_id,case_id", 0},
    {"erase_promise", "promise_pkey", "tenant_id,case_id", 0},
    {"erase_offer", "offer_pkey", "tenant_id,case_id", 0},
    {"erase_contact_attempt", "contact_attempt_pkey", "tenant_id,case_id", 0},
    {"erase_signal", "signal_pkey", "tenant_id,case_id", 0},
    {"erase_act", "act_pkey", "tenant_id,case_id", 0},
    {"erase_case_event_private", "case_event_private_pkey", "tenant_id,case_id", 0},
    {"customer_cases", "recovery_case_customer", "tenant_id,customer_id,opened_at", 0},
    {"retained_cases", "recovery_case_opened", "tenant_id,opened_at", 0},
    {"tenants", "tenant_pkey", "tenant_id", 0},
    {"tenants", "policy_version_pkey", "tenant_id,version", 0},
    {"erasure", "customer_erasure_pkey", "tenant_id,erasure_id", 0},
    {"erasure_end", "customer_erasure_pkey", "tenant_id,erasure_id", 0},
    {"erasures_unfinished", "customer_erasure_unfinished", "begun_at", 0},
    {"access_list", "access_record_pkey", "tenant_id,at,writer,number", 0},
    {"access_customer", "access_record_customer", "tenant_id,customer_id,at", 0},
    {"access_case", "access_record_case", "tenant_id,case_id,at", 0},
    {"access_gaps", "access_writer_silent", "written_at", 0},
    {"access_writers_purge", "access_writer_ended", "ended_at", 0},
    {"access_purge", "access_record_pkey", "tenant_id,at", 1},
    {"checkpoints", "checkpoint_pkey", "tenant_id,number", 0},
    {"checkpoint_slice", "checkpoint_slice_pkey", "tenant_id,number,draft,slice", 0},
    {"checkpoint_heads_now", "case_event_pkey", "tenant_id,case_id,seq", 0},
    {"checkpoint_heads_now", "recovery_case_pkey", "tenant_id,case_id", 0},
    {"checkpoint_case_ids", "recovery_case_pkey", "tenant_id,case_id", 0},
    {"checkpoint_case_ends", "recovery_case_pkey", "tenant_id", 0},
    {"feed_now", "tenant_pkey", "tenant_id", 0},
    {"feed_now", "case_event_feed", "tenant_id,epoch,xid", 0},
    {"feed", "tenant_pkey", "tenant_id", 0},
    {"feed", "case_event_feed", "tenant_id,epoch,xid", 0},
    {"feed", "recovery_case_pkey", "tenant_id,case_id", 0},
    {"feed_personal", "tenant_pkey", "tenant_id", 0},
    {"feed_personal", "case_event_feed", "tenant_id,epoch,xid", 0},
    {"feed_personal", "recovery_case_pkey", "tenant_id,case_id", 0},
    {"feed_personal", "case_event_private_pkey", "tenant_id,case_id,seq", 0},
    {"read_references", "case_reference_pkey", "tenant_id,reference", 0},
    {"read_words_signal", "signal_pkey", "tenant_id,case_id,number", 1},
    {"read_case_seq", "recovery_case_pkey", "tenant_id,case_id", 0},
    {"keys_recent", "api_key_used", "last_used_at", 0},
    {"keys_recent", "tenant_pkey", "tenant_id", 0},
    {"at_work", "pg_database_datname_index", "datname", 1},
    {"erasure_move", "customer_erasure_pkey", "tenant_id,erasure_id", 0},
    {"notifications", "notification_recipient", "tenant_id,recipient,state,created_at", 0},
    {"notifications", "agent_pkey", "tenant_id,agent_id", 0},
    {"notifications_case", "notification_pkey", "tenant_id,case_id", 1},
    {"notifications_case", "agent_pkey", "tenant_id,agent_id", 1},
    {"notifications_get", "notification_pkey", "tenant_id,case_id,notification_id", 0},
    {"notifications_get", "agent_pkey", "tenant_id,agent_id", 0},
    {"notifications_ack", "notification_pkey", "tenant_id,case_id,notification_id", 0},
    {"read_escalation", "escalation_pkey", "tenant_id,case_id", 0},
    {"notifications_purge", "notification_recipient", "tenant_id,recipient", 0},
    {"notifications_purge", "notification_pkey", "tenant_id,case_id,notification_id", 0},
    {"notifications_purge", "delivery_notification", "tenant_id,notification_id", 0},
    {"bounce", "delivery_pkey", "tenant_id,delivery_id", 0},
    {"bounce", "delivery_listed", "tenant_id,receiver,state,created_at", 0},
    {"bounce", "notification_recipient", "tenant_id,recipient,state", 0},
    {"bounce", "recovery_case_pkey", "tenant_id,case_id", 0},
    {"work_list_clocks", "case_work_owed", "tenant_id,owner_kind,owner_id,owed_at,case_id", 2},
    {"work_list_clocks", "recovery_case_pkey", "tenant_id,case_id", 2},
    {"work_list_clocks", "clock_pkey", "tenant_id,case_id", 2},
    {"work_list_promises", "case_work_promise", "tenant_id,owner_kind,owner_id,promise_at,case_id",
     1},
    {"work_list_promises", "recovery_case_pkey", "tenant_id,case_id", 1},
    {"work_list_promises", "promise_pkey", "tenant_id,case_id", 1},
    {"work_list_answers", "case_work_answer", "tenant_id,owner_kind,owner_id,answer_at,case_id", 2},
    {"work_list_answers", "recovery_case_pkey", "tenant_id,case_id", 2},
    {"work_list_answers", "clock_pkey", "tenant_id,case_id", 2},
    {"work_list_offers", "offer_pending", "tenant_id,agent_id", 1},
    {"work_list_offers", "recovery_case_pkey", "tenant_id,case_id", 1},
    {"work_count_clocks", "case_work_owed", "tenant_id,owner_kind,owner_id,owed_at", 0},
    {"work_count_promises", "case_work_promise", "tenant_id,owner_kind,owner_id,promise_at", 0},
    {"work_count_answers", "case_work_answer", "tenant_id,owner_kind,owner_id,answer_at", 0},
    {"work_count_offers", "offer_pending", "tenant_id,agent_id", 0},
    {"work_level_clocks", "case_work_owed", "tenant_id,owner_kind", 0},
    {"work_level_promises", "case_work_promise", "tenant_id,owner_kind", 0},
    {"work_level_answers", "case_work_answer", "tenant_id,owner_kind", 0},
    {"work_team", "agent_team", "tenant_id,team", 0},
};
#define EXPECTATIONS (sizeof(expectations) / sizeof(expectations[0]))

static struct rig *rig;

/* One statement's plan being looked at. */
struct look {
    const char *stmt;
    const char *when;
    const char *text; /* the whole plan, to be shown */
    bool used[EXPECTATIONS];
    unsigned sorts;
};

static const char *const harmless[] = {
    "Function Scan", "Nested Loop",  "ModifyTable", "Limit",    "Result",         "Aggregate",
    "Subquery Scan", "Tid Scan",     "Append",      "CTE Scan", "WorkTable Scan", "Recursive Union",
    "Memoize",       "Merge Append", "WindowAgg",   "Unique"};

static void bad(const struct look *l, const char *why, const char *what)
{
    fail_msg("%s, %s: %s %s\n%s", l->stmt, l->when, why, what, l->text);
}

static const char *str(const json_t *node, const char *key)
{
    const char *s = json_string_value(json_object_get(node, key));
    return s ? s : "";
}

static bool names_all(const char *condition, const char *columns)
{
    char list[128];
    (void)snprintf(list, sizeof(list), "%s", columns);
    for (char *save = NULL, *c = strtok_r(list, ",", &save); c; c = strtok_r(NULL, ",", &save))
        if (!strstr(condition, c))
            return false;
    return true;
}

static void look_at_index(struct look *l, const json_t *node)
{
    const char *index = str(node, "Index Name");
    for (size_t i = 0; i < EXPECTATIONS; i++) {
        const struct expect *e = &expectations[i];
        if (strcmp(e->stmt, l->stmt) != 0 || strcmp(e->index, index) != 0)
            continue;
        if (!names_all(str(node, "Index Cond"), e->columns))
            bad(l, "the condition does not name the key:", str(node, "Index Cond"));
        /* A row comparison bounds one end of a scan only: no key is looked up by it. */
        if (strncmp(l->stmt, "delete_", 7) == 0 && strstr(str(node, "Index Cond"), "ROW("))
            bad(l, "the key is no equality:", str(node, "Index Cond"));
        l->used[i] = true;
        return;
    }
    bad(l, "another index is used:", index);
}

static unsigned sorts_of(const struct look *l)
{
    unsigned most = 0;
    for (size_t i = 0; i < EXPECTATIONS; i++)
        if (strcmp(expectations[i].stmt, l->stmt) == 0 && expectations[i].sorts > most)
            most = expectations[i].sorts;
    return most;
}

static void look_at_type(struct look *l, const json_t *node)
{
    const char *type = str(node, "Node Type");
    if (strcmp(type, "Index Scan") == 0 || strcmp(type, "Index Only Scan") == 0) {
        look_at_index(l, node);
        return;
    }
    /* Of what few rows were found in order. */
    if (strstr(type, "Sort") && ++l->sorts <= sorts_of(l))
        return;
    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
        if (strcmp(type, harmless[i]) == 0)
            return;
    bad(l, "the plan has a", type);
}

static void look_at(struct look *l, const json_t *node)
{
    size_t i;
    json_t *child;
    look_at_type(l, node);
    json_array_foreach(json_object_get(node, "Plans"), i, child) look_at(l, child);
}

static int count_params(const char *sql)
{
    int max = 0;
    for (const char *p = sql; (p = strchr(p, '$')); p++) {
        int n = (int)strtol(p + 1, NULL, 10);
        max = n > max ? n : max;
    }
    return max;
}

static const char *explain(const struct pg_stmt *s)
{
    char nulls[512];
    size_t len = 0;
    for (int i = 0, n = count_params(s->sql); i < n; i++)
        len += (size_t)snprintf(nulls + len, sizeof(nulls) - len, "%snull", i ? "," : "");
    rig_exec(rig, "prepare %s as %s", s->name, s->sql);
    const char *plan =
        rig_value(rig, "explain (format json, costs off) execute %s(%s)", s->name, nulls);
    rig_exec(rig, "deallocate %s", s->name);
    return plan;
}

static void check_stmt(const struct pg_stmt *s, const char *when)
{
    struct look l = {.stmt = s->name, .when = when, .text = explain(s)};
    json_t *plan = json_loads(l.text, 0, NULL);
    assert_non_null(plan);
    look_at(&l, json_object_get(json_array_get(plan, 0), "Plan"));
    for (size_t i = 0; i < EXPECTATIONS; i++)
        if (strcmp(expectations[i].stmt, l.stmt) == 0 && !l.used[i])
            bad(&l, "is not used:", expectations[i].index);
    json_decref(plan);
}

static void check_each(const char *when)
{
    rig_exec(rig, "set enable_seqscan = off; set enable_bitmapscan = off; set plan_cache_mode = "
                  "force_generic_plan; set jit = off");
    for (size_t i = 0; i < store_n_stmts; i++)
        check_stmt(&store_stmts[i], when);
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

/* What segments look up: they hold keys meanwhile, so these may never walk a table. */
static void check_reads(const char *when)
{
    for (size_t i = 0; i < store_n_stmts; i++)
        if (strncmp(store_stmts[i].name, "read_", 5) == 0)
            check_stmt(&store_stmts[i], when);
}

/* -- tests ------------------------------------------------------------------------------------ */

/* What the tables beside it keep of the cases of recovery_case. */
static void fill_lists(void)
{
    rig_exec(rig, "insert into case_work select tenant_id, opened_at, case_id, status, owner_kind,"
                  " owner_id, level, null, 0, 1, '', 0, 1, opened_at, opened_at, opened_at,"
                  " opened_at from recovery_case;"
                  " insert into open_claim select tenant_id, customer_id, failure_code,"
                  " order_reference, case_id from recovery_case;"
                  " insert into case_ended select tenant_id, owner_id, opened_at, case_id"
                  " from recovery_case");
}

/* Many cases of few customers, all of one tenant and status: statistics at their worst. */
static void fill(void)
{
    rig_exec(
        rig,
        "insert into recovery_case select " RIG_TENANT
        ", ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12,"
        " '0'))::uuid, 2, 'c' || n %% 3, '', '', '', 1, 1, 'billing.' || n %% 2, '', null, '',"
        " n::text, '', 0, 1, 0, 0, 0, 0, 0, 2, 'a' || n %% 2, '2026-01-01', 1, 1, '2026-01-01',"
        " 1, 1, '2026-01-01'::timestamptz + n * interval '1 s', '2026-01-01', null, null, '',"
        " false, '', '', null, '', 0, null, '', 1, '' from generate_series(1, 20000) n");
    fill_lists();
    rig_exec(rig, "insert into signal select tenant_id, case_id, 1, 1, 1, opened_at, '', '', ''"
                  " from recovery_case");
    rig_exec(rig, "insert into agent select " RIG_TENANT
                  ", 'a' || n, 1, '', '', '', 1, 1, '', '', '', 1,"
                  " '2026-01-01', '2026-01-01' from generate_series(1, 2000) n");
}

static void test_never_analysed(void **state)
{
    (void)state;
    assert_int_equal(rig_int(rig, "select count(*) from pg_stat_user_tables where analyze_count +"
                                  " autoanalyze_count > 0"),
                     0);
    check_all("never analysed");
    check_each_index_last("never analysed");
}

/* Open cases of as many customers, all of one failure: the index of the failures is then lower than
 * that of the open cases, and without statistics promises as few rows. */
static void fill_one_failure(void)
{
    rig_exec(rig,
             "insert into recovery_case select " RIG_TENANT ", gen_random_uuid(), 1, 'customer-' ||"
             " gen_random_uuid(), '', '', '', 1, 1, 'billing.overcharge', '', null, '', '',"
             " '', 0, 3, 0, 0, 0, 0, 0, 1, 'steward', '2026-01-01', 1, 1, '2026-01-01', 1, 1,"
             " '2026-01-01'::timestamptz + n * interval '1 s', '2026-01-01', null, null, '',"
             " false, '', '', null, '', 0, null, '', 1, '' from generate_series(1, 15000) n");
    fill_lists();
}

/* A burst of cases before the first autoanalyze: the planner knows sizes and nothing else. */
static void test_filled_and_never_analysed(void **state)
{
    (void)state;
    fill();
    check_all("many rows, never analysed at all");
    check_each_index_last("many rows, never analysed at all");
    rig_exec(rig, "truncate recovery_case, case_work, open_claim, case_ended, signal, agent");
    fill_one_failure();
    check_reads("one failure of many customers, never analysed at all");
    rig_exec(rig, "truncate recovery_case, case_work, open_claim, case_ended");
}

static void test_analysed_while_empty(void **state)
{
    (void)state;
    rig_exec(rig, "analyze");
    check_all("analysed while empty");
}

static void test_many_rows(void **state)
{
    (void)state;
    fill();
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
    rig = rig_new("plans", NULL, 0);
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
        cmocka_unit_test(test_never_analysed),
        cmocka_unit_test(test_filled_and_never_analysed),
        cmocka_unit_test(test_analysed_while_empty),
        cmocka_unit_test(test_many_rows),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
