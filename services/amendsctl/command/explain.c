/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/command/explain.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amends/v1/intake_service.pb-c.h"
#include "amendsctl/call.h"
#include "amendsctl/out.h"
#include "amendsctl/when.h"
#include "base/assert.h"
#include "base/uuid.h"
#include "contract/word.h"
#include "contract/words.h"
#include "policy/describe/describe.h"

#define TIME_BYTES 40
#define MS_PER_S 1000

/* -- a deadline -------------------------------------------------------------------------------- */

static int64_t millis(const Google__Protobuf__Timestamp *t)
{
    return t ? t->seconds * MS_PER_S + t->nanos / 1000000 : 0;
}

/* "2d 03:04:05", with milliseconds where there are any. */
static const char *length_text(int64_t ms, char text[TIME_BYTES])
{
    const int64_t day_ms = 86400000, hour_ms = 3600000, minute_ms = 60000;
    int n = ms >= day_ms ? snprintf(text, TIME_BYTES, "%" PRId64 "d ", ms / day_ms) : 0;
    n +=
        snprintf(text + n, (size_t)(TIME_BYTES - n), "%02d:%02d:%02d", (int)(ms % day_ms / hour_ms),
                 (int)(ms % hour_ms / minute_ms), (int)(ms % minute_ms / MS_PER_S));
    if (ms % MS_PER_S)
        (void)snprintf(text + n, (size_t)(TIME_BYTES - n), ".%03d", (int)(ms % MS_PER_S));
    return text;
}

static const char *amount_text(Amends__V1__TargetUnit unit, int64_t ms, int32_t days,
                               char text[TIME_BYTES])
{
    if (unit == AMENDS__V1__TARGET_UNIT__TARGET_UNIT_UNSPECIFIED)
        return length_text(ms, text);
    const bool business = unit == AMENDS__V1__TARGET_UNIT__TARGET_UNIT_BUSINESS_DAYS;
    (void)snprintf(text, TIME_BYTES, "%d %sday%s", days, business ? "business " : "",
                   days == 1 ? "" : "s");
    return text;
}

/* "re-targeted at ... by severity 5 to 01:00:00: due ... instead of ..." */
static void print_retarget(const Amends__V1__ClockRetarget *r, struct arena *arena)
{
    char target[TIME_BYTES];
    const char *due = when_text(r->new_due_time, true, arena);
    const char *old = when_text(r->old_due_time, true, arena);
    const bool stayed = millis(r->old_due_time) == millis(r->new_due_time);
    if (r->event_sequence) {
        out_line("  moved by hand at %s, see event %" PRId64
                 " of the history: due %s instead of %s",
                 when_text(r->retarget_time, true, arena), r->event_sequence, due, old);
        return;
    }
    out_line("  re-targeted at %s by severity %d to %s: due %s%s%s",
             when_text(r->retarget_time, true, arena), r->severity,
             amount_text(r->target_unit, r->target_ms, r->target_days, target), due,
             stayed ? " as before" : " instead of ", stayed ? "" : old);
}

/* "100 %", "-1h" */
static const char *threshold_text(const Amends__V1__ExplainDeadlineRequest *request,
                                  struct arena *arena)
{
    const char *text =
        request->before
            ? arena_printf(arena, "-%s", text_duration(arena, request->before->seconds * MS_PER_S))
            : arena_printf(arena, "%d %%", request->percent ? request->percent : 100);
    AM_ASSERT(text != NULL);
    return text;
}

static void print_clock(const Amends__V1__ExplainDeadlineResponse *r, const char *threshold,
                        struct arena *arena)
{
    const Amends__V1__Clock *k = r->clock;
    char target[TIME_BYTES];
    out_line("%s (%s, %s)  %s", *k->name ? k->name : "clock",
             contract_word(CLOCK_KIND_WORDS, (int)k->kind),
             contract_word(CLOCK_STATE_WORDS, (int)k->state), k->clock_id);
    out_line("  from %s, %s at %s; target %s; calendar %s%s%s; policy version %d",
             when_text(k->start_time, true, arena), threshold, when_text(r->due_time, true, arena),
             amount_text(k->target_unit, k->target_ms, k->target_days, target),
             *k->calendar ? k->calendar : "24/7", *k->time_zone ? ", " : "", k->time_zone,
             k->policy_version);
    for (size_t i = 0; i < k->n_retargets; i++)
        print_retarget(k->retargets[i], arena);
}

/* "Christmas Day", "(clocks moved forward by 01:00:00)" */
static const char *label_text(const Amends__V1__DeadlinePart *p, struct arena *arena)
{
    char length[TIME_BYTES];
    const char *shift = "";
    if (p->shift_seconds)
        shift = arena_printf(arena, "  (clocks moved %s by %s)",
                             p->shift_seconds > 0 ? "forward" : "back",
                             length_text(llabs(p->shift_seconds) * MS_PER_S, length));
    const char *label = arena_printf(arena, "%s%s%s", *p->label ? "  " : "", p->label, shift);
    AM_ASSERT(label != NULL);
    return label;
}

/* All instants of an answer are about as long: with an offset longer than in UTC. */
static int time_width(const Amends__V1__ExplainDeadlineResponse *r, struct arena *arena)
{
    size_t most = strlen("from");
    for (size_t i = 0; i < r->n_parts; i++) {
        const size_t from = strlen(when_text(r->parts[i]->start_time, true, arena));
        const size_t until = strlen(when_text(r->parts[i]->end_time, true, arena));
        most = from > most ? from : most;
        most = until > most ? until : most;
    }
    return (int)most;
}

static void print_part(const Amends__V1__DeadlinePart *p, int width, struct arena *arena)
{
    char length[TIME_BYTES];
    out_line("  %-*s  %-*s  %16s  %s%s", width, when_text(p->start_time, true, arena), width,
             when_text(p->end_time, true, arena),
             length_text(millis(p->end_time) - millis(p->start_time), length),
             contract_word(DEADLINE_PART_KIND_WORDS, (int)p->kind), label_text(p, arena));
}

static void print_explanation(const Amends__V1__ExplainDeadlineResponse *r, const char *threshold,
                              struct arena *arena)
{
    char sum[TIME_BYTES];
    const int width = time_width(r, arena);
    print_clock(r, threshold, arena);
    out_line("  %-*s  %-*s  %16s  %s", width, "from", width, "until", "length", "kind, label");
    for (size_t i = 0; i < r->n_parts; i++)
        print_part(r->parts[i], width, arena);
    out_line("  %s%s counted", r->truncated ? "... and more; in all " : "",
             length_text(r->counted_ms, sum));
}

static int explain(const struct ctl *c, const char *clock_id)
{
    Amends__V1__ExplainDeadlineRequest request =
        *(const Amends__V1__ExplainDeadlineRequest *)c->line->request;
    const ProtobufCMessage *reply = NULL;
    request.clock_id = (char *)(uintptr_t)clock_id;
    int code = ctl_call(c, "ExplainDeadline", &request.base, &reply);
    if (code)
        return code;
    const Amends__V1__ExplainDeadlineResponse *r =
        (const Amends__V1__ExplainDeadlineResponse *)reply;
    if (c->line->json)
        out_json(reply);
    else
        print_explanation(r, threshold_text(&request, c->arena), c->arena);
    return 0;
}

/* -- the clocks meant -------------------------------------------------------------------------- */

static bool is_meant(const Amends__V1__Clock *k, const char *name)
{
    if (*name)
        return strcmp(k->name, name) == 0;
    return k->state == AMENDS__V1__CLOCK_STATE__CLOCK_STATE_RUNNING ||
           k->state == AMENDS__V1__CLOCK_STATE__CLOCK_STATE_PAUSED;
}

/* Explains the clocks that run or are paused, or all clocks of the given name. */
static int explain_some(const struct ctl *c, const char *name)
{
    const Amends__V1__ExplainDeadlineRequest *given =
        (const Amends__V1__ExplainDeadlineRequest *)c->line->request;
    Amends__V1__GetCaseRequest get = AMENDS__V1__GET_CASE_REQUEST__INIT;
    const ProtobufCMessage *reply = NULL;
    size_t found = 0;
    get.case_id = given->case_id;
    int code = ctl_call(c, "GetCase", &get.base, &reply);
    if (code)
        return code;
    const Amends__V1__Case *the = ((const Amends__V1__GetCaseResponse *)reply)->case_;
    for (size_t i = 0; i < the->n_clocks && code == 0; i++) {
        if (!is_meant(the->clocks[i], name))
            continue;
        if (found++ > 0 && !c->line->json)
            out_line("%s", "");
        code = explain(c, the->clocks[i]->clock_id);
    }
    if (found == 0 && *name) {
        out_error("amendsctl: the case has no clock called %s", name);
        return 3;
    }
    if (found == 0 && code == 0 && !c->line->json)
        out_line("no clock of the case runs");
    return code;
}

int explain_run(const struct ctl *c)
{
    const char *clock = ((const Amends__V1__ExplainDeadlineRequest *)c->line->request)->clock_id;
    struct uuid id;
    if (uuid_parse(clock, &id) == AM_OK)
        return explain(c, clock);
    return explain_some(c, clock);
}
