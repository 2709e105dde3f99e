/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "contract/statuses.h"
#include "contract/words.h"
#include "store/impl.h"
#include "store/private_sql.h"

static struct pg_stmt stmts[STMTS];
const struct pg_stmt *const store_stmts = stmts;
const size_t store_n_stmts = STMTS;
const unsigned store_stmt_customer_keys = STMT_CUSTOMER_KEYS;

static void set(unsigned i, const char *name, char *sql)
{
    AM_ASSERT(sql != NULL && stmts[i].sql == NULL);
    stmts[i] = (struct pg_stmt){.name = name, .sql = sql};
}

static char *name_of(const char *prefix, const struct table *t)
{
    char *name = NULL;
    AM_ASSERT(asprintf(&name, "%s_%s", prefix, t->name) > 0);
    return name;
}

/* -- agents with their load ------------------------------------------------------------------- */

/* The load by the indexes case_work_owner and offer_pending; `t` is the agent. */
#define AGENT_LOAD                                                                                 \
    " cross join lateral (select count(*)::int4 as n from case_work x"                             \
    " where x.tenant_id = t.tenant_id and x.owner_id = t.agent_id and x.owner_id > ''"             \
    " and x.owner_kind = " SQL_OWNER_KIND_AGENT " and x.status " SQL_STATUS_COUNTED " offset 0) l" \
    " cross join lateral (select coalesce(sum(x.weight), 0)::int4 as n from offer x"               \
    " where x.tenant_id = t.tenant_id and x.agent_id = t.agent_id"                                 \
    " and x.state = " SQL_OFFER_STATE_PENDING " offset 0) w"

static char *agent_sql(const char *ord, const char *from)
{
    char *sql = NULL, *cols = table_sql_columns(&tables[TABLE_AGENT], "t");
    AM_ASSERT(asprintf(&sql, "select %s, %s, l.n, w.n from %s" AGENT_LOAD, ord, cols, from) > 0);
    free(cols);
    return sql;
}

static char *read_agents_sql(void)
{
    return agent_sql("k.ord",
                     "unnest($1::int8[], $2::text[]) with ordinality as k(tenant_id, agent_id, ord)"
                     " cross join lateral (select x.* from agent x where x.tenant_id = k.tenant_id"
                     " and x.agent_id = k.agent_id offset 0) t");
}

static char *list_agents_sql(void)
{
    return agent_sql("0::int8", "(select x.* from agent x where x.tenant_id = $1::int8"
                                " and x.agent_id > $2::text order by x.agent_id limit $3::int4) t");
}

int agent_decode(const struct pg_rows *rows, int row, struct agent_row *out, struct arena *arena)
{
    const struct table *t = &tables[TABLE_AGENT];
    int rc = table_decode(t, true, rows, row, 1, out, arena);
    out->counted_cases = (int32_t)pg_int(rows, row, 1 + (int)t->n_cols);
    out->pending_weight = (int32_t)pg_int(rows, row, 2 + (int)t->n_cols);
    return rc;
}

/* -- opening a case --------------------------------------------------------------------------- */

/* A repeat claim finds a case that has ended among so many of its customer's. It bounds what an
 * OpenCase costs for an id that many customers share. */
#define PAST_CASES "64"

static char *opening_sql(void)
{
    char *sql = NULL, *cols = table_sql_columns(&tables[TABLE_DEDUP], "d");
    int n = asprintf(
        &sql,
        "select k.ord, p.policy_version, o.case_id, e.case_id, %s"
        " from unnest($1::int8[], $2::text[], $3::int2[], $4::uuid[], $5::text[], $6::text[],"
        " $7::text[]) with ordinality as k(tenant_id, principal, method, request_id, customer_id,"
        " failure_code, order_reference, ord)"
        " left join lateral (select x.* from dedup x where x.tenant_id = k.tenant_id"
        " and x.principal = k.principal and x.method = k.method"
        " and x.request_id = k.request_id offset 0) d on true"
        " left join lateral (select x.case_id from open_claim x where x.tenant_id = k.tenant_id"
        " and x.customer_id = k.customer_id and x.failure_code = k.failure_code"
        " and x.order_reference = k.order_reference offset 0) o on true"
        /* The newest that has ended of the same claim, among the newest of the customer's. */
        " left join lateral (select y.case_id from (select x.* from recovery_case x"
        " where o.case_id is null and x.tenant_id = k.tenant_id"
        " and x.customer_id = k.customer_id and x.customer_id is not null"
        " order by x.opened_at desc, x.case_id desc limit " PAST_CASES ") y"
        " where y.failure_code = k.failure_code and y.order_reference = k.order_reference"
        " and y.erased_at is null"
        " order by y.opened_at desc, y.case_id desc limit 1) e on true"
        " left join lateral (select x.policy_version from tenant x"
        " where x.tenant_id = k.tenant_id offset 0) p on true",
        cols);
    AM_ASSERT(n > 0);
    free(cols);
    return sql;
}

/* $1 tenants, $2 references: those that are taken. */
static const char references[] =
    "select k.ord, r.case_id from unnest($1::int8[], $2::text[]) with ordinality"
    " as k(tenant_id, reference, ord) cross join lateral (select x.case_id from case_reference x"
    " where x.tenant_id = k.tenant_id and x.reference = k.reference offset 0) r";

/* -- cases ------------------------------------------------------------------------------------ */

/* The case and, behind its columns, what case_work holds of it: null when that holds nothing. */
static char *read_cases_sql(void)
{
    char *sql = NULL;
    char *cols = table_sql_columns(&tables[TABLE_CASE], "t");
    char *work = table_sql_columns(&tables[TABLE_WORK], "w");
    int n = asprintf(
        &sql,
        "select k.ord, %s, %s from unnest($1::int8[], $2::uuid[]) with ordinality"
        " as k(tenant_id, case_id, ord) cross join lateral (select x.* from recovery_case x"
        " where x.tenant_id = k.tenant_id and x.case_id = k.case_id offset 0) t"
        " left join lateral (select x.* from case_work x where x.tenant_id = t.tenant_id"
        " and x.opened_at = t.opened_at and x.case_id = t.case_id offset 0) w on true",
        cols, work);
    AM_ASSERT(n > 0);
    free(cols);
    free(work);
    return sql;
}

/* Slices of a case are of one version when this is the same in all of them. */
static const char case_seq_sql[] = "select x.last_seq from recovery_case x"
                                   " where x.tenant_id = $1::int8 and x.case_id = $2::uuid";

/* -- events ----------------------------------------------------------------------------------- */

static char *events_sql(const struct table *t)
{
    char *sql = NULL, *cols = table_sql_columns(t, "x");
    AM_ASSERT(asprintf(&sql,
                       "select 0::int8, %s from %s x where x.tenant_id = $1::int8"
                       " and x.case_id = $2::uuid and x.seq > $3::int8"
                       " order by x.seq limit $4::int4",
                       cols, t->name) > 0);
    free(cols);
    return sql;
}

/* Of the epoch that the tenant has now: read here, so that it cannot be an old one. */
static char *insert_events_sql(void)
{
    return table_sql_insert_with(&tables[TABLE_EVENT], "epoch",
                                 "select x.epoch from tenant x where x.tenant_id = k.tenant_id");
}

/* -- tenants ---------------------------------------------------------------------------------- */

static const char tenant_by_name[] =
    "select x.tenant_id, x.policy_version from tenant x where x.name = $1::text";
static const char tenant_versions[] =
    "select t.tenant_id, t.policy_version from unnest($1::int8[]) as k(tenant_id)"
    " cross join lateral (select x.* from tenant x where x.tenant_id = k.tenant_id offset 0) t";
static const char policy_source[] = "select x.tenant_id, x.version, x.source from policy_version x"
                                    " where x.tenant_id = $1::int8 and x.version = $2::int4";

/* -- policy versions -------------------------------------------------------------------------- */

#define POLICY_COLUMNS(source)                                                                     \
    "p.version, coalesce(b.version, 0), p.created_at, p.created_by, " source ", "                  \
    "p.version = t.policy_version"
#define PREVIOUS                                                                                   \
    " left join lateral (select x.version from policy_version x where x.tenant_id = p.tenant_id"   \
    " and x.version < p.version order by x.version desc limit 1) b on true"
#define TENANT "(select x.* from tenant x where x.tenant_id = $1::int8 offset 0) t"

/* $2 version, 0 = the current one */
static const char policy_get[] =
    "select " POLICY_COLUMNS("p.source") " from " TENANT
                                         " cross join lateral (select x.* from policy_version x "
                                         "where x.tenant_id = t.tenant_id"
                                         " and x.version = coalesce(nullif($2::int4, 0), "
                                         "t.policy_version) offset 0) p" PREVIOUS;
/* $2 before, $3 limit */
static const char policy_list[] = "select " POLICY_COLUMNS(
    "''::text") " from " TENANT " cross join lateral (select x.* from policy_version x where "
                "x.tenant_id = t.tenant_id"
                " and x.version < $2::int4 order by x.version desc limit $3::int4) p" PREVIOUS
                " order by p.version desc";
/* $2 expected, $3 source, $4 creator, $5 now. Two at once: the later one waits for the earlier one
 * and then finds that the version has moved on. It is awaited on a standby: see PG_LASTING. */
static const char policy_apply[] =
    "with t as (update tenant x set policy_version = n.version"
    " from (select p.version + 1 as version from policy_version p where p.tenant_id = $1::int8"
    " order by p.version desc limit 1) n"
    " where x.tenant_id = $1::int8 and x.policy_version = $2::int4"
    " returning x.tenant_id, x.policy_version as version),"
    " p as (insert into policy_version (tenant_id, version, source, created_at, created_by)"
    " select t.tenant_id, t.version, $3::text, $5::timestamptz, $4::text from t"
    " returning version, created_at, created_by)"
    " select p.version, $2::int4, p.created_at, p.created_by, ''::text,"
    " set_config('synchronous_commit', current_setting('" PG_LASTING "'), true) <> '' from p";

/* -- cases to migrate ------------------------------------------------------------------------- */

/* $2 opened at, $3 case: after these; $4 from, 0 = any; $5 to, $6 limit. */
static const char migrating[] =
    "select w.opened_at, w.case_id,"
    " t.policy_version <> $5::int4 and ($4::int4 = 0 or t.policy_version = $4::int4)"
    " from case_work w cross join lateral (select x.policy_version from recovery_case x"
    " where x.tenant_id = w.tenant_id and x.case_id = w.case_id offset 0) t"
    " where w.tenant_id = $1::int8 and (w.opened_at, w.case_id) > ($2::timestamptz, $3::uuid)"
    " order by w.opened_at, w.case_id limit $6::int4";

/* -- zones that are stored -------------------------------------------------------------------- */

/* $1 tenant: after this one; $2 limit. */
static const char zones_tenants[] =
    "select x.tenant_id, x.policy_version from tenant x where x.tenant_id > $1::int8"
    " order by x.tenant_id limit $2::int4";
/* $1 tenant, $2 opened at, $3 case: after these; $4 limit. */
static const char zones_cases[] =
    "select w.tenant_id, w.opened_at, w.case_id, t.policy_version, t.time_zone"
    " from case_work w cross join lateral (select x.policy_version, x.time_zone"
    " from recovery_case x where x.tenant_id = w.tenant_id and x.case_id = w.case_id offset 0) t"
    " where (w.tenant_id, w.opened_at, w.case_id) > ($1::int8, $2::timestamptz, $3::uuid)"
    " order by w.tenant_id, w.opened_at, w.case_id limit $4::int4";

/* -- all of them ------------------------------------------------------------------------------ */

static const char *const list_names[LIST_WALKS] = {
    [LIST_OPENED] = "list_cases_opened", [LIST_CUSTOMER] = "list_cases_customer",
    [LIST_OWNER] = "list_cases_owner",   [LIST_FAILURE] = "list_cases_failure",
    [LIST_WORK] = "list_cases_work",     [LIST_LEVEL] = "list_cases_level",
    [LIST_ORDER] = "list_cases_order",   [LIST_EXTERNAL] = "list_cases_external",
    [LIST_IDS] = "list_cases_ids",       [LIST_DUE] = "list_cases_due",
};

static char *read_sql(enum table_id id)
{
    if (id == TABLE_CASE)
        return read_cases_sql();
    if (id == TABLE_AGENT)
        return read_agents_sql();
    if (id >= TABLE_FIRST_CHILD && id <= TABLE_LAST_CHILD)
        return table_sql_page(&tables[id]);
    return table_sql_read(&tables[id], tables[id].n_keys);
}

static char *read_few_sql(enum table_id id)
{
    char *sql = NULL, *all = table_sql_read(&tables[id], 2);
    AM_ASSERT(asprintf(&sql, "%s limit %d", all, FEW_ROWS) > 0);
    free(all);
    return sql;
}

static char *insert_sql(enum table_id id)
{
    return id == TABLE_EVENT ? insert_events_sql() : table_sql_write(&tables[id], false);
}

const enum table_id erasable_tables[ERASABLE_TABLES] = {
    TABLE_CASE,    TABLE_REMEDY, TABLE_PROMISE, TABLE_OFFER,
    TABLE_CONTACT, TABLE_SIGNAL, TABLE_ACT,     TABLE_EVENT_PRIVATE,
};

/* A table that gets its first personal column has to be added above. */
static void set_erasures(void)
{
    size_t n = 0;
    for (unsigned i = 0; i < TABLES; i++) {
        char *sql = table_sql_erase(&tables[i]);
        n += sql != NULL;
        free(sql);
    }
    AM_ASSERT(n == ERASABLE_TABLES);
    for (unsigned i = 0; i < ERASABLE_TABLES; i++) {
        const struct table *t = &tables[erasable_tables[i]];
        set(STMT_ERASE + i, name_of("erase", t), table_sql_erase(t));
    }
}

static void set_tables(void)
{
    for (unsigned i = 0; i < TABLES; i++) {
        const struct table *t = &tables[i];
        if (i >= TABLE_FIRST_READ && i < TABLES_READ)
            set(STMT_READ + i, name_of("read", t), read_sql(i));
        set(STMT_INSERT + i, name_of("insert", t), insert_sql(i));
        if (i < TABLES_UPSERT)
            set(STMT_UPSERT + i, name_of("upsert", t), table_sql_write(t, true));
    }
    for (unsigned i = TABLE_FIRST_WORDS; i <= TABLE_LAST_WORDS; i++)
        set(STMT_READ_WORDS + i, name_of("read_words", &tables[i]),
            table_sql_words_page(&tables[i]));
    for (unsigned i = TABLE_FIRST_WORDS; i <= TABLE_LAST_WORDS; i++)
        set(STMT_LIST_WORDS + i, name_of("list_words", &tables[i]), table_sql_words(&tables[i]));
    for (unsigned i = TABLE_FIRST_CHILD; i <= TABLE_LAST_CHILD; i++)
        set(STMT_READ_FEW + i, name_of("read_few", &tables[i]), read_few_sql(i));
    set_erasures();
    set(STMT_WORK_DELETE, "delete_case_work", table_sql_delete(&tables[TABLE_WORK]));
    set(STMT_CLAIM_DELETE, "delete_open_claim", table_sql_delete(&tables[TABLE_CLAIM]));
    set(STMT_ENDED_DELETE, "delete_case_ended", table_sql_delete(&tables[TABLE_ENDED]));
}

static void set_private(void)
{
    set(STMT_CUSTOMER_CASES, "customer_cases", strdup(private_sql_customer));
    set(STMT_RETAINED_CASES, "retained_cases", strdup(private_sql_retained));
    set(STMT_TENANTS, "tenants", strdup(private_sql_tenants));
    set(STMT_ERASURE, "erasure", strdup(private_sql_erasure));
    set(STMT_ERASURE_BEGIN, "erasure_begin", strdup(private_sql_erasure_begin));
    set(STMT_ERASURE_END, "erasure_end", strdup(private_sql_erasure_end));
    set(STMT_ERASURE_MOVE, "erasure_move", strdup(private_sql_erasure_move));
    set(STMT_AT_WORK, "at_work", strdup(private_sql_at_work));
    set(STMT_ERASURES_UNFINISHED, "erasures_unfinished", strdup(private_sql_unfinished));
    set(STMT_ACCESS_WRITE, "access_write", strdup(private_sql_access_write));
    set(STMT_ACCESS_WRITE_LASTING, "access_write_lasting",
        strdup(private_sql_access_write_lasting));
    set(STMT_ACCESS_WRITER, "access_writer", strdup(private_sql_access_writer));
    set(STMT_ACCESS_LIST, "access_list", strdup(private_sql_access_list));
    set(STMT_ACCESS_CUSTOMER, "access_customer", strdup(private_sql_access_customer));
    set(STMT_ACCESS_CASE, "access_case", strdup(private_sql_access_case));
    set(STMT_ACCESS_GAPS, "access_gaps", strdup(private_sql_access_gaps));
    set(STMT_ACCESS_PURGE, "access_purge", strdup(private_sql_access_purge));
    set(STMT_WRITERS_PURGE, "access_writers_purge", strdup(private_sql_writers_purge));
}

/* A name of its own for each statement of a source. */
static void set_work_of(unsigned first, const char *what, const char *const *sql, unsigned n)
{
    static const char *const sources[WORK_SOURCES] = {"clocks", "promises", "answers", "offers"};
    for (unsigned i = 0; i < n; i++) {
        char *name = NULL;
        AM_ASSERT(asprintf(&name, "work_%s_%s", what, sources[i]) > 0);
        set(first + i, name, strdup(sql[i]));
    }
}

static void set_work(void)
{
    set_work_of(STMT_WORK_LIST, "list", work_sql_list, WORK_SOURCES);
    set_work_of(STMT_WORK_COUNT, "count", work_sql_count, WORK_SOURCES);
    set_work_of(STMT_WORK_LEVEL, "level", work_sql_level, WORK_CASE_SOURCES);
    set(STMT_WORK_TEAM, "work_team", strdup(work_sql_team));
}

static void set_notifications(void)
{
    static const char *const names[] = {"notifications", "notifications_case", "notifications_get",
                                        "notifications_ack", "notifications_purge"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        set(STMT_NOTIFICATIONS + i, names[i], notifications_sql(STMT_NOTIFICATIONS + i));
    set(STMT_BOUNCE, "bounce", strdup(bounces_sql));
    set(STMT_BOUNCE_TELL, "bounce_tell", strdup(bounces_tell_sql));
}

static void set_keys(void)
{
    set(STMT_KEYS_GET, "keys_get", strdup(keys_get_sql));
    set(STMT_KEYS_LIST, "keys_list", strdup(keys_list_sql));
    set(STMT_KEYS_COUNT, "keys_count", strdup(keys_count_sql));
    set(STMT_KEYS_FORGET, "keys_forget", strdup(keys_forget_sql));
    set(STMT_KEYS_CREATE, "keys_create", strdup(keys_create_sql));
    set(STMT_KEYS_ROTATE, "keys_rotate", strdup(keys_rotate_sql));
    set(STMT_KEYS_REVOKE, "keys_revoke", strdup(keys_revoke_sql));
    set(STMT_KEYS_LOOKUP, "keys_lookup", strdup(keys_lookup_sql));
    set(STMT_KEYS_USE, "keys_use", strdup(keys_use_sql));
    set(STMT_KEYS_RECENT, "keys_recent", strdup(keys_recent_sql));
}

/* Before main(), so that store_stmts can be a constant for whoever adds statements of its own. */
__attribute__((constructor)) static void set_all(void)
{
    set_tables();
    set(STMT_OPENING, "read_opening", opening_sql());
    set(STMT_REFERENCES, "read_references", strdup(references));
    set(STMT_CASE_SEQ, "read_case_seq", strdup(case_seq_sql));
    set(STMT_READ_STEPS, "read_escalation", table_sql_read(&tables[TABLE_ESCALATION], 2));
    set(STMT_EVENTS, "read_events", events_sql(&tables[TABLE_EVENT]));
    set(STMT_EVENT_PRIVATES, "read_event_privates", events_sql(&tables[TABLE_EVENT_PRIVATE]));
    set(STMT_LIST_AGENTS, "list_agents", list_agents_sql());
    for (unsigned i = 0; i < LIST_WALKS; i++)
        set(STMT_LIST_CASES + i, list_names[i], list_sql(i));
    set(STMT_TENANT_BY_NAME, "tenant_by_name", strdup(tenant_by_name));
    set(STMT_TENANT_VERSIONS, "tenant_versions", strdup(tenant_versions));
    set(STMT_POLICY_SOURCE, "policy_source", strdup(policy_source));
    set(STMT_POLICY_GET, "policy_get", strdup(policy_get));
    set(STMT_POLICY_LIST, "policy_list", strdup(policy_list));
    set(STMT_POLICY_APPLY, "policy_apply", strdup(policy_apply));
    set(STMT_MIGRATING, "cases_to_migrate", strdup(migrating));
    set(STMT_ZONES_TENANTS, "zones_tenants", strdup(zones_tenants));
    set(STMT_ZONES_CASES, "zones_cases", strdup(zones_cases));
    set_private();
    set_work();
    set_notifications();
    set_keys();
    set(STMT_SECRET, "secret", strdup("select bytes from secret where purpose = $1::text"));
    set(STMT_CHECKPOINTS, "checkpoints", strdup(checkpoint_sql_list));
    set(STMT_CHECKPOINT_SLICE, "checkpoint_slice", strdup(checkpoint_sql_slice));
    set(STMT_HEADS_NOW, "checkpoint_heads_now", strdup(checkpoint_sql_heads));
    set(STMT_CASE_IDS, "checkpoint_case_ids", strdup(checkpoint_sql_ids));
    set(STMT_CASE_ENDS, "checkpoint_case_ends", strdup(checkpoint_sql_ends));
    set(STMT_FEED_NOW, "feed_now", strdup(feed_sql_now));
    set(STMT_FEED, "feed", feed_sql_page(false));
    set(STMT_FEED_PERSONAL, "feed_personal", feed_sql_page(true));
    for (unsigned i = 0; i < CUSTOMER_KEYS_STMTS; i++)
        set(STMT_CUSTOMER_KEYS + i, customer_keys_stmts[i].name,
            strdup(customer_keys_stmts[i].sql));
}
