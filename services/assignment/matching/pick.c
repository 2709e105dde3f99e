/* SPDX-License-Identifier: Apache-2.0 */

#include "assignment/matching/pick.h"

#include <stdlib.h>
#include <string.h>

#include "assignment/decide/decide.h"
#include "case/people/signature.h"
#include "contract/words.h"

/* Agents who are equal in everything that a signature asks for share one profile. Whether a profile
 * fits a signature is found out only once. */
enum fit { FIT_UNKNOWN, FIT, FIT_BY_OTHER, FIT_NONE };

struct fits {
    const struct pick_input *in;
    size_t *profile_of; /* by agent */
    const struct agent_row **profiles;
    size_t n_profiles;
    const char *signature; /* the signature that `known` is about */
    signed char *known;    /* by profile: enum fit, FIT_UNKNOWN at first */
};

static bool same_profile(const struct agent_row *a, const struct agent_row *b)
{
    return a->level == b->level && strcmp(a->skills, b->skills) == 0 &&
           strcmp(a->languages, b->languages) == 0 && strcmp(a->authorities, b->authorities) == 0;
}

static size_t profile_find(struct fits *f, const struct agent_row *agent)
{
    size_t i = 0;
    while (i < f->n_profiles && !same_profile(f->profiles[i], agent))
        i++;
    if (i == f->n_profiles)
        f->profiles[f->n_profiles++] = agent;
    return i;
}

static void fits_init(struct fits *f, const struct pick_input *in, struct arena *arena)
{
    *f = (struct fits){.in = in};
    f->profile_of = ARENA_ARRAY(arena, size_t, in->n_agents + 1);
    f->profiles = ARENA_ARRAY(arena, const struct agent_row *, in->n_agents + 1);
    f->known = ARENA_ARRAY(arena, signed char, in->n_agents + 1);
    for (size_t i = 0; i < in->n_agents; i++)
        f->profile_of[i] = profile_find(f, &in->agents[i]);
}

static enum fit find_fit(const struct pick_input *in, const char *signature,
                         const struct agent_row *row)
{
    if (signature_fits(signature, row, in->policy))
        return FIT;
    for (size_t i = 0; i < in->n_others; i++)
        if (signature_fits(signature, row, in->others[i]))
            return FIT_BY_OTHER;
    return FIT_NONE;
}

static bool was_refused(const struct pick_input *in, const struct pick_case *c,
                        const struct agent_row *agent, bool asked)
{
    return in->refusals && refusals_has(in->refusals, &c->case_id, c->generation, agent->agent_id,
                                        asked, in->now_us);
}

static enum fit agent_fit(struct fits *f, size_t agent, const struct pick_case *c)
{
    const struct agent_row *row = &f->in->agents[agent];
    signed char *known = &f->known[f->profile_of[agent]];
    if (row->level < c->level)
        return FIT_NONE;
    if (!f->signature || strcmp(f->signature, c->signature) != 0) {
        memset(f->known, 0, f->n_profiles * sizeof(*f->known));
        f->signature = c->signature;
    }
    if (*known == FIT_UNKNOWN)
        *known = (signed char)find_fit(f->in, c->signature, row);
    return (enum fit) * known;
}

static bool agent_cools_down(const struct pick_input *in, const struct agent_row *agent,
                             const struct pick_case *c)
{
    for (size_t i = 0; i < in->n_cooling; i++) {
        if (uuid_eq(&in->cooling[i].case_id, &c->case_id) &&
            strcmp(in->cooling[i].agent_id, agent->agent_id) == 0)
            return true;
    }
    return false;
}

/* -- push -------------------------------------------------------------------------------------- */

struct push {
    const struct pick_input *in;
    struct fits fits;
    int *given; /* by agent: picks so far */
};

static int64_t load_of(const struct push *p, size_t i)
{
    const struct agent_row *a = &p->in->agents[i];
    return (int64_t)a->counted_cases + a->pending_weight + p->given[i];
}

static bool has_room(const struct push *p, size_t i)
{
    return load_of(p, i) < p->in->agents[i].capacity;
}

/* True when agent `a` should be asked rather than `b`. A load counts as a part of the capacity. */
static bool is_better(const struct push *p, size_t a, size_t b)
{
    const struct agent_row *x = &p->in->agents[a];
    const struct agent_row *y = &p->in->agents[b];
    const int64_t x_load = load_of(p, a) * y->capacity;
    const int64_t y_load = load_of(p, b) * x->capacity;
    if (x->level != y->level)
        return x->level < y->level;
    if (x_load != y_load)
        return x_load < y_load;
    return x->idle_since < y->idle_since;
}

/* Whoever fits by the policy of most cases goes before all others. */
static bool goes_before(struct push *p, const struct pick_case *c, size_t a, size_t b)
{
    const enum fit x = agent_fit(&p->fits, a, c), y = agent_fit(&p->fits, b, c);
    return x != y ? x == FIT : is_better(p, a, b);
}

#define NOBODY SIZE_MAX

/* The agent to ask for the case, and whether that agent is the only one who could be asked. */
static size_t choose_agent(struct push *p, const struct pick_case *c, bool *sole)
{
    size_t best = NOBODY, cool = NOBODY, fitting = 0;
    for (size_t i = 0; i < p->in->n_agents; i++) {
        const struct agent_row *a = &p->in->agents[i];
        if (a->presence != PRESENCE_AVAILABLE || agent_fit(&p->fits, i, c) == FIT_NONE ||
            was_refused(p->in, c, a, false))
            continue;
        fitting++;
        if (!has_room(p, i))
            continue;
        if (agent_cools_down(p->in, a, c))
            cool = i;
        else if (best == NOBODY || goes_before(p, c, i, best))
            best = i;
    }
    *sole = fitting == 1;
    return best == NOBODY && *sole ? cool : best;
}

static int by_score(const void *a, const void *b)
{
    const struct pick_case *x = *(const struct pick_case *const *)a;
    const struct pick_case *y = *(const struct pick_case *const *)b;
    if (x->score_ms != y->score_ms)
        return x->score_ms < y->score_ms ? -1 : 1;
    return uuid_cmp(&x->case_id, &y->case_id);
}

static const struct pick_case **sorted_cases(const struct pick_input *in, struct arena *arena,
                                             int (*order)(const void *, const void *))
{
    const struct pick_case **cases = ARENA_ARRAY(arena, const struct pick_case *, in->n_cases + 1);
    for (size_t i = 0; i < in->n_cases; i++)
        cases[i] = &in->cases[i];
    if (in->n_cases > 1)
        qsort(cases, in->n_cases, sizeof(*cases), order);
    return cases;
}

static int64_t room_left(const struct push *p)
{
    int64_t room = 0;
    for (size_t i = 0; i < p->in->n_agents; i++) {
        if (p->in->agents[i].presence == PRESENCE_AVAILABLE && has_room(p, i))
            room += p->in->agents[i].capacity - load_of(p, i);
    }
    return room;
}

size_t pick_push(const struct pick_input *in, struct arena *arena, struct pick *out, size_t max)
{
    struct push p = {.in = in, .given = ARENA_ARRAY(arena, int, in->n_agents + 1)};
    const struct pick_case **cases = sorted_cases(in, arena, by_score);
    fits_init(&p.fits, in, arena);
    int64_t room = room_left(&p);
    size_t n = 0;
    for (size_t i = 0; i < in->n_cases && n < max && room > 0; i++) {
        bool sole = false;
        size_t agent = choose_agent(&p, cases[i], &sole);
        if (agent == NOBODY)
            continue;
        p.given[agent]++;
        room--;
        out[n++] = (struct pick){.c = cases[i], .agent = &in->agents[agent], .sole = sole};
    }
    return n;
}

/* -- pull -------------------------------------------------------------------------------------- */

static int by_fit(const void *a, const void *b)
{
    const struct pick_case *x = *(const struct pick_case *const *)a;
    const struct pick_case *y = *(const struct pick_case *const *)b;
    if (x->level != y->level)
        return x->level > y->level ? -1 : 1;
    return by_score(a, b);
}

static bool may_ask(const struct pick_input *in, const struct pick_case *c)
{
    const struct agent_row *self = &in->agents[0];
    return !agent_cools_down(in, self, c) && !was_refused(in, c, self, true);
}

size_t pick_pull(const struct pick_input *in, struct arena *arena, struct pick *out, size_t max)
{
    struct fits f;
    const struct pick_case **cases = sorted_cases(in, arena, by_fit);
    size_t n = 0;
    fits_init(&f, in, arena);
    for (int fit = FIT; fit <= FIT_BY_OTHER; fit++)
        for (size_t i = 0; i < in->n_cases && n < max; i++)
            if ((int)agent_fit(&f, 0, cases[i]) == fit && may_ask(in, cases[i]))
                out[n++] = (struct pick){.c = cases[i], .agent = &in->agents[0]};
    return n;
}
