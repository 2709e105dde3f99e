/* SPDX-License-Identifier: Apache-2.0 */
#include "pg/pg.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/log.h"
#include "pg/metrics.h"
#include "pg/pool.h"

#define PG_MAGIC 0x96a4001u
#define TICK_US (250 * US_PER_MS)
#define TICK_AWAY_US (100 * US_PER_MS)

static void set_defaults(struct pg_config *config)
{
    if (config->reads_only)
        config->segment_connections = 0;
    else if (!config->segment_connections)
        config->segment_connections = 2;
    if (!config->read_connections)
        config->read_connections = 2;
    if (!config->queue)
        config->queue = 4096;
    AM_ASSERT(config->segment_connections + config->read_connections <= PG_CONNECTIONS_MAX);
    if (config->state && config->schema_needed <= 0)
        config->state->schema_ok = true;
}

/* -- what is up -------------------------------------------------------------------------------- */

bool pg_up(const struct pg *pg)
{
    return (pg->config.reads_only || pg->up[LANE_SEGMENT] > 0) && pg->up[LANE_READ] > 0;
}

void pg_on_change(struct pg *pg, void (*changed)(void *ctx), void *ctx)
{
    pg->changed = changed;
    pg->changed_ctx = ctx;
}

static void look_for_change(struct pg *pg)
{
    bool up = pg_up(pg);
    if (up == pg->was_up)
        return;
    pg->was_up = up;
    log_info("pg", up ? "up" : "down",
             LOG_INT("segment_connections", (int64_t)pg->up[LANE_SEGMENT]),
             LOG_INT("read_connections", (int64_t)pg->up[LANE_READ]));
    if (pg->config.state)
        pg->config.state->postgres_ok = up;
    if (pg->changed)
        pg->changed(pg->changed_ctx);
}

static void show_clock(struct pg *pg)
{
    if (pg->config.state)
        pg->config.state->time_ok = time_error_us(loop_time(pg->loop)) <= PG_TIME_ERROR_US;
}

void pool_conn_up(struct conn *c)
{
    struct pg *pg = c->pg;
    pg->up[c->lane]++;
    pg->down_since_us[c->lane] = 0;
    metric_add(&pg_metric_connections, c->lane, 1);
    show_clock(pg);
    if (c->lane == LANE_READ) {
        reads_attach(pg->reads, c);
        reads_dispatch(pg->reads);
    } else if (pg->segs) {
        segs_attach(pg->segs, c);
        segs_wake(pg->segs);
    }
    look_for_change(pg);
}

void pool_conn_down(struct conn *c)
{
    struct pg *pg = c->pg;
    metric_add(&pg_metric_connections, c->lane, -1);
    if (--pg->up[c->lane] == 0) {
        pg->down_since_us[c->lane] = time_mono_us();
        loop_timer_start(pg->tick, TICK_AWAY_US);
    }
    look_for_change(pg);
}

bool pool_away(const struct pg *pg, enum conn_lane lane)
{
    return pg->down_since_us[lane] && time_mono_us() - pg->down_since_us[lane] >= PG_AWAY_US;
}

/* -- the tick: who waits for a server that is away, and the clock ------------------------------ */

static bool probe_on(struct pg *pg, enum conn_lane lane)
{
    for (size_t i = 0; i < pg->n_conns; i++) {
        struct conn *c = &pg->conns[i];
        if (c->lane == lane && c->state == CONN_UP && c->n_trips == 0) {
            conn_probe(c);
            return true;
        }
    }
    return false;
}

/* Asks for the schema version on an idle connection, which answers at once. When none is idle, the
 * next free segment connection asks before its next segment (pool_probe_if_due()). */
static void probe_when_due(struct pg *pg)
{
    int64_t now = time_mono_us();
    if (now >= pg->probe_due_us && (probe_on(pg, LANE_SEGMENT) || probe_on(pg, LANE_READ)))
        pg->probe_due_us = now + PG_PROBE_EVERY_US;
}

void pool_probe_if_due(struct conn *c)
{
    int64_t now = time_mono_us();
    if (now < c->pg->probe_due_us)
        return;
    c->pg->probe_due_us = now + PG_PROBE_EVERY_US;
    conn_probe(c);
}

void pool_time_asked(struct pg *pg)
{
    int64_t again = time_mono_us() + PG_PROBE_AGAIN_US;
    if (time_error_us(loop_time(pg->loop)) > PG_TIME_COARSE_US && pg->probe_due_us > again)
        pg->probe_due_us = again;
    show_clock(pg);
}

static void tick(void *ctx)
{
    struct pg *pg = ctx;
    bool down = pg->down_since_us[LANE_SEGMENT] || pg->down_since_us[LANE_READ];
    if (pool_away(pg, LANE_READ))
        reads_fail_queue(pg->reads, &pg_fault_away);
    if (pg->segs && pg->down_since_us[LANE_SEGMENT])
        segs_expire(pg->segs);
    pool_watch_standby(pg);
    probe_when_due(pg);
    show_clock(pg);
    loop_timer_start(pg->tick, down || pg->standby.waits ? TICK_AWAY_US : TICK_US);
}

/* -- life -------------------------------------------------------------------------------------- */

static void make_names(struct pg *pg)
{
    const size_t own = PG_OWN_STATEMENTS, n = own + pg->config.n_stmts;
    AM_ASSERT(pg_n_own_statements == own);
    pg->names = calloc(n, sizeof(*pg->names));
    AM_ASSERT(pg->names != NULL);
    for (size_t i = 0; i < n; i++)
        pg_wire_name(i < own ? &pg_own_statements[i] : &pg->config.stmts[i - own], pg->names[i]);
}

const char *pool_name(const struct pg *pg, unsigned stmt)
{
    AM_ASSERT(stmt < pg->config.n_stmts);
    return pg->names[PG_OWN_STATEMENTS + stmt];
}

static void start_connections(struct pg *pg)
{
    size_t segments = pg->config.segment_connections;
    pg->n_conns = segments + pg->config.read_connections;
    pg->conns = calloc(pg->n_conns, sizeof(*pg->conns));
    AM_ASSERT(pg->conns != NULL);
    for (size_t i = 0; i < pg->n_conns; i++) {
        conn_init(&pg->conns[i], pg, i < segments ? LANE_SEGMENT : LANE_READ);
        conn_connect_soon(&pg->conns[i], 0);
    }
}

struct pg *pg_new(struct loop *loop, const struct pg_config *config)
{
    struct pg *pg = calloc(1, sizeof(*pg));
    AM_ASSERT(pg != NULL);
    pg->magic = PG_MAGIC;
    pg->loop = loop;
    pg->config = *config;
    set_defaults(&pg->config);
    pg_metrics_register(config->methods);
    target_parse(&pg->target, config->conninfo);
    make_names(pg);
    pg->reads = reads_new(pg);
    pg->tick = loop_timer_new(loop, tick, pg);
    pg->down_since_us[LANE_SEGMENT] = pg->down_since_us[LANE_READ] = time_mono_us();
    loop_timer_start(pg->tick, TICK_AWAY_US);
    start_connections(pg);
    return pg;
}

bool pg_quiet(const struct pg *pg)
{
    return reads_outstanding(pg->reads) == 0 && (!pg->segs || segs_outstanding(pg->segs) == 0);
}

static void closing_turn(struct loop_idle *idle)
{
    struct pg *pg = CONTAINER_OF(idle, struct pg, close_later);
    for (size_t i = 0; i < pg->n_conns; i++) {
        if (conn_idle(&pg->conns[i]))
            continue;
        loop_timer_start(pg->tick, 10 * US_PER_MS);
        return;
    }
    loop_timer_stop(pg->tick);
    if (pg->closed)
        pg->closed(pg->closed_ctx);
}

static void closing_tick(void *ctx)
{
    struct pg *pg = ctx;
    loop_before_sleep(pg->loop, &pg->close_later);
}

static void fail_all(struct pg *pg)
{
    reads_fail_queue(pg->reads, &pg_fault_draining);
    if (pg->segs)
        segs_fail_queue(pg->segs, &pg_fault_draining);
}

void pg_close(struct pg *pg, void (*done)(void *ctx), void *ctx)
{
    AM_ASSERT(pg->magic == PG_MAGIC && !pg->closing);
    pg->closing = true;
    pg->closed = done;
    pg->closed_ctx = ctx;
    fail_all(pg);
    for (size_t i = 0; i < pg->n_conns; i++)
        conn_close(&pg->conns[i]);
    fail_all(pg); /* these were in flight and came back */
    loop_timer_free(pg->tick);
    pg->tick = loop_timer_new(pg->loop, closing_tick, pg);
    pg->close_later.run = closing_turn;
    loop_before_sleep(pg->loop, &pg->close_later);
}

void pg_free(struct pg *pg)
{
    AM_ASSERT(pg->magic == PG_MAGIC && pg->closing && !pg->close_later.waiting);
    for (size_t i = 0; i < pg->n_conns; i++)
        conn_free(&pg->conns[i]);
    reads_free(pg->reads);
    segs_free(pg->segs);
    loop_timer_free(pg->tick);
    target_free(&pg->target);
    free(pg->conns);
    free(pg->names);
    pg->magic = 0;
    free(pg);
}
