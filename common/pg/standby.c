/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Sees that commits wait for a synchronous standby. PostgreSQL then answers no COMMIT, for as long
 * as it takes, and keeps the locks of the transaction: whoever waits for them sees only that
 * somebody holds them. What the sessions wait for stands in pg_stat_activity, and a read connection
 * can ask for it, because reads do not wait for a standby.
 *
 * It asks only when there is a suspicion: a commit of this pool has no answer for a second, or a
 * key or a row is held by others. One wait that lasts a second is enough. Each look sees which
 * session has waited longest; when two looks see the same one, with the same statement, then its
 * commit has waited for the time between them.
 *
 * A role sees what its own sessions wait for, and those of other roles when it is a member of
 * pg_read_all_stats.
 */

#include "base/log.h"
#include "pg/metrics.h"
#include "pg/pool.h"

#define ASK_EVERY_US (250 * US_PER_MS)
#define ANSWER_HOLDS_US (5 * US_PER_S)

static const char waiting_sql[] =
    "select pid, query_start from pg_stat_activity where wait_event = 'SyncRep'"
    " and datname = current_database() order by query_start, pid";

static const struct pg_rows *rows_of(const PGresult *res)
{
    return (const struct pg_rows *)(const void *)res;
}

bool pool_commits_wait(const struct pg *pg)
{
    const struct standby *s = &pg->standby;
    return s->waits && time_mono_us() - s->answered_us < ANSWER_HOLDS_US;
}

/* -- the answer -------------------------------------------------------------------------------- */

static void say(struct standby *s, bool waits, int64_t now_us)
{
    if (waits == s->waits)
        return;
    s->waits = waits;
    metric_add(&pg_metric_commits_wait, 0, waits ? 1 : -1);
    if (waits) {
        s->since_us = now_us;
        log_error("pg", "commits_wait_for_standby",
                  LOG_STR("why", "PostgreSQL answers no commit until a synchronous standby has it:"
                                 " bring one back, or take it out of synchronous_standby_names and"
                                 " reload; no write succeeds until then, and reads go on"));
    } else {
        log_warn("pg", "commits_go_on", LOG_INT("seconds", (now_us - s->since_us) / US_PER_S));
    }
}

/* Whether the session that has waited longest is the one of an earlier look. */
static bool lasts(struct standby *s, const struct pg_rows *rows, int64_t now_us)
{
    if (pg_rows_count(rows) == 0) {
        s->oldest = 0;
        return false;
    }
    const int64_t pid = pg_int(rows, 0, 0), began = pg_time_us(rows, 0, 1);
    if (pid != s->oldest || began != s->oldest_began_us) {
        s->oldest = pid;
        s->oldest_began_us = began;
        s->oldest_seen_us = now_us;
    }
    return now_us - s->oldest_seen_us >= PG_COMMIT_SLOW_US;
}

static bool note_answer(struct trip *t, size_t i, PGresult *res)
{
    struct pg *pg = t->ctx;
    const struct pg_rows *rows = rows_of(res);
    const int64_t now = time_mono_us();
    (void)i;
    bool own = false;
    for (int row = 0; pg->segs && row < pg_rows_count(rows); row++)
        own = segs_commit_waits(pg->segs, pg_int(rows, row, 0), now) || own;
    const bool others = lasts(&pg->standby, rows, now);
    pg->standby.answered_us = now;
    say(&pg->standby, own || others, now);
    return false;
}

static void answered(struct trip *t, enum trip_end end)
{
    struct pg *pg = t->ctx;
    (void)end;
    pg->standby.asking = false;
}

/* -- the question ------------------------------------------------------------------------------ */

static struct conn *read_connection(struct pg *pg)
{
    struct conn *best = NULL;
    for (size_t i = 0; i < pg->n_conns; i++) {
        struct conn *c = &pg->conns[i];
        if (c->lane == LANE_READ && c->state == CONN_UP && !c->broken &&
            (!best || c->n_trips < best->n_trips))
            best = c;
    }
    return best;
}

void pool_suspect_standby(struct pg *pg)
{
    struct standby *s = &pg->standby;
    const int64_t now = time_mono_us();
    struct conn *c = NULL;
    if (pg->closing || s->asking || now - s->asked_us < ASK_EVERY_US)
        return;
    c = read_connection(pg);
    if (!c)
        return;
    s->asking = true;
    s->asked_us = now;
    s->trip = (struct trip){.result = note_answer, .end = answered, .ctx = pg};
    conn_trip_begin(c, &s->trip);
    conn_send_text(c, waiting_sql);
    conn_trip_sync(c);
}

void pool_watch_standby(struct pg *pg)
{
    if (pg->standby.waits || reads_commit_is_slow(pg->reads) ||
        (pg->segs && segs_commit_is_slow(pg->segs)))
        pool_suspect_standby(pg);
    if (pg->segs && pool_commits_wait(pg))
        segs_give_up_waiting(pg->segs);
}
