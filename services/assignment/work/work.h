/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * WorkService: what there is to do, and by when.
 *
 *   work.c     the service
 *   scope.c    whose work is asked for
 *   list.c     ListWork
 *   summary.c  GetWorkSummary
 *   watch.c    WatchWork, whose streams are in streams/
 *   item.c     a row as a message, and what to do next about it
 *
 * Threading: io loop's thread. Ownership: everything of a call lies in the call's arena.
 */

#include "amends/v1/work_service.pb-c.h"
#include "assignment/engine/engine.h"
#include "shared/service.h"
#include "store/lists/work_list.h"

int work_register(struct assignment *a, struct rpc_server *server) AM_MUSTCHECK;
void work_list(struct rpc_call *call, void *assignment);
void work_summary(struct rpc_call *call, void *assignment);
void work_watch(struct rpc_call *call, void *assignment);

/* -- whose work (scope.c) ---------------------------------------------------------------------- */

struct work_scope {
    /* What is asked for: one of them, or none for the caller. */
    const char *owner_id, *team;
    int32_t level;
    /* What came of it. */
    struct work_owner *owners;
    size_t n_owners;
    /* Owned by the scope. */
    struct read_call *rc;
    struct store_read read;
    void (*ready)(struct work_scope *s);
};

/* Checks the fields, which are set. Violations go to the call's fault. */
void work_scope_check(struct work_scope *s, struct read_call *rc);
/* Finds the owners, then calls `ready`; or refuses the call. */
void work_scope_find(struct work_scope *s, void (*ready)(struct work_scope *s));

/* -- rows (item.c); pure ----------------------------------------------------------------------- */

/* The reason of a row, as the contract names it. */
Amends__V1__WorkReason work_reason(const struct work_item *w);
/* Who does it is the owner of the case, or, of an offer, the agent. */
Amends__V1__NextAction work_next_action(const struct work_item *w);
/* NULL when the arena is full. */
Amends__V1__WorkItem *work_message(const struct work_item *w, int64_t now_us, struct arena *arena);

/* The midnight that comes next in the zone. */
struct zone;
int64_t work_end_of_day_us(const struct zone *zone, int64_t now_us);
