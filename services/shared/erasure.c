/* SPDX-License-Identifier: Apache-2.0 */

#include "shared/erasure.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/digest.h"
#include "contract/reasons.h"
#include "contract/statuses.h"
#include "shared/certificate.h"
#include "shared/erasure_fence.h"
#include "shared/erasure_key.h"

#define SLICE_ROWS 200
#define SLICE_BYTES (1u << 20)
#define CERTIFICATE_BYTES (256u << 10)
#define AT_ONCE 16

enum erasure_step { STEP_COUNT, STEP_ERASE, STEP_ERASE_REST, STEP_CERTIFY };

static void walk(struct erasure *e);

void erasure_init(struct erasure *e)
{
    arena_init(&e->arena, CERTIFICATE_BYTES);
    arena_init(&e->slice, SLICE_BYTES);
    fault_init(&e->fault, &e->arena);
}

static void drop_digest(struct erasure *e)
{
    uint8_t hash[DIGEST_LEN];
    if (e->digest)
        digest_end(e->digest, hash);
    e->digest = NULL;
}

void erasure_free(struct erasure *e)
{
    drop_digest(e);
    arena_free(&e->arena);
    arena_free(&e->slice);
}

/* -- the end ----------------------------------------------------------------------------------- */

/* The first fault is told, when nothing is in flight any more. */
void erasure_note_fault(struct erasure *e, const struct fault *f)
{
    if (fault_is_set(&e->fault))
        return;
    fault_set(&e->fault, f->code, f->reason, "%s", f->message);
    e->fault.retry_ms = f->retry_ms;
}

static void finish(struct erasure *e)
{
    e->done(e, fault_is_set(&e->fault) ? &e->fault : NULL);
}

void erasure_begin_read(struct erasure *e, void (*done)(struct store_read *read))
{
    arena_reset(&e->slice);
    e->read = (struct store_read){.arena = &e->slice,
                                  .tenant_id = e->tenant->id,
                                  .tenant = e->tenant->name,
                                  .deadline_us = e->deadline_us,
                                  .done = done,
                                  .ctx = e};
}

/* Another process may have finished it first: then its certificate holds. */
static void ended(struct store_read *read)
{
    struct erasure *e = read->ctx;
    if (fault_is_set(&read->fault)) {
        erasure_note_fault(e, &read->fault);
    } else if (read->found.n > 0) {
        const struct erasure_row *row = ROW_AT(&read->found, const struct erasure_row, 0);
        const struct slice c = row->certificate;
        e->row.ended_at = row->ended_at;
        e->row.certificate = slice_of(arena_dup(&e->arena, c.data, c.len), c.len);
        AM_ASSERT(e->row.certificate.data != NULL);
    }
    finish(e);
}

static void certify(struct erasure *e)
{
    uint8_t hash[DIGEST_LEN];
    digest_end(e->digest, hash);
    e->digest = NULL;
    e->row.ended_at = time_now_us(loop_time(e->service->loop));
    const struct certified what = {.tenant = e->tenant->name,
                                   .cases = e->certified,
                                   .left_open = e->left_open ? e->open : 0,
                                   .cases_sha256 = hash,
                                   .sealed = store_seals(e->service->store),
                                   .key_destroyed = e->key_destroyed};
    e->row.certificate = certificate_make(&e->row, &what, e->service->keys, &e->arena);
    erasure_begin_read(e, ended);
    store_end_erasure(e->service->store, &e->read, &e->row);
}

/* -- a walk ------------------------------------------------------------------------------------ */

static void begin_step(struct erasure *e, enum erasure_step step)
{
    e->step = (int)step;
    e->last = (struct private_case){.opened_at = 0};
    e->cases = e->open = e->certified = 0;
    if (step == STEP_CERTIFY)
        e->digest = digest_begin();
    else if (step != STEP_ERASE_REST)
        e->erased = 0;
    walk(e);
}

static void go_to(struct erasure *e, enum erasure_step step)
{
    if (fault_is_set(&e->fault))
        finish(e);
    else
        begin_step(e, step);
}

static void erase_rest(struct erasure *e)
{
    go_to(e, STEP_ERASE_REST);
}

static void key_destroyed(struct erasure *e)
{
    if (fault_is_set(&e->fault))
        finish(e);
    else
        erasure_fence(e, erase_rest);
}

/* With its key a case that was left out would lose its words. */
static void end_erasing(struct erasure *e)
{
    if (store_seals(e->service->store) && !e->left_open)
        erasure_destroy_key(e, key_destroyed);
    else
        begin_step(e, STEP_CERTIFY);
}

static void end_step(struct erasure *e)
{
    if (fault_is_set(&e->fault) || e->step == STEP_COUNT)
        finish(e);
    else if (e->step == STEP_ERASE)
        end_erasing(e);
    else if (e->step == STEP_ERASE_REST)
        begin_step(e, STEP_CERTIFY);
    else
        certify(e);
}

static void count_case(struct erasure *e, const struct private_case *c)
{
    e->cases++;
    if (status_is_final(c->status))
        return;
    if (e->open < ERASURE_OPEN_MOST)
        e->open_ids[e->open] = c->case_id;
    e->open++;
}

static void certify_case(struct erasure *e, const struct private_case *c)
{
    char id[UUID_TEXT_LEN + 1], line[UUID_TEXT_LEN + 32];
    if (c->erased_seq == 0)
        return;
    const int n = snprintf(line, sizeof(line), "%s %" PRId64 "\n", uuid_format(&c->case_id, id),
                           c->erased_seq);
    digest_add(e->digest, line, (size_t)n);
    e->certified++;
}

static void go_on(struct erasure *e);

static void case_erased(void *ctx, const struct fault *f)
{
    struct erasure *e = ctx;
    if (!f)
        e->erased++;
    else if (f->reason == ERROR_REASON_CASE_OPEN) /* reopened a moment ago */
        e->left_open = true;
    else
        erasure_note_fault(e, f);
    e->in_flight--;
    go_on(e);
}

/* What was written while the key was destroyed may have lost its words with it, so it is erased
 * whatever its status. */
static bool open_too(const struct erasure *e)
{
    return e->row.open_too || e->row.key_until != 0;
}

static void submit_case(struct erasure *e, const struct private_case *c)
{
    const struct erase_args args = {
        .cause = e->cause, .erasure_id = e->row.erasure_id, .open_too = open_too(e)};
    e->in_flight++;
    erasure_of_case(e->service, e->tenant, &c->case_id, &args, e->row.actor, e->deadline_us,
                    case_erased, e);
}

static void erase_or_leave(struct erasure *e, const struct private_case *c)
{
    if (!c->unerased)
        return;
    if (open_too(e) || status_is_final(c->status))
        submit_case(e, c);
    else
        e->left_open = true;
}

static void take_case(struct erasure *e, const struct private_case *c)
{
    e->last = *c;
    count_case(e, c);
    if (e->step == STEP_CERTIFY)
        certify_case(e, c);
    else if (e->step == STEP_COUNT)
        e->erased += c->unerased;
    else
        erase_or_leave(e, c);
}

static bool is_gone(const struct erasure *e)
{
    return e->gone && e->gone(e->ctx);
}

void erasure_note_gone(struct erasure *e)
{
    static const struct fault gone = {.code = FAULT_DEADLINE_EXCEEDED,
                                      .reason = ERROR_REASON_DEADLINE,
                                      .message = "nobody waits for the answer any more"};
    if (is_gone(e))
        erasure_note_fault(e, &gone);
}

/* A command may end within the call that submits it; then the call that finds nothing left to do
 * goes on to the next slice. */
static void go_on(struct erasure *e)
{
    if (e->submitting)
        return;
    e->submitting = true;
    while (!fault_is_set(&e->fault) && e->in_flight < AT_ONCE && e->next < e->n)
        take_case(e, ROW_AT(&e->read.found, const struct private_case, e->next++));
    e->submitting = false;
    if (e->in_flight > 0)
        return;
    erasure_note_gone(e);
    if (!fault_is_set(&e->fault) && e->n == SLICE_ROWS)
        walk(e);
    else
        end_step(e);
}

static void cases_read(struct store_read *read)
{
    struct erasure *e = read->ctx;
    if (fault_is_set(&read->fault))
        erasure_note_fault(e, &read->fault);
    e->next = 0;
    e->n = fault_is_set(&read->fault) ? 0 : read->found.n;
    go_on(e);
}

static void walk(struct erasure *e)
{
    erasure_begin_read(e, cases_read);
    store_read_customer(e->service->store, &e->read, e->row.customer_id, &e->last, e->row.begun_at,
                        SLICE_ROWS);
}

void erasure_count(struct erasure *e)
{
    begin_step(e, STEP_COUNT);
}

static void erase_cases(struct erasure *e)
{
    go_to(e, STEP_ERASE);
}

void erasure_run(struct erasure *e)
{
    erasure_fence(e, erase_cases);
}
