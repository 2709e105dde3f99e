/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/log.h"
#include "pg/metrics.h"
#include "pg/segment_impl.h"

#define STATEMENT_TIMED_OUT "57014"

/* -- answering batches ------------------------------------------------------------------------- */

/* Answers the commands and frees the batch. Their callbacks may submit commands, but never touch
 * this batch. */
static void answer_all(struct pg_seg_lane *l, struct pg_seg_batch *b, const struct fault *fault)
{
    for (size_t i = 0; i < b->n; i++)
        pg_seg_queue_answer(l, b->cmds[i], fault);
    free(b);
}

static void run_again(struct pg_seg_lane *l, struct pg_seg_batch *b, int64_t pause_us)
{
    if (l->pg->closing) {
        answer_all(l, b, &pg_fault_draining);
        return;
    }
    b->not_before_us = time_mono_us() + pause_us;
    list_push_back(&l->again, &b->link);
    segs_wake(l);
}

/* Keeps the commands for which `keep` is true, and answers the others. */
static void sift_commands(struct pg_seg_lane *l, struct pg_seg_batch *b,
                          bool (*keep)(const struct pg_seg_cmd *cmd, int64_t now_us),
                          const struct fault *fault)
{
    struct pg_seg_cmd *gone[PG_SEG_COMMANDS];
    size_t n_gone = 0, kept = 0;
    int64_t now = time_mono_us();
    for (size_t i = 0; i < b->n; i++) {
        if (keep(b->cmds[i], now))
            b->cmds[kept++] = b->cmds[i];
        else
            gone[n_gone++] = b->cmds[i];
    }
    b->n = kept;
    for (size_t i = 0; i < n_gone; i++)
        pg_seg_queue_answer(l, gone[i], fault);
}

static bool has_time(const struct pg_seg_cmd *cmd, int64_t now_us)
{
    return !pg_seg_expired(cmd, now_us);
}

static bool may_repeat(const struct pg_seg_cmd *cmd, int64_t now_us)
{
    (void)now_us;
    return cmd->idempotent;
}

/* Splits the batch of several commands in two. The halves run one after the other like any batch,
 * and the half without the bad command commits. */
static void bisect_batch(struct pg_seg_lane *l, struct pg_seg_batch *b, int64_t pause_us)
{
    struct pg_seg_batch *half = pg_seg_batch_new();
    size_t keep = b->n / 2;
    metric_add(&pg_metric_bisects, 0, 1);
    *half = *b;
    half->n = b->n - keep;
    memmove(half->cmds, b->cmds + keep, half->n * sizeof(struct pg_seg_cmd *));
    b->n = keep;
    run_again(l, b, pause_us);
    run_again(l, half, pause_us);
}

/* -- why it runs again ------------------------------------------------------------------------- */

/* If it was too much for one segment, so that no answer came in time, its halves may go through. */
void pg_seg_fail_lost(struct pg_seg_lane *l, struct pg_seg_batch *b)
{
    if (++b->losses > PG_SEG_TRIES)
        answer_all(l, b, &pg_fault_away);
    else if (b->n > 1)
        bisect_batch(l, b, pg_jitter_us(0, 5 * US_PER_MS));
    else
        run_again(l, b, pg_jitter_us(0, 5 * US_PER_MS));
}

void pg_seg_fail_unknown(struct pg_seg_lane *l, struct pg_seg_batch *b)
{
    metric_add(&pg_metric_unknown, 0, (int64_t)b->n);
    log_warn("pg", "outcome_unknown", LOG_INT("commands", (int64_t)b->n),
             LOG_INT("second", b->unknown));
    if (b->unknown) {
        answer_all(l, b, &pg_fault_unknown);
        return;
    }
    b->unknown = true;
    b->unknown_since_us = time_mono_us();
    for (size_t i = 0; i < b->n; i++)
        b->cmds[i]->unknown = true;
    sift_commands(l, b, may_repeat, &pg_fault_unknown);
    run_again(l, b, pg_jitter_us(0, 5 * US_PER_MS));
}

void pg_seg_fail_unknown_busy(struct pg_seg_lane *l, struct pg_seg_batch *b)
{
    if (time_mono_us() - b->unknown_since_us >= PG_SEG_CONTENDED_US)
        answer_all(l, b, pool_commits_wait(l->pg) ? &pg_fault_standby : &pg_fault_unknown);
    else
        run_again(l, b, pg_jitter_us(5 * US_PER_MS, 20 * US_PER_MS));
}

static void after_conflict(struct pg_seg_lane *l, struct pg_seg_batch *b)
{
    metric_add(&pg_metric_conflicts, 0, 1);
    pool_suspect_standby(l->pg);
    if (++b->conflicts > PG_SEG_TRIES)
        answer_all(l, b, pg_seg_who_holds(l));
    else
        run_again(l, b, pg_jitter_us(5 * US_PER_MS, 20 * US_PER_MS * b->conflicts));
}

static void server_trouble(struct pg_seg_lane *l, struct pg_seg_batch *b)
{
    if (++b->losses > PG_SEG_TRIES)
        answer_all(l, b, &pg_fault_away);
    else
        run_again(l, b, pg_jitter_us(50 * US_PER_MS, 150 * US_PER_MS));
}

static void bad_command(struct pg_seg_lane *l, struct pg_seg_batch *b, const struct pg_error *error)
{
    const char *method = b->cmds[0]->method ? b->cmds[0]->method : "";
    pg_metrics_bad(method);
    log_error("pg", "bad_command", LOG_STR("method", method), LOG_STR("sqlstate", error->sqlstate),
              LOG_STR("where", error->where));
    answer_all(l, b, &pg_fault_defect);
}

/* They go back to the head of the line. Each has its weight now, so that fewer of them are in one
 * segment the next time. Those of an unknown outcome cannot be mixed with others. */
void pg_seg_fail_large(struct pg_seg_lane *l, struct pg_seg_batch *b)
{
    metric_add(&pg_metric_segments, PG_SEGMENT_LARGE, 1);
    if (b->unknown) {
        bisect_batch(l, b, 0);
        return;
    }
    for (size_t i = b->n; i-- > 0;)
        pg_seg_queue_back(l, b->cmds[i], 0, false);
    free(b);
}

/* The server took too long for a statement: either it is in trouble, or the commands ask for too
 * much at once. */
static void too_slow(struct pg_seg_lane *l, struct pg_seg_batch *b)
{
    if (b->n == 1) {
        server_trouble(l, b);
        return;
    }
    pg_seg_weigh_all(l, b);
    pg_seg_fail_large(l, b);
}

void pg_seg_fail_error(struct pg_seg_lane *l, struct pg_seg_batch *b, const struct pg_error *error)
{
    if (strcmp(error->sqlstate, STATEMENT_TIMED_OUT) == 0) {
        too_slow(l, b);
        return;
    }
    switch (pg_blame(error->sqlstate)) {
    case PG_BLAME_CONFLICT:
        after_conflict(l, b);
        break;
    case PG_BLAME_SERVER:
    case PG_BLAME_STALE:
        server_trouble(l, b);
        break;
    case PG_BLAME_STATEMENT:
        if (b->n == 1)
            bad_command(l, b, error);
        else
            bisect_batch(l, b, 0);
    }
}

/* -- running again ----------------------------------------------------------------------------- */

static struct pg_seg_batch *batch_of(struct list *link)
{
    return CONTAINER_OF(link, struct pg_seg_batch, link);
}

struct pg_seg_batch *pg_seg_again_take(struct pg_seg_lane *l, int64_t now_us, int64_t *due)
{
    LIST_FOR_EACH_SAFE (at, &l->again) {
        struct pg_seg_batch *b = batch_of(at);
        if (b->not_before_us > now_us) {
            *due = b->not_before_us < *due ? b->not_before_us : *due;
            continue;
        }
        list_remove(&b->link);
        sift_commands(l, b, has_time, &pg_fault_deadline);
        if (b->n > 0)
            return b;
        free(b);
        return pg_seg_again_take(l, now_us, due);
    }
    return NULL;
}

/* Commands that may have been committed wait longer than those that can simply be sent again. */
static bool waits_on(const struct pg_seg_batch *b, bool all)
{
    return !all && b->unknown && time_mono_us() - b->unknown_since_us < PG_SEG_UNKNOWN_WAIT_US;
}

static struct pg_seg_batch *next_to_end(struct pg_seg_lane *l, bool all)
{
    LIST_FOR_EACH (at, &l->again) {
        struct pg_seg_batch *b = batch_of(at);
        if (b->n == 0 || !waits_on(b, all)) {
            list_remove(&b->link);
            return b;
        }
    }
    return NULL;
}

void pg_seg_again_expire(struct pg_seg_lane *l, const struct fault *why, bool all)
{
    LIST_FOR_EACH (at, &l->again)
        sift_commands(l, batch_of(at), has_time, &pg_fault_deadline);
    for (struct pg_seg_batch *b; (b = next_to_end(l, all));)
        answer_all(l, b, why);
}
