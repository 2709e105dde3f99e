/* SPDX-License-Identifier: Apache-2.0 */
#include "store/migrate/restore.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "pg/pg.h"
#include "store/table.h"

#define LINE_BYTES 8192
#define CASES_BYTES (1u << 20)
#define ID_BYTES 64

/* -- the journal ------------------------------------------------------------------------------- */

/* The next erasure behind ($1 tenant, $2 erasure): its place, and its line. */
static const char next_sql[] =
    "select concat_ws(' ', x.tenant_id, x.erasure_id, json_build_object('tenant', t.name,"
    " 'erasureId', x.erasure_id, 'customerId', x.customer_id, 'beginTime', x.begun_at,"
    " 'openToo', x.open_too, 'requestId', x.request_id, 'bodyHash', encode(x.body_hash, 'hex'),"
    " 'erasedBy', x.actor)::text)"
    " from customer_erasure x join tenant t on t.tenant_id = x.tenant_id"
    " where (x.tenant_id, x.erasure_id) > ($1::int8, $2::uuid)"
    " order by x.tenant_id, x.erasure_id limit 1";

static int write_lines(struct pg_admin *pg, FILE *out, int64_t *n)
{
    char tenant[ID_BYTES] = "-9223372036854775808";
    char erasure[ID_BYTES] = "00000000-0000-0000-0000-000000000000";
    char line[LINE_BYTES];
    for (;; (*n)++) {
        const char *params[] = {tenant, erasure};
        const int rc = pg_admin_value(pg, next_sql, params, 2, line, sizeof line);
        if (rc != AM_OK || line[0] == '\0')
            return rc;
        char *rest = line;
        (void)snprintf(tenant, sizeof tenant, "%s", strsep(&rest, " "));
        (void)snprintf(erasure, sizeof erasure, "%s", strsep(&rest, " "));
        if (fprintf(out, "%s\n", rest) < 0)
            return AM_EIO;
    }
}

int journal_write(const char *conninfo, FILE *out, int64_t *n)
{
    struct pg_admin *pg = NULL;
    *n = 0;
    int rc = pg_admin_open(conninfo, &pg);
    if (rc == AM_OK)
        rc = write_lines(pg, out, n);
    pg_admin_close(pg);
    return rc == AM_OK && fflush(out) != 0 ? AM_EIO : rc;
}

/* -- applying it ------------------------------------------------------------------------------- */

/* $1 the line */
static const char tenant_sql[] =
    "select t.tenant_id from tenant t where t.name = $1::json ->> 'tenant'";
static const char insert_sql[] =
    "insert into customer_erasure (tenant_id, erasure_id, request_id, body_hash, customer_id,"
    " reason, actor, open_too, begun_at)"
    " select t.tenant_id, (j ->> 'erasureId')::uuid, (j ->> 'requestId')::uuid,"
    " decode(j ->> 'bodyHash', 'hex'), j ->> 'customerId', 'restored from a copy',"
    " j ->> 'erasedBy', (j ->> 'openToo')::boolean, (j ->> 'beginTime')::timestamptz"
    " from (select $1::json as j) l join tenant t on t.name = j ->> 'tenant'"
    " on conflict (tenant_id, erasure_id) do nothing";
/* One that the copy had finished is done: what was written since is not to be erased. */
static const char open_sql[] = "select x.erasure_id from customer_erasure x"
                               " where x.tenant_id = $2::int8 and x.ended_at is null"
                               " and x.erasure_id = ($1::json ->> 'erasureId')::uuid";
static const char key_sql[] = "delete from customer_key x where x.tenant_id = $2::int8"
                              " and x.customer_id = $1::json ->> 'customerId'"
                              " and x.made_at <= ($1::json ->> 'beginTime')::timestamptz";
static const char cases_sql[] =
    "select concat_ws(' ', array_agg(c.tenant_id)::text, array_agg(c.case_id)::text)"
    " from recovery_case c where c.tenant_id = $2::int8 and c.customer_id is not null"
    " and c.customer_id = $1::json ->> 'customerId'"
    " and c.opened_at <= ($1::json ->> 'beginTime')::timestamptz";
/* $1 tenants, $2 cases */
static const char denials_sql[] = "update recovery_case c set earlier_denials = ''"
                                  " from unnest($1::int8[], $2::uuid[]) as k(tenant_id, case_id)"
                                  " where c.tenant_id = k.tenant_id and c.case_id = k.case_id";

struct restore {
    struct pg_admin *pg, *keys;
    struct restore_counts *counts;
    char *cases; /* CASES_BYTES */
};

static int run(struct pg_admin *pg, const char *sql, const char *first, const char *second)
{
    char nothing[ID_BYTES];
    const char *params[] = {first, second};
    return pg_admin_value(pg, sql, params, second ? 2 : 1, nothing, sizeof nothing);
}

static int erase_cases(struct restore *r, const char *line, const char *tenant)
{
    const char *params[] = {line, tenant};
    int rc = pg_admin_value(r->pg, cases_sql, params, 2, r->cases, CASES_BYTES);
    char *cases = r->cases;
    const char *tenants = strsep(&cases, " ");
    if (rc != AM_OK || !cases)
        return rc;
    for (size_t t = 0; t < TABLES && rc == AM_OK; t++) {
        char *sql = table_sql_erase(&tables[t]);
        if (sql)
            rc = run(r->pg, sql, tenants, cases);
        free(sql);
    }
    return rc == AM_OK ? run(r->pg, denials_sql, tenants, cases) : rc;
}

static int apply_line(struct restore *r, const char *line)
{
    char tenant[ID_BYTES], erasure[ID_BYTES] = "";
    const char *params[] = {line, tenant};
    int rc = pg_admin_value(r->pg, tenant_sql, params, 1, tenant, sizeof tenant);
    if (rc != AM_OK)
        return rc == AM_EIO ? AM_EINVAL : rc;
    r->counts->unknown += tenant[0] == '\0';
    if (tenant[0] == '\0')
        return AM_OK;
    rc = run(r->pg, insert_sql, line, NULL);
    if (rc == AM_OK)
        rc = pg_admin_value(r->pg, open_sql, params, 2, erasure, sizeof erasure);
    if (rc != AM_OK || erasure[0] == '\0')
        return rc;
    rc = run(r->keys ? r->keys : r->pg, key_sql, line, tenant);
    if (rc == AM_OK)
        rc = erase_cases(r, line, tenant);
    r->counts->erased += rc == AM_OK;
    return rc;
}

static int apply_lines(struct restore *r, FILE *journal)
{
    char line[LINE_BYTES];
    int rc = AM_OK;
    while (rc == AM_OK && fgets(line, sizeof line, journal)) {
        r->counts->lines++;
        rc = apply_line(r, line);
    }
    if (rc != AM_OK)
        log_error("store", "restore_failed", LOG_INT("line", r->counts->lines));
    return rc == AM_OK && ferror(journal) ? AM_EIO : rc;
}

int restore_apply(const char *conninfo, const char *keys_conninfo, FILE *journal,
                  struct restore_counts *counts)
{
    struct restore r = {.counts = counts, .cases = malloc(CASES_BYTES)};
    *counts = (struct restore_counts){0};
    int rc = r.cases ? pg_admin_open(conninfo, &r.pg) : AM_ENOMEM;
    if (rc == AM_OK && *keys_conninfo)
        rc = pg_admin_open(keys_conninfo, &r.keys);
    if (rc == AM_OK)
        rc = apply_lines(&r, journal);
    if (rc == AM_OK)
        rc = pg_admin_exec(r.pg, "update tenant set epoch = epoch + 1");
    pg_admin_close(r.keys);
    pg_admin_close(r.pg);
    free(r.cases);
    return rc;
}
