/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The commands behind assignment's RPCs and those it gives itself, and what their requests must be;
 * both are pure.
 * The system's own are conditional on a generation, so that repeating one is harmless.
 *
 * Threading: constants. Ownership: args are borrowed with the command; violations lie in the
 * fault's arena.
 */

#include "amends/v1/assignment_service.pb-c.h"
#include "case/model/decision.h"

extern const struct command_kind put_agent_kind;    /* request: PutAgentRequest */
extern const struct command_kind set_presence_kind; /* request: SetPresenceRequest */
extern const struct command_kind accept_offer_kind;
extern const struct command_kind decline_offer_kind;

/* EscalateCase: the case climbs to the level asked for, or to the next one. The reason is personal
 * data. */
extern const struct command_kind escalate_case_kind;
/* AcknowledgeEscalation, by an agent of the case's level or above or by the level's steward. It
 * stops the clock of the level until the case climbs again. */
extern const struct command_kind acknowledge_escalation_kind;

/* StreamGone: makes an agent AWAY whose streams are gone, or who leaves offers without an answer
 * (struct absentee), unless presence was set after the last sign of a stream (`seen_us`). */
struct stream_args {
    int64_t seen_us;
    int cause; /* PRESENCE_CAUSE_STREAMS_GONE or _OFFERS_UNANSWERED */
};
extern const struct command_kind stream_gone_kind;
/* StreamReturned: makes an agent AVAILABLE again whom the loss of streams had made AWAY, unless
 * presence was set since. */
extern const struct command_kind stream_returned_kind;

/* An agent who left OFFERS_UNANSWERED_MAX offers of the case, or a multiple of that, in a row
 * without an answer. Such an agent is absent: one who is the only fit agent would be asked for
 * ever, and the other cases would wait meanwhile. */
struct absentee {
    const char *agent_id; /* in the command's arena; NULL = nobody */
    int64_t seen_us;      /* when the last of these offers ended */
};

/* GiveReference: gives cmd->case_id a reference if it has none. */
extern const struct command_kind give_reference_kind;

/* FireClock: fires the clock if it still has this generation, is active and due. An OFFER clock
 * then expires its offer. Else it is refused with FAILED_PRECONDITION. */
struct fire_clock_args {
    struct uuid clock_id;
    int64_t generation;
    struct absentee *absentee; /* found when an offer expires; NULL = nobody asks */
};
extern const struct command_kind fire_clock_kind;

/* What became of an offer. A refusal says where the reason lies: only a reason on the side of the
 * case makes its place in the queue void. */
enum offer_outcome {
    OFFER_UNDECIDED,   /* nothing was decided: a replay, no permission, a fault of the machinery */
    OFFER_WRITTEN,     /* the offer is there */
    OFFER_CASE_MOVED,  /* the case does not wait any more, or not in the queue it was found in */
    OFFER_CASE_FULL,   /* the case waits on, but only an agent who asks may have it */
    OFFER_AGENT_UNFIT, /* this agent lacks what the case requires */
    OFFER_AGENT_AWAY,  /* this agent may not have it now: not available, or cooling down */
    OFFER_AGENT_FULL,  /* this agent has no room for any case */
};

/* OfferCase: offers cmd->case_id to cmd->agent_id, if the case still waits with this assignment
 * generation and the agent may take it and has room. With `accepted` the offer is written as
 * accepted at once. Else it is refused with FAILED_PRECONDITION. request_assignment_kind does the
 * same with a request id; its `request` is the RequestAssignmentRequest. */
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

/* How one of these two commands ended, once it is finished. The engine acts on this, and never on
 * the words of a fault. The args of the command have an `outcome`. */
enum offer_outcome offer_outcome_of(const struct command *cmd);

/* True when the agent has capacity left for one more case beside the cases that count and the
 * pending offers. */
bool agent_has_room(const struct agent_row *agent);

/* -- requests (validate.c) --------------------------------------------------------------------- */

/* Each adds every violation of its request at once, field = path in the request. request_id,
 * case_id and their like are checked where they are parsed. `policy` is the tenant's current one,
 * or NULL while it is being loaded: then what depends on it is left to the decision. */
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
