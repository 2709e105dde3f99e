/* SPDX-License-Identifier: Apache-2.0 */

/*
 * VerifyHistories: a part of a tenant's histories. First its checkpoints, one after the other with
 * their heads, then its cases. Where a part ends is in the page token, so that a verification goes
 * on at any replica.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amends/v1/history_service.pb-c.h"
#include "base/assert.h"
#include "intake/rpc/found.h"
#include "intake/rpc/histories.h"
#include "intake/rpc/prover.h"
#include "shared/page_token.h"
#include "store/checkpoint.h"

#define PART_US (500 * US_PER_MS) /* what a part takes, about; a checkpoint or a case is whole */
#define FINDINGS_ENOUGH 400       /* then the part ends */
#define FINDINGS_MOST 600         /* a checkpoint may find one for each head */
#define CASES 100
#define AT_ONCE 4               /* cases that are read at the same time */
#define ROWS_BYTES (256u << 10) /* of a usual case; one with more is read when no other is */
#define CASE_US (30 * US_PER_S)
#define FIND(name) AMENDS__V1__HISTORY_FINDING_KIND__HISTORY_FINDING_KIND_##name

/* Where the next part begins. */
struct place {
    int64_t number; /* the last checkpoint that was verified */
    uint8_t hash[DIGEST_LEN];
    struct uuid after; /* the last case */
    uint8_t cases;     /* 1: the checkpoints are done */
};

struct whole {
    struct read_call *rc;
    struct place place;
    int64_t begun_us;
    struct store_read read;
    struct arena slice;
    struct checkpoint_row row; /* the checkpoint at hand */
    int32_t next_slice;
    int64_t heads;
    struct digest_ctx *digest;
    struct slice bytes; /* of the slice at hand, in `kept` */
    struct arena kept;
    struct uuid first, last; /* the tenant's cases */
    struct uuid ids[CASES];
    size_t n_ids, next_id;
    bool last_ids;
    struct prover provers[AT_ONCE];
    bool busy[AT_ONCE];
    unsigned in_flight;
    struct uuid large[AT_ONCE]; /* cases that turned out to have more rows */
    size_t n_large;
    bool starting;
    bool failed; /* the fault of the call says why; those in flight are awaited */
    Amends__V1__VerifyHistoriesResponse response;
};

static void next_checkpoint(struct whole *w);
static void next_case(struct whole *w);

/* -- the end ----------------------------------------------------------------------------------- */

static void let_go(struct whole *w)
{
    uint8_t unused[DIGEST_LEN];
    if (w->digest)
        digest_end(w->digest, unused);
    w->digest = NULL;
    arena_free(&w->slice);
    arena_free(&w->kept);
}

static void refuse(struct whole *w, const struct fault *fault)
{
    struct whole gone = *w; /* `w` lies in the call's arena, which goes with the answer */
    rpc_fail(w->rc->call, fault);
    let_go(&gone);
}

static uint64_t token_hash(void)
{
    const struct slice fields[] = {slice_str("verify histories")};
    return digest_key(fields, 1);
}

/* By the time in the ids, which are of version 7. Checkpoints are the first tenth. */
static int32_t progress_of(const struct whole *w)
{
    uint64_t at[3] = {0};
    const struct uuid *ids[3] = {&w->first, &w->place.after, &w->last};
    for (size_t i = 0; i < 3; i++)
        for (size_t b = 0; b < 6; b++)
            at[i] = at[i] << 8 | ids[i]->b[b];
    if (!w->place.cases)
        return 0;
    if (at[1] <= at[0] || at[2] <= at[0])
        return 100;
    const uint64_t done = at[1] >= at[2] ? 900 : (at[1] - at[0]) * 900 / (at[2] - at[0]);
    return 100 + (int32_t)done;
}

static void answer(struct whole *w, bool more)
{
    struct whole gone = *w;
    struct read_call *rc = w->rc;
    found_tell(rc->tenant->name, w->response.findings, w->response.n_findings);
    w->response.keys_known = rc->service->keys != NULL;
    w->response.progress_permille = more ? progress_of(w) : 1000;
    if (more)
        w->response.next_page_token =
            page_token_write(rc, token_hash(), slice_of(&w->place, sizeof w->place));
    rpc_reply(rc->call, &w->response.base);
    let_go(&gone);
}

static bool is_enough(const struct whole *w)
{
    return time_mono_us() - w->begun_us > PART_US || w->response.n_findings >= FINDINGS_ENOUGH;
}

/* True when the call has been answered. */
static bool ends_here(struct whole *w)
{
    if (read_call_gone(w->rc)) {
        refuse(w, &w->rc->fault);
        return true;
    }
    if (!is_enough(w))
        return false;
    answer(w, true);
    return true;
}

/* -- findings ---------------------------------------------------------------------------------- */

static void find(struct whole *w, Amends__V1__HistoryFindingKind kind, const struct uuid *case_id,
                 int64_t seq, const char *problem)
{
    struct arena *arena = w->rc->arena;
    if (w->response.n_findings == FINDINGS_MOST)
        return; /* the part is told as bad already */
    Amends__V1__HistoryFinding *f = ARENA_NEW(arena, Amends__V1__HistoryFinding);
    amends__v1__history_finding__init(f);
    f->kind = kind;
    f->sequence = seq;
    f->checkpoint = w->row.c.number;
    if (case_id)
        f->case_id = uuid_format(case_id, ARENA_ARRAY(arena, char, UUID_TEXT_LEN + 1));
    f->problem = arena_strdup(arena, problem);
    AM_ASSERT(f->problem != NULL);
    w->response.findings[w->response.n_findings++] = f;
}

/* What a proof found, copied: it lies in the prover's memory. */
static void take_finding(struct whole *w, const Amends__V1__HistoryFinding *from)
{
    struct arena *arena = w->rc->arena;
    if (w->response.n_findings == FINDINGS_MOST)
        return;
    Amends__V1__HistoryFinding *f = ARENA_NEW(arena, Amends__V1__HistoryFinding);
    *f = *from;
    f->case_id = arena_strdup(arena, from->case_id);
    f->row = arena_strdup(arena, from->row);
    f->field = arena_strdup(arena, from->field);
    f->problem = arena_strdup(arena, from->problem);
    AM_ASSERT(f->case_id && f->row && f->field && f->problem);
    w->response.findings[w->response.n_findings++] = f;
}

/* -- checkpoints ------------------------------------------------------------------------------- */

static void begin_read(struct whole *w, void (*done)(struct store_read *read))
{
    read_slice_begin(w->rc, &w->read, &w->slice, done, w);
}

static bool failed(struct whole *w, const struct store_read *read)
{
    if (!fault_is_set(&read->fault))
        return false;
    refuse(w, &read->fault);
    return true;
}

static void judge_head(struct whole *w, const struct checkpoint_head *head,
                       const struct head_now_row *now)
{
    if (!now->case_exists)
        find(w, FIND(CASE_MISSING), &head->case_id, head->seq,
             "the checkpoint knows a case that is not there");
    else if (!now->found)
        find(w, FIND(CUT), &head->case_id, head->seq,
             "the checkpoint knows an event that the case does not have: its history was cut");
    else if (memcmp(now->hash, head->hash, sizeof head->hash) != 0)
        find(w, FIND(REWRITTEN), &head->case_id, head->seq,
             "the checkpoint knows another hash of the event: the history was written anew");
}

static void end_checkpoint(struct whole *w)
{
    uint8_t hash[DIGEST_LEN];
    const struct checkpoint *c = &w->row.c;
    digest_end(w->digest, hash);
    w->digest = NULL;
    if (memcmp(hash, c->heads_hash, sizeof hash) != 0 || w->heads != c->heads)
        find(w, FIND(CHECKPOINT), NULL, 0, "its heads are not those that were signed");
    w->response.checkpoints++;
    w->place.number = c->number;
    memcpy(w->place.hash, c->hash, sizeof w->place.hash);
    if (!ends_here(w))
        next_checkpoint(w);
}

static void next_heads(struct whole *w);

static void heads_compared(struct store_read *read)
{
    struct whole *w = read->ctx;
    if (failed(w, read))
        return;
    for (size_t i = 0; i < read->heads_now.n; i++) {
        struct checkpoint_head head;
        checkpoint_head_read(w->bytes.data + i * CHECKPOINT_HEAD_BYTES, &head);
        judge_head(w, &head, ROW_AT(&read->heads_now, const struct head_now_row, i));
    }
    w->response.heads += (int64_t)read->heads_now.n;
    next_heads(w);
}

static void heads_read(struct store_read *read)
{
    struct whole *w = read->ctx;
    if (failed(w, read))
        return;
    arena_reset(&w->kept);
    uint8_t *copy = arena_must(&w->kept, read->heads.len + 1);
    if (read->heads.len > 0)
        memcpy(copy, read->heads.data, read->heads.len);
    w->bytes = slice_of(copy, read->heads.len);
    digest_add(w->digest, copy, w->bytes.len);
    w->heads += (int64_t)(w->bytes.len / CHECKPOINT_HEAD_BYTES);
    begin_read(w, heads_compared);
    store_read_heads_now(w->rc->service->store, &w->read, w->bytes);
}

static void next_heads(struct whole *w)
{
    if (w->next_slice >= w->row.slices) {
        end_checkpoint(w);
        return;
    }
    begin_read(w, heads_read);
    store_read_heads(w->rc->service->store, &w->read, &w->row, w->next_slice++);
}

static void judge_checkpoint(struct whole *w)
{
    bool signature = false;
    const char *problem = checkpoint_problem(w->rc->tenant->name, &w->row.c, w->place.number,
                                             w->place.hash, w->rc->service->keys, &signature);
    if (problem)
        find(w, signature ? FIND(SIGNATURE) : FIND(CHECKPOINT), NULL, 0, problem);
}

static void checkpoint_read(struct store_read *read)
{
    struct whole *w = read->ctx;
    if (failed(w, read))
        return;
    if (read->checkpoints.n == 0) {
        w->row.c.number = 0;
        w->place.cases = 1;
        next_case(w);
        return;
    }
    w->row = *ROW_AT(&read->checkpoints, const struct checkpoint_row, 0);
    w->next_slice = 0;
    w->heads = 0;
    w->digest = digest_begin();
    judge_checkpoint(w);
    next_heads(w);
}

static void next_checkpoint(struct whole *w)
{
    begin_read(w, checkpoint_read);
    store_list_checkpoints(w->rc->service->store, &w->read, w->place.number, 1);
}

/* -- cases ------------------------------------------------------------------------------------- */

static void take_proof(struct whole *w, const struct prover *p)
{
    if (!p->exists)
        return;
    w->response.cases++;
    w->response.events += p->proof.chain.events;
    for (size_t i = 0; i < p->proof.n_findings; i++)
        take_finding(w, p->proof.findings[i]);
}

/* The fault's texts lie in the prover. */
static void keep_fault(struct whole *w, const struct fault *fault)
{
    struct fault *own = &w->rc->fault;
    if (!w->failed && fault_is_set(fault)) {
        fault_set(own, fault->code, fault->reason, "%s", fault->message);
        own->retry_ms = fault->retry_ms;
    }
    w->failed = true;
}

static void proved(struct prover *p)
{
    struct whole *w = p->ctx;
    if (p->too_large && p->rows_most > 0)
        w->large[w->n_large++] = p->case_id;
    else if (p->stopped || fault_is_set(&p->fault))
        keep_fault(w, &p->fault);
    else
        take_proof(w, p);
    prover_free(p);
    w->busy[p - w->provers] = false;
    w->in_flight--;
    next_case(w);
}

static bool gone(struct prover *p)
{
    return read_call_gone(((struct whole *)p->ctx)->rc);
}

static void prove(struct whole *w, const struct uuid *id, size_t rows_most)
{
    struct read_call *rc = w->rc;
    size_t i = 0;
    while (w->busy[i])
        i++;
    w->busy[i] = true;
    w->in_flight++;
    w->provers[i] = (struct prover){.store = rc->service->store,
                                    .tenant_id = rc->tenant->id,
                                    .tenant = rc->tenant->name,
                                    .deadline_us = time_mono_us() + CASE_US,
                                    .case_id = *id,
                                    .rows_most = rows_most,
                                    .gone = gone,
                                    .done = proved,
                                    .ctx = w};
    prover_start(&w->provers[i]);
}

static void ids_read(struct store_read *read)
{
    struct whole *w = read->ctx;
    if (failed(w, read))
        return;
    w->n_ids = read->case_ids.n;
    w->next_id = 0;
    w->last_ids = w->n_ids < CASES;
    memcpy(w->ids, read->case_ids.items, w->n_ids * sizeof w->ids[0]);
    next_case(w);
}

/* Nothing is in flight. */
static void go_on(struct whole *w)
{
    if (w->n_ids > 0)
        w->place.after = w->ids[w->next_id - 1];
    if (w->failed) {
        refuse(w, &w->rc->fault);
    } else if (w->last_ids && w->next_id == w->n_ids) {
        answer(w, false);
    } else if (!ends_here(w)) {
        begin_read(w, ids_read);
        store_list_case_ids(w->rc->service->store, &w->read, &w->place.after, CASES);
    }
}

/* Starts one case more, if it may run now. A large one waits for those in flight, and others wait
 * until it has begun, so that there are never more than AT_ONCE of them. */
static bool prove_next(struct whole *w)
{
    if (w->failed)
        return false;
    if (w->n_large > 0 && w->in_flight > 0)
        return false;
    if (w->n_large > 0) {
        prove(w, &w->large[--w->n_large], 0);
        return true;
    }
    if (w->in_flight == AT_ONCE || w->next_id == w->n_ids || (w->next_id > 0 && is_enough(w)))
        return false;
    prove(w, &w->ids[w->next_id++], ROWS_BYTES);
    return true;
}

/* Starts what may run at once. A read that is refused ends within prover_start(), and comes back
 * here: only the outermost call goes on. */
static void next_case(struct whole *w)
{
    if (w->starting)
        return;
    w->starting = true;
    while (prove_next(w)) {
    }
    w->starting = false;
    if (w->in_flight == 0)
        go_on(w);
}

/* -- the call ---------------------------------------------------------------------------------- */

static void ends_read(struct store_read *read)
{
    struct whole *w = read->ctx;
    if (failed(w, read))
        return;
    if (read->case_ids.n == 2) {
        w->first = *ROW_AT(&read->case_ids, const struct uuid, 0);
        w->last = *ROW_AT(&read->case_ids, const struct uuid, 1);
    }
    if (w->place.cases)
        next_case(w);
    else
        next_checkpoint(w);
}

static void start(struct read_call *rc)
{
    const Amends__V1__VerifyHistoriesRequest *req =
        (const Amends__V1__VerifyHistoriesRequest *)rc->request;
    struct whole *w = ARENA_NEW(rc->arena, struct whole);
    const struct slice position = page_token_read(rc, token_hash(), req->page_token);
    if (!read_call_valid(rc))
        return;
    w->rc = rc;
    w->begun_us = time_mono_us();
    if (position.len == sizeof w->place)
        memcpy(&w->place, position.data, sizeof w->place);
    amends__v1__verify_histories_response__init(&w->response);
    w->response.findings = ARENA_ARRAY(rc->arena, Amends__V1__HistoryFinding *, FINDINGS_MOST);
    arena_init(&w->slice, READ_PAGE);
    arena_init(&w->kept, READ_PAGE);
    begin_read(w, ends_read);
    store_read_case_ends(rc->service->store, &w->read);
}

void histories_verify(struct rpc_call *call, void *service)
{
    service_read(service, call, READ_CASE_FULLEST, start);
}
