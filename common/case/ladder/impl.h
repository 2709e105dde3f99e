/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the two files of the ladder share: a step, how it is recorded, told and climbed. Private to
 * common/case.
 *
 * Threading: pure. Ownership: a step borrows; rows lie in the case.
 */

#include "case/ladder/ladder.h"
#include "contract/words.h"

/* One step under way. */
struct step {
    int cause;
    const struct clock_row
        *clock;        /* of a threshold or a promise, else NULL; a copy: rows may move */
    int32_t threshold; /* its id */
    int64_t due_us;
    int from, to;
    unsigned done; /* bits of EscalationAction: what takes effect */
    const char *actor, *reason;
    int64_t seq; /* the event that tells of it; 0 = the case's last one */
};

/* A case may be pinned to a policy with fewer levels than it has climbed: then it is the top. */
const struct policy_level *ladder_level(const struct policy *p, int level);
/* The level's steward joins the owner. */
void ladder_join(struct decision *d, int level, int action);
/* Tells a recipient of the step, once, however many reasons there are. */
void ladder_notify(struct decision *d, const struct step *s, const char *recipient);
/* What the arrival at a level does by itself: bits of EscalationAction. */
unsigned ladder_arrival(const struct decision *d, int level);
/* The step's row, also added to the case's new ones. */
struct escalation_row ladder_record(struct decision *d, const struct step *s);
/* Takes the case to s->to, with the events and the notification that belong to it. */
void ladder_go_up(struct decision *d, const struct step *s, const struct escalation_row *e);
