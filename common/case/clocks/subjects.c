/* SPDX-License-Identifier: Apache-2.0 */

/* Clocks that measure a remedy: how long it waits for an approval, how long for its arrival. */

#include "case/clocks/impl.h"
#include "contract/remedy_states.h"

/* Where a remedy stands for a clock of it, and since when. */
enum stage { STAGE_BEFORE, STAGE_UNDER_WAY, STAGE_DONE, STAGE_OFF };
struct stand {
    enum stage stage;
    int64_t since_us; /* 0 = now */
};

static struct stand fulfilment_of(const struct remedy_row *remedy)
{
    if (remedy_state(remedy->state)->is_owed)
        return (struct stand){STAGE_UNDER_WAY, remedy->responded_at};
    if (remedy->state == REMEDY_STATE_FULFILLED)
        return (struct stand){STAGE_DONE, remedy->fulfilled_at};
    bool off = remedy->state == REMEDY_STATE_FAILED || remedy->state == REMEDY_STATE_REVERSED;
    return (struct stand){off ? STAGE_OFF : STAGE_BEFORE, 0};
}

static struct stand approval_of(const struct remedy_row *remedy)
{
    switch (remedy->state) {
    case REMEDY_STATE_PROPOSED:
        return (struct stand){STAGE_BEFORE, 0};
    case REMEDY_STATE_PENDING_APPROVAL:
        return (struct stand){STAGE_UNDER_WAY, remedy->proposed_at};
    case REMEDY_STATE_EXPIRED:
        return (struct stand){STAGE_OFF, 0};
    default:
        return (struct stand){STAGE_DONE, 0};
    }
}

/* Cancelled while it was under way: its definition was gone, and is there again. */
static bool measures_still(const struct clock_row *clock)
{
    return clock && clock->state != CLOCK_STATE_CANCELLED;
}

static void follow_remedy(struct clocks_look *look, const struct policy_clock *def,
                          const struct remedy_row *remedy, const struct stand *at)
{
    struct decision *d = look->d;
    int64_t since = at->since_us != 0 ? at->since_us : d->now_us;
    struct clock_row *clock = clock_measuring(d->c, def->kind, &remedy->remedy_id);
    if (!measures_still(clock) && at->stage == STAGE_UNDER_WAY) {
        clock = clock ? clock : clock_add(d, def->kind);
        clock->subject_id = remedy->remedy_id;
        clock_begin(look, clock, def, since);
    } else if (clock && clock_is_open(clock) && at->stage == STAGE_DONE) {
        clock_stop(d, clock, since, false);
    } else if (clock && at->stage != STAGE_UNDER_WAY) {
        clock_cancel(d, clock);
    }
}

/* The kinds that measure a remedy. */
static const struct {
    int kind;
    struct stand (*stand)(const struct remedy_row *remedy);
} followed[] = {
    {CLOCK_KIND_FULFILMENT, fulfilment_of},
    {CLOCK_KIND_APPROVAL, approval_of},
};
#define FOLLOWED (sizeof(followed) / sizeof(followed[0]))

void clocks_refresh_subjects(struct clocks_look *look)
{
    ROWS_EACH (remedy, const struct remedy_row, &look->d->c->remedies) {
        for (size_t i = 0; i < FOLLOWED; i++) {
            const struct policy_clock *def =
                policy_clock_of_kind(look->d->policy, followed[i].kind);
            const struct stand at = followed[i].stand(remedy);
            if (def && def->n_targets > 0)
                follow_remedy(look, def, remedy, &at);
        }
    }
}
