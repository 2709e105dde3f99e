/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/notify.h"

#include <string.h>

#include "base/bits.h"
#include "base/time.h"
#include "contract/words.h"

/* -- channels ---------------------------------------------------------------------------------- */

int policy_steward_level(const struct policy *p, const char *recipient)
{
    for (int level = p->n_levels; level > 0; level--)
        if (strcmp(p->levels[level].steward, recipient) == 0)
            return level;
    return 0;
}

static bool fits(const struct policy_channel_rule *rule, const struct policy_notice *n, bool desk)
{
    const uint32_t urgent = n->urgent ? 2 : 1;
    const uint32_t to = desk ? POLICY_TOLD_STEWARD : POLICY_TOLD_AGENT;
    return (rule->levels == 0 || rule->levels >> n->level & 1) &&
           (rule->kinds == 0 || rule->kinds >> n->kind & 1) &&
           (rule->percent == 0 || n->threshold >= rule->percent) &&
           (rule->urgent == 0 || rule->urgent & urgent) && (rule->to == 0 || rule->to & to);
}

const char *policy_webhook(const struct policy *p, const char *recipient)
{
    const int level = policy_steward_level(p, recipient);
    return level && *p->levels[level].steward_webhook ? p->levels[level].steward_webhook
                                                      : p->notify.webhook;
}

/* Without those that lead nowhere. */
static uint32_t that_lead(const struct policy *p, uint32_t channels, const char *recipient,
                          int level)
{
    if (level && !*p->levels[level].steward_email)
        channels &= ~BIT_OF(NOTIFICATION_CHANNEL_EMAIL);
    if (!*policy_webhook(p, recipient))
        channels &= ~BIT_OF(NOTIFICATION_CHANNEL_WEBHOOK);
    return channels;
}

uint32_t policy_channels(const struct policy *p, const struct policy_notice *notice)
{
    const int level = policy_steward_level(p, notice->recipient);
    for (size_t i = 0; i < p->notify.n_rules; i++)
        if (fits(&p->notify.rules[i], notice, level > 0))
            return that_lead(p, p->notify.rules[i].channels, notice->recipient, level);
    return BIT_OF(NOTIFICATION_CHANNEL_PULL);
}

/* -- when -------------------------------------------------------------------------------------- */

/* The first instant of a digest from `at_us` on, by the clock on the wall. A time that a wall clock
 * does not show on the day when it is put forward is the instant at which it is. */
static int64_t next_digest_us(const struct policy_telling *n, const struct zone *zone,
                              int64_t at_us)
{
    const int64_t at_s = (at_us + US_PER_S - 1) / US_PER_S;
    const int64_t wall_s = zone_wall_s(zone, at_s);
    for (int64_t day = wall_s / CALENDAR_DAY_S; day <= wall_s / CALENDAR_DAY_S + 2; day++)
        for (size_t i = 0; i < n->n_digests; i++) {
            int64_t s = zone_instant_s(zone, day * CALENDAR_DAY_S + n->digests_s[i], ZONE_FIRST);
            if (s >= at_s)
                return s * US_PER_S;
        }
    return at_us;
}

int64_t policy_send_at(const struct policy *p, int channel, bool urgent, int64_t now_us,
                       bool *digest)
{
    const struct policy_telling *n = &p->notify;
    const struct zone *zone = policy_zone(p, n->hours, false, NULL);
    int64_t at_us = now_us;
    *digest = !urgent && channel == NOTIFICATION_CHANNEL_EMAIL && n->n_digests > 0;
    if (*digest)
        at_us = next_digest_us(n, zone, now_us);
    const struct calendar *hours =
        urgent || n->hours < 0 ? NULL : policy_calendar_in(p, n->hours, zone);
    return !hours || calendar_works_at(hours, at_us) ? at_us : calendar_add(hours, at_us, 1) - 1;
}
