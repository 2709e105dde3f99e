/* SPDX-License-Identifier: Apache-2.0 */
#include "resolution/rpc/bounce_notice.h"

#include <string.h>

#include "base/bits.h"
#include "contract/words.h"
#include "policy/notify.h"

/* What an id is derived for, beside the channels of the notification that came back. */
#define OF_BOUNCE 1000

const char *bounce_desk(const struct policy *p, const char *receiver)
{
    for (int level = policy_steward_level(p, receiver) + 1; level <= p->n_levels; level++)
        if (strcmp(p->levels[level].steward, receiver) != 0)
            return p->levels[level].steward;
    return receiver;
}

static struct notification_row row_of(const struct policy *p, const struct bounce_seen *seen,
                                      const struct bounce *b)
{
    return (struct notification_row){
        .case_id = seen->case_id,
        .notification_id = uuid_derive(&b->id, OF_BOUNCE),
        .recipient = bounce_desk(p, seen->receiver),
        .kind = NOTIFICATION_KIND_ADDRESS_FAILS,
        .cause = NOTIFICATION_CAUSE_BOUNCED,
        .ask = NOTIFICATION_ASK_CORRECT_ADDRESS,
        .created_at = b->now_us,
        .level = seen->level,
        .seq = seen->last_seq,
        .about = seen->receiver,
    };
}

static struct delivery_row delivery_of(const struct policy *p, const struct notification_row *n,
                                       int channel)
{
    const bool by_mail = channel == NOTIFICATION_CHANNEL_EMAIL;
    bool digest;
    const int64_t at_us = policy_send_at(p, channel, false, n->created_at, &digest);
    const int of_mail = digest ? DELIVERY_KIND_DIGEST_MAIL : DELIVERY_KIND_NOTIFICATION_MAIL;
    return (struct delivery_row){
        .delivery_id = uuid_derive(&n->notification_id, (uint32_t)channel),
        .kind = (int16_t)(by_mail ? of_mail : DELIVERY_KIND_NOTIFICATION_WEBHOOK),
        .receiver = by_mail ? n->recipient : policy_webhook(p, n->recipient),
        .next_at = at_us,
    };
}

size_t bounce_notice(const struct policy *p, const struct bounce_seen *seen, const struct bounce *b,
                     struct notification_row *n, struct delivery_row *deliveries)
{
    *n = row_of(p, seen, b);
    const struct policy_notice notice = {
        .recipient = n->recipient, .level = n->level, .kind = n->kind};
    uint32_t channels = policy_channels(p, &notice);
    size_t count = 0;
    if (strcmp(n->recipient, seen->receiver) == 0)
        channels &= ~BIT_OF(NOTIFICATION_CHANNEL_EMAIL);
    for (int channel = NOTIFICATION_CHANNEL_EMAIL; channel < NOTIFICATION_CHANNEL_COUNT; channel++)
        if (channels & BIT_OF(channel))
            deliveries[count++] = delivery_of(p, n, channel);
    return count;
}
