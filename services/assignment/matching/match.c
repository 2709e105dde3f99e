/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Matching. For one tenant after the other it reads the agents with room, then the waiting cases,
 * and then makes offers. A tenant has one pass at a time; what arrives during a pass starts the
 * next one. A pass only proposes offers: the command OfferCase decides, and refuses where another
 * replica was faster.
 */

#include <search.h>
#include <stdlib.h>

#include "assignment/matching/heads.h"
#include "assignment/matching/match_pass.h"
#include "base/assert.h"

#define PASSES_MAX 4         /* tenants at once */
#define REFUSED_PASSES_MAX 8 /* in a row, one after the other */

struct tenant_match {
    int64_t tenant_id;
    struct match *m;
    struct list link; /* in match.waiting */
    bool waiting, running;
    bool from_database;
    size_t n_named;
    char *named[MATCH_NAMED_MAX];
    int64_t idle_after_us;
    unsigned refused_passes; /* in a row */
};

struct match {
    struct assignment *a;
    void *tenants; /* tsearch() tree of struct tenant_match */
    struct list waiting;
    unsigned running;
    bool starting; /* start_passes() is on the stack */
};

static int by_id(const void *a, const void *b)
{
    int64_t x = ((const struct tenant_match *)a)->tenant_id;
    int64_t y = ((const struct tenant_match *)b)->tenant_id;
    return x < y ? -1 : x > y;
}

static struct tenant_match *tenant_of(struct match *m, int64_t tenant_id)
{
    const struct tenant_match key = {.tenant_id = tenant_id};
    struct tenant_match **found = tfind(&key, &m->tenants, by_id);
    if (found)
        return *found;
    struct tenant_match *t = calloc(1, sizeof(*t));
    AM_ASSERT(t != NULL);
    t->tenant_id = tenant_id;
    t->m = m;
    AM_ASSERT(tsearch(t, &m->tenants, by_id) != NULL);
    return t;
}

static void name_agent(struct tenant_match *t, const char *agent_id)
{
    for (size_t i = 0; i < t->n_named; i++) {
        if (strcmp(t->named[i], agent_id) == 0)
            return;
    }
    if (t->n_named == MATCH_NAMED_MAX)
        return; /* the sweep comes round to it */
    t->named[t->n_named] = strdup(agent_id);
    AM_ASSERT(t->named[t->n_named] != NULL);
    t->n_named++;
}

/* -- passes ------------------------------------------------------------------------------------ */

static void start_passes(struct match *m);

static void line_up(struct tenant_match *t)
{
    if (t->waiting || t->running)
        return;
    t->waiting = true;
    list_push_back(&t->m->waiting, &t->link);
}

static void tenant_free(void *node);

/* Tenant ids also come from outside. An id without a tenant leaves no memory behind. */
static void forget_tenant(struct tenant_match *t)
{
    (void)tdelete(t, &t->m->tenants, by_id);
    tenant_free(t);
}

/* Whoever did not fit is not proposed again at once, so that the next best is. The sweep does it if
 * that takes many passes. */
static bool next_best_at_once(struct tenant_match *t, const struct match_pass *pass)
{
    t->refused_passes = pass->n_unfit > 0 ? t->refused_passes + 1 : 0;
    return pass->n_unfit > 0 && t->refused_passes <= REFUSED_PASSES_MAX;
}

static void pass_ended(struct match_pass *pass)
{
    struct tenant_match *t = pass->ctx;
    struct match *m = t->m;
    const bool again = t->waiting || pass->n_offered > 0 || next_best_at_once(t, pass);
    const bool known = pass->tenant != NULL;
    t->idle_after_us = pass->idle_after_us;
    t->running = false;
    t->waiting = false;
    m->running--;
    match_pass_free(pass);
    if (m->a->stopped)
        return;
    if (again)
        line_up(t);
    else if (!known)
        forget_tenant(t);
    start_passes(m);
}

static void start_pass(struct tenant_match *t)
{
    struct match_pass *pass = match_pass_new(t->m->a, t->tenant_id, pass_ended, t);
    for (size_t i = 0; i < t->n_named; i++)
        pass->named[i] = t->named[i];
    pass->n_named = t->n_named;
    pass->from_database = t->from_database;
    pass->idle_after_us = t->idle_after_us;
    t->n_named = 0;
    t->from_database = false;
    t->waiting = false;
    t->running = true;
    t->m->running++;
    match_pass_start(pass);
}

/* Without a database a pass ends within the call that starts it, and that end calls this function
 * again. The inner call returns at once and the outer one goes on, so that the stack does not grow
 * with the number of tenants. */
static void start_passes(struct match *m)
{
    struct list *link;
    if (m->starting)
        return;
    m->starting = true;
    while (m->running < PASSES_MAX && !m->a->stopped && (link = list_pop_front(&m->waiting)))
        start_pass(CONTAINER_OF(link, struct tenant_match, link));
    m->starting = false;
}

void match_tenant(struct match *m, int64_t tenant_id, const char *agent_id, bool from_database)
{
    struct tenant_match *t = tenant_of(m, tenant_id);
    if (agent_id)
        name_agent(t, agent_id);
    t->from_database = t->from_database || from_database;
    if (t->running)
        t->waiting = true; /* starts when this pass has ended */
    else
        line_up(t);
    start_passes(m);
}

bool match_idle(const struct match *m)
{
    return m->running == 0 && list_empty(&m->waiting);
}

/* -- life -------------------------------------------------------------------------------------- */

struct match *match_new(struct assignment *a)
{
    struct match *m = calloc(1, sizeof(*m));
    AM_ASSERT(m != NULL);
    m->a = a;
    list_init(&m->waiting);
    match_pass_register();
    return m;
}

static void tenant_free(void *node)
{
    struct tenant_match *t = node;
    for (size_t i = 0; i < t->n_named; i++)
        free(t->named[i]);
    free(t);
}

void match_free(struct match *m)
{
    if (!m)
        return;
    tdestroy(m->tenants, tenant_free);
    free(m);
}
