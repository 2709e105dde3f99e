/* SPDX-License-Identifier: Apache-2.0 */
#include "clock_rig.h"

#include <string.h>

#include "base/minmax.h"
#include "contract/statuses.h"
#include "policy/build.h"

#define BOXES 4096

/* -- definitions ------------------------------------------------------------------------------- */

static struct condition_box boxes[BOXES];
static size_t n_boxes;

static struct condition_box *new_box(void)
{
    struct condition_box *b = &boxes[n_boxes++ % BOXES];
    *b = condition_any();
    return b;
}

struct policy_condition when(enum fact fact, uint32_t bits)
{
    struct condition_box *b = new_box();
    b->allowed[fact] = bits;
    return (struct policy_condition){1, b};
}

struct policy_condition when_both(enum fact a, uint32_t a_bits, enum fact b, uint32_t b_bits)
{
    struct condition_box *both = new_box();
    both->allowed[a] = a_bits;
    both->allowed[b] = b_bits;
    return (struct policy_condition){1, both};
}

struct policy_condition always(void)
{
    return (struct policy_condition){1, new_box()};
}

struct policy_clock define(const char *name, int kind, int hours)
{
    static struct policy_target targets[256];
    static size_t n;
    struct policy_target *t = &targets[n++ % 256];
    *t = (struct policy_target){.when = always(), .ms = hours * 3600 * 1000LL};
    return (struct policy_clock){
        .name = name, .kind = (int16_t)kind, .calendar = -1, .n_targets = 1, .targets = t};
}

struct policy_clock define_resolution(const char *name, int hours)
{
    struct policy_clock c = define(name, CLOCK_KIND_RESOLUTION, hours);
    c.start = when(FACT_STATUS, STATUSES_WAITING);
    c.stop = when(FACT_STATUS, RESOLVED);
    return c;
}

/* -- worlds ------------------------------------------------------------------------------------ */

struct world *clock_world(const struct policy_clock *defs, size_t n)
{
    struct world *w = world_new();
    w->policy->n_clocks = 0;
    for (size_t i = 0; i < n; i++)
        assert_int_equal(policy_add_clock(w->policy, &defs[i]), AM_OK);
    return w;
}

struct world *clock_case(const struct policy_clock *defs, size_t n)
{
    struct world *w = clock_world(defs, n);
    (void)world_agent(w, "ann", 1);
    world_open(w);
    world_own(w, "ann");
    return w;
}

struct clock_row *clock_named(struct world *w, const char *name)
{
    struct clock_row *latest = NULL;
    ROWS_EACH (k, struct clock_row, &w->c.clocks)
        if (strcmp(k->name, name) == 0 && (!latest || k->started_at >= latest->started_at))
            latest = k;
    return latest;
}

void assert_clock(struct world *w, const char *name, int state, int64_t due_us)
{
    const struct clock_row *k = clock_named(w, name);
    assert_non_null(k);
    if (k->state != state || k->due_at != due_us)
        fail_msg("%s: state %d, wanted %d; due %+lld min of the world's start, wanted %+lld", name,
                 k->state, state, (long long)(k->due_at - WORLD_START_US) / 60000000,
                 (long long)(due_us - WORLD_START_US) / 60000000);
}

/* -- what happens ------------------------------------------------------------------------------ */

static void event(struct decision *d, int kind)
{
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    case_event(d, kind, "ann", &detail, NULL);
}

void tell_contact(struct world *w, int direction, int outcome, int64_t at_us)
{
    struct decision *d = world_decision(w, "ann");
    struct contact_row *c = ROWS_ADD(&w->c.contacts, struct contact_row, &w->arena);
    c->direction = (int16_t)direction;
    c->outcome = (int16_t)outcome;
    c->channel = CHANNEL_PHONE;
    c->at = at_us;
    c->actor = "ann";
    c->note = "";
    event(d, EVENT_KIND_CONTACT_RECORDED);
    world_commit(w);
}

void tell_nothing(struct world *w)
{
    event(world_decision(w, "ann"), EVENT_KIND_ACT_RECORDED);
    world_commit(w);
}

void tell_status(struct world *w, int status)
{
    struct decision *d = world_decision(w, "ann");
    w->c.row.status = (int16_t)status;
    w->c.row.resolved_at = status == CASE_STATUS_RESOLVED ? w->now_us : w->c.row.resolved_at;
    w->c.row.closed_at = status == CASE_STATUS_CLOSED ? w->now_us : 0;
    event(d, EVENT_KIND_CASE_RESOLVED);
    world_commit(w);
}

void tell_pause(struct world *w, int64_t until_us)
{
    struct decision *d = world_decision(w, "ann");
    w->c.row.paused_at = w->now_us;
    w->c.row.resume_at = until_us;
    w->c.row.pause_reason = PAUSE_REASON_CUSTOMER_ASKED;
    event(d, EVENT_KIND_CASE_PAUSED);
    world_commit(w);
}

void tell_resume(struct world *w)
{
    struct decision *d = world_decision(w, "ann");
    w->c.row.paused_at = w->c.row.resume_at = 0;
    event(d, EVENT_KIND_CASE_RESUMED);
    world_commit(w);
}

/* -- what must hold ---------------------------------------------------------------------------- */

static void assert_parts(const struct deadline *k, int64_t due_us)
{
    int64_t at = k->start_us;
    int64_t working = 0;
    while (at < due_us) {
        struct deadline_part part = deadline_part_at(k, at, due_us);
        assert_int_equal(part.from_us, at);
        assert_true(part.until_us > at && part.until_us <= due_us);
        working += part.kind == DEADLINE_WORKING ? part.until_us - part.from_us : 0;
        at = part.until_us;
    }
    assert_int_equal(at, due_us);
    if (k->unit == POLICY_UNIT_TIME)
        assert_int_equal(working, k->target_ms * 1000 + k->target_rest_us);
}

/* The thresholds in their order, with the one at 100 %; 0 behind the last. */
static void ids_of(const struct policy_clock *def, int32_t ids[POLICY_THRESHOLDS_MAX + 2])
{
    size_t n = 0;
    bool due = false;
    for (size_t i = 0; def && i < def->n_thresholds; i++) {
        int32_t id = policy_threshold_id(&def->thresholds[i]);
        if (id >= 100 && !due && id != 100)
            ids[n++] = 100;
        due = due || id >= 100;
        ids[n++] = id;
    }
    if (!due)
        ids[n++] = 100;
    ids[n] = 0;
}

/* The instant of the threshold behind what fired, worked out again; 0 = none is left. What fired by
 * another definition is a share here. */
static int64_t next_instant(const struct policy_clock *def, const struct deadline *line, int fired)
{
    int32_t ids[POLICY_THRESHOLDS_MAX + 2];
    size_t next = 0;
    ids_of(def, ids);
    for (size_t i = 0; ids[i] != 0; i++)
        if (ids[i] == fired || (ids[i] > 0 && ids[i] <= fired))
            next = i + 1;
    int64_t at = ids[next] != 0 ? deadline_at(line, ids[next]) : 0;
    for (size_t i = 0; ids[next] != 0 && i < next; i++)
        at = larger(at, deadline_at(line, ids[i]));
    return at;
}

static void assert_next(struct world *w, const struct clock_row *k, const struct deadline *line)
{
    const struct policy_clock *def = policy_clock_find(w->policy, k->name);
    if (!clock_is_open(k))
        assert_int_equal(k->next_at, 0);
    else if (k->state == CLOCK_STATE_PAUSED)
        assert_int_equal(k->next_at, k->resume_at);
    else
        assert_int_equal(k->next_at, next_instant(def, line, k->fired));
}

void assert_clocks_whole(struct world *w)
{
    ROWS_EACH (k, const struct clock_row, &w->c.clocks) {
        struct deadline line;
        assert_int_equal(deadline_of(k, w->policy, &line), AM_OK);
        assert_int_equal(deadline_at(&line, 100), k->due_at);
        assert_parts(&line, k->due_at);
        assert_next(w, k, &line);
        assert_int_equal(k->state == CLOCK_STATE_PAUSED, k->paused_at != 0);
        assert_int_equal(k->paused_at != 0, k->resume_at != 0);
        if (k->state == CLOCK_STATE_MET)
            assert_true(k->stopped_at <= k->due_at);
        /* A deadline that was moved after the breach does not undo it. */
        bool moved = k->breached_at != 0 && k->policy_version > 1;
        if (!moved)
            assert_int_equal(k->breached_at, k->state == CLOCK_STATE_BREACHED ? k->due_at : 0);
    }
}
