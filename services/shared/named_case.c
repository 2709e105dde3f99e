/* SPDX-License-Identifier: Apache-2.0 */
#include "shared/named_case.h"

#include "contract/reasons.h"
#include "contract/reference.h"

/* A reference on its way to an id. */
struct naming {
    struct read_call *rc;
    struct store_read read;
    struct uuid *id;
    char reference[REFERENCE_CHARS + 1];
    void (*known)(struct read_call *rc);
};

static void found(struct store_read *read)
{
    struct naming *n = read->ctx;
    struct read_call *rc = n->rc;
    if (fault_is_set(&read->fault)) {
        rpc_fail(rc->call, &read->fault);
        return;
    }
    if (read->case_ids.n == 0) {
        fault_set(&rc->fault, FAULT_NOT_FOUND, ERROR_REASON_CASE_NOT_FOUND,
                  "no case has the reference %s", n->reference);
        fault_meta(&rc->fault, "reference", "%s", n->reference);
        rpc_fail(rc->call, &rc->fault);
        return;
    }
    *n->id = *(const struct uuid *)read->case_ids.items;
    n->known(rc);
}

void named_case(struct read_call *rc, const char *text, struct uuid *id,
                void (*known)(struct read_call *rc))
{
    struct naming *n = ARENA_NEW(rc->arena, struct naming);
    n->rc = rc;
    n->id = id;
    n->known = known;
    (void)reference_or_id_check(&rc->fault, "case_id", text, id, n->reference);
    if (!read_call_valid(rc))
        return;
    if (n->reference[0] == '\0') {
        known(rc);
        return;
    }
    n->read = (struct store_read){.arena = rc->arena,
                                  .tenant_id = rc->tenant->id,
                                  .tenant = rc->tenant->name,
                                  .deadline_us = rc->read.deadline_us,
                                  .done = found,
                                  .ctx = n};
    store_find_case(rc->service->store, &n->read, n->reference);
}
