/* SPDX-License-Identifier: Apache-2.0 */
#include "plan_check.h"

#include <jansson.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pg/statements.h"

struct look {
    PGconn *pq;
    const char *statement, *when, *prefix;
    int bad;
};

static void report(struct look *l, const char *what, json_t *node)
{
    const char *relation = json_string_value(json_object_get(node, "Relation Name"));
    const char *index = json_string_value(json_object_get(node, "Index Name"));
    const char *cond = json_string_value(json_object_get(node, "Index Cond"));
    (void)fprintf(stderr, "plan of %s, tables %s: %s%s%s%s%s%s%s\n", l->statement, l->when, what,
                  relation ? ", table " : "", relation ? relation : "", index ? ", index " : "",
                  index ? index : "", cond ? ", condition " : "", cond ? cond : "");
    l->bad++;
}

static bool is_type(json_t *node, const char *type)
{
    const char *have = json_string_value(json_object_get(node, "Node Type"));
    return have && strcmp(have, type) == 0;
}

static bool reads_a_table(json_t *node)
{
    size_t i;
    json_t *child;
    if (json_object_get(node, "Relation Name") && !is_type(node, "ModifyTable"))
        return true;
    json_array_foreach(json_object_get(node, "Plans"), i, child)
    {
        if (reads_a_table(child))
            return true;
    }
    return false;
}

/* "((tenant_id = 1) AND (id = 2))": true when some comparison is of the column. */
static bool compares(const char *cond, const char *column)
{
    size_t len = strlen(column);
    for (const char *part = cond; part; part = strstr(part, " AND ")) {
        part += strncmp(part, " AND ", 5) == 0 ? 5 : 0;
        part += strspn(part, "( ");
        if (strncmp(part, column, len) == 0 && strchr(" )", part[len]))
            return true;
    }
    return false;
}

/* The n-th column of an index, counted from 1; "" when it has fewer. */
static void index_column(PGconn *pq, const char *index, const char *n, char *out, size_t cap)
{
    const char *const params[] = {index, n};
    PGresult *res = PQexecParams(pq, "select pg_get_indexdef($1::regclass, $2::int, true)", 2, NULL,
                                 params, NULL, NULL, 0);
    (void)snprintf(out, cap, "%s", PQntuples(res) == 1 ? PQgetvalue(res, 0, 0) : "");
    PQclear(res);
}

/* True when the condition does not use the column behind the prefix: then it reads everything below
 * the prefix. */
static bool stops_at_prefix(const struct look *l, json_t *node, const char *cond)
{
    const char *index = json_string_value(json_object_get(node, "Index Name"));
    char first[128], second[128];
    index_column(l->pq, index, "1", first, sizeof(first));
    index_column(l->pq, index, "2", second, sizeof(second));
    return strcmp(first, l->prefix) == 0 && second[0] && !compares(cond, second);
}

static void check_scan(struct look *l, json_t *node, json_t *parent)
{
    const char *cond = json_string_value(json_object_get(node, "Index Cond"));
    bool index_scan = is_type(node, "Index Scan") || is_type(node, "Index Only Scan") ||
                      is_type(node, "Bitmap Index Scan");
    if (is_type(node, "Seq Scan"))
        report(l, "sequential scan", node);
    if (!index_scan)
        return;
    if (!cond && !(parent && is_type(parent, "Limit")))
        report(l, "whole index", node);
    if (cond && l->prefix && !(parent && is_type(parent, "Limit")) &&
        stops_at_prefix(l, node, cond))
        report(l, "only the prefix of the key", node);
}

static void check_node(struct look *l, json_t *node, json_t *parent)
{
    size_t i;
    json_t *child;
    check_scan(l, node, parent);
    if ((is_type(node, "Hash Join") || is_type(node, "Merge Join")) && reads_a_table(node))
        report(l, "join over whole inputs", node);
    json_array_foreach(json_object_get(node, "Plans"), i, child) check_node(l, child, node);
}

/* -- statements -------------------------------------------------------------------------------- */

static bool run(PGconn *pq, const char *sql, const char *about)
{
    PGresult *res = PQexec(pq, sql);
    ExecStatusType status = PQresultStatus(res);
    bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (!ok)
        (void)fprintf(stderr, "%s: %s", about, PQerrorMessage(pq));
    PQclear(res);
    return ok;
}

static bool prepare(PGconn *pq, const struct pg_stmt *stmt)
{
    PGresult *res = PQprepare(pq, stmt->name, stmt->sql, 0, NULL);
    bool ok = PQresultStatus(res) == PGRES_COMMAND_OK;
    if (!ok)
        (void)fprintf(stderr, "%s: %s", stmt->name, PQerrorMessage(pq));
    PQclear(res);
    return ok;
}

static int count_params(PGconn *pq, const char *name)
{
    PGresult *res = PQdescribePrepared(pq, name);
    int n = PQnparams(res);
    PQclear(res);
    return n;
}

static json_t *explain(PGconn *pq, const char *name)
{
    char sql[1024];
    int n = count_params(pq, name);
    int len = snprintf(sql, sizeof(sql), "explain (costs off, format json) execute \"%s\"%s", name,
                       n ? "(" : "");
    for (int i = 0; i < n; i++)
        len += snprintf(sql + len, sizeof(sql) - (size_t)len, "%snull", i ? ", " : "");
    (void)snprintf(sql + len, sizeof(sql) - (size_t)len, "%s", n ? ")" : "");
    PGresult *res = PQexec(pq, sql);
    json_t *plans = PQntuples(res) > 0 ? json_loads(PQgetvalue(res, 0, 0), 0, NULL) : NULL;
    if (!plans)
        (void)fprintf(stderr, "%s: %s", name, PQerrorMessage(pq));
    PQclear(res);
    return plans;
}

static int check_statement(PGconn *pq, const struct pg_stmt *stmt, const char *when,
                           const char *prefix)
{
    struct look l = {.pq = pq, .statement = stmt->name, .when = when, .prefix = prefix};
    json_t *plans = explain(pq, stmt->name);
    size_t i;
    json_t *query;
    if (!plans)
        return 1;
    json_array_foreach(plans, i, query) check_node(&l, json_object_get(query, "Plan"), NULL);
    json_decref(plans);
    return l.bad;
}

static bool is_exempt(const char *name, const char *const *exempt)
{
    for (; exempt && *exempt; exempt++)
        if (strcmp(*exempt, name) == 0)
            return true;
    return false;
}

static int check_all(PGconn *pq, const struct pg_stmt *stmts, size_t n, const char *when,
                     const char *prefix, const char *const *exempt)
{
    int bad = 0;
    if (!run(pq, "deallocate all", "deallocate"))
        return 1;
    for (size_t i = 0; i < n; i++) {
        if (!prepare(pq, &stmts[i]))
            bad++;
        else if (!is_exempt(stmts[i].name, exempt))
            bad += check_statement(pq, &stmts[i], when, prefix);
    }
    return bad;
}

/* Analyses this schema only, because other tests may run at the same time. */
static const char analyze_sql[] = "do $$ declare t regclass; begin"
                                  " for t in select oid from pg_class where relkind in ('r', 'p')"
                                  " and relnamespace = current_schema()::regnamespace loop"
                                  " execute 'analyze ' || t; end loop; end $$";

int plan_check(const char *conninfo, const struct pg_stmt *stmts, size_t n, const char *prefix,
               const char *const *exempt)
{
    int bad = 1;
    PGconn *pq = PQconnectdb(conninfo);
    if (PQstatus(pq) != CONNECTION_OK)
        (void)fprintf(stderr, "%s", PQerrorMessage(pq));
    else if (run(pq, pg_session_sql, "session"))
        bad = check_all(pq, stmts, n, "never analysed", prefix, exempt) +
              (run(pq, analyze_sql, "analyze") ? 0 : 1) +
              check_all(pq, stmts, n, "analysed while empty", prefix, exempt);
    PQfinish(pq);
    return bad;
}
