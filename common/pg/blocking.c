/* SPDX-License-Identifier: Apache-2.0 */
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/log.h"
#include "pg/pool.h"
#include "pg/target.h"

#define TELL_EVERY_MS 5000

struct pg_admin {
    PGconn *pq;
};

static void quiet(void *ctx, const char *message)
{
    (void)ctx;
    (void)message;
}

int pg_admin_open(const char *conninfo, struct pg_admin **out)
{
    const char *keys[] = {"dbname", "client_encoding", "fallback_application_name", NULL};
    const char *values[] = {conninfo, "UTF8", "amends-admin", NULL};
    struct pg_admin *a = calloc(1, sizeof(*a));
    AM_ASSERT(a != NULL);
    a->pq = PQconnectdbParams(keys, values, 1);
    if (PQstatus(a->pq) != CONNECTION_OK) {
        char why[PG_WHY_LEN];
        log_error("pg", "connect_failed", LOG_STR("why", pg_why(a->pq, why)));
        pg_admin_close(a);
        return AM_ECONN;
    }
    (void)PQsetNoticeProcessor(a->pq, quiet, NULL);
    *out = a;
    return AM_OK;
}

/* Takes the result over; logs what failed. */
static int take_result(PGresult *res, const char *sql)
{
    ExecStatusType status = PQresultStatus(res);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
        return AM_OK;
    const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
    const char *why = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
    char start[64];
    (void)snprintf(start, sizeof(start), "%s", sql);
    log_error("pg", "statement_failed", LOG_STR("sqlstate", state ? state : ""),
              LOG_STR("why", why ? why : "connection lost"), LOG_STR("sql", start));
    return state ? AM_EIO : AM_ECONN;
}

/* Waits until the answer can be taken without blocking, or the connection is lost. */
static void wait_for_answer(PGconn *pq, int every_ms, void (*still)(void *ctx), void *ctx)
{
    while (PQisBusy(pq) && PQstatus(pq) == CONNECTION_OK) {
        struct pollfd fd = {.fd = PQsocket(pq), .events = POLLIN};
        if (poll(&fd, 1, every_ms) == 0 && still)
            still(ctx);
        else if (fd.revents && !PQconsumeInput(pq))
            return;
    }
}

/* Commits are what takes so long here, besides locks: the server waits for a standby and does not
 * say so. */
static void tell_waiting(void *ctx)
{
    (void)ctx;
    log_warn("pg", "no_answer_yet",
             LOG_STR("why", "the server waits for a lock, or a commit waits for a synchronous"
                            " standby (pg_stat_activity.wait_event tells): if none is left, bring"
                            " one back or take it out of synchronous_standby_names"));
}

/* The last result of what was sent; after an error the server skips the rest, so that it is this
 * one. NULL when it could not be sent. */
static PGresult *wait_for_result(PGconn *pq, int sent)
{
    PGresult *last = NULL;
    while (sent) {
        wait_for_answer(pq, TELL_EVERY_MS, tell_waiting, NULL);
        PGresult *res = PQgetResult(pq);
        if (!res)
            break;
        PQclear(last);
        last = res;
    }
    return last;
}

int pg_admin_exec(struct pg_admin *a, const char *sql)
{
    PGresult *res = wait_for_result(a->pq, PQsendQuery(a->pq, sql));
    int err = take_result(res, sql);
    PQclear(res);
    return err;
}

/* What a failed statement means for the caller; logs what no second try mends. */
static int take_tried(PGresult *res, const char *sql)
{
    const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
    if (state && pg_blame(state) == PG_BLAME_CONFLICT)
        return AM_EAGAIN;
    if (state && strcmp(state, "57014") == 0)
        return AM_ETIMEDOUT;
    return take_result(res, sql);
}

int pg_admin_try(struct pg_admin *a, const char *sql, int every_ms, void (*still)(void *ctx),
                 void *ctx)
{
    int err = AM_OK;
    if (!PQsendQuery(a->pq, sql))
        return take_result(NULL, sql);
    for (;;) {
        wait_for_answer(a->pq, every_ms, still, ctx);
        PGresult *res = PQgetResult(a->pq);
        if (!res)
            break;
        int one = take_tried(res, sql);
        err = err ? err : one;
        PQclear(res);
    }
    if (err && PQtransactionStatus(a->pq) != PQTRANS_IDLE)
        PQclear(PQexec(a->pq, "rollback"));
    return err;
}

int pg_admin_pooled(struct pg_admin *a, bool *pooled)
{
    char pid[16];
    int err = pg_admin_value(a, "select pg_backend_pid()", NULL, 0, pid, sizeof(pid));
    *pooled = !err && strtol(pid, NULL, 10) != PQbackendPID(a->pq);
    return err;
}

int pg_admin_value(struct pg_admin *a, const char *sql, const char *const *params, int n, char *out,
                   size_t cap)
{
    int sent = PQsendQueryParams(a->pq, sql, n, NULL, params, NULL, NULL, 0);
    PGresult *res = wait_for_result(a->pq, sent);
    int err = take_result(res, sql);
    const char *value = "";
    if (!err && PQntuples(res) > 0 && PQnfields(res) > 0)
        value = PQgetvalue(res, 0, 0);
    int len = snprintf(out, cap, "%s", value);
    PQclear(res);
    if (!err && (size_t)len >= cap)
        return AM_ERANGE;
    return err;
}

void pg_admin_close(struct pg_admin *a)
{
    if (!a)
        return;
    PQfinish(a->pq);
    free(a);
}
