/* SPDX-License-Identifier: Apache-2.0 */
#include "case/notify.h"

#include <string.h>

#include "base/assert.h"
#include "base/digest.h"
#include "contract/words.h"
#include "policy/notify.h"

#define TIME_BYTES 6 /* of a version 7 id */

/* -- which one --------------------------------------------------------------------------------- */

static void add_number(struct digest_ctx *digest, int64_t number)
{
    digest_add(digest, &number, sizeof number);
}

/* A step of a clock is told once, whatever events it has; anything else by its event. */
static void add_subject(struct digest_ctx *digest, const struct tidings *t, int64_t seq)
{
    if (t->clock) {
        digest_add(digest, t->clock->clock_id.b, sizeof t->clock->clock_id.b);
        add_number(digest, t->clock->instance);
        add_number(digest, t->threshold);
    } else {
        add_number(digest, seq);
    }
}

/* In the form of version 7 with the time of the case, as other ids of its parts. */
static struct uuid id_of(const struct case_row *row, const struct tidings *t, int64_t seq,
                         const char *recipient)
{
    uint8_t hash[DIGEST_LEN];
    struct uuid seed;
    struct digest_ctx *digest = digest_begin();
    digest_add(digest, row->case_id.b, sizeof row->case_id.b);
    add_number(digest, t->kind);
    add_subject(digest, t, seq);
    digest_add(digest, recipient, strlen(recipient));
    digest_end(digest, hash);
    memcpy(seed.b, hash, sizeof seed.b);
    memcpy(seed.b, row->case_id.b, TIME_BYTES);
    return uuid_derive(&seed, 0);
}

static bool is_told(const struct case_state *c, const struct uuid *id)
{
    ROWS_EACH (n, const struct notification_row, &c->notifications)
        if (uuid_eq(&n->notification_id, id))
            return true;
    return false;
}

/* -- what it says ------------------------------------------------------------------------------ */

static const char *const words[] = {
    [NOTIFICATION_CAUSE_REOPENED] = "reopened",
    [NOTIFICATION_CAUSE_RETURNED] = "returned",
    [NOTIFICATION_CAUSE_LATE_WORD] = "late word",
    [NOTIFICATION_CAUSE_LATE_ANSWER] = "late answer",
    [NOTIFICATION_CAUSE_RETARGETED] = "retargeted",
    [NOTIFICATION_CAUSE_TAKEN_OVER] = "taken over",
    [NOTIFICATION_CAUSE_REASSIGNED] = "reassigned",
    [NOTIFICATION_CAUSE_POLICY] = "policy",
    [NOTIFICATION_CAUSE_OTHER_AGENT] = "other agent",
    [NOTIFICATION_CAUSE_OWNER_GONE] = "owner gone",
    [NOTIFICATION_CAUSE_CONTACT] = "contact",
    [NOTIFICATION_CAUSE_CLAIM] = "claim",
    [NOTIFICATION_CAUSE_REMEDY_REVERSED] = "remedy reversed",
    [NOTIFICATION_CAUSE_REMEDY_FAILED] = "remedy failed",
    [NOTIFICATION_CAUSE_REMEDY_ANSWERED] = "remedy answered",
    [NOTIFICATION_CAUSE_PROMISE_MADE] = "promise made",
    [NOTIFICATION_CAUSE_ENDED] = "ended",
    [NOTIFICATION_CAUSE_BOUNCED] = "bounced",
};
_Static_assert(sizeof words / sizeof *words == NOTIFICATION_CAUSE_COUNT,
               "each cause has its word, or one of the kind");

/* The causes of steps have none: what release 1 wrote says whether the case climbed. */
static const char *word_of(const struct tidings *t)
{
    const char *word = words[t->cause];
    if (word)
        return word;
    return t->kind == NOTIFICATION_KIND_THRESHOLD ? "threshold" : "escalation";
}

static void name_step(struct notification_row *n, const struct tidings *t)
{
    if (!t->clock)
        return;
    n->clock_id = t->clock->clock_id;
    n->instance = t->clock->instance;
    n->threshold = t->threshold;
}

/* -- how it is sent ---------------------------------------------------------------------------- */

static int kind_of_delivery(int channel, bool digest)
{
    if (channel == NOTIFICATION_CHANNEL_WEBHOOK)
        return DELIVERY_KIND_NOTIFICATION_WEBHOOK;
    return digest ? DELIVERY_KIND_DIGEST_MAIL : DELIVERY_KIND_NOTIFICATION_MAIL;
}

static void deliver(struct decision *d, const struct notification_row *n, int channel)
{
    const bool by_mail = channel == NOTIFICATION_CHANNEL_EMAIL;
    struct delivery_row *out = ROWS_ADD(&d->c->deliveries, struct delivery_row, d->arena);
    bool digest;
    const int64_t at_us = policy_send_at(d->policy, channel, n->urgent, d->now_us, &digest);
    *out = (struct delivery_row){
        .row = out->row,
        .tenant_id = n->tenant_id,
        .delivery_id = uuid_derive(&n->notification_id, (uint32_t)channel),
        .kind = (int16_t)kind_of_delivery(channel, digest),
        .receiver = by_mail ? n->recipient : policy_webhook(d->policy, n->recipient),
        .case_id = n->case_id,
        .seq = n->seq,
        .notification_id = n->notification_id,
        .state = DELIVERY_STATE_WAITING,
        .created_at = d->now_us,
        .next_at = at_us,
        .holder = "",
        .error = "",
    };
}

/* One delivery for each channel: its id follows from the notification's, so none is twice. */
static void deliver_all(struct decision *d, const struct notification_row *n)
{
    const struct policy_notice notice = {.recipient = n->recipient,
                                         .level = n->level,
                                         .kind = n->kind,
                                         .threshold = n->threshold,
                                         .urgent = n->urgent};
    const uint32_t channels = policy_channels(d->policy, &notice);
    for (int channel = NOTIFICATION_CHANNEL_EMAIL; channel < NOTIFICATION_CHANNEL_COUNT; channel++)
        if (channels & 1u << channel)
            deliver(d, n, channel);
}

/* -- telling ----------------------------------------------------------------------------------- */

void notify_tell(struct decision *d, const struct tidings *t, const char *recipient)
{
    const struct case_row *row = &d->c->row;
    const int64_t seq = t->seq ? t->seq : row->last_seq;
    const struct uuid id = id_of(row, t, seq, recipient);
    AM_ASSERT(t->cause < NOTIFICATION_CAUSE_COUNT);
    if (is_told(d->c, &id))
        return;
    struct notification_row *n = ROWS_ADD(&d->c->notifications, struct notification_row, d->arena);
    n->tenant_id = row->tenant_id;
    n->case_id = row->case_id;
    n->notification_id = id;
    n->recipient = recipient;
    n->kind = (int16_t)t->kind;
    n->template_name = word_of(t);
    n->state = NOTIFICATION_PENDING;
    n->created_at = d->now_us;
    name_step(n, t);
    n->seq = seq;
    n->level = row->level;
    n->cause = (int16_t)t->cause;
    n->ask = (int16_t)t->ask;
    n->urgent = t->urgent || row->level >= d->policy->n_levels;
    n->acknowledged_by = n->about = "";
    deliver_all(d, n);
}

void notify_owner(struct decision *d, const struct tidings *t)
{
    const char *owner = d->c->row.owner_id;
    if (strcmp(owner, d->cmd->principal) != 0)
        notify_tell(d, t, owner);
}
