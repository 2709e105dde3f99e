/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The commands behind assignment's RPCs and those it gives itself, and what their requests must be;
 * both are pure.
 * The system's own are conditional on a generation, so that repeating one is harmless.
 *
 * Threading: constants. Ownership: args are borrowed with the command; violations lie in the fault's
 * arena.
 */

#include "amends/v1/assignment_service.pb-c.h"
#include "case/model/decision.h"

extern const struct command_kind put_agent_kind;    /* request: PutAgentRequest */
extern const struct command_kind set_presence_kind; /* request: SetPresenceRequest */
extern const struct command_kind accept_offer_kind;
extern const struct command_kind decline_offer_kind;

/* Climbs to the level asked for, or the next one, for a reason that stays personal. */
extern const struct command_kind escalate_case_kind;
/* By an agent of the case's level or above, or the level's steward: stops the level's clock until
 * the case climbs again. */
extern const struct command_kind acknowledge_escalation_kind;

/* StreamGone: an agent whose streams are gone, or who leaves offers unanswered (struct absentee),
 * becomes AWAY, unless presence was set after the last sign of a stream (`seen_us`). */
struct stream_args {
    int64_t seen_us;
};
extern const struct command_kind stream_gone_kind;

/* An agent who left OFFERS_UNANSWERED_MAX offers of the case in a row without an answer, or a
 * multiple of that. Such an agent is not there: who is the only one would be asked for ever, and
 * what nobody answers keeps others waiting. */
struct absentee {
    const char *agent_id; /* in the command's arena; NULL = nobody */
    int64_t seen_us;      /* when the last of these offers ended */
};

/* FireClock: the clock breaches (or, for OFFER, expires its offer) if it still has this generation,
 * runs and is due. Refused with FAILED_PRECONDITION otherwise. */
struct fire_clock_args {
    struct uuid clock_id;
    int64_t generation;
    struct absentee *absentee; /* found when an offer expires; NULL = nobody asks */
};
extern const struct command_kind fire_clock_kind;

/* What became of an offer. A refusal says on which side the reason lies: only what was wrong with
 * the case makes its place in the queue void. */
enum offer_outcome {
    OFFER_UNDECIDED,   /* nothing was decided: a replay, no permission, a fault of the machinery */
    OFFER_WRITTEN,     /* the offer is there */
    OFFER_CASE_MOVED,  /* the case does not wait any more, or not in the queue it was found in */
    OFFER_CASE_FULL,   /* the case waits on, but only an agent who asks may have it */
    OFFER_AGENT_UNFIT, /* this agent may not have it now: away, unfit or cooling down */
    OFFER_AGENT_FULL,  /* this agent has no room for any case */
};

/* OfferCase: offers cmd->case_id to cmd->agent_id if the case still waits with this assignment
 * generation and the agent may take it and has room; with `accepted` the offer is written as
 * accepted at once. Refused with FAILED_PRECONDITION otherwise. request_assignment_kind is the same
 * with a request id and, as `request`, the RequestAssignmentRequest. */
struct offer_case_args {
    int64_t generation;
    /* The queue in which the case was found; signature NULL = it was not looked for in a queue. */
    int level;
    const char *signature;
    bool accepted;
    bool pulled;
    bool sole; /* nobody else could be asked: no cool-down after a decline or an expiry */
    enum offer_outcome *outcome; /* gets what was decided; NULL = the caller does not ask */
};
extern const struct command_kind offer_case_kind;
extern const struct command_kind request_assignment_kind;

/* How one of these two commands ended, once it is finished: for the engine, which acts on it and
 * never on the words of a fault. The command's args have an `outcome`. */
enum offer_outcome offer_outcome_of(const struct command *cmd);

/* True when the agent has weight left for one more case: what is admitted counts its counted cases
 * and its pending offers. */
bool agent_has_room(const struct agent_row *agent);

/* -- requests (validate.c) ---------------------------------------------------------------------- */

/* Each adds every violation of its request at once, field = path in the request. request_id, case_id
 * and their like are checked where they are parsed. `policy` is the tenant's current one, or NULL
 * while it is being loaded: then what depends on it is left to the decision. */
void put_agent_validate(const ProtobufCMessage *request, int64_t now_us,
                        const struct policy *policy, struct fault *fault);
void set_presence_validate(const ProtobufCMessage *request, int64_t now_us,
                           const struct policy *policy, struct fault *fault);
void accept_offer_validate(const ProtobufCMessage *request, int64_t now_us,
                           const struct policy *policy, struct fault *fault);
void decline_offer_validate(const ProtobufCMessage *request, int64_t now_us,
                            const struct policy *policy, struct fault *fault);
void escalate_case_validate(const ProtobufCMessage *request, int64_t now_us,
                            const struct policy *policy, struct fault *fault);
void acknowledge_escalation_validate(const ProtobufCMessage *request, int64_t now_us,
                                     const struct policy *policy, struct fault *fault);
