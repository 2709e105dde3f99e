/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The rules that all decide functions share: the transition table, the one status function, the
 * one owner rule, clocks, the queue, events and their hash chain. Each fact on a case is changed
 * by exactly one function of this file.
 *
 * Threading: pure; all work on a decision's snapshot. Ownership: new rows and texts lie in the
 * decision's arena.
 */

#include "amends/v1/event.pb-c.h"
#include "case/command.h"

/* -- status (transition.c) --------------------------------------------------------------------- */

/* True when the table has the transition. */
bool transition_allowed(int from, int to);
bool status_is_final(int status);    /* CLOSED, WITHDRAWN, MERGED */
bool status_is_waiting(int status);  /* neither RESOLVED nor final */
const char *status_name(int status); /* "IN_PROGRESS" */

/* Moves the case; an impossible transition sets FAILED_PRECONDITION / CASE_STATUS with both names
 * and returns false. */
bool case_set_status(struct decision *d, int to);
/* The same refusal without moving it. */
bool case_require_transition(struct decision *d, int to);

/* The derived status of domain 3: OPEN while the steward owns it, else AWAITING_APPROVAL if any
 * approval is open, else IN_PROGRESS if anything is for the owner to do, else AWAITING_FULFILMENT,
 * else AWAITING_CUSTOMER. Pure. */
int case_derive_status(const struct case_state *c, const struct policy *p);

/* After every change: sets the derived status and the boost while the case is neither resolved nor
 * final, and keeps the queue item (there exactly while a steward owns an unresolved case; at level
 * 0 while an offer stands). case_event() calls it first, so that every event shows the status
 * after it; call it yourself only when rows changed after the last event. */
void case_settle(struct decision *d);

/* Closes a resolved case that passes the gate (for callers to see to): status, time, clocks, and
 * the CASE_CLOSED event by `actor`. */
void case_close(struct decision *d, const char *actor);

/* Refuses with FAILED_PRECONDITION / CASE_STATUS when the case is final, or resolved and
 * `allow_resolved` is false. */
bool case_require_live(struct decision *d, bool allow_resolved);

/* Refuses with FAILED_PRECONDITION / CASE_FULL when `rows` has `max` rows (CASE_SIGNALS_MAX ...);
 * `what` is their name for people, "signals". */
bool case_require_room(struct decision *d, const struct rows *rows, size_t max, const char *what);

/* -- the close gate (gate.c) ------------------------------------------------------------------- */

enum case_gate {
    /* No outbound contact reached the customer, nor is the unreachable rule met. */
    GATE_CONTACT = 1,
    GATE_ROOT_CAUSE = 2,
    /* None of the acts that policy asks for. */
    GATE_ACT = 4,
    /* Neither a fulfilled remedy nor a denial that was disclosed. */
    GATE_REMEDY_OR_DENIAL = 8,
    /* A remedy was accepted and has not reached the customer. */
    GATE_UNFULFILLED_REMEDY = 16,
    /* A promise is open: it has to be kept, renegotiated or admitted to be broken. */
    GATE_OPEN_PROMISE = 32,
};

/* The set of what is missing before the case can be resolved; 0 = it passes. Of a reopened case the
 * contact and the remedy or denial have to be of the present round: the customer came back, so what
 * was said and given before has not done it. The root cause and the acts carry over: the failure is
 * the same one, and sorry was said for it. Pure. */
unsigned case_gate_missing(const struct case_state *c, const struct policy *p);

/* Live: it stands, whether promised or given, so it counts against limits (PROPOSED .. FULFILLED
 * without the refused ones). Owed: the customer accepted it and has not got it yet. */
bool remedy_is_live(int remedy_state);
bool remedy_is_owed(int remedy_state);

/* -- people (authority.c) ---------------------------------------------------------------------- */

/* Only the owner, a contributor who took over or an agent of a level above: else PERMISSION_DENIED
 * / NOT_THE_OWNER. */
bool case_require_owner(struct decision *d);

/* The agent's limit per case for a remedy kind and currency: the agent's own entry, else the
 * level's. 0 = none. */
int64_t agent_limit_micros(const struct agent_row *agent, const struct policy *p, int remedy_kind,
                           const char *currency);
bool agent_has_skill(const struct agent_row *agent, const char *skill, int level);
/* "" = any; "de-AT" is met by "de", and the other way round. */
bool agent_speaks(const struct agent_row *agent, const char *language);

/* -- the one owner rule (owner.c) -------------------------------------------------------------- */

/* Makes `id` the owner: adds one to assignment_generation, marks `offer` (the accepted one, in
 * d->c->offers; NULL = none) as accepted, rescinds every other pending offer, cancels the clocks
 * of both, counts a transfer when an agent hands to another agent, settles the case and writes one
 * OWNER_CHANGED event - in the principal's name for an agent, in the system's for a steward. `id`
 * and `cause` must live as long as the decision. */
void case_set_owner(struct decision *d, int owner_kind, const char *id, struct offer_row *offer,
                    const char *cause);

/* -- facts (facts.c) --------------------------------------------------------------------------- */

/* What conditions are about, with the instant since when each fact stands as it does: of CONTACT
 * the time of the first contact that reached the customer; of CUSTOMER the time of the first
 * inbound contact that is not answered, or of the answer (an attempt that did not reach the
 * customer is none); of PROGRESS the time of the first; of STATUS when the case was resolved or
 * closed; of OWNER, PAUSED, ACKNOWLEDGED and LEVEL those of the row. What there has not been, there
 * has not been since the beginning of the round - ACKNOWLEDGED and PROGRESS: of the level. CHANNEL,
 * TRIGGER and TIER stand since the beginning of the round, all else since now. A pause whose
 * resume_at has passed is none. */
struct case_facts {
    struct fact_values values;
    int64_t since_us[FACTS];
    int64_t round_since_us;
    int64_t last_contact_us; /* the last one that reached the customer: what a reset goes by */
};
/* Facts as they stand in the round. Pure. */
void case_facts(const struct case_state *c, const struct policy *p, int64_t now_us,
                struct case_facts *out);
/* Makes them those that a clock's stop and reset go by: CONTACT counts from the clock's start, and
 * who was reached since then does not wait. */
void case_facts_of_clock(const struct case_state *c, const struct clock_row *clock,
                         struct case_facts *facts);
/* True when the condition holds, and since when: all that a box asks for stands since the last of
 * its facts, a condition since the first of its boxes. What asks nothing, or allows every status
 * that the case may have had before, holds since the beginning of the round. */
bool case_holds(const struct policy_condition *condition, const struct case_facts *facts,
                int64_t *since_us);
/* When the present round began. */
int64_t case_round_since(const struct case_row *row);
/* The last that was heard is an inbound contact, and nobody reached the customer at it or since. */
bool case_customer_waits(const struct case_state *c);

/* -- clocks (clocks.c, clock_rules.c, clock_pause.c, clock_subjects.c, thresholds.c; deadline.h has
 * the arithmetic) ------------------------------------------------------------------------------ */

/* After every change (case_settle() calls it) each definition of the policy is looked at, in the
 * policy's order. For its open clock of the round, in this order; the first that applies ends it:
 *   1. cancel holds: CANCELLED now, or BREACHED if it was late by then
 *   2. stop holds: MET or BREACHED, by the instant since when it holds
 *   3. reset and start hold, and what holds in reset began after the clock's start: it is stopped
 *      as by 2 at that instant, and begins again at it: instance + 1, nothing fired
 *   4. the case is paused by hand, or `pause` holds and `resume` does not: a running clock pauses,
 *      since then, until the caps of the definition at the latest; a paused one resumes when
 * neither holds any more (since `resume` holds, if it does) or resume_at has passed, and its
 * deadline moves. Resumed by a cap it does not pause again until neither held
 *   5. no clock is open, none was in this round or `again`: start holds, cancel and stop do not: it
 *      starts, at the instant since when start holds. `again` uses the row of the clock before:
 *      instance + 1. A level's clock starts once each time the case comes to the level
 * A stop that came earlier and is told later is looked at for a clock that has ended, too. Before a
 * stop or a pause every threshold that came before it fires, whether a timer looked or not.
 *
 * FULFILMENT follows each remedy (ACCEPTED starts, FULFILLED stops at that time, another end
 * cancels), APPROVAL each pending approval; OFFER and PROMISE are started and stopped by their
 * commands; none of them pauses. Clocks of an earlier round are cancelled. A final case's clocks
 * end: by 2, BREACHED if they were late by then, else CANCELLED; those that were breached stay so.
 * STATUTORY and targets in days never pause. A pause of the case by hand ends here when its
 * resume_at has passed.
 *
 * Changed clocks appear in the event that is written next; thresholds found here are recorded after
 * it, by the outermost case_event(). A case that has CASE_CLOCKS_MAX clocks uses the row of the one
 * that ended first again: instance + 1. */
void clocks_settle(struct decision *d);
/* Writes an event of the system if a clock changed that no event shows yet. command_decide() calls
 * it at the end of every command. */
void clocks_tell(struct decision *d);

/* Starts a clock whose instant is given: OFFER, PROMISE. Thresholds come from the policy's
 * definition of the kind; without one, 100 % alone. Its start is moved back by less than a
 * millisecond when the two are not whole milliseconds apart. */
struct clock_row *clock_start_until(struct decision *d, int kind, const struct uuid *subject,
                                    int64_t start_us, int64_t due_us);
/* Ends it at `at_us`: MET when at_us <= due, else BREACHED with breached_at = due (a case that
 * breached and was resolved a second later is breached). Thresholds that came before at_us are
 * recorded after the next event, like those found by the timer. CANCELLED when `cancel`. An open
 * pause ends at at_us first. A FOLLOW_UP that closes its case ends at its due instant at the
 * latest. The timestamps decide, never who looked first: a clock that was found breached stays so
 * and gets its stop time, unless that lies within the target - then it was met, and the escalation
 * stays as the record of what was done. An earlier stop that is told later moves the stop of a
 * clock that was met or breached; else an ended one is left alone. */
void clock_stop(struct decision *d, struct clock_row *clock, int64_t at_us, bool cancel);
/* True while it can still be stopped: it runs, is paused, or was found breached and not stopped
 * yet. */
bool clock_is_open(const struct clock_row *clock);
/* The running clock of the kind, or NULL. */
struct clock_row *clock_running(struct case_state *c, int kind);
/* The open clock of the kind in the case's present round, or NULL. */
struct clock_row *clock_open(struct case_state *c, int kind);
/* The clock that measures this offer, promise or remedy, the latest one, or NULL. */
struct clock_row *clock_of_subject(struct case_state *c, const struct uuid *subject);

/* What FireClock does when the clock's next_at has passed: ends a pause that is over (the case's by
 * hand: CASE_RESUMED, else CLOCK_CHANGED), fires every threshold that has come in order, once each
 * (ladder_threshold), and arms the next. At 100 % the clock is BREACHED, whatever its actions. With
 * RESTART it then begins again now, unless that ended it. With CLOSE it is MET at its due instant
 * and the case closes; if the gate does not pass any more, it is breached, owner and steward are
 * notified, and it begins again: a resolved case is not forgotten either. */
void clock_fire(struct decision *d, struct clock_row *clock);
/* Fires every clock, but for offers, whose time came before now, soonest first: for a command that
 * has to come after all that fell due before it. */
void clocks_catch_up(struct decision *d);

/* Moves the case's open clocks to d->policy (row.policy_version is set to it already): targets (by
 * the facts as they stand), calendars and thresholds of the definition of the same name; start,
 * pauses and what fired are kept; a clock that was found breached stays so, and is judged by the
 * new deadline when it stops. One whose definition is gone is cancelled, and begins again with a
 * version that has it; new definitions start by clocks_settle(). `breaching` is valid until the
 * next change of the case. */
struct clocks_migrated {
    bool changed;                      /* a deadline moved, a clock started or ended */
    size_t n_breaching;                /* running clocks past their new deadline: they fire now */
    const struct clock_row *breaching; /* the first of them, NULL = none */
    int64_t old_due_us;                /* its deadline before */
};
void clocks_migrate(struct decision *d, struct clocks_migrated *out);

/* -- the ladder (ladder.c) --------------------------------------------------------------------- */

/* The steward of a level; of the top for a level above it. */
const char *ladder_steward(const struct policy *p, int level);

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
 * and one ESCALATED event by `actor`, `reason` (NULL = none) in its personal part. */
void ladder_climb(struct decision *d, int cause, int to_level, const char *actor,
                  const char *reason);

/* The ladder's part of a reopening, without an event: one level up (at the top it stays), with its
 * cost; those who joined before leave, and the new level's steward joins if its action is CO_OWN or
 * TAKE_OVER, and is notified, as is the owner who keeps the case. The step is recorded and copied
 * to `out`. */
void ladder_reopen(struct decision *d, bool keeps_owner, const char *actor,
                   struct escalation_row *out);

/* The same for a promise that is admitted to be broken before its clock says so: one level up; at
 * the top, or when the case has climbed already at this instant (not `climbs`), it is recorded and
 * the level's steward notified. */
void ladder_broken_promise(struct decision *d, const struct clock_row *clock, bool climbs,
                           const char *actor);

/* -- the queue (queue.c) ----------------------------------------------------------------------- */

/* What an agent must have for this case, as canonical text: "s=billing:2;l=en;a=6:USD:500000000" -
 * skill and level, language (lower case), and the authority band as remedy kind, currency and band
 * in micro-units ("max" = without limit; an empty currency when no stake is known). What is not
 * asked for is left out; "" fits every agent. In `arena`. */
const char *queue_signature(const struct case_row *row, const struct policy *p,
                            struct arena *arena);
/* True when the agent meets the signature: skill, language and authority, nothing else (not level,
 * presence or room). */
bool queue_agent_fits(const char *signature, const struct agent_row *agent, const struct policy *p);
/* Severity, money at stake, repeat signals, broken promises and what thresholds added; at most
 * boost_max_ms, which bounds how long others wait. */
int64_t queue_boost_ms(const struct case_state *c, const struct policy *p);

/* -- events (events.c, chain.c) ---------------------------------------------------------------- */

/* Appends one event: settles the case, fills status, severity, level and every clock that changed
 * since the event before into `detail`, packs it, digests `personal` (NULL or empty = none) with a
 * salt derived from the command's seed, links and hashes it, moves last_seq, last_hash and
 * updated_at of the case. Change the rows first, then write the event. `actor` must live as long as
 * the decision. */
void case_event(struct decision *d, int kind, const char *actor, Amends__V1__EventDetail *detail,
                const Amends__V1__EventPrivate *personal);

/* hash = SHA-256(prev_hash, then each with a 4-byte big-endian length: tenant name, case id text,
 * seq, at, kind, actor, SHA-256(public), private_digest): see IntakeService.VerifyCaseHistory. */
void chain_hash(const char *tenant, const struct event_row *e, uint8_t out[32]);
/* SHA-256(salt || body). */
void chain_private_digest(struct slice salt, struct slice body, uint8_t out[32]);

struct chain_check {
    bool intact;
    int64_t events, erased, first_bad_seq;
    const char *problem; /* a constant; "" when intact */
    uint8_t head[32];
};
/* Feeds events in order from the first one; `p` is the event's personal part, NULL when there is
 * none (any more). chain_end compares with the head on the case row: last_seq and last_hash. */
void chain_begin(struct chain_check *k);
void chain_next(struct chain_check *k, const char *tenant, const struct event_row *e,
                const struct event_private_row *p);
void chain_end(struct chain_check *k, const struct case_row *row);
