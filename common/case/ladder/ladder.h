/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The ladder of levels: steps up it, recorded once each, with their cost, their people
 * and who is told.
 *
 * Threading: pure. Ownership: rows lie in the case; texts must live as long as the decision.
 */

#include "case/model/decision.h"

/* The steward of a level; of the top for a level above it. */
const char *ladder_steward(const struct policy *p, int level);

/* Adds one to the severity, up to the highest: for a threshold that says so, and for a promise that
 * is admitted to be broken. The caller touches the row. */
void ladder_raise_severity(struct case_row *row);

/* Carries a threshold's actions out and records the step once per (case, round, clock, instance,
 * threshold): the escalation row, an event (CLOCK_BREACHED at 100 %, else CLOCK_THRESHOLD), its
 * notifications. CLIMB happens on a live case, below the top, when the threshold fell due at
 * `due_us` after level_since: simultaneous breaches climb one level, not two. */
void ladder_threshold(struct decision *d, const struct clock_row *clock,
                      const struct policy_threshold *threshold, int64_t due_us);

/* Takes a live case up to `to_level` (above the present one, at most the top) for another cause
 * than a clock: level_since = now, a stewarded case (or any, when the new level takes over) passes
 * to the new level's steward by the owner rule and to its queue, contributors and costs are added,
 * the level's steward is notified, the acknowledgement of the level before ends; the escalation row
 * and one ESCALATED event by `actor`, `reason` (NULL = none) in its personal part. Of a climb by
 * hand an agent who keeps the case is told, too, unless it is the actor. */
void ladder_climb(struct decision *d, int cause, int to_level, const char *actor,
                  const char *reason);

/* The ladder's part of a reopening, without an event: one level up if it `climbs` (at the top it
 * stays), with its cost, else the same level anew; those who joined before leave, and the new
 * level's steward joins if its action is CO_OWN or TAKE_OVER, and is notified, as is the owner who
 * keeps the case. The step is recorded and copied to `out`. */
void ladder_reopen(struct decision *d, bool climbs, bool keeps_owner, const char *actor,
                   struct escalation_row *out);

/* The same for a promise that is admitted to be broken before its clock says so: one level up; at
 * the top, and of a case that stays resolved, it is recorded and the steward of its level notified.
 * An agent who keeps the case is told, too, unless it is the actor.
 * Breaches that are recorded after it do not climb: they fell due before the case entered its
 * level. */
void ladder_broken_promise(struct decision *d, const struct clock_row *clock, const char *actor);
