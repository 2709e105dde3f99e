/* SPDX-License-Identifier: Apache-2.0 */

/* Clocks and their pauses as messages. */

#include <string.h>

#include "case/clocks/retarget.h"
#include "case/message/impl.h"
#include "case/message/message.h"
#include "contract/words.h"

Amends__V1__ClockPause *message_pause(int64_t from_us, int64_t until_us, int reason,
                                      struct arena *arena)
{
    struct make m = {.arena = arena};
    Amends__V1__ClockPause *p = make_alloc(&m, sizeof(*p));
    if (!p)
        return NULL;
    amends__v1__clock_pause__init(p);
    make_time(&m, &p->start_time, from_us);
    make_time(&m, &p->end_time, until_us);
    p->reason = (Amends__V1__PauseReason)reason;
    return m.full ? NULL : p;
}

/* What its deadline is computed from, but for the start and the pauses. */
static void make_inputs(struct make *m, Amends__V1__Clock *k, const struct clock_row *row)
{
    k->policy_version = row->policy_version;
    make_text(m, &k->calendar, row->calendar);
    make_text(m, &k->time_zone, row->time_zone);
    k->target_unit = (Amends__V1__TargetUnit)row->target_unit;
    k->target_ms = row->target_ms;
    k->target_days = row->target_days;
}

static Amends__V1__ClockPause *make_pause(struct make *m, int64_t from_us, int64_t until_us,
                                          int reason)
{
    Amends__V1__ClockPause *pause = message_pause(from_us, until_us, reason, m->arena);
    m->full = m->full || !pause;
    return pause;
}

/* A text that is none was never written: it shows no pauses. */
static void make_pauses(struct make *m, Amends__V1__Clock *k, const struct clock_row *row)
{
    struct pause pauses[PAUSES_MAX];
    size_t n = 0;
    if (row->state == CLOCK_STATE_PAUSED)
        k->pause = make_pause(m, row->paused_at, row->resume_at, row->pause_reason);
    if (row->pauses[0] == '\0' || pauses_parse(row->pauses, pauses, &n) != AM_OK)
        return;
    k->pauses = make_alloc(m, n * sizeof(*k->pauses));
    for (size_t i = 0; !m->full && i < n; i++)
        k->pauses[k->n_pauses++] =
            make_pause(m, pauses[i].from_us, pauses[i].until_us, pauses[i].reason);
}

static Amends__V1__ClockRetarget *make_retarget(struct make *m, const struct retarget *row)
{
    Amends__V1__ClockRetarget *r = make_alloc(m, sizeof(*r));
    if (!r)
        return NULL;
    amends__v1__clock_retarget__init(r);
    make_time(m, &r->retarget_time, row->at_us);
    r->target_unit = (Amends__V1__TargetUnit)row->chosen.unit;
    if (row->chosen.unit == POLICY_UNIT_TIME)
        r->target_ms = row->chosen.amount;
    else
        r->target_days = (int32_t)row->chosen.amount;
    r->severity = row->severity;
    make_time(m, &r->old_due_time, row->old_due_us);
    make_time(m, &r->new_due_time, row->due_us);
    r->event_sequence = row->seq;
    return r;
}

static void make_retargets(struct make *m, Amends__V1__Clock *k, const struct clock_row *row)
{
    struct retarget retargets[RETARGETS_MAX];
    size_t n = retargets_of(row, retargets);
    if (n == 0)
        return;
    k->retargets = make_alloc(m, n * sizeof(*k->retargets));
    for (size_t i = 0; !m->full && i < n; i++)
        k->retargets[k->n_retargets++] = make_retarget(m, &retargets[i]);
}

static Amends__V1__Clock *make_clock(const struct clock_row *row, bool pauses, struct arena *arena)
{
    struct make m = {.arena = arena};
    Amends__V1__Clock *k = make_alloc(&m, sizeof(*k));
    if (!k)
        return NULL;
    amends__v1__clock__init(k);
    make_uuid(&m, &k->clock_id, &row->clock_id);
    k->kind = (Amends__V1__ClockKind)row->kind;
    k->state = (Amends__V1__ClockState)row->state;
    k->round = row->round;
    make_time(&m, &k->start_time, row->started_at);
    make_time(&m, &k->due_time, row->due_at);
    make_time(&m, &k->stop_time, row->stopped_at);
    make_time(&m, &k->breach_time, row->breached_at);
    make_uuid(&m, &k->subject_id, &row->subject_id);
    make_text(&m, &k->name, row->name);
    k->instance = row->instance;
    make_inputs(&m, k, row);
    k->pauses_left_out = !pauses && row->pauses[0] != '\0';
    if (pauses)
        make_pauses(&m, k, row);
    make_retargets(&m, k, row);
    if (row->fired > 0)
        k->fired_percent = row->fired;
    else
        make_duration(&m, &k->fired_before, -(int64_t)row->fired);
    k->pause_capped = row->pause_capped;
    make_time(&m, &k->next_time, row->next_at);
    return m.full ? NULL : k;
}

Amends__V1__Clock *message_clock(const struct clock_row *row, struct arena *arena)
{
    return make_clock(row, true, arena);
}

static bool has_ended(const struct clock_row *row)
{
    return row->state != CLOCK_STATE_RUNNING && row->state != CLOCK_STATE_PAUSED;
}

Amends__V1__Clock *message_clock_brief(const struct clock_row *row, struct arena *arena)
{
    return make_clock(row, !has_ended(row), arena);
}

/* One behind each blank, but for the first. */
size_t message_ended_pauses(const struct clock_row *row)
{
    size_t n = has_ended(row) && row->pauses[0] != '\0';
    for (const char *at = row->pauses; n > 0 && (at = strchr(at, ' ')); at++)
        n++;
    return n;
}
