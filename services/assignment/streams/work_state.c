/* SPDX-License-Identifier: Apache-2.0 */
#include "assignment/streams/work_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/digest.h"
#include "base/minmax.h"
#include "base/time.h"

#define CASES_FIRST 8
#define CASES_KEPT (2 * WORK_CASES_MAX)
/* A commit may become visible after a commit that was decided later, so each look reads again a
 * part of the time of the last one. */
#define OVERLAP_US (10 * US_PER_S)

struct work_state *work_state_new(const struct work_resume *r)
{
    struct work_state *w = calloc(1, sizeof *w);
    AM_ASSERT(w != NULL);
    w->after.at_us = w->told_until_us = r->since_us;
    w->presence_told = r->presence_print;
    w->cap_cases = r->n_cases ? r->n_cases : CASES_FIRST;
    w->cases = calloc(w->cap_cases, sizeof *w->cases);
    AM_ASSERT(w->cases != NULL);
    for (size_t i = 0; i < r->n_cases; i++)
        w->cases[w->n_cases++] =
            (struct own_case){.case_id = r->cases[i].case_id, .told = r->cases[i].print};
    return w;
}

/* Nearly all are about nobody. */
static char *copy_about(const char *about)
{
    if (!about || !*about)
        return NULL;
    char *copy = strdup(about);
    AM_ASSERT(copy != NULL);
    return copy;
}

static void free_about(const struct notification_row *row)
{
    free((void *)(uintptr_t)row->about);
}

void work_state_free(struct work_state *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < w->n_notices; i++)
        free_about(&w->notices[i]);
    free(w->cases);
    free(w->notices);
    free(w->told);
    free(w);
}

/* -- looks ------------------------------------------------------------------------------------- */

void work_look_begin(struct work_state *w)
{
    w->looking = true;
    w->noticing = w->n_notices == 0;
    w->dropped = false;
    w->last = w->after;
    w->oldest_us = INT64_MAX;
    w->look++;
}

static struct own_case *find_case(const struct work_state *w, const struct uuid *case_id)
{
    for (size_t i = 0; i < w->n_cases; i++)
        if (uuid_eq(&w->cases[i].case_id, case_id))
            return &w->cases[i];
    return NULL;
}

/* Cases that have left and were not told yet take room; when there is none, new ones wait. */
static struct own_case *add_case(struct work_state *w, const struct uuid *case_id)
{
    if (w->n_cases == CASES_KEPT)
        return NULL;
    if (w->n_cases == w->cap_cases) {
        w->cap_cases *= 2;
        w->cases = reallocarray(w->cases, w->cap_cases, sizeof *w->cases);
        AM_ASSERT(w->cases != NULL);
    }
    w->cases[w->n_cases] = (struct own_case){.case_id = *case_id};
    return &w->cases[w->n_cases++];
}

/* Never 0. */
static uint32_t print_of(int64_t a, int64_t b, int64_t c)
{
    const struct slice fields[] = {slice_of(&a, sizeof a), slice_of(&b, sizeof b),
                                   slice_of(&c, sizeof c)};
    return (uint32_t)digest_key(fields, 3) | 1;
}

void work_look_case(struct work_state *w, const struct uuid *case_id, const struct case_look *look)
{
    w->oldest_us = smaller(w->oldest_us, look->opened_us);
    struct own_case *c = find_case(w, case_id);
    if (!c)
        c = add_case(w, case_id);
    if (!c)
        return;
    c->print = print_of(look->status, look->level, look->due_us);
    c->opened_us = look->opened_us;
    c->look = w->look;
    c->here = true;
}

static bool is_told(const struct work_state *w, const struct uuid *id)
{
    for (size_t i = 0; i < w->n_told; i++)
        if (uuid_eq(&w->told[i].id, id))
            return true;
    for (size_t i = 0; i < w->n_notices; i++)
        if (uuid_eq(&w->notices[i].notification_id, id))
            return true;
    return false;
}

void work_look_notice(struct work_state *w, const struct notification_row *row)
{
    if (!w->noticing)
        return; /* it was read for another stream, maybe from further on */
    const bool before =
        row->created_at < w->told_until_us - OVERLAP_US || row->created_at < w->forgotten_us;
    const bool known = before || is_told(w, &row->notification_id);
    w->dropped = w->dropped || (!known && w->n_notices == WORK_NOTICES_MAX);
    if (w->dropped)
        return;
    w->last = (struct notice_place){row->created_at, row->notification_id};
    if (known)
        return;
    if (!w->notices)
        w->notices = calloc(WORK_NOTICES_MAX, sizeof *w->notices);
    AM_ASSERT(w->notices != NULL);
    w->notices[w->n_notices] = *row;
    w->notices[w->n_notices++].about = copy_about(row->about);
}

void work_look_presence(struct work_state *w, const struct agent_row *row)
{
    w->presence = *row;
    w->presence_print = print_of(row->presence, row->presence_at, row->presence_cause_at);
}

/* When there are more, they are read behind the last one; else the last seconds are read again. */
static void move_on(struct work_state *w, enum work_notices notices, int64_t now_us)
{
    w->caught_up = notices == WORK_NOTICES_ALL && !w->dropped;
    const struct notice_place again = {.at_us = now_us - OVERLAP_US};
    w->after = w->caught_up ? again : w->last;
}

/* Those that came and went between two messages need not be told. Those that looks do not reach any
 * more are known until new ones need their room. */
static bool is_kept(const struct work_state *w, const struct own_case *c, bool full)
{
    return c->here ? c->look == w->look || !full : c->told != 0;
}

static void forget_gone(struct work_state *w)
{
    const bool full = w->n_cases == CASES_KEPT;
    size_t kept = 0;
    for (size_t i = 0; i < w->n_cases; i++)
        if (is_kept(w, &w->cases[i], full))
            w->cases[kept++] = w->cases[i];
    w->n_cases = kept;
}

/* Those opened after `since_us` were all read, so who was not seen among them has left. */
static void find_gone(struct work_state *w, int64_t since_us)
{
    for (size_t i = 0; i < w->n_cases; i++)
        if (w->cases[i].look != w->look && w->cases[i].opened_us > since_us)
            w->cases[i].here = false;
}

void work_look_end(struct work_state *w, bool all_cases, enum work_notices notices, int64_t now_us)
{
    w->looking = false;
    w->known = true;
    find_gone(w, all_cases ? INT64_MIN : w->oldest_us);
    forget_gone(w);
    if (w->noticing && notices != WORK_NOTICES_UNREAD)
        move_on(w, notices, now_us);
}

bool work_wants_notices(const struct work_state *w, struct notice_place *after)
{
    *after = w->after;
    return w->noticing;
}

/* -- what is to be told ------------------------------------------------------------------------ */

bool work_presence_changed(const struct work_state *w)
{
    return w->presence_print != w->presence_told && w->presence_print != 0;
}

const struct notification_row *work_next_notice(const struct work_state *w)
{
    return w->n_notices > 0 ? &w->notices[0] : NULL;
}

const struct own_case *work_next_case(const struct work_state *w)
{
    for (size_t i = 0; i < w->n_cases; i++) {
        const struct own_case *c = &w->cases[i];
        if (c->here ? c->told != c->print : c->told != 0)
            return c;
    }
    return NULL;
}

void work_presence_told(struct work_state *w)
{
    w->presence_told = w->presence_print;
}

static void remember(struct work_state *w, const struct notification_row *row)
{
    if (!w->told)
        w->told = calloc(WORK_TOLD_MAX, sizeof *w->told);
    AM_ASSERT(w->told != NULL);
    if (w->n_told == WORK_TOLD_MAX && w->told[w->next_told].at_us >= w->forgotten_us)
        w->forgotten_us = w->told[w->next_told].at_us + 1;
    w->told[w->next_told] = (struct notice_place){row->created_at, row->notification_id};
    w->next_told = (w->next_told + 1) % WORK_TOLD_MAX;
    w->n_told += w->n_told < WORK_TOLD_MAX;
}

void work_notice_told(struct work_state *w)
{
    AM_ASSERT(w->n_notices > 0);
    remember(w, &w->notices[0]);
    if (w->notices[0].created_at > w->told_until_us)
        w->told_until_us = w->notices[0].created_at;
    free_about(&w->notices[0]);
    memmove(w->notices, w->notices + 1, --w->n_notices * sizeof *w->notices);
}

void work_case_told(struct work_state *w, const struct uuid *case_id, uint32_t print, bool gone)
{
    struct own_case *c = find_case(w, case_id);
    if (!c)
        return;
    c->told = gone ? 0 : print;
    if (gone && !c->here)
        *c = w->cases[--w->n_cases];
}

void work_state_resume(const struct work_state *w, struct work_resume *r)
{
    /* What was made in the last seconds before may still come. */
    r->since_us = w->told_until_us > OVERLAP_US ? w->told_until_us - OVERLAP_US : 0;
    r->presence_print = w->presence_told;
    for (size_t i = 0; i < w->n_cases && r->n_cases < WORK_RESUME_CASES_MAX; i++)
        if (w->cases[i].told != 0)
            r->cases[r->n_cases++] =
                (struct work_resume_case){w->cases[i].case_id, w->cases[i].told};
}
