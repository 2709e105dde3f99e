/* SPDX-License-Identifier: Apache-2.0 */

#include "store/table.h"

#include <stddef.h>

/* The type follows from the struct's member, so that the two cannot disagree; only a time looks
 * like an int8. */
#define NUMBER_OF(s, member)                                                                       \
    _Generic(((struct s *)0)->member, bool                                                         \
             : PG_BOOL, int16_t                                                                    \
             : PG_INT2, int32_t                                                                    \
             : PG_INT4, int64_t                                                                    \
             : PG_INT8, struct uuid                                                                \
             : PG_UUID)
#define TEXT_OF(s, member)                                                                         \
    _Generic(((struct s *)0)->member, const char * : PG_TEXT, struct slice : PG_BYTEA)

/* Whoever adds a column decides here what becomes of it when the customer's data is erased. A
 * number, a time and an id stay: COL. A text or bytes are PLAIN, and stay, or PERSONAL, and are
 * emptied. */
#define OF_TYPE(s, member, column, type, nullable, words, personal)                                \
    {                                                                                              \
        column, type, offsetof(struct s, member), nullable, words, personal                        \
    }
#define COL(s, member) OF_TYPE(s, member, #member, NUMBER_OF(s, member), false, false, false)
#define PLAIN_AS(s, member, column)                                                                \
    OF_TYPE(s, member, column, TEXT_OF(s, member), false, false, false)
#define PLAIN(s, member) PLAIN_AS(s, member, #member)
#define PERSONAL(s, member) OF_TYPE(s, member, #member, TEXT_OF(s, member), false, false, true)
#define WORDS(s, member) OF_TYPE(s, member, #member, TEXT_OF(s, member), false, true, true)
#define TIME(s, member) OF_TYPE(s, member, #member, PG_TIMESTAMPTZ, false, false, false)
#define TIME_NULL(s, member) OF_TYPE(s, member, #member, PG_TIMESTAMPTZ, true, false, false)
#define UUID_NULL(s, member) OF_TYPE(s, member, #member, PG_UUID, true, false, false)
#define TENANT_AND_CASE(s) COL(s, tenant_id), COL(s, case_id)

static const struct column case_cols[] = {
    TENANT_AND_CASE(case_row),
    COL(case_row, status),
    PLAIN(case_row, customer_id),
    PERSONAL(case_row, customer_name),
    PERSONAL(case_row, customer_contact),
    PLAIN(case_row, language),
    COL(case_row, trigger),
    COL(case_row, channel),
    PLAIN(case_row, failure_code),
    PERSONAL(case_row, description),
    TIME_NULL(case_row, occurred_at),
    PLAIN(case_row, product),
    PERSONAL(case_row, order_reference),
    PLAIN(case_row, stake_currency),
    COL(case_row, stake_micros),
    COL(case_row, severity),
    COL(case_row, desired_outcomes),
    COL(case_row, contacts),
    COL(case_row, transfers),
    COL(case_row, minutes_lost),
    COL(case_row, boost_ms),
    COL(case_row, owner_kind),
    PLAIN(case_row, owner_id),
    TIME(case_row, owner_since),
    COL(case_row, assignment_generation),
    COL(case_row, level),
    TIME(case_row, level_since),
    COL(case_row, round),
    COL(case_row, policy_version),
    TIME(case_row, opened_at),
    TIME(case_row, updated_at),
    TIME_NULL(case_row, resolved_at),
    TIME_NULL(case_row, closed_at),
    PLAIN(case_row, root_cause_code),
    COL(case_row, root_cause_preventable),
    PERSONAL(case_row, root_cause_note),
    PLAIN(case_row, root_cause_actor),
    TIME_NULL(case_row, root_cause_at),
    PERSONAL(case_row, denial_reason),
    COL(case_row, denial_channel),
    TIME_NULL(case_row, denial_disclosed_at),
    PLAIN(case_row, denial_actor),
    COL(case_row, last_seq),
    PLAIN(case_row, last_hash),
    PLAIN(case_row, customer_tier),
    PLAIN(case_row, time_zone),
    TIME_NULL(case_row, round_since),
    TIME_NULL(case_row, paused_at),
    TIME_NULL(case_row, resume_at),
    COL(case_row, pause_reason),
    COL(case_row, paused_ms),
    COL(case_row, raised_ms),
    TIME_NULL(case_row, acknowledged_at),
    PLAIN(case_row, acknowledged_by),
    PLAIN(case_row, contributors),
    COL(case_row, touch_cost_micros),
    PLAIN(case_row, touch_cost_currency),
    TIME_NULL(case_row, first_resolved_at),
    TIME_NULL(case_row, appealed_at),
    UUID_NULL(case_row, earlier_case_id),
    PLAIN(case_row, earlier_denials), /* case/erase.c empties its reasons: the rest is no text */
    TIME_NULL(case_row, erased_at),
    COL(case_row, erased_seq),
    PLAIN(case_row, reference),
};

static const struct column agent_cols[] = {
    COL(agent_row, tenant_id),
    PLAIN(agent_row, agent_id),
    COL(agent_row, version),
    PLAIN(agent_row, display_name),
    PLAIN(agent_row, public_contact),
    PLAIN(agent_row, team),
    COL(agent_row, level),
    COL(agent_row, capacity),
    PLAIN(agent_row, skills),
    PLAIN(agent_row, languages),
    PLAIN(agent_row, authorities),
    COL(agent_row, presence),
    TIME(agent_row, presence_at),
    TIME(agent_row, idle_since),
    COL(agent_row, presence_cause),
    TIME_NULL(agent_row, presence_cause_at),
    PLAIN(agent_row, email),
    PLAIN(agent_row, notice_language),
};

static const struct column signal_cols[] = {
    TENANT_AND_CASE(signal_row),   COL(signal_row, number),
    COL(signal_row, trigger),      COL(signal_row, channel),
    TIME(signal_row, received_at), PLAIN(signal_row, external_reference),
    WORDS(signal_row, body),       PLAIN(signal_row, reporter),
};

static const struct column clock_cols[] = {
    TENANT_AND_CASE(clock_row),
    COL(clock_row, clock_id),
    COL(clock_row, kind),
    COL(clock_row, state),
    COL(clock_row, round),
    COL(clock_row, instance),
    COL(clock_row, generation),
    UUID_NULL(clock_row, subject_id),
    COL(clock_row, policy_version),
    COL(clock_row, target_ms),
    TIME(clock_row, started_at),
    TIME(clock_row, due_at),
    TIME_NULL(clock_row, stopped_at),
    TIME_NULL(clock_row, breached_at),
    PLAIN(clock_row, name),
    PLAIN(clock_row, calendar),
    PLAIN(clock_row, time_zone),
    COL(clock_row, target_unit),
    COL(clock_row, target_days),
    PLAIN(clock_row, pauses),
    TIME_NULL(clock_row, paused_at),
    TIME_NULL(clock_row, resume_at),
    COL(clock_row, pause_reason),
    COL(clock_row, pause_capped),
    COL(clock_row, fired),
    TIME_NULL(clock_row, next_at),
    PLAIN(clock_row, retargets),
};

static const struct column contact_cols[] = {
    TENANT_AND_CASE(contact_row), COL(contact_row, contact_id), COL(contact_row, direction),
    COL(contact_row, channel),    COL(contact_row, outcome),    TIME(contact_row, at),
    PLAIN(contact_row, actor),    WORDS(contact_row, note),     COL(contact_row, addressed_level),
    COL(contact_row, asks),
};

static const struct column act_cols[] = {
    TENANT_AND_CASE(act_row), COL(act_row, act_id),  COL(act_row, kind),
    TIME(act_row, at),        PLAIN(act_row, actor), WORDS(act_row, note),
};

static const struct column remedy_cols[] = {
    TENANT_AND_CASE(remedy_row),
    COL(remedy_row, remedy_id),
    COL(remedy_row, kind),
    COL(remedy_row, state),
    PLAIN(remedy_row, currency),
    COL(remedy_row, micros),
    PERSONAL(remedy_row, description),
    PLAIN(remedy_row, proposer),
    TIME(remedy_row, proposed_at),
    TIME_NULL(remedy_row, responded_at),
    TIME_NULL(remedy_row, fulfilled_at),
    PLAIN(remedy_row, fulfilment_reference),
    COL(remedy_row, on_the_spot),
};

static const struct column promise_cols[] = {
    TENANT_AND_CASE(promise_row),
    COL(promise_row, promise_id),
    COL(promise_row, kind),
    COL(promise_row, state),
    COL(promise_row, round),
    TIME(promise_row, promised_at),
    TIME(promise_row, due_at),
    TIME(promise_row, made_at),
    PLAIN(promise_row, made_by),
    PERSONAL(promise_row, description),
    TIME_NULL(promise_row, settled_at),
    PLAIN(promise_row, settled_by),
    TIME_NULL(promise_row, kept_at),
    UUID_NULL(promise_row, successor_id),
};

static const struct column offer_cols[] = {
    TENANT_AND_CASE(offer_row),       COL(offer_row, offer_id),
    PLAIN(offer_row, agent_id),       COL(offer_row, state),
    COL(offer_row, generation),       COL(offer_row, weight),
    COL(offer_row, pulled),           TIME(offer_row, created_at),
    TIME(offer_row, expires_at),      TIME_NULL(offer_row, decided_at),
    WORDS(offer_row, decline_reason),
};

static const struct column work_cols[] = {
    COL(work_row, tenant_id),       TIME(work_row, opened_at),
    COL(work_row, case_id),         COL(work_row, status),
    COL(work_row, owner_kind),      PLAIN(work_row, owner_id),
    COL(work_row, level),           TIME_NULL(work_row, next_due_at),
    COL(work_row, next_due_kind),   COL(work_row, queue_level),
    PLAIN(work_row, signature),     COL(work_row, score_ms),
    COL(work_row, generation),      TIME_NULL(work_row, waits_since),
    TIME_NULL(work_row, owed_at),   TIME_NULL(work_row, promise_at),
    TIME_NULL(work_row, answer_at), TIME_NULL(work_row, owed_for),
};

static const struct column claim_cols[] = {
    COL(claim_row, tenant_id),      PLAIN(claim_row, customer_id),
    PLAIN(claim_row, failure_code), PLAIN(claim_row, order_reference),
    COL(claim_row, case_id),
};

static const struct column ended_cols[] = {
    COL(ended_row, tenant_id),
    PLAIN(ended_row, owner_id),
    TIME(ended_row, opened_at),
    COL(ended_row, case_id),
};

static const struct column reference_cols[] = {
    COL(reference_row, tenant_id),
    PLAIN(reference_row, reference),
    COL(reference_row, case_id),
};

static const struct column dedup_cols[] = {
    COL(dedup_row, tenant_id),   PLAIN(dedup_row, principal), COL(dedup_row, method),
    COL(dedup_row, request_id),  PLAIN(dedup_row, body_hash), COL(dedup_row, case_id),
    COL(dedup_row, result_id),   COL(dedup_row, version),     COL(dedup_row, joined),
    TIME(dedup_row, created_at),
};

/* The column xid has a default: the transaction's own. */
static const struct column event_cols[] = {
    TENANT_AND_CASE(event_row),
    COL(event_row, seq),
    TIME(event_row, at),
    COL(event_row, kind),
    PLAIN(event_row, actor),
    PLAIN_AS(event_row, public_body, "public"),
    PLAIN(event_row, private_digest),
    PLAIN(event_row, prev_hash),
    PLAIN(event_row, hash),
};

static const struct column event_private_cols[] = {
    TENANT_AND_CASE(event_private_row),
    COL(event_private_row, seq),
    PERSONAL(event_private_row, salt),
    PERSONAL(event_private_row, body),
};

static const struct column escalation_cols[] = {
    TENANT_AND_CASE(escalation_row),  COL(escalation_row, round),
    COL(escalation_row, clock_id),    COL(escalation_row, instance),
    COL(escalation_row, threshold),   COL(escalation_row, from_level),
    COL(escalation_row, to_level),    COL(escalation_row, action),
    TIME(escalation_row, due_at),     TIME(escalation_row, at),
    COL(escalation_row, cause),       COL(escalation_row, actions),
    COL(escalation_row, cost_micros), PLAIN(escalation_row, cost_currency),
    PLAIN(escalation_row, actor),
};

static const struct column notification_cols[] = {
    TENANT_AND_CASE(notification_row),
    COL(notification_row, notification_id),
    PLAIN(notification_row, recipient),
    COL(notification_row, kind),
    PLAIN_AS(notification_row, template_name, "template"),
    COL(notification_row, state),
    COL(notification_row, attempts),
    TIME(notification_row, created_at),
    UUID_NULL(notification_row, clock_id),
    COL(notification_row, instance),
    COL(notification_row, threshold),
    COL(notification_row, seq),
    COL(notification_row, level),
    COL(notification_row, cause),
    COL(notification_row, ask),
    COL(notification_row, urgent),
    TIME_NULL(notification_row, acknowledged_at),
    PLAIN(notification_row, acknowledged_by),
    PLAIN(notification_row, about),
};

static const struct column delivery_cols[] = {
    COL(delivery_row, tenant_id),
    COL(delivery_row, delivery_id),
    COL(delivery_row, kind),
    PLAIN(delivery_row, receiver),
    UUID_NULL(delivery_row, case_id),
    COL(delivery_row, seq),
    UUID_NULL(delivery_row, notification_id),
    COL(delivery_row, state),
    COL(delivery_row, attempts),
    TIME(delivery_row, created_at),
    TIME_NULL(delivery_row, next_at),
    PLAIN(delivery_row, holder),
    TIME_NULL(delivery_row, leased_until),
    TIME_NULL(delivery_row, finished_at),
    COL(delivery_row, status),
    PLAIN(delivery_row, error),
    COL(delivery_row, out_of_order),
};

#define TABLE_OF(sql_name, columns, s, keys)                                                       \
    .name = (sql_name), .cols = (columns), .n_cols = sizeof(columns) / sizeof((columns)[0]),       \
    .n_keys = (keys), .row_size = sizeof(struct s)

const struct table tables[TABLES] = {
    [TABLE_CASE] = {TABLE_OF("recovery_case", case_cols, case_row, 2)},
    [TABLE_AGENT] = {TABLE_OF("agent", agent_cols, agent_row, 2)},
    [TABLE_SIGNAL] = {TABLE_OF("signal", signal_cols, signal_row, 3)},
    [TABLE_CLOCK] = {TABLE_OF("clock", clock_cols, clock_row, 3),
                     .order_offset = offsetof(struct clock_row, started_at)},
    [TABLE_CONTACT] = {TABLE_OF("contact_attempt", contact_cols, contact_row, 3),
                       .order_offset = offsetof(struct contact_row, at)},
    [TABLE_ACT] = {TABLE_OF("act", act_cols, act_row, 3),
                   .order_offset = offsetof(struct act_row, at)},
    [TABLE_REMEDY] = {TABLE_OF("remedy", remedy_cols, remedy_row, 3),
                      .order_offset = offsetof(struct remedy_row, proposed_at)},
    [TABLE_PROMISE] = {TABLE_OF("promise", promise_cols, promise_row, 3),
                       .order_offset = offsetof(struct promise_row, made_at)},
    [TABLE_OFFER] = {TABLE_OF("offer", offer_cols, offer_row, 3),
                     .order_offset = offsetof(struct offer_row, created_at)},
    [TABLE_WORK] = {TABLE_OF("case_work", work_cols, work_row, 3)},
    [TABLE_CLAIM] = {TABLE_OF("open_claim", claim_cols, claim_row, 4)},
    [TABLE_ENDED] = {TABLE_OF("case_ended", ended_cols, ended_row, 4)},
    [TABLE_REFERENCE] = {TABLE_OF("case_reference", reference_cols, reference_row, 2)},
    [TABLE_DEDUP] = {TABLE_OF("dedup", dedup_cols, dedup_row, 4)},
    [TABLE_EVENT] = {TABLE_OF("case_event", event_cols, event_row, 3)},
    [TABLE_EVENT_PRIVATE] = {TABLE_OF("case_event_private", event_private_cols, event_private_row,
                                      3)},
    [TABLE_ESCALATION] = {TABLE_OF("escalation", escalation_cols, escalation_row, 6)},
    [TABLE_NOTIFICATION] = {TABLE_OF("notification", notification_cols, notification_row, 3)},
    [TABLE_DELIVERY] = {TABLE_OF("delivery", delivery_cols, delivery_row, 2)},
};
