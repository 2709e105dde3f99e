/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The rows of the tables in common/store/migrations as C structs, one for each table. Enumerations
 * are the numbers of proto/amends/v1/types.proto; times are microseconds since 1970 and 0 = SQL
 * null; texts are never NULL.
 *
 * Every struct starts with `struct row`, so that decide functions mark what they changed and the
 * store writes it.
 *
 * Threading: plain data. Ownership: texts and bytes lie in the arena of the snapshot that holds
 * the row.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/uuid.h"

enum row_change { ROW_SAME, ROW_NEW, ROW_CHANGED, ROW_GONE };

struct row {
    enum row_change change;
    bool told; /* an event shows it as it is since it changed; of parts, but for clocks */
};

/* What stands in the place of words that were not read: an empty text at this address. */
extern const char words_unread[];

struct case_row {
    struct row row;
    int64_t tenant_id;
    struct uuid case_id;
    int16_t status;
    const char *customer_id, *customer_name, *customer_contact, *language;
    int16_t trigger, channel;
    const char *failure_code, *description;
    int64_t occurred_at;
    const char *product, *order_reference, *stake_currency;
    int64_t stake_micros;
    int16_t severity;
    int32_t desired_outcomes; /* case/model/desired.h */
    int32_t contacts, transfers, minutes_lost;
    int64_t boost_ms;
    int16_t owner_kind;
    const char *owner_id;
    int64_t owner_since, assignment_generation;
    int16_t level;
    int64_t level_since;
    int32_t round, policy_version;
    int64_t opened_at, updated_at, resolved_at, closed_at;
    const char *root_cause_code;
    bool root_cause_preventable;
    const char *root_cause_note, *root_cause_actor;
    int64_t root_cause_at;
    const char *denial_reason;
    int16_t denial_channel;
    int64_t denial_disclosed_at;
    const char *denial_actor;
    int64_t last_seq;
    struct slice last_hash;
    const char *customer_tier, *time_zone; /* the customer's; "" = none, the company's */
    int64_t round_since;                   /* 0 = opened_at: see case_round_since() */
    int64_t paused_at, resume_at;          /* by hand; resume_at is set whenever paused_at is */
    int16_t pause_reason;
    int64_t paused_ms; /* ended pauses by hand of this round */
    int64_t raised_ms; /* boost that thresholds added */
    int64_t acknowledged_at;
    const char *acknowledged_by;
    const char *contributors;        /* canonical text: case/people/contributors.h */
    int64_t touch_cost_micros;       /* the sum of what climbing cost ... */
    const char *touch_cost_currency; /* ... in the currency of its first cost; "" = none yet */
    int64_t first_resolved_at;       /* of a round that went on after it was resolved; 0 = none */
    int64_t appealed_at;             /* the customer came back after a denial */
    struct slice earlier_denials;    /* before the present one: a packed DenialList */
    struct uuid earlier_case_id;     /* of the same claim, over for too long; zero = none */
    int64_t erased_at;               /* its personal data; 0 = never ... */
    int64_t erased_seq;              /* ... and the event that tells of it: later words are there */
    const char *reference;           /* contract/reference.h; "" = it has none yet */
};

struct signal_row {
    struct row row;
    int64_t tenant_id;
    struct uuid case_id;
    int32_t number;
    int16_t trigger, channel;
    int64_t received_at;
    const char *external_reference, *body, *reporter;
};

struct event_row {
    struct row row;
    int64_t tenant_id;
    struct uuid case_id;
    int64_t seq, at;
    int16_t kind;
    const char *actor;
    struct slice public_body, private_digest, prev_hash, hash;
    bool sealed; /* its command was concluded: case/history/seal.h; not stored */
};

struct event_private_row {
    struct row row;
    int64_t tenant_id;
    struct uuid case_id;
    int64_t seq;
    struct slice salt, body;
};

struct clock_row {
    struct row row;
    int64_t tenant_id;
    struct uuid case_id, clock_id;
    int16_t kind, state;
    int32_t round, instance;
    int64_t generation;
    struct uuid subject_id; /* zero = none */
    int32_t policy_version;
    int64_t target_ms, started_at, due_at, stopped_at, breached_at;
    const char *name;                 /* of its definition in the policy version */
    const char *calendar, *time_zone; /* "" = always works; the zone it was laid out in */
    int16_t target_unit;              /* enum policy_unit */
    int32_t target_days;
    const char *pauses;           /* ended pauses of this instance: case/clocks/deadline.h */
    const char *retargets;        /* how its target was chosen anew: case/clocks/retarget.h */
    int64_t paused_at, resume_at; /* the pause under way; resume_at is set whenever paused_at is */
    int16_t pause_reason;
    bool pause_capped; /* it was resumed by a cap while its pause condition still holds */
    int32_t fired;     /* last threshold fired in this instance: per cent, or seconds before the
                        * deadline below zero (policy_threshold_id()); 0 = none */
    int64_t next_at;   /* when FireClock is to look at it; 0 = never */
    bool untold;       /* changed, and no event shows it yet; not stored */
};

struct escalation_row {
    struct row row;
    int64_t tenant_id;
    struct uuid case_id;
    int32_t round;
    struct uuid clock_id;        /* zero = no clock's, no promise's step ... */
    int32_t instance, threshold; /* ... then instance = the seq of the event that tells of it */
    int16_t from_level, to_level, action;
    int64_t due_at, at;
    int16_t cause;             /* EscalationCause */
    int32_t actions;           /* bit n = EscalationAction n */
    int64_t cost_micros;       /* of the level reached; 0 without climbing */
    const char *cost_currency; /* "" = no cost */
    const char *actor;
};

/* A case that is not final, as the lists know it: case/work.h. */
struct work_row {
    struct row row;
    int64_t tenant_id, opened_at;
    struct uuid case_id;
    int16_t status, owner_kind;
    const char *owner_id;
    int16_t level;
    int64_t next_due_at; /* 0 = no clock runs */
    int16_t next_due_kind;
    /* Its place in the queue: see queue_row. */
    int16_t queue_level;
    const char *signature;
    int64_t score_ms, generation, waits_since; /* 0 = it has none */
    /* What is owed and by when (case/owed.h); 0 = nothing is. Replicas of the last release know
     * nothing of it: owed_for is next_due_at as it was when the others were written, and where the
     * two differ next_due_at counts in place of owed_at. */
    int64_t owed_at, promise_at, answer_at, owed_for;
};

/* By its natural key: the case that a repeat claim joins. */
struct claim_row {
    struct row row;
    int64_t tenant_id;
    const char *customer_id, *failure_code, *order_reference;
    struct uuid case_id;
};

/* A final case, for the list of its owner's. */
struct ended_row {
    struct row row;
    int64_t tenant_id;
    const char *owner_id;
    int64_t opened_at;
    struct uuid case_id;
};

/* A reference that a case took. */
struct reference_row {
    struct row row;
    int64_t tenant_id;
    const char *reference;
    struct uuid case_id;
};

/* A case's place in the queue; stored with its work_row. Level 0: an offer stands, the case waits
 * for the answer, not for an agent. */
struct queue_row {
    struct row row;
    int64_t tenant_id;
    struct uuid case_id;
    int16_t level;
    const char *signature;
    int64_t score_ms, generation, since;
};

struct offer_row {
    struct row row;
    int64_t tenant_id;
    struct uuid case_id, offer_id;
    const char *agent_id;
    int16_t state;
    int64_t generation;
    int32_t weight;
    bool pulled;
    int64_t created_at, expires_at, decided_at;
    const char *decline_reason;
};

struct agent_row {
    struct row row;
    int64_t tenant_id;
    const char *agent_id;
    int64_t version;
    const char *display_name, *public_contact, *team;
    int16_t level;
    int32_t capacity;
    const char *skills, *languages, *authorities; /* canonical text: case/people/agent_text.h */
    int16_t presence;
    int64_t presence_at, idle_since;
    const char *email, *notice_language; /* of notifications; "" = nowhere, English */
    int16_t presence_cause;              /* read it by presence_cause() (case/people/presence.h) */
    int64_t presence_cause_at;
    /* Read with the row, never written: counted cases and pending offers under the agent's key. */
    int32_t counted_cases, pending_weight;
};

struct contact_row {
    struct row row;
    int64_t tenant_id;
    struct uuid case_id, contact_id;
    int16_t direction, channel, outcome;
    int64_t at;
    const char *actor, *note;
    int16_t addressed_level; /* inbound: the level the customer wrote to; 0 = the present one */
    int16_t asks;            /* inbound: ContactAsk; of outbound ones it says nothing */
};

struct act_row {
    struct row row;
    int64_t tenant_id;
    struct uuid case_id, act_id;
    int16_t kind;
    int64_t at;
    const char *actor, *note;
};

struct remedy_row {
    struct row row;
    int64_t tenant_id;
    struct uuid case_id, remedy_id;
    int16_t kind, state;
    const char *currency;
    int64_t micros;
    const char *description, *proposer;
    int64_t proposed_at, responded_at, fulfilled_at;
    const char *fulfilment_reference;
    bool on_the_spot;
};

/* Stored in notification.state: numbers are never changed. */
enum notification_state {
    NOTIFICATION_PENDING = 1, /* nobody has taken notice */
    NOTIFICATION_ACKNOWLEDGED = 2
};

struct notification_row {
    struct row row;
    int64_t tenant_id;
    struct uuid case_id, notification_id;
    const char *recipient;
    int16_t kind;              /* NotificationKind */
    const char *template_name; /* column template: a word for the cause, as release 1 wrote it */
    int16_t state;
    int32_t attempts;
    int64_t created_at;
    struct uuid clock_id; /* with instance and threshold the step it tells of; zero = none */
    int32_t instance, threshold;
    int64_t seq;        /* the event that tells of the same; 0 = a row of release 1 */
    int16_t level;      /* of the case then; 0 = a row of release 1 */
    int16_t cause, ask; /* NotificationCause, NotificationAsk; 0 = a row of release 1 */
    bool urgent;
    int64_t acknowledged_at;
    const char *acknowledged_by; /* "" = nobody */
    const char *about;           /* the principal whose address fails; "" = of another kind */
};

/* What is to be told of by mail or by a webhook. Kinds and states: DeliveryKind, DeliveryState. A
 * decision adds rows of notifications, one for each channel; everything else about them is done by
 * services/resolution/delivery. */
struct delivery_row {
    struct row row;
    int64_t tenant_id;
    struct uuid delivery_id;
    int16_t kind;
    const char *receiver; /* a principal, or the id of a webhook */
    struct uuid case_id;  /* zero = it tells of several cases */
    int64_t seq;          /* of the event; 0 = it is none */
    struct uuid notification_id;
    int16_t state;
    int32_t attempts;
    int64_t created_at, next_at; /* domain time; next_at 0 = nothing is to be done */
    const char *holder;          /* "" = nobody is at it */
    int64_t leased_until;        /* cluster time; 0 = nobody */
    int64_t finished_at;
    int32_t status;
    const char *error;
    bool out_of_order;
};

struct promise_row {
    struct row row;
    int64_t tenant_id;
    struct uuid case_id, promise_id;
    int16_t kind, state;
    int32_t round;
    int64_t promised_at, due_at, made_at;
    const char *made_by, *description;
    int64_t settled_at;
    const char *settled_by;
    int64_t kept_at;
    struct uuid successor_id; /* what it was renegotiated into; zero = none */
};

struct dedup_row {
    struct row row;
    int64_t tenant_id;
    const char *principal;
    int16_t method;
    struct uuid request_id;
    struct slice body_hash;
    struct uuid case_id, result_id;
    int64_t version;
    bool joined;
    int64_t created_at;
};
