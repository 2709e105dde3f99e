/* SPDX-License-Identifier: Apache-2.0 */

/* Opens what a plain read has found. Keys that are not here are asked for all together; then all
 * rows are looked at again. */

#include "contract/reasons.h"
#include "store/lists/feed.h"
#include "store/impl.h"
#include "store/sealing/sealed.h"

/* Keeps the gravest verdict, and the customer to be asked for. */
struct opening {
    struct store_read *r;
    enum sealed_verdict verdict;
    const char *lacks;
};

static void take(struct opening *o, enum sealed_verdict verdict, const char *customer_id)
{
    o->verdict = verdict > o->verdict ? verdict : o->verdict;
    if (verdict != SEALED_ASK)
        return;
    if (o->lacks)
        customer_keys_prefetch(o->r->store->keys, o->r->tenant_id, o->lacks);
    o->lacks = customer_id;
}

static void open_cases(struct opening *o)
{
    struct store_read *r = o->r;
    for (size_t i = 0; i < r->n_cases; i++)
        if (r->cases[i].exists)
            take(o, sealed_open_case(r->store->keys, &r->cases[i], r->since_us, r->arena),
                 r->cases[i].row.customer_id);
}

static void open_list(struct opening *o)
{
    struct store_read *r = o->r;
    ROWS_EACH (row, struct case_row, &r->case_rows)
        take(o,
             sealed_open_row(r->store->keys, &tables[TABLE_CASE], row->customer_id, row,
                             r->since_us, r->arena),
             row->customer_id);
}

static void open_work(struct opening *o)
{
    struct store_read *r = o->r;
    ROWS_EACH (item, struct work_item, &r->work)
        take(o,
             sealed_open_row(r->store->keys, &tables[TABLE_CASE], item->c->customer_id, item->c,
                             r->since_us, r->arena),
             item->c->customer_id);
}

static void open_events(struct opening *o)
{
    struct store_read *r = o->r;
    const char *customer_id = r->n_cases ? r->cases[0].row.customer_id : "";
    ROWS_EACH (row, struct event_private_row, &r->privates)
        take(o,
             sealed_open_row(r->store->keys, &tables[TABLE_EVENT_PRIVATE], customer_id, row,
                             r->since_us, r->arena),
             customer_id);
}

static void open_feed(struct opening *o)
{
    struct store_read *r = o->r;
    ROWS_EACH (row, struct feed_row, &r->feed)
        if (row->has_personal)
            take(o,
                 sealed_open_row(r->store->keys, &tables[TABLE_EVENT_PRIVATE],
                                 row->facts.customer_id, &row->personal, r->since_us, r->arena),
                 row->facts.customer_id);
}

static void key_here(struct customer_keys_wait *wait, const struct fault *fault)
{
    struct store_read *r = CONTAINER_OF(wait, struct store_read, key_wait);
    if (fault)
        fault_copy(&r->fault, r->arena, fault);
    store_read_open(r);
}

static void finish(struct opening *o)
{
    struct store_read *r = o->r;
    if (o->verdict == SEALED_LOCKED)
        fault_locked(&r->fault);
    else if (o->verdict == SEALED_FULL)
        fault_set(&r->fault, FAULT_RESOURCE_EXHAUSTED, ERROR_REASON_TOO_LARGE,
                  "the response needs more memory than a call may use; ask for less");
    r->done(r);
}

void store_read_open(struct store_read *r)
{
    struct opening o = {.r = r};
    if (!fault_is_set(&r->fault)) {
        open_cases(&o);
        open_list(&o);
        open_work(&o);
        open_events(&o);
        open_feed(&o);
    }
    if (o.verdict != SEALED_ASK) {
        finish(&o);
        return;
    }
    r->key_wait.done = key_here;
    customer_keys_ask(r->store->keys, r->tenant_id, o.lacks, false, &r->key_wait);
}
